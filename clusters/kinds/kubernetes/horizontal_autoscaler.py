"""Horizontal autoscaler: changes the number of copies of an app by what these use."""

from __future__ import annotations

import re

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes import horizontal_autoscaler_actions as actions
from clusters.kinds.kubernetes.base import condition, understood
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.horizontal_autoscaler_model import WORDS, Autoscaler, join
from clusters.kinds.kubernetes.owners import KIND_NAMES
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML

_JOINED = ("deployment", "stateful-set", "replica-set", "node")


@understood
def health(one: Autoscaler) -> Health:
    """Whether it can read the load and steer its target, and has room to."""
    status, spec = one.status, one.spec
    able, active = condition(status.conditions, "AbleToScale"), condition(status.conditions, "ScalingActive")
    limited = condition(status.conditions, "ScalingLimited")
    if able and able.status == "False" and able.reason != "BackoffBoth":
        words = f"It cannot steer {spec.scale_target_ref.name}: {able.message[:300]}"
        return Health(Level.AT_RISK, "Cannot scale", words, able.reason, able.since)
    if active and active.status == "False":
        if active.reason == "ScalingDisabled":
            return Health(Level.STOPPED, "Off", "Its target has no copies, so it does nothing.", active.reason)
        words = f"It cannot read the load. {_why(active.message)}"
        return Health(Level.AT_RISK, "No figures", words, active.reason, active.since)
    if limited and limited.status == "True" and limited.reason == "TooManyReplicas":
        words = f"It wants more copies than the {spec.max_replicas} that it may have."
        return Health(Level.AT_RISK, "At its limit", words, limited.reason, limited.since)
    if status.desired_replicas != status.current_replicas and status.desired_replicas:
        return Health(Level.CHANGING, "Scaling", f"{status.current_replicas} → {status.desired_replicas} copies.")
    if one.fits is not None and one.fits < spec.max_replicas:
        words = (
            f"It may make up to {spec.max_replicas} copies, and all nodes together have room for {one.fits} at most."
        )
        return Health(Level.HEALTHY, "At work", words, f"maxReplicas {spec.max_replicas}")
    if spec.min_replicas == spec.max_replicas:
        return Health(Level.HEALTHY, "Fixed", "It may have one number of copies only, so it changes nothing.")
    return Health(Level.HEALTHY, "At work")


def _why(message: str) -> str:
    """What the cluster says of it, in words where it is one of the usual things."""
    if found := re.search(r"missing request for (\S+) in container (\S+) of Pod (\S+)", message):
        what, container, pod = found.groups()
        return f"Its copies must say how much {WORDS.get(what, what)} they ask for: {container} of {pod} does not."
    if "no metrics returned" in message or "did not receive metrics" in message:
        return "Its copies were not measured yet."
    if "unable to fetch metrics from" in message or "could not find the requested resource" in message:
        return f"Nobody measures it: are metrics installed? {message[:200]}"
    return message[:300]


def _facts(one: Autoscaler) -> list[Fact]:
    target = one.spec.scale_target_ref
    return [
        Fact("Scales", target.words, KIND_NAMES.get(target.kind, ""), f"{one.namespace}/{target.name}"),
        Fact("Copies now", str(one.status.current_replicas)),
        Fact("Wanted", str(one.status.desired_replicas or "not known")),
        Fact("It may have", f"{one.spec.min_replicas} to {one.spec.max_replicas}"),
        Fact("It goes by", one.load or "nothing"),
    ]


HORIZONTAL_AUTOSCALER: Kind[Autoscaler] = Kind(
    model=Autoscaler,
    api=actions.API,
    name="horizontal-autoscaler",
    label="Autoscaler",
    plural="Autoscalers",
    icon="scaling",
    group="Workloads",
    platform="kubernetes",
    words="Changes the number of copies of an app by how much these use.",
    health=health,
    always=True,
    join=Join(kinds=_JOINED, make=join, without=frozenset(_JOINED)),
    columns=(
        name_column(lambda one: one.spec.scale_target_ref.words),
        STATUS,
        NAMESPACE,
        Column(
            key="load",
            label="Load",
            value=lambda one: one.load or None,
            width="minmax(190px, 2.2fr)",
            words="What its copies use, of what they should.",
        ),
        Column(
            key="range",
            label="May have",
            value=lambda one: f"{one.spec.min_replicas} to {one.spec.max_replicas}",
            width="minmax(84px, .8fr)",
        ),
        Column(
            key="copies",
            label="Copies",
            cell="number",
            value=lambda one: one.status.current_replicas,
            sort=lambda one: one.status.current_replicas,
            width="80px",
            end=True,
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), CONDITIONS, EVENTS, YAML),
    actions=(actions.LIMITS, actions.DELETE),
    search=lambda one: one.spec.scale_target_ref.name,
)
