"""A browser's websocket carried to a pod, message by message, both ways."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from clusters.forward.forward import Forward
from dashboard.forward.headers import to_browser, to_pod
from dashboard.forward.http import TROUBLES, url_of
from dashboard.forward.words import deny

ANSWERS = 30.0  # seconds until a pod takes or refuses it
LARGEST = 1 << 20  # bytes of one message of a pod, as of one of a tab
PATIENCE = 30.0  # seconds a tab may take to accept one
GOING_AWAY, BROKEN = 1001, 1011


async def pass_socket(one: Forward, scope: Any, receive: Any, send: Any) -> None:
    """Carry one websocket."""
    one.requests += 1
    one.used()
    try:
        async with asyncio.timeout(ANSWERS):
            pod = await one.client.ws_connect(
                url_of(one, scope), headers=to_pod(scope, plain=False), protocols=scope.get("subprotocols") or (),
                max_msg_size=LARGEST, autoping=True,
            )  # fmt: skip
    except TROUBLES:
        await deny(send)
        return
    try:
        headers = [pair for pair in to_browser(pod._response.raw_headers) if pair[0] == b"set-cookie"]
        await send({"type": "websocket.accept", "subprotocol": pod.protocol, "headers": headers})
        await _carry(one, pod, receive, send)
    finally:
        await pod.close()


async def _carry(one: Forward, pod: aiohttp.ClientWebSocketResponse, receive: Any, send: Any) -> None:
    inwards = asyncio.create_task(_inwards(one, pod, receive))
    outwards = asyncio.create_task(_outwards(one, pod, send))
    try:
        await asyncio.wait({inwards, outwards}, return_when=asyncio.FIRST_COMPLETED)
        if not inwards.done():  # the pod is through, not the tab
            code = pod.close_code or BROKEN
            async with asyncio.timeout(PATIENCE):
                await send({"type": "websocket.close", "code": code if _may_be_said(code) else BROKEN})
    finally:
        for task in (inwards, outwards):
            task.cancel()
        await asyncio.gather(inwards, outwards, return_exceptions=True)


async def _inwards(one: Forward, pod: aiohttp.ClientWebSocketResponse, receive: Any) -> None:
    while True:
        message = await receive()
        one.used()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or GOING_AWAY
            await pod.close(code=code if _may_be_said(code) else GOING_AWAY)
            return
        if message.get("bytes") is not None:
            await pod.send_bytes(message["bytes"])
        elif message.get("text") is not None:
            await pod.send_str(message["text"])


async def _outwards(one: Forward, pod: aiohttp.ClientWebSocketResponse, send: Any) -> None:
    async for message in pod:
        one.used()
        kind = "bytes" if message.type is aiohttp.WSMsgType.BINARY else "text"
        async with asyncio.timeout(PATIENCE):
            await send({"type": "websocket.send", kind: message.data})


def _may_be_said(code: int) -> bool:
    """Codes that a side may send, unlike those that only tell how a connection ended."""
    return code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013) or 3000 <= code < 5000
