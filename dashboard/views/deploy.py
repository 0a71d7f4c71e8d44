"""Deploying a workload from a form: its YAML is shown while it is filled in, and applied as all YAML is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from clusters.apply.plan import Asked as PlanAsked
from clusters.apply.plan import plan
from clusters.deploy import beside, objects
from clusters.deploy.fields import FIELDS
from clusters.deploy.form import PLURALS, DeployForm
from clusters.deploy.held import hold
from clusters.deploy.reading import look
from clusters.deploy.refused import by_field
from clusters.deploy.where import Where
from clusters.kinds.field import Field
from clusters.live.connection import Connection
from dashboard.access import allow, listed
from dashboard.deploy_rights import allowed_in
from dashboard.dry_run import DryRun
from dashboard.engine import engine
from dashboard.forms import filled, grouped
from dashboard.page import page
from dashboard.request import Request
from dashboard.views import yaml
from dashboard.yaml_rights import yaml_clusters

PATIENCE = 0.4  # seconds for the names of what is there beside it
FROM_ADDRESS = ("kind", "namespace", "name", "image")


@dataclass(slots=True)
class Asked:
    """Where it is to be deployed, as what, and what may be filled in there."""

    clusters: list[Connection]
    chosen: Connection | None
    kind: str
    where: Where = field(default_factory=Where)
    fields: list[Field] = field(default_factory=list)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def deploy(request: Request) -> HttpResponse:
    """GET: the form. POST: look at it as it is so far, or (``do``) show what it would do, do it, or undo it."""
    given = request.POST if request.method == "POST" else request.GET
    asked = await _asked(request, given)
    if asked.chosen is None:
        if request.method == "POST":
            raise Http404  # never on another cluster than the one that was meant
        return page(request, "pages/deploy.html", {"others": [one.cluster for one in asked.clusters]})
    if request.method != "POST":
        values = {one.name: one.initial(None) for one in FIELDS if one.initial}
        values |= {name: given[name][:500] for name in FROM_ADDRESS if name in given} | {"kind": asked.kind}
        return page(request, "pages/deploy.html", await _context(request, asked, asked.chosen, values))
    if given.get("do") == "elsewhere":
        return render(request, "partials/deploy_form.html", await _context(request, asked, asked.chosen, given.dict()))
    if given.get("do"):
        return await _done(request, asked.chosen)
    return render(request, "partials/deploy_check.html", await _checked(request, asked.chosen, given.dict()))


async def opened(request: Request, cluster: str, given: Mapping[str, Any]) -> HttpResponse:
    """The form with what another page filled in. 404 where nothing may be deployed there."""
    asked = await _asked(request, {**given, "cluster": cluster})
    if asked.chosen is None:
        raise Http404
    initial = {one.name: one.initial(None) for one in FIELDS if one.initial}
    values = {**initial, **given, "kind": asked.kind}
    return page(request, "pages/deploy.html", await _context(request, asked, asked.chosen, values))


async def dry_run(request: Request, connection: Connection, given: Mapping[str, Any]) -> DryRun:
    """What would come of it, by a dry run of the cluster itself. Nothing is made. Raises why that cannot be told.

    What is secret stays here: nobody chose that cluster yet, and what it is asked may be in its own logs.
    """
    initial = {one.name: one.initial(None) for one in FIELDS if one.initial}
    form, problems = look({**initial, **given, "kind": "deployment"})
    there = await _beside(request, connection, form)
    problems = {**beside.taken(form, there), **problems}
    labels = {one.name: one.label for one in FIELDS}
    if problems:
        return DryRun(stops=[f"{labels.get(name, name)}: {words}" for name, words in problems.items()])
    kinds, text = tuple(connection.discovered.found.values()), objects.text(objects.without_secrets(form))
    asked = PlanAsked(cluster_id=connection.cluster.id, text=text, namespace=form.namespace, found=kinds)
    found = await plan(engine.gateway, request.actor, asked)
    stops = [f"{one.kind} {one.name}: {one.error.message}" for one in found.errors if one.error]
    makes = ", ".join(f"{one.kind} {one.name}" for one in found.steps)
    would = f"{connection.cluster.name} would take it: {makes}."
    return DryRun(stops, beside.remarks(form, there), would, passed="Dry run passed")


async def _asked(request: Request, given: Mapping[str, Any]) -> Asked:
    clusters = yaml_clusters(request.actor)
    meant = str(given.get("cluster") or "")
    chosen = next((one for one in clusters if meant in ("", one.cluster.slug)), None)
    kind = str(given.get("kind") or "deployment")
    asked = Asked(clusters, chosen, kind if kind in PLURALS else "deployment")
    if chosen is None:
        return asked
    asked.where = await allowed_in(request.actor, chosen, asked.kind)
    names = tuple((name, name) for name in asked.where.namespaces)
    asked.fields = [
        replace(one, type="choice", choices=names) if one.name == "namespace" and names else one for one in FIELDS
    ]
    return asked


async def _context(request: Request, asked: Asked, chosen: Connection, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {**given}
    values["namespace"] = asked.where.begins_in(str(values.get("namespace") or ""))
    checked = await _checked(request, chosen, values)
    return {
        **checked,
        "clusters": [one.cluster for one in asked.clusters],
        "cluster": chosen.cluster,
        "demo": chosen.cluster.driver == "demo",
        "why_not": asked.where.why_not,
        "silent": chosen.contact.error,
        "groups": grouped(filled(asked.fields, values, names=lambda kind: checked["offered"].get(kind, ()))),
    }


async def _checked(request: Request, connection: Connection, values: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it stands: its text and line, what is wrong beside its fields, and what is worth knowing."""
    form, problems = look(values)
    there = await _beside(request, connection, form)
    taken = beside.taken(form, there) if values.get("made") != _made(form) else {}
    text, whole = objects.draft(form)
    missing = [one.label for one in FIELDS if one.required and one.name in problems and not values.get(one.name)]
    problems = {name: words for name, words in problems.items() if values.get(name) or name.endswith("_at")}
    return {
        "text": text,
        "is_hidden": bool(whole),
        "held": hold(whole, request.actor.user_id, connection.cluster.id) if whole else "",
        "line": objects.line(form) if form.name and not whole else "",
        "namespace": form.namespace,
        "missing": missing,
        "problems": {**taken, **problems},
        "remarks": beside.remarks(form, there),
        "cluster": connection.cluster,
        "offered": beside.offered(there),
    }


async def _beside(request: Request, connection: Connection, form: DeployForm) -> beside.Beside:
    """The names there; asked for, and kept for a minute, only while somebody fills in the form."""
    stores = [connection.stores[name] for name in beside.KINDS if name in connection.stores]
    await asyncio.gather(*(listed(connection, store, within=PATIENCE) for store in stores))
    return beside.beside(engine.gateway, request.actor, connection, form)


async def _done(request: Request, connection: Connection) -> HttpResponse:
    """By the one way in which YAML is applied. What is wrong is said beside its field instead."""
    given = request.POST.dict()
    form, problems = look(given)
    doing = given["do"]
    if doing == "check" and not problems and given.get("made") != _made(form):
        problems = beside.taken(form, await _beside(request, connection, form))
    if problems and doing != "undo":
        context = {"cluster": connection.cluster, "problems": problems, "made": given.get("made", "")}
        return render(request, "partials/deploy_wrong.html", context, status=422)
    more = {"made": given.get("made", ""), "makes": _made(form), "leads_to": form.kind}
    text = "" if problems else objects.text(form)
    return await yaml.answer(request, connection, None, text=text, more=more, problems=by_field)


def _made(form: DeployForm) -> str:
    """Says of a workload that this very page made it: its own name is no obstacle to it."""
    return f"{form.kind} {form.namespace} {form.name}"
