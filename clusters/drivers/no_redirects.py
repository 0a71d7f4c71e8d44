"""Clients that go where they were sent and nowhere else.

A request can be told not to follow redirects, a websocket of aiohttp cannot: whoever answers it could send us to any
address of our network.
"""

from __future__ import annotations

from typing import Any

import aiohttp

from clusters.errors import Unsupported

ELSEWHERE = "The server sends us elsewhere; that is never followed."


def no_redirects() -> list[aiohttp.TraceConfig]:
    """What a client is given as its ``trace_configs``: a redirect raises Unsupported before it is followed."""
    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(_refuse)
    return [config]


async def _refuse(_session: Any, _context: Any, params: aiohttp.TraceRequestRedirectParams) -> None:
    params.response.close()
    raise Unsupported(ELSEWHERE, detail=f"status {params.response.status}")
