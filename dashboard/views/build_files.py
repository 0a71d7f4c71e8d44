"""Files for a build, from a browser: sent in pieces, looked through when they are whole."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from clusters.build import uploads
from clusters.errors import ClusterError, Invalid, Refused
from clusters.kinds.formats import count, size
from dashboard.access import allow
from dashboard.build_hosts import hosts_of
from dashboard.request import Request

INDEX_LIMIT = 8 << 20


@allow(scope="signed-in")
@require_POST
async def files(request: Request) -> HttpResponse:
    """``?token=&at=``: the next piece (no token: the first); ``?token=&end=files|archive``: that was all."""
    try:
        await may_send(request)
    except Refused as error:
        return JsonResponse({"error": error.message}, status=403)
    try:
        return JsonResponse(await _take(request))
    except ClusterError as error:
        return JsonResponse({"error": f"{error.message} {error.hint}".strip()}, status=400)


async def may_send(request: Request) -> None:
    """Return for who may build somewhere: asked before the first byte of a file is taken. Raises Refused."""
    if not hosts_of(request.actor):
        raise Refused("There is no Docker host on which you may build.")


async def _take(request: Request) -> dict[str, Any]:
    user, asked = request.actor.user_id, request.GET
    body = request.read(INDEX_LIMIT + 1)
    if len(body) > INDEX_LIMIT:
        raise Invalid("That piece is too large.")
    if not (token := asked.get("token", "")):
        upload = uploads.open_upload(user)
        await uploads.append(upload, 0, body)
        return {"token": upload.token, "size": upload.size}
    upload = uploads.find(token, user)
    if end := asked.get("end", ""):
        await uploads.finish(upload, _index(body) if end == "files" else None)
        return summary(upload)
    at = asked.get("at", "")
    if not at.isdecimal() or len(at) > 15:
        raise Invalid("That is no place in a file.")
    await uploads.append(upload, int(at), body)
    return {"token": upload.token, "size": upload.size}


def summary(upload: uploads.Upload) -> dict[str, Any]:
    """What the page shows of it."""
    entries = upload.entries or []
    total = sum(entry.size for entry in entries)
    return {
        "token": upload.token,
        "words": f"{count(len(entries), 'file')}, {size(total)}",
        "names": [entry.name for entry in entries[:200]],
        "dockerfile": upload.dockerfile(),
    }


def _index(body: bytes) -> list[tuple[str, int]]:
    try:
        return msgspec.json.decode(body, type=list[tuple[str, int]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("That is no list of files.") from error
