"""What is in a registry: its repositories, the tags of one, what is under a tag; and deleting a tag."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from clusters.errors import ClusterError, Unsupported
from clusters.live.row import Row
from clusters.models import Registry
from clusters.registries import access, browse, where
from clusters.registries.content import Content
from clusters.registries.lately import TooOften
from clusters.registries.reference import is_digest, is_repository, is_tag
from clusters.registries.removal import SharedContent, delete_tag
from dashboard import pull_hosts
from dashboard.access import allow
from dashboard.engine import address, engine
from dashboard.page import asks_for, page
from dashboard.request import Request
from dashboard.ship_targets import offered
from dashboard.views.registries import registry_or_404
from dashboard.views.registry_copy import targets

WATCHED = ("pod", "container", "swarm-service")  # kinds that tell what runs


@allow(scope="signed-in")
@require_safe
async def registry(request: Request, slug: str) -> HttpResponse:
    """Its repositories: the page at once, its list when the registry has answered."""
    one = await registry_or_404(request, slug)
    if typed := request.GET.get("open", "").strip().strip("/"):
        if is_repository(typed):
            return redirect("repository", one.slug, typed)
        raise Http404
    text = request.GET.get("q", "")[:200]
    context: dict[str, Any] = {"registry": one, "text": text, "may_manage": access.may_manage(request.actor)}
    context["may_give"] = access.may_give(request.actor, one)
    if not asks_for(request, "list"):
        return page(request, "pages/registry.html", context)
    try:
        context["found"] = await browse.find_repositories(request.actor, one, text, anew=True)
    except ClusterError as error:
        context |= {"error": error, "may_open": isinstance(error, Unsupported)}
    return render(request, "partials/registry_repositories.html", context, status=_status(context))


@allow(scope="signed-in")
@require_safe
async def repository(request: Request, slug: str, name: str) -> HttpResponse:
    """Its tags, newest first, a page at a time."""
    one = await _registry_and_name(request, slug, name)
    text, number = request.GET.get("q", "")[:200], request.GET.get("page", "1")
    start = (int(number) - 1) * browse.EACH if number.isdecimal() and 0 < len(number) < 5 and int(number) else 0
    context: dict[str, Any] = {"registry": one, "repository": name, "text": text, "page": start // browse.EACH + 1}
    context |= {"may_delete": access.may_delete(request.actor), "may_copy": bool(await targets(request))}
    if not asks_for(request, "list"):
        return page(request, "pages/registry_repository.html", context)
    try:
        found = await browse.find_tags(request.actor, one, name, text)
        rows = await browse.read_tags(request.actor, one, name, found.shown[start : start + browse.EACH])
        tags = list(zip(rows, _users(request, *(row.content for row in rows)), strict=True))
        context |= {"found": found, "tags": tags, "first": start + 1, "last": start + len(rows)}
        context |= {"older": start + len(rows) < len(found.shown)}
    except ClusterError as error:
        context["error"] = error
    return render(request, "partials/registry_tags.html", context, status=_status(context))


@allow(scope="signed-in")
@require_safe
async def tag(request: Request, slug: str, name: str) -> HttpResponse:
    """What is under one tag or digest (``?tag=``): platforms, layers, labels, who runs it."""
    one = await _registry_and_name(request, slug, name)
    version = _version_or_404(request.GET.get("tag", ""))
    image = f"{one.host}/{name}{'@' if is_digest(version) else ':'}{version}"
    context: dict[str, Any] = {"registry": one, "repository": name, "tag": version, "image": image}
    context |= {"may_delete": access.may_delete(request.actor) and not is_digest(version)}
    if not asks_for(request, "content"):
        context |= {"may_copy": bool(await targets(request)), "ship": offered(request.actor, image=image)}
        context["pull_why_not"] = pull_hosts.why_not(request.actor)
        return page(request, "pages/registry_tag.html", context)
    try:
        content = await browse.read_tag(request.actor, one, name, version)
        context |= {"content": content, "users": _users(request, content)[0]}
    except ClusterError as error:
        context["error"] = error
    return render(request, "partials/registry_tag.html", context, status=_status(context))


@allow(scope="signed-in")
@require_safe
async def runs(request: Request, slug: str, name: str) -> HttpResponse:
    """What this person sees running of a repository, or of one tag or digest (``?tag=``), what is behind its tag.

    ``anew=1`` asks the registry now; what it said within the last minute is taken otherwise.
    """
    one = await _registry_and_name(request, slug, name)
    version = _version_or_404(request.GET["tag"]) if "tag" in request.GET else ""
    connections = [engine.supervisor.connections[number] for number in engine.scope(request.actor)]
    found = where.find(engine.gateway, request.actor, connections, one, name)
    wanted = [each for each in found.runs if version in ("", each.tag, *each.digests)]
    context: dict[str, Any] = {"registry": one, "repository": name, "tag": version, "error": None}
    context |= {"more": found.more, "most": where.MOST}
    context["at"] = time.time()
    context["known"] = all(each.stores[kind].listed for each in connections for kind in WATCHED if kind in each.stores)
    try:
        wanted = await where.judge(request.actor, one, name, wanted, anew=request.GET.get("anew") == "1")
    except ClusterError as error:
        context["error"] = error
    context |= {"runs": [(each, address(each.row)) for each in wanted], "behind": sum(_behind(each) for each in wanted)}
    return render(request, "partials/registry_runs.html", context)


def _status(context: Mapping[str, Any]) -> int:
    """429 for who has to wait a moment."""
    return 429 if isinstance(context.get("error"), TooOften) else 200


def _behind(one: where.Runs) -> bool:
    return one.state == "behind"


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def delete(request: Request, slug: str, name: str) -> HttpResponse:
    """Ask first, then delete a tag. Other tags that must go with it are named before they do."""
    one = await _registry_and_name(request, slug, name)
    if not access.may_delete(request.actor):
        raise PermissionDenied("Only administrators of everything delete tags, and nobody while we are read-only.")
    asked = request.POST if request.method == "POST" else request.GET
    version = _version_or_404(asked.get("tag", ""))
    typed = asked.get("typed", "").strip()
    context: dict[str, Any] = {"registry": one, "repository": name, "tag": version, "also": [], "typed": typed}
    if request.method == "POST" and typed != version:
        context |= {"also": asked.getlist("also")[:500], "mistyped": f"Type {version} to go on."}
    elif request.method == "POST":
        try:
            words = await delete_tag(request.actor, one, name, version, agreed=asked.getlist("also")[:500])
        except SharedContent as shared:
            context["also"] = shared.tags
        except ClusterError as error:
            context["error"] = error
        else:
            messages.success(request, words)
            return HttpResponseClientRedirect(reverse("repository", args=(one.slug, name)))
    status = 422 if "mistyped" in context else 200
    return render(request, "partials/registry_delete.html", context, status=status)


async def _registry_and_name(request: Request, slug: str, name: str) -> Registry:
    one = await registry_or_404(request, slug)
    if not is_repository(name):
        raise Http404
    return one


def _version_or_404(text: str) -> str:
    if not is_tag(text) and not is_digest(text):
        raise Http404
    return text


def _users(request: Request, *contents: Content | None) -> list[list[tuple[Row, str]]]:
    """Who runs each, of what this person may see, with where each is."""
    connections = [engine.supervisor.connections[number] for number in engine.scope(request.actor)]
    digests = [one.digests if one else set() for one in contents]
    found = where.users(engine.gateway, request.actor, connections, digests)
    return [[(row, address(row)) for row in rows] for rows in found]
