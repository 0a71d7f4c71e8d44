"""No request may send more than we ever take: refused before it is read, cut off where it did not say its size."""

from __future__ import annotations

from typing import Any

LIMIT = 9 << 20  # bytes: a piece of an upload is 8 MiB
LARGER = {"/files/upload/": 257 << 20}  # a file on its way into a container


async def limited(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Pass a request on, unless its body is too large."""
    most = LARGER.get(scope["path"], LIMIT)
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or len(length) > 15 or int(length) > most:
        await _refuse(send)
        return
    came = 0

    async def counting() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        return {"type": "http.disconnect"} if came > most else message

    await app(scope, counting, send)


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"That is larger than anything this takes."})
