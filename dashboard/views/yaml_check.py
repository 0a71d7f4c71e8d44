"""A help while YAML is written: what the cluster's own types say against it, and what may stand at a place."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse

from clusters.apply.checking import Problem, problems
from clusters.apply.completing import options, spot
from clusters.apply.documents import Unreadable, read
from clusters.apply.schema import types_of
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from dashboard.access import allow, cluster_or_404
from dashboard.request import Request

MOST_VERSIONS = 12  # of groups, asked for in one text


@allow(Role.VIEWER, scope="cluster")
async def check(request: Request, cluster: str) -> HttpResponse:
    """``what=check``: problems by line; ``what=complete``: what may stand at ``line`` and ``column``."""
    connection = await cluster_or_404(request, cluster)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    text = request.POST.get("text", "")
    if request.POST.get("what") == "complete":
        return JsonResponse({"options": await _options(connection, text, request.POST)})
    found = await _problems(connection, text)
    named = {"words": "words", "line": "line", "begin": "from", "end": "to", "level": "level"}
    return JsonResponse({"problems": [{named[name]: value for name, value in asdict(one).items()} for one in found]})


async def _problems(connection: Connection, text: str) -> list[Problem]:
    try:
        documents = await asyncio.to_thread(read, text)
    except Unreadable as error:
        return [Problem(error.line or 1, error.message)]
    found: list[Problem] = []
    versions = list(dict.fromkeys(one.version for one in documents))[:MOST_VERSIONS]
    for version in versions:
        types = await types_of(connection.driver, connection.cluster.id, version)
        if types is not None:
            mine = [one for one in documents if one.version == version]
            found += [problem for one in mine for problem in await asyncio.to_thread(problems, one, types)]
    return found


async def _options(connection: Connection, text: str, asked: Any) -> list[dict[str, str]]:
    where = spot(text, _number(asked.get("line", "")), _number(asked.get("column", "")))
    types = await types_of(connection.driver, connection.cluster.id, where.version) if where.version else None
    found = options(where, types, connection.discovered.found.values())
    return [{key: value for key, value in asdict(one).items() if value} for one in found]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
