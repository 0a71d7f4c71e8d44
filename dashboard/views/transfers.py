"""Images to and from registries and files: a short form, then a job that goes on when its page is left."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters import image_files
from clusters.access import Target, decide
from clusters.errors import ClusterError, Invalid, Refused
from clusters.gateway import Denied
from clusters.image_files import begin_load
from clusters.kinds.base import Role
from clusters.models import Registry
from clusters.registries import newer
from clusters.registries.access import may_push
from clusters.registries.transfers import NEED, begin_pull, begin_push
from dashboard.access import allow, refusal, row_or_none
from dashboard.engine import engine
from dashboard.request import Request
from dashboard.views.files import attachment

PIECE = 1 << 20  # bytes of a file that are read at once
MOST_NAMES = 20


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def pull(request: Request) -> HttpResponse:
    """Get an image onto a host."""
    given = _given(request)

    async def begin() -> str:
        return await begin_pull(engine.gateway, request.actor, given["chosen"].id, given["image"], given["platform"])

    return await _form(request, "partials/pull.html", given, begin)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def push(request: Request) -> HttpResponse:
    """Send an image of a host to its registry, under another name if that is wanted."""
    given = _given(request)
    given["registries"] = [one async for one in Registry.objects.all() if may_push(request.actor, one)]

    async def begin() -> str:
        return await begin_push(engine.gateway, request.actor, given["chosen"].id, given["image"], given["name"])

    return await _form(request, "partials/push.html", given, begin)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def load(request: Request) -> HttpResponse:
    """Take in the file of a saved image."""
    given = _given(request)
    file = request.FILES.get("file")

    async def begin() -> str:
        if not isinstance(file, UploadedFile) or not file.size:
            raise Invalid("Choose a file first.")
        pieces = _pieces(_kept_open(file))
        return await begin_load(
            engine.gateway, request.actor, given["chosen"].id, file.name or "a file", file.size, pieces
        )

    return await _form(request, "partials/load.html", given, begin)


@allow(Role.OPERATOR, "run", scope="cluster")
@require_safe
async def save(request: Request) -> HttpResponseBase:
    """An image (``?row=``, ``?image=`` one of its names) as a file."""
    row = await row_or_none(request, request.GET.get("row", ""))
    if row is None or row.kind.name != "image":
        raise Http404
    name = request.GET.get("image") or row.resource.uid
    try:
        pieces = await image_files.save(engine.gateway, request.actor, row, name)
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        return HttpResponse(f"{error.message} {error.hint}".strip(), status=422, content_type="text/plain")
    response = StreamingHttpResponse(pieces, content_type="application/x-tar")
    response["Content-Disposition"] = attachment(f"{row.resource.name.rpartition('/')[2].replace(':', '-')}.tar")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def names(request: Request) -> HttpResponse:
    """The names of an image (``?row=``), each beside what its registry has under it now; ``anew=1`` asks again."""
    row = await row_or_none(request, request.GET.get("row", ""))
    panel = row.kind.panel("registry") if row else None
    if row is None or panel is None:
        raise Http404
    try:
        known = await engine.gateway.read(request.actor, row.cluster.id, row.kind, row.resource, panel)
    except ClusterError as error:
        return render(request, "components/error.html", {"error": error})
    anew = request.GET.get("anew") == "1"
    asked = [newer.compare(name, known["digests"], anew=anew) for name in row.resource.tags[:MOST_NAMES]]
    target = Target(row.cluster.id, None, row.cluster.read_only)
    may = {"may_run": decide(request.actor, target, NEED).allowed}
    may["may_save"] = decide(request.actor, target, image_files.SAVE).allowed
    return render(request, "partials/image_names.html", {"row": row, "names": await asyncio.gather(*asked), **may})


async def _form(
    request: Request, template: str, given: dict[str, Any], begin: Callable[[], Awaitable[str]]
) -> HttpResponse:
    problem: ClusterError | None = None
    if request.method == "POST" and given["chosen"]:
        try:
            return HttpResponseClientRedirect(f"/jobs/{await begin()}/")
        except (Invalid, Refused) as error:
            problem = error
    return render(request, template, {**given, "error": problem}, status=422 if problem else 200)


def _kept_open(file: UploadedFile[Any]) -> BinaryIO:
    """The file once more: that of the request is gone when the request is, and the job goes on."""
    path = getattr(file, "temporary_file_path", None)
    return Path(path()).open("rb") if path else io.BytesIO(file.read())


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        file.close()


def _given(request: Request) -> dict[str, Any]:
    """What was asked for, and where this person may have it done."""
    asked = request.POST if request.method == "POST" else request.GET
    clusters = sorted(
        (
            one.cluster
            for one in engine.supervisor.connections.values()
            if one.cluster.driver == "docker"
            and decide(request.actor, Target(one.cluster.id, None, one.cluster.read_only), NEED).allowed
        ),
        key=lambda one: one.name.casefold(),
    )
    wanted = asked.get("cluster", "")
    chosen = next((one for one in clusters if str(one.id) == wanted), None if wanted else next(iter(clusters), None))
    texts = {name: asked.get(name, "").strip()[:600] for name in ("image", "name", "platform")}
    return {"clusters": clusters, "chosen": chosen, **texts}
