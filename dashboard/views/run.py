"""Making something new from a form: checked while it is filled in, shown as the line it equals, done as a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clusters import making
from clusters.access import Area, Need, decide
from clusters.errors import ClusterError, Invalid
from clusters.fields import NotFilledIn, clean, still_hidden, typed_wrong
from clusters.gateway import Denied
from clusters.kinds import all_kinds
from clusters.kinds.base import Kind
from clusters.kinds.field import Field
from clusters.kinds.formats import plain
from clusters.kinds.makers import Maker, Remark
from clusters.live.cluster import ClusterInfo
from clusters.live.row import Row
from dashboard.access import allow, refusal, row_or_none
from dashboard.dry_run import DryRun
from dashboard.engine import engine
from dashboard.forms import filled, grouped
from dashboard.make_rights import clusters_for
from dashboard.page import page
from dashboard.request import Request
from dashboard.scope import meant

MOST_NAMES = 500  # offered to choose from
OURS = {"cluster", "whole", "like", "verb", "check", "elsewhere"}  # what the page itself asks by: no field is called so


@dataclass(slots=True)
class Asked:
    """What a request is about: what is made, where, like which other, and the fields that this person is asked for."""

    kind: Kind[Any]
    maker: Maker[Any]
    clusters: list[ClusterInfo]
    chosen: ClusterInfo | None
    like: Row | None = None
    origin: Any = None
    fields: list[Field] = field(default_factory=list)
    whole: bool = False  # a page of its own, not a dialog over another one


@dataclass(slots=True)
class Checked:
    """How the form stands: the line it equals, or what is wrong with it."""

    form: Any = None
    line: str = ""
    error: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


@allow(scope="signed-in")
@require_http_methods(["GET", "HEAD", "POST"])
async def run(request: Request, kind: str) -> HttpResponse:
    """GET: the form (``?image=`` and the like filled in). POST: check it (``check=1``), have it for another cluster
    (``elsewhere=1``), or begin the job and go to it.

    It comes as a dialog where a page asks for it, and as a page of its own where somebody goes there.
    """
    given = request.POST if request.method == "POST" else request.GET
    asked = await _asked(request, kind, given)
    asked.whole = "whole" in given if request.method == "POST" else not request.htmx
    if request.method != "POST":
        return _shown(request, asked, _initial(asked, request.GET), Checked())
    if "elsewhere" in given:  # for another cluster: its names to choose from, its fields, and what was typed
        return _shown(request, asked, given.dict(), Checked())
    found = _read(asked, given.dict())
    if "check" in given:
        return await _remarked(request, asked, found)
    if found.form is not None and asked.chosen:
        try:
            begun = (engine.gateway, request.actor, asked.chosen.id, asked.kind, asked.maker, found.form)
            key = await making.begin(*begun, asked.like)
            return HttpResponseClientRedirect(f"/jobs/{key}/")
        except NotFilledIn as wrong:
            found.problems = wrong.problems
        except ClusterError as error:
            found.error = f"{error.message} {error.hint}".strip() if not isinstance(error, Denied) else error.message
            return _shown(request, asked, given.dict(), found, status=403 if isinstance(error, Denied) else 422)
    return _shown(request, asked, given.dict(), found, status=422)


async def opened(request: Request, kind: str, cluster: ClusterInfo, values: Mapping[str, Any]) -> HttpResponse:
    """The form as a page, with what another page filled in."""
    asked = await _asked(request, kind, QueryDict(f"cluster={cluster.id}"))
    asked.whole = True
    names = {one.name for one in asked.fields}
    given = {name: value for name, value in values.items() if name in names}
    return _shown(request, asked, {**_initial(asked, QueryDict()), **given}, Checked())


async def dry_run(request: Request, kind: str, cluster: ClusterInfo, given: Mapping[str, Any]) -> DryRun:
    """What would come of it, as far as its engine says before. Nothing is made. Raises why that cannot be told."""
    asked = await _asked(request, kind, QueryDict(f"cluster={cluster.id}"))
    found = _read(asked, {**_initial(asked, QueryDict()), **given})
    labels = {one.name: one.label for one in asked.fields}
    if found.form is None:
        wrong = [f"{labels.get(name, name)}: {words}" for name, words in found.problems.items()]
        return DryRun(stops=wrong or [found.error])
    noted = await making.remarks(engine.gateway, request.actor, cluster.id, asked.kind, asked.maker, found.form)
    would = f"{cluster.name} would take it: no other {plain(asked.kind.label)} has its name or one of its ports."
    stops = [one.text for one in noted if one.level == "stop"]
    remarks = [one for one in noted if one.level != "stop"]
    return DryRun(stops, remarks, would, passed="Nothing in the way")


async def _asked(request: Request, name: str, given: QueryDict) -> Asked:
    kind = next((one for one in all_kinds() if one.name == name), None)
    if kind is None:
        raise Http404
    if "like" not in given:
        if kind.make is None:
            raise Http404
        clusters = clusters_for(request.actor, kind, kind.make)
        chosen = meant(clusters, given.get("cluster", "")) or next(iter(clusters), None)
        asked = Asked(kind, kind.make, clusters, chosen)
    else:
        asked = await _like(request, kind, given)
    asked.fields = [one for one in asked.maker.fields if asked.chosen and _may(request, asked.chosen, asked, one)]
    return asked


async def _like(request: Request, kind: Kind[Any], given: QueryDict) -> Asked:
    row = await row_or_none(request, str(given["like"]))
    maker = next((one for one in kind.remake if one.verb == given.get("verb")), None)
    if row is None or maker is None or row.kind is not kind:
        raise Http404
    try:
        origin = await making.origin_of(engine.gateway, request.actor, row, maker)
    except Denied as error:
        raise refusal(error) from error
    return Asked(kind, maker, [row.cluster], row.cluster, row, origin)


def _may(request: Request, cluster: ClusterInfo, asked: Asked, one: Field) -> bool:
    namespace = asked.kind.namespace_of(asked.like.resource) if asked.like else None
    return decide(request.actor, Area(cluster.id, namespace), Need(one.role, acts=False)).allowed


def _initial(asked: Asked, given: QueryDict) -> Mapping[str, Any]:
    initial = {one.name: one.initial(None) if one.initial else "" for one in asked.fields}
    if asked.like is None:
        names = [one.name for one in asked.fields if one.name in given and one.type not in ("secret", "hidden")]
        initial |= {name: given[name][:4000] for name in names}  # filled in by the page that leads here
    if asked.like is None or asked.maker.like is None:
        return initial
    return {**initial, **asked.maker.like.values(asked.origin)}


def _read(asked: Asked, given: Mapping[str, Any]) -> Checked:
    """What was filled in. What this person is not asked for stays as it is in the one that it is made like."""
    maker, found = asked.maker, Checked()
    try:
        values = clean(asked.fields, given)
        if maker.like and asked.like:
            if why := maker.like.refuse(asked.like.resource) if maker.like.refuse else "":
                raise Invalid(why)
            found.form = maker.like.read({**maker.like.values(asked.origin), **values}, asked.origin)
        elif problems := still_hidden(values):
            raise NotFilledIn(problems)
        else:
            found.form = maker.read(values)
        found.line = maker.line(found.form)
    except NotFilledIn as wrong:
        found.problems = wrong.problems
    except ClusterError as wrong:
        found.error = f"{wrong.message} {wrong.hint}".strip()
    return found


async def _remarked(request: Request, asked: Asked, found: Checked) -> HttpResponse:
    noted: Sequence[Remark] = ()
    if found.form is not None and asked.chosen:
        try:
            arguments = (engine.gateway, request.actor, asked.chosen.id, asked.kind, asked.maker, found.form)
            noted = await making.remarks(*arguments)
        except ClusterError as trouble:
            noted = (Remark(trouble.message, "warn"),)
    error = found.error or typed_wrong(found.problems, request.POST)
    differs = asked.maker.differences(found.form) if asked.maker.differences and found.form is not None else ()
    empty = [one for one in asked.fields if one.name in found.problems and not request.POST.get(one.name, "").strip()]
    missing = [one.label for one in empty]
    context = {"line": found.line, "error": error, "remarks": noted, "differences": differs, "missing": missing}
    return render(request, "partials/run_check.html", context)


def _shown(
    request: Request, asked: Asked, values: Mapping[str, Any], found: Checked, status: int = 200
) -> HttpResponse:
    context = {
        "kind": asked.kind,
        "maker": asked.maker,
        "clusters": asked.clusters,
        "chosen": asked.chosen,
        "like": asked.like,
        "groups": grouped(filled([one for one in asked.fields if one.type != "hidden"], values, found.problems)),
        "hidden": filled([one for one in asked.fields if one.type == "hidden"], values),
        "offered": _offered(request, asked),
        "error": found.error,
        "line": found.line,
    }
    if not asked.whole:
        return render(request, "partials/run.html", context, status=status)
    if request.htmx:
        return render(request, "partials/run_page.html", context, status=status)
    return page(request, "pages/run.html", context, status)


def _offered(request: Request, asked: Asked) -> dict[str, list[str]]:
    """Names to choose from, by kind: of what this person may see there."""
    kinds = {kind for one in asked.fields for part in one.parts for _, kind in part.among}
    if asked.chosen is None:
        return {}
    seen = {kind: engine.gateway.visible(request.actor, asked.chosen.id, kind) for kind in sorted(kinds)}
    fits = asked.maker.fits or bool
    return {kind: sorted({one.name for one in found if fits(one)})[:MOST_NAMES] for kind, found in seen.items()}
