"""Files of a container: a folder's list or a file as text, one file out, one file in."""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from clusters import files
from clusters.access import decide
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.kinds.files import Listing, words_of
from clusters.live.row import Row
from clusters.reach import area_in
from dashboard.access import allow, refusal, row_or_none
from dashboard.engine import engine
from dashboard.request import Request


@dataclass(frozen=True, slots=True)
class Here:
    """Whose files are shown; ``container`` where there are several."""

    row: Row
    container: str


@allow(Role.OPERATOR, "exec")
@require_safe
async def browse(request: Request) -> HttpResponse:
    """A folder's list, or a file as text."""
    row = await _row_or_404(request, request.GET.get("row", ""))
    return await _shown(request, row, request.GET.get("path", "/"))


@allow(Role.OPERATOR, "exec")
@require_safe
async def download(request: Request) -> HttpResponseBase:
    """One file, or a folder as an archive. Never shown in the browser: it is whatever a container wrote."""
    row = await _row_or_404(request, request.GET.get("row", ""))
    path = request.GET.get("path", "")
    try:
        entry, pieces = await files.download(engine.gateway, request.actor, row, path, _container(request))
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return HttpResponse(f"{error.message} {error.hint}".strip(), status=422, content_type="text/plain")
    folder = entry.kind == "folder"
    name = posixpath.basename(path.rstrip("/")) or row.resource.name
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response["Content-Disposition"] = attachment(f"{name}.tar" if folder else name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    if not folder:
        response["Content-Length"] = str(entry.size)
    return response


@allow(Role.OPERATOR, "files")
@require_POST
async def upload(request: Request) -> HttpResponse:
    """``?row=&path=``: one file into a folder, then the folder again."""
    row = await may_upload(request)
    folder = request.GET.get("path", "/")
    given = request.FILES.get("file")
    if not isinstance(given, UploadedFile) or given.size is None:
        return await _shown(request, row, folder, Invalid("Choose a file first."))
    try:
        pieces = _pieces(given)
        await files.upload(
            engine.gateway, request.actor, row, folder, given.name or "", given.size, pieces, _container(request)
        )
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return await _shown(request, row, folder, error)
    return await _shown(request, row, folder, done=f"{given.name} is in {folder}.")


async def may_upload(request: Request) -> Row:
    """Whose files are meant, when this person may put some there: asked before the first byte of a file is taken."""
    row = await _row_or_404(request, request.GET.get("row", ""))
    try:
        await files.may_write(engine.gateway, request.actor, row)
    except Denied as error:
        raise refusal(error) from error
    return row


async def _row_or_404(request: Request, row_id: str) -> Row:
    row = await row_or_none(request, row_id)
    if row is None:
        raise Http404
    return row


async def _shown(
    request: Request, row: Row, path: str, error: ClusterError | None = None, done: str = ""
) -> HttpResponse:
    containers = row.kind.filing.containers(row.resource) if row.kind.filing else ()
    container = _container(request) or next(iter(containers), "")
    here = Here(row, container)
    context: dict[str, Any] = {
        "row": row,
        "path": path[:500],
        "crumbs": _crumbs(here, "/"),
        "container": container,
        "containers": containers,
        "error": error,
        "done": done,
    }
    try:
        found = await files.look(engine.gateway, request.actor, row, path, container)
    except Denied as refused:
        raise refusal(refused) from refused
    except ClusterError as trouble:
        context["error"] = error or trouble
    else:
        context |= {"path": found.path, "crumbs": _crumbs(here, found.path), "found": found}
        if isinstance(found, Listing):
            context["entries"] = _entries(here, found)
            context["upload"] = _address("/files/upload/", here, found.path)
        context["download"] = _address("/files/download/", here, found.path)
    context["may_write"] = _may_write(request, row)
    return render(request, "partials/files.html", context)


def _may_write(request: Request, row: Row) -> bool:
    return decide(request.actor, area_in(row.cluster, row.namespace), files.WRITE).allowed


def _entries(here: Here, found: Listing) -> list[dict[str, Any]]:
    base = found.path.rstrip("/")
    return [
        {
            "entry": one,
            "may": words_of(one.mode) if one.mode else "",
            "href": _address("/files/", here, f"{base}/{one.name}"),
        }
        for one in found.entries
    ]


def _crumbs(here: Here, path: str) -> list[tuple[str, str]]:
    """(name, address) of every folder on the way."""
    parts = [part for part in path.split("/") if part]
    steps = [("/", "/"), *((part, "/" + "/".join(parts[: number + 1])) for number, part in enumerate(parts))]
    return [(name, _address("/files/", here, where)) for name, where in steps]


def _address(view: str, here: Here, path: str) -> str:
    container = {"container": here.container} if here.container else {}
    return f"{view}?{urlencode({'row': here.row.id, **container, 'path': path})}"


def _container(request: Request) -> str:
    return request.GET.get("container", "")[:253]


def attachment(name: str) -> str:
    """A header with a file's name that no name can break out of."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)[:150] or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace')[:600], safe='')}"


async def _pieces(given: UploadedFile[Any]) -> AsyncIterator[bytes]:
    for piece in given.chunks():
        yield piece
