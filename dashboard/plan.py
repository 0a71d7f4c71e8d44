"""What an act would do to each resource, said before it is done: the same for its dialog and while it is filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clusters.access import Actor
from clusters.errors import ClusterError
from clusters.fields import NotFilledIn, clean
from clusters.kinds.base import Action
from clusters.kinds.field import Field
from clusters.kinds.preview import Preview
from clusters.live.row import Row
from clusters.permissions import BEFORE_ACTING
from clusters.reservations import Reservation
from dashboard.engine import engine
from dashboard.page import asks_for
from dashboard.request import Request
from dashboard.visible_jobs import shown_job

ASKED_WITHIN = 1.0  # seconds that a dialog waits for what the clusters allow; then it is tried
MOST_PREVIEWS = 5  # resources that the cluster is asked about before an act; of more, the action itself says enough


@dataclass(frozen=True, slots=True)
class Planned:
    """One resource with what would happen to it; ``why_not`` when it makes no sense now.

    ``spelled``: its name letter by letter, where it has letters that can pass for others, or be unseen.
    """

    row: Row
    action: Action[Any]
    effect: str
    stays: str
    line: str
    why_not: str
    spelled: str
    preview: Preview | None = None
    doubt: str = ""  # why it could not be asked what differs
    job: str = ""  # the key of the job that is in the way


def filled_in(row: Row, action: Action[Any], asked: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was filled in so far, else what the resource has now; and what is wrong with it, by field."""
    initial = {field.name: field.initial(row.resource) if field.initial else "" for field in action.fields}
    given = {field.name: asked[field.name] for field in action.fields if field.name in asked}
    try:
        return clean(action.fields, {**initial, **given}), {}
    except NotFilledIn as error:
        return {**initial, **given}, {name: words for name, words in error.problems.items() if name in given}


def planned(row: Row, action: Action[Any], asked: Mapping[str, Any]) -> Planned:
    """As far as the resource itself tells it. No line for what is not filled in rightly."""
    values, problems = filled_in(row, action, asked)
    reserved = _reserved(row) if action.alone else None
    refused = action.refuse(row.resource) if action.refuse else ""
    return Planned(
        row,
        action,
        action.effect(row.resource),
        action.stays(row.resource) if action.stays else "",
        _line(row, action, values) if not problems else "",
        reserved.words if reserved else refused,
        _spelled(row.resource.name),
        job=reserved.job if reserved else "",
    )


def _reserved(row: Row) -> Reservation | None:
    return engine.gateway.reservations.now(row.cluster.id, row.kind.name, row.resource.name)


async def permitted(actor: Actor, plan: Sequence[Planned], within: float = ASKED_WITHIN) -> list[Planned]:
    """The same without what its cluster would refuse to whom it is asked as."""
    there = [
        engine.gateway.refused_there(
            actor, one.row.cluster.id, one.row.kind, one.row.resource, one.action, within, newest=True
        )
        for one in plan
    ]
    refused = await asyncio.gather(*there)
    return [replace(one, why_not=why or one.why_not) for one, why in zip(plan, refused, strict=True)]


async def looked_ahead(request: Request, plan: Sequence[Planned], asked: Mapping[str, Any]) -> list[Planned]:
    """The same with what its cluster says about it, where an action asks for that, and where that may be asked."""
    # What is sent by hand nobody asked about yet, and a trial run is a call, too.
    if request.method == "POST" and not asks_for(request, "plan"):
        plan = await permitted(request.actor, plan, BEFORE_ACTING)
    plan = [replace(one, job=await shown_job(request.actor, one.job)) for one in plan]
    if len(plan) > MOST_PREVIEWS:
        return list(plan)
    return list(await asyncio.gather(*(_look_ahead(request, one, asked) for one in plan)))


async def _look_ahead(request: Request, one: Planned, asked: Mapping[str, Any]) -> Planned:
    row, action = one.row, one.action
    values, problems = filled_in(row, action, asked)
    if action.preview is None or one.why_not or problems:
        return one
    try:
        preview = await engine.gateway.preview(
            request.actor, row.cluster.id, row.kind, row.resource, action.verb, values
        )
    except ClusterError as error:
        return replace(one, doubt=error.message)
    if preview is None:
        return one
    line = _line(row, action, {**values, **preview.values})
    return replace(one, effect=preview.effect, preview=preview, line=line)


def choosable(fields: Sequence[Field], plan: Sequence[Planned]) -> list[Field]:
    """The fields, with the choices that they have for this very resource; unseen where what is there is not shown."""
    preview = plan[0].preview if len(plan) == 1 else None
    if preview and preview.unseen:
        unseen = preview.unseen
        fields = [
            replace(one, type="secret", required=True, help=unseen[one.name]) if one.name in unseen else one
            for one in fields
        ]
    found = preview.choices if preview else {}
    return [
        replace(one, type="choice", choices=found[one.name], required=True) if found.get(one.name) else one
        for one in fields
    ]


def _line(row: Row, action: Action[Any], values: Mapping[str, Any]) -> str:
    try:
        return action.line(row.resource, values) if action.line else ""
    except (KeyError, ValueError, ClusterError):
        return ""  # it needs something that is not filled in yet


def _spelled(name: str) -> str:
    return "" if name.isascii() and name.isprintable() else name.encode("unicode_escape").decode("ascii")
