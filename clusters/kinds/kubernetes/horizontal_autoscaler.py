"""Horizontal autoscaler: changes the number of copies of an app by what these use."""

from __future__ import annotations

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.owners import KIND_NAMES
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.live.resource import Number

API, NOUN = "autoscaling/v2/horizontalpodautoscalers", "hpa"


class Target(Part, frozen=True, gc=False, rename="camel"):
    """What it scales."""

    kind: str = ""
    name: str = ""


class Value(Part, frozen=True, gc=False, rename="camel"):
    """How much is used, or may be: a share of what was asked for, or an amount."""

    average_utilization: Number | None = None
    average_value: str = ""
    value: str = ""

    @property
    def words(self) -> str:
        """ "70 %", "250m"."""
        if self.average_utilization is not None:
            return f"{self.average_utilization} %"
        return self.average_value or self.value or "not measured"


class Measure(Part, frozen=True, gc=False, rename="camel"):
    """What is measured of a copy, with its goal or how it is now."""

    name: str = ""
    target: Value = Value()
    current: Value = Value()


class Metric(Part, frozen=True, gc=False, rename="camel"):
    """One thing that it goes by."""

    type: str = ""
    resource: Measure | None = None
    container_resource: Measure | None = None

    @property
    def what(self) -> str:
        """Processor, memory, or whatever the cluster calls it."""
        measure = self.resource or self.container_resource
        return measure.name if measure else self.type.lower()


class AutoscalerSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    scale_target_ref: Target = Target()
    min_replicas: Number = 1
    max_replicas: Number = 0
    metrics: list[Metric] | None = None


class AutoscalerStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    current_replicas: Number = 0
    desired_replicas: Number = 0
    current_metrics: list[Metric] | None = None
    conditions: list[Condition] | None = None


class Autoscaler(Object, frozen=True, gc=False, rename="camel"):
    """One autoscaler."""

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()

    @property
    def load(self) -> str:
        """ "cpu 43 % of 70 %"."""
        now = {one.what: one.resource or one.container_resource for one in self.status.current_metrics or ()}
        parts = []
        for metric in self.spec.metrics or ():
            goal, measured = metric.resource or metric.container_resource, now.get(metric.what)
            if goal:
                parts.append(
                    f"{metric.what} {measured.current.words if measured else 'not measured'} of {goal.target.words}"
                )
            else:
                parts.append(metric.what)
        return ", ".join(parts)


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
        words = "It cannot read the load: are metrics installed, and do its copies say what they ask for?"
        return Health(Level.AT_RISK, "No figures", f"{words} {active.message[:200]}", active.reason, active.since)
    if limited and limited.status == "True" and limited.reason == "TooManyReplicas":
        words = f"It wants more copies than the {spec.max_replicas} that it may have."
        return Health(Level.AT_RISK, "At its limit", words, limited.reason, limited.since)
    if status.desired_replicas != status.current_replicas and status.desired_replicas:
        return Health(Level.CHANGING, "Scaling", f"{status.current_replicas} → {status.desired_replicas} copies.")
    if spec.min_replicas == spec.max_replicas:
        return Health(Level.HEALTHY, "Fixed", "It may have one number of copies only, so it changes nothing.")
    return Health(Level.HEALTHY, "At work")


def _facts(one: Autoscaler) -> list[Fact]:
    target = one.spec.scale_target_ref
    return [
        Fact(
            "Scales", f"{target.kind} {target.name}", KIND_NAMES.get(target.kind, ""), f"{one.namespace}/{target.name}"
        ),
        Fact("Copies now", f"{one.status.current_replicas}, wanted {one.status.desired_replicas}"),
        Fact("It may have", f"{one.spec.min_replicas} to {one.spec.max_replicas}"),
        Fact("It goes by", one.load or "nothing"),
    ]


HORIZONTAL_AUTOSCALER: Kind[Autoscaler] = Kind(
    model=Autoscaler,
    api=API,
    name="horizontal-autoscaler",
    label="Autoscaler",
    plural="Autoscalers",
    icon="scaling",
    group="Workloads",
    platform="kubernetes",
    words="Changes the number of copies of an app by how much these use.",
    health=health,
    always=True,
    columns=(
        name_column(lambda one: f"{one.spec.scale_target_ref.kind} {one.spec.scale_target_ref.name}"),
        STATUS,
        NAMESPACE,
        Column(
            key="copies",
            label="Copies",
            cell="number",
            value=lambda one: one.status.current_replicas,
            sort=lambda one: one.status.current_replicas,
            width="80px",
            end=True,
        ),
        Column(key="range", label="May have", value=lambda one: f"{one.spec.min_replicas} to {one.spec.max_replicas}"),
        Column(key="load", label="Load", value=lambda one: one.load or None, width="minmax(150px, 1.4fr)"),
        AGE,
    ),
    panels=(facts_panel(_facts), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: nothing changes the number of copies by itself any longer.",
            stays=lambda one: f"{one.spec.scale_target_ref.name or 'Its target'} stays with the copies it has now.",
        ),
    ),
    search=lambda one: one.spec.scale_target_ref.name,
)
