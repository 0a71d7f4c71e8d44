"""YAML: one object changed, or several made, in an editor. What would change is shown, then exactly that is done."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from clusters.apply import writing
from clusters.apply.edit import Edited
from clusters.apply.hidden import shown
from clusters.apply.plan import Asked, Plan, plan
from clusters.apply.step import CHOICES
from clusters.apply.undo import latest
from clusters.deploy.held import held
from clusters.errors import ClusterError, Invalid, Unrecorded
from clusters.gateway import Denied
from clusters.kinds.base import Role
from clusters.kinds.kubernetes.names import NAMESPACE
from clusters.kinds.masking import MASK
from clusters.live.connection import Connection
from clusters.live.row import Row
from dashboard.access import allow, cluster_or_404, refusal, resource_or_404
from dashboard.engine import address, engine
from dashboard.page import page
from dashboard.request import Request
from dashboard.yaml_rights import ASK_US, may_apply, why_not_edited

CHOICE = re.compile(r"choice-([0-9]{1,3})-[0-9a-f]{1,32}")


@allow(Role.VIEWER, scope="cluster")
@require_http_methods(["GET", "HEAD", "POST"])
async def yaml(request: Request, cluster: str) -> HttpResponse:
    """``?kind=&key=``: the YAML of that object, to be changed; else new objects. POST: look ahead, apply or undo.

    ``do=open`` opens the editor with a text that was made elsewhere.
    """
    asked = request.POST if request.method == "POST" else request.GET
    kind, key = asked.get("kind", ""), asked.get("key", "")
    if kind:
        row = await resource_or_404(request, cluster, kind, key)
        if row.kind.platform != "kubernetes":
            raise Http404  # others show what they have on their own pages, as the rights to it say
        connection = engine.supervisor.connections[row.cluster.id]
    else:
        row, connection = None, await cluster_or_404(request, cluster)
    if request.method == "POST":
        if asked.get("do") != "open":
            return await answer(request, connection, row, text=asked.get("text", ""))
        given = {"text": asked.get("text", ""), "held": asked.get("held", "")} if row is None else {}
        return page(request, "pages/yaml.html", {**await _context(request, connection, row), **given})
    context = await _context(request, connection, row)
    return page(request, "pages/yaml.html", context)


async def _context(request: Request, connection: Connection, row: Row | None) -> dict[str, Any]:
    cluster = connection.cluster
    why_not, hint = _why_not(connection), ""
    if not why_not and row is not None:
        why_not, hint = await why_not_edited(request.actor, connection, row)
    elif not why_not and not (decision := may_apply(request.actor, connection)).allowed:
        why_not, hint = decision.reason, ASK_US
    context: dict[str, Any] = {
        "cluster": cluster,
        "row": row,
        "demo": cluster.driver == "demo",
        "why_not": why_not,
        "hint": hint,
        "namespace": _namespace(request.GET.get("namespace", "")),
        "namespaces": _namespaces(request, connection),
    }
    if row is None:
        return context
    context["href"] = address(row)
    try:
        tree = await engine.gateway.raw(request.actor, cluster.id, row.kind, row.resource)
        text = shown(tree)
        context |= {"text": text, "opened": text, "uid": str(tree.get("metadata", {}).get("uid", ""))}
        context["label"] = str(tree.get("kind") or row.kind.label)
        context["earlier"] = await latest(request.actor.user_id, cluster.id, context["uid"])
    except Denied as error:
        raise refusal(error) from error
    except ClusterError as error:
        context["error"] = error
    return context


async def answer(
    request: Request,
    connection: Connection,
    row: Row | None,
    *,
    text: str,
    more: Mapping[str, Any] | None = None,
    problems: Callable[[Plan], Mapping[str, str]] | None = None,
) -> HttpResponse:
    """What would come of the text, or what came of it. ``more`` is for the answer's template.

    ``problems``: of a text that a form made, what is wrong with it by field.
    """
    given = request.POST
    context: dict[str, Any] = {
        "cluster": connection.cluster,
        "row": row,
        "opened": given.get("opened", ""),
        **(more or {}),
    }
    try:
        if why := _why_not(connection):
            raise Invalid(why)
        if given.get("do") == "undo":
            key = secrets.token_hex(16)
            kept = given.get("kept", "")[:64]
            undone = await writing.take_back(engine.gateway, request.actor, connection.cluster.id, kept, key)
            context |= {"undone": undone} | _fresh(undone)
            return render(request, "partials/yaml_result.html", context)
        asked = _asked(request, connection, row, text)
        if given.get("do") == "apply":
            return await _apply(request, asked, context)
        found = await plan(engine.gateway, request.actor, asked)
    except ClusterError as error:
        return _failed(request, context, error)
    context |= {"plan": found, "problems": problems(found) if problems else {}, "key": secrets.token_hex(16)}
    return render(request, "partials/yaml_result.html", context)


async def _apply(request: Request, asked: Asked, context: dict[str, Any]) -> HttpResponse:
    seal, key = request.POST.get("seal", "")[:128], request.POST.get("apply_key", "")[:64]
    try:
        applied = await writing.apply(engine.gateway, request.actor, asked, seal, key)
    except writing.Differs as error:
        context |= {"plan": error.plan, "differs": error, "key": secrets.token_hex(16)}
        return render(request, "partials/yaml_result.html", context, status=422)
    return render(request, "partials/yaml_result.html", {**context, "applied": applied, **_fresh(applied)})


def _fresh(applied: writing.Applied) -> dict[str, Any]:
    """What is there now is what the editor goes on with."""
    return {"fresh": True, "opened": applied.text} if applied.well else {}


def _failed(request: Request, context: Mapping[str, Any], error: ClusterError) -> HttpResponse:
    status = 503 if isinstance(error, Unrecorded) else 422
    return render(request, "partials/yaml_result.html", {**context, "error": error}, status=status)


def _asked(request: Request, connection: Connection, row: Row | None, text: str) -> Asked:
    given = request.POST
    choices = {
        int(found[1]): choice
        for name, choice in given.items()
        if (found := CHOICE.fullmatch(name)) and choice in CHOICES
    }
    edited = None
    if row is not None:
        edited = Edited(
            kind=given.get("label", "")[:100],
            namespace=row.resource.namespace if row.kind.namespaced else "",
            name=row.resource.name,
            uid=given.get("uid", "")[:100],
            opened=given.get("opened", ""),
        )
    return Asked(
        cluster_id=connection.cluster.id,
        text=text,
        namespace=_namespace(given.get("namespace", "")) if row is None else row.resource.namespace,
        choices=choices,
        edited=edited,
        found=tuple(connection.discovered.found.values()),
        typed=_typed(request, connection, text) if row is None else (),
    )


def _typed(request: Request, connection: Connection, text: str) -> Sequence[Mapping[str, Any]]:
    """What stands behind the hidden values of a text that a form made. Raises Invalid where nobody knows any more."""
    sealed = request.POST.get("held", "")
    return held(sealed, request.actor.user_id, connection.cluster.id) if sealed and MASK in text else ()


def _namespace(text: str) -> str:
    return text if NAMESPACE.fullmatch(text) else "default"


def _namespaces(request: Request, connection: Connection) -> list[str]:
    visible = engine.gateway.visible(request.actor, connection.cluster.id, "namespace")
    return sorted({one.name for one in visible} | {"default"})


def _why_not(connection: Connection) -> str:
    """Why nothing can be applied to such a cluster at all."""
    return "" if connection.driver.platform == "kubernetes" else "Only Kubernetes takes YAML of objects."
