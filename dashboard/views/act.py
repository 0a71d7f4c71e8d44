"""Acting: first a dialog that says exactly what will happen, then the act itself, on one resource or on many."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from clusters import bulk
from clusters.carrying_out import Outcome
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unrecorded, Unsure
from clusters.fields import NotFilledIn, clean
from clusters.gateway import Denied
from clusters.kinds.base import Action, Role
from clusters.live.row import Row
from clusters.permissions import NotPermitted
from dashboard.access import action_or_404, allow, row_or_none
from dashboard.engine import address, engine
from dashboard.forms import beside, filled
from dashboard.kept_undo import keep, with_kept
from dashboard.page import asks_for, on_to, page
from dashboard.plan import Planned, choosable, filled_in, looked_ahead, permitted, planned
from dashboard.request import Request
from dashboard.silence import silence

MOST = 500  # resources of one act
AT_ONCE = 5  # of them that are acted on while the dialog waits; more are a job
LONGEST_UNDO = 2000  # bytes of what undoes it: that goes in a header, and proxies take no long ones
LONGEST_VALUES = 1000  # of them; longer ones stay here
STATUS: dict[type, int] = {
    Denied: 403,
    Refused: 403,
    NotPermitted: 403,
    Missing: 404,
    Conflict: 409,
    Invalid: 422,
    Unrecorded: 503,
}


@dataclass(frozen=True, slots=True)
class Acted:
    """One resource and how it went."""

    row: Row
    outcome: Outcome | None
    error: ClusterError | None = None


@allow(Role.VIEWER)
@require_http_methods(["GET", "HEAD", "POST"])
async def act(request: Request) -> HttpResponse:
    """GET: the dialog. POST: do it; or, with ``?part=plan``, only say what would happen with what is filled in now.

    That is a POST because of what is filled in: it may be long, or secret, and addresses are kept in logs.
    """
    asked = request.POST if request.method == "POST" else request.GET
    rows, lost = await _rows(request, asked)
    verb = asked.get("verb", "")
    actions = [await action_or_404(request, row, verb) for row in rows]  # all of them, before the first call
    plan = [planned(row, action, asked.dict()) for row, action in zip(rows, actions, strict=True)]
    only_asks = request.method == "POST" and asks_for(request, "plan")
    if request.method != "POST" or only_asks:
        plan = await permitted(request.actor, plan)  # what is done is asked again by the gateway, and recorded
    if only_asks:
        return _plan(request, await looked_ahead(request, plan, asked.dict()), asked)
    if request.method != "POST":
        return await _dialog(request, plan, asked, lost=lost)
    if lost:
        words = "Some of these are not there any more. Nothing was done."
        return await _dialog(request, plan, asked, lost=lost, error=Missing(words), status=404)
    try:
        whole = await with_kept(request.actor, asked)
    except ClusterError as error:  # what undoes it is forgotten
        return await _dialog(request, plan, asked, error=error, status=404)
    return await _do(request, plan, whole)


async def _do(request: Request, plan: Sequence[Planned], asked: QueryDict) -> HttpResponse:
    action, possible = plan[0].action, [one for one in plan if not one.why_not]
    try:
        if not possible:
            raise Conflict(plan[0].why_not)
        for declared in {one.action.verb + one.row.kind.name: one.action.fields for one in possible}.values():
            clean(declared, asked)
        _check_typed(plan, asked)
        await _check_held(request, possible, asked)
    except ClusterError as error:
        return await _dialog(request, plan, asked, error=error, status=STATUS.get(type(error), 422))
    many = bulk.Many(action, [one.row for one in possible], asked.dict(), asked.get("key", ""))
    if len(many.rows) > AT_ONCE or action.long:
        return await _begin(request, plan, many, asked)
    results = await asyncio.gather(*(_one(request, many, row) for row in many.rows))
    wrong = results[0].error if len(results) == 1 else None
    if wrong and wrong.field in {field.name for field in action.fields}:
        return await _dialog(request, plan, _afresh(asked), error=wrong, status=STATUS.get(type(wrong), 422))
    return await _answer(request, action, results, len(plan) - len(possible))


async def _begin(request: Request, plan: Sequence[Planned], many: bulk.Many, asked: QueryDict) -> HttpResponse:
    """Many are a job, with a line for each."""
    try:
        where = f"/jobs/{await bulk.begin(engine.gateway, request.actor, many)}/"
    except ClusterError as error:
        return await _dialog(request, plan, asked, error=error, status=STATUS.get(type(error), 422))
    return on_to(request, where)


async def _one(request: Request, many: bulk.Many, row: Row) -> Acted:
    try:
        return Acted(row, await bulk.act_on(engine.gateway, request.actor, many, row))
    except ClusterError as error:
        return Acted(row, None, error)


async def _answer(request: Request, action: Action[Any], results: Sequence[Acted], left: int) -> HttpResponse:
    """Nothing but a toast when all went well; otherwise what happened to each."""
    unsure = [one for one in results if isinstance(one.error, Unsure)]
    failed = [one for one in results if one.error and one not in unsure]
    if failed or unsure:
        status = STATUS.get(type(results[0].error), 200) if len(results) == 1 else 200
        context = {"action": action, "results": results, "left": left, "failed": failed, "unsure": unsure}
        return _shown(request, "partials/acted.html", context, status)
    if len(results) == 1 and results[0].outcome and results[0].outcome.opens:
        return on_to(request, f"{address(results[0].row)}?{urlencode(results[0].outcome.opens)}")
    response = HttpResponse(status=204) if request.htmx else HttpResponseClientRefresh()
    done = [one.outcome for one in results if one.outcome]
    words = done[0].words if len(done) == 1 else f"{action.label}: {len(done)} done"
    words += f", {left} left out" if left else ""
    undo = _undo(results)
    if undo and len(json.dumps(undo["values"])) > LONGEST_VALUES:
        undo["values"] = await keep(request.actor, undo["values"])
    if undo and (undo["values"] is None or len(json.dumps(undo)) > LONGEST_UNDO):
        undo, words = None, f"{words}. It is too long to be undone from here."
    return trigger_client_event(response, "toast", {"words": words, "level": "ok", "undo": undo})


def _afresh(asked: QueryDict) -> QueryDict:
    """The same, to be asked for once more: its key told a repeated request from a new one."""
    again = asked.copy()
    again.pop("key", None)
    return again


def _undo(results: Sequence[Acted]) -> dict[str, Any] | None:
    """One request that undoes all of it, where there is one."""
    undos = [one.outcome.undo for one in results if one.outcome]
    first = undos[0] if undos else None
    if first is None or any(undo != first for undo in undos):
        return None
    verb, values = first
    return {"verb": verb, "rows": ",".join(one.row.id for one in results), "values": dict(values)}


async def _rows(request: Request, asked: QueryDict) -> tuple[list[Row], int]:
    """The rows that were named, and how many of them are not there or not shared: the two are not told apart."""
    ids = list(dict.fromkeys(part for text in asked.getlist("rows") for part in text.split(",") if part))
    if not ids or len(ids) > MOST:
        raise Http404
    found = [row for row_id in ids if (row := await row_or_none(request, row_id))]
    if not found:
        raise Http404
    return found, len(ids) - len(found)


def _typed_name(plan: Sequence[Planned]) -> str:
    """What must be typed before something that cannot be undone on a production cluster: "" where nothing must."""
    production = [one for one in plan if one.row.cluster.production and one.action.danger]
    if not production:
        return ""
    return str(production[0].row.resource.name) if len(plan) == 1 else production[0].row.cluster.name


def _check_typed(plan: Sequence[Planned], asked: QueryDict) -> None:
    name = _typed_name(plan)
    if name and asked.get("typed", "").strip() != name:
        raise NotFilledIn({"typed": f"Type {name} to go on."})


async def _check_held(request: Request, possible: Sequence[Planned], asked: QueryDict) -> None:
    """What cannot be begun as it is filled in is said in the dialog, where it can be put right."""
    if possible[0].action.preview is None:
        return
    for one in await looked_ahead(request, possible, asked.dict()):
        if one.preview and one.preview.held:
            raise Invalid(one.preview.held, hint="Nothing was done. Change what you asked for, or leave it.")


async def _dialog(
    request: Request,
    plan: Sequence[Planned],
    asked: QueryDict,
    *,
    lost: int = 0,
    error: ClusterError | None = None,
    status: int = 200,
) -> HttpResponse:
    plan = await looked_ahead(request, plan, asked.dict())
    action, preview = plan[0].action, plan[0].preview if len(plan) == 1 else None
    problems = error.problems if isinstance(error, NotFilledIn) else {}
    values = {**filled_in(plan[0].row, action, {})[0], **(preview.values if preview else {}), **asked.dict()}
    declared = choosable(action.fields, plan)
    answered = error is not None
    fields, error = beside(filled(declared, values, problems, names=lambda kind: _names(request, plan, kind)), error)
    context = {
        "action": action,
        "plan": plan,
        "possible": [one for one in plan if not one.why_not],
        "lost": lost,
        "silent": silence([one.row for one in plan]),
        "fields": fields,
        "keeps": answered,
        "typed_name": _typed_name(plan),
        "typed": asked.get("typed", ""),
        "problems": problems,
        "error": None if problems else error,
        "key": asked.get("key") or secrets.token_hex(16),
        "rows": ",".join(one.row.id for one in plan),
        "production": any(one.row.cluster.production for one in plan),
    }
    return _shown(request, "partials/confirm.html", context, status)


def _names(request: Request, plan: Sequence[Planned], kind: str) -> list[str]:
    """What this person may see of that kind beside what is acted on."""
    visible = engine.gateway.visible(request.actor, plan[0].row.cluster.id, kind)
    return sorted(one.name for one in visible)[:MOST]


def _plan(request: Request, plan: Sequence[Planned], asked: QueryDict) -> HttpResponse:
    """What would happen now, asked again while somebody types; with what is wrong so far."""
    problems = {name: words for one in plan for name, words in filled_in(one.row, one.action, asked.dict())[1].items()}
    return render(request, "partials/confirm_plan.html", {"plan": plan, "wrong": problems.values()})


def _shown(request: Request, partial: str, context: Mapping[str, Any], status: int) -> HttpResponse:
    """The partial for htmx; a whole page around it when its address was opened by itself."""
    if request.htmx:
        return render(request, partial, context, status=status)
    return page(request, "pages/act.html", {**context, "partial": partial, "standalone": True}, status=status)
