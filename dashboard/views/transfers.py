"""Images to and from registries and files: a short form, then a job that goes on when its page is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters import image_files, newer_images
from clusters.access import decide
from clusters.build import uploads
from clusters.drivers.base import ENGINES
from clusters.errors import ClusterError, Invalid, Missing, Refused
from clusters.gateway import Denied
from clusters.image_files import begin_load
from clusters.kinds.base import Role
from clusters.live.row import Row
from clusters.models import Registry
from clusters.reach import area_in
from clusters.registries.access import RUN, may_manage, may_push
from clusters.registries.transfers import begin_pull, begin_push
from dashboard import pull_hosts
from dashboard.access import allow, refusal, row_or_none
from dashboard.engine import engine
from dashboard.request import Request
from dashboard.scope import meant
from dashboard.views.files import attachment
from dashboard.views.registry_copy import targets

MOST_COMPARED = 2000  # images of one job
MOST_REPOSITORIES = 3  # of one image, about which is told where they run


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
    """Take in the file of a saved image, which came in pieces before (``upload``)."""
    given = _given(request)
    name, token = request.POST.get("file", ""), request.POST.get("upload", "")

    async def begin() -> str:
        if not token:
            raise Invalid("Choose a file first.")
        upload = uploads.find(token, request.actor.user_id)
        return await begin_load(engine.gateway, request.actor, given["chosen"].id, name or "a file", upload)

    return await _form(request, "partials/load.html", given, begin)


@allow(scope="signed-in")
@require_POST
async def load_piece(request: Request) -> HttpResponse:
    """``?cluster=&token=&at=``: the next piece of a saved image (no token: the first), from who may load it there."""
    asked = request.GET
    try:
        await may_send(request)
        token, at = asked.get("token", ""), asked.get("at", "0")
        user = request.actor.user_id
        upload = uploads.find(token, user) if token else uploads.open_upload(user, image_files.MOST)
        piece = request.read(uploads.LARGEST_PIECE + 1)
        if not at.isdecimal() or len(at) > 15 or len(piece) > uploads.LARGEST_PIECE:
            raise Invalid("That is no piece of a file.")
        await uploads.append(upload, int(at), piece)
    except Denied as error:
        return JsonResponse({"error": error.message}, status=403)
    except ClusterError as error:
        return JsonResponse({"error": f"{error.message} {error.hint}".strip()}, status=400)
    return JsonResponse({"token": upload.token, "size": upload.size})


async def may_send(request: Request) -> None:
    """Return for who may load images there: asked before the first byte of a file is taken. Raises Denied, Invalid."""
    if not (chosen := _given(request)["chosen"]):
        raise Invalid("There is no Docker host on which you may do this.")
    await image_files.may_load(engine.gateway, request.actor, chosen.id)


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
    called = row.resource.name if name == row.resource.uid else name
    response["Content-Disposition"] = attachment(f"{called.rpartition('/')[2].replace(':', '-')}.tar")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@allow(Role.VIEWER, scope="cluster")
@require_safe
async def names(request: Request) -> HttpResponse:
    """The names of an image (``?row=``), each beside what its registry has under it now; ``anew=1`` asks again."""
    row = await row_or_none(request, request.GET.get("row", ""))
    if row is None:
        raise Http404
    try:
        anew = request.GET.get("anew") == "1"
        found = await newer_images.compare_names(engine.gateway, request.actor, row, anew=anew)
    except Missing as error:
        raise Http404 from error
    except ClusterError as error:
        return render(request, "components/error.html", {"error": error})
    area = area_in(row.cluster)
    decision = decide(request.actor, area, RUN)
    may: dict[str, object] = {"run_why_not": "" if decision.allowed else decision.reason}
    may["may_save"] = decide(request.actor, area, image_files.SAVE).allowed
    may |= {"may_copy": bool(await targets(request)), "may_add": may_manage(request.actor)}
    repositories = list(dict.fromkeys((one.registry, one.repository) for one in found if one.registry))[
        :MOST_REPOSITORIES
    ]
    context = {"row": row, "names": found, "repositories": repositories, **may}
    return render(request, "partials/image_names.html", context)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def newer(request: Request) -> HttpResponse:
    """Which images have something newer in their registry: asked in a job, of all that this person sees."""
    rows = [
        Row(one.cluster, store.kind, image, store.health[image.uid])
        for one in engine.supervisor.connections.values()
        if (store := one.stores.get("image")) and one.driver.platform in ENGINES
        for image in engine.gateway.visible(request.actor, one.cluster.id, "image")
        if image.tags and image.uid in store.health
    ][:MOST_COMPARED]
    if request.method == "POST" and rows:
        key = await newer_images.begin_comparing(engine.gateway, request.actor, rows)
        return HttpResponseClientRedirect(f"/jobs/{key}/")
    hosts = {one.host async for one in Registry.objects.all()}
    return render(request, "partials/images_newer.html", {"number": len(rows), "hosts": sorted(hosts)})


async def _form(
    request: Request, template: str, given: dict[str, Any], begin: Callable[[], Awaitable[str]]
) -> HttpResponse:
    problem: ClusterError | None = None
    if request.method == "POST" and given["chosen"]:
        try:
            return HttpResponseClientRedirect(f"/jobs/{await begin()}/")
        except (Invalid, Missing, Refused) as error:
            problem = error
    return render(request, template, {**given, "error": problem}, status=422 if problem else 200)


def _given(request: Request) -> dict[str, Any]:
    """What was asked for, and where this person may have it done."""
    asked = request.POST if request.method == "POST" and request.POST else request.GET
    clusters = pull_hosts.hosts_of(request.actor)
    wanted = asked.get("cluster", "")
    chosen = meant(clusters, wanted) or (None if wanted.isdecimal() else next(iter(clusters), None))
    texts = {name: asked.get(name, "").strip()[:600] for name in ("image", "name", "platform")}
    return {"clusters": clusters, "chosen": chosen, **texts}
