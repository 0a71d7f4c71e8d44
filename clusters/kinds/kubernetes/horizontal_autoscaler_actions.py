"""What can be done to an autoscaler: other limits, delete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Driver
from clusters.errors import Invalid
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON, Action
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.rollouts import MOST_COPIES
from clusters.kinds.permission import CHANGES

API, NOUN = "autoscaling/v2/horizontalpodautoscalers", "hpa"


def _spec(values: Values) -> dict[str, int]:
    return {"minReplicas": int(values["fewest"]), "maxReplicas": int(values["most"])}


async def _limit(driver: Driver, one: Any, values: Values) -> str:
    spec = _spec(values)
    if spec["maxReplicas"] < spec["minReplicas"]:
        raise Invalid("The most copies cannot be fewer than the fewest.", field="most")
    await driver.call(patch(API, one, {"spec": spec}))
    return f"{one.name} may have {spec['minReplicas']} to {count(spec['maxReplicas'], 'copy', 'copies')}"


def _before(one: Any, values: Values) -> tuple[str, Mapping[str, JSON]]:
    return "limits", {"fewest": one.spec.min_replicas, "most": one.spec.max_replicas}


LIMITS: Action[Any] = Action(
    verb="limits",
    label="Limit",
    icon="scaling",
    permissions=CHANGES,
    run=_limit,
    effect=lambda one: (
        f"Changes how many copies {one.spec.scale_target_ref.name} may have. "
        f"Now: {one.spec.min_replicas} to {one.spec.max_replicas}."
    ),
    stays=lambda one: "What it goes by stays.",
    fields=(
        Field(
            name="fewest",
            label="At least",
            type="number",
            minimum=1,
            maximum=MOST_COPIES,
            initial=lambda one: one.spec.min_replicas,
            help="So many copies stay, however little they have to do.",
        ),
        Field(
            name="most",
            label="At most",
            type="number",
            minimum=1,
            maximum=MOST_COPIES,
            initial=lambda one: one.spec.max_replicas,
            help="So many copies there are at most, however much they have to do.",
        ),
    ),
    undo=_before,
    line=lambda one, values: kubectl_line("patch", NOUN, one, "-p", json.dumps({"spec": _spec(values)})),
)
DELETE: Action[Any] = deleting(
    API,
    NOUN,
    effect=lambda one: f"Deletes {one.name}: nothing changes the number of copies by itself any longer.",
    stays=lambda one: f"{one.spec.scale_target_ref.name or 'Its target'} stays with the copies it has now.",
)
