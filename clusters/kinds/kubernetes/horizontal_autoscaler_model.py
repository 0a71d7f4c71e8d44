"""A horizontal autoscaler as far as we read it, and whether as many copies as it may make would fit at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.kubernetes.base import Condition, Object, Part
from clusters.kinds.kubernetes.owners import KIND_NAMES, said_kind
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.live.resource import Number

WORDS = {"cpu": "CPU"}


class ScaleTargetRef(Part, frozen=True, gc=False, rename="camel"):
    """What it scales."""

    kind: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """ "deployment web" """
        return f"{said_kind(self.kind)} {self.name}"


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
    """What is measured of a copy, with what it is to be or how it is now."""

    name: str = ""
    target: Value = Value()
    current: Value = Value()


class Named(Part, frozen=True, gc=False, rename="camel"):
    """Something measured that is no resource, by name."""

    name: str = ""


class Custom(Part, frozen=True, gc=False, rename="camel"):
    """What a program measures of copies, of another object, or outside of the cluster."""

    metric: Named = Named()
    target: Value = Value()
    current: Value = Value()


class Metric(Part, frozen=True, gc=False, rename="camel"):
    """One thing that it goes by."""

    type: str = ""
    resource: Measure | None = None
    container_resource: Measure | None = None
    pods: Custom | None = None
    object: Custom | None = None
    external: Custom | None = None

    @property
    def measure(self) -> Measure | Custom | None:
        """The one of them that is there."""
        return self.resource or self.container_resource or self.pods or self.object or self.external

    @property
    def what(self) -> str:
        """Processor, memory, or whatever the cluster calls it."""
        measure = self.measure
        if isinstance(measure, Custom):
            return measure.metric.name
        return WORDS.get(measure.name, measure.name) if measure else self.type.lower()


class AutoscalerSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    scale_target_ref: ScaleTargetRef = ScaleTargetRef()
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
    fits: int | None = msgspec.field(default=None, name="$fits")  # copies that all nodes together have room for

    @property
    def version(self) -> str:
        """Changes with the autoscaler and with how many copies would fit."""
        return f"{self.metadata.resource_version}.{self.fits}"

    @property
    def load(self) -> str:
        """ "CPU 43 % of 70 %"."""
        now = {one.what: one.measure for one in self.status.current_metrics or ()}
        parts = []
        for metric in self.spec.metrics or ():
            wanted, measured = metric.measure, now.get(metric.what)
            used = measured.current.words if measured else "not measured"
            parts.append(f"{metric.what} {used} of {wanted.target.words}" if wanted else metric.what)
        return ", ".join(parts)


def steering(autoscalers: Iterable[Autoscaler], kind_name: str, one: Any) -> Autoscaler | None:
    """The one that changes the number of copies of this deployment, stateful set or whatever else."""
    for each in autoscalers:
        target = each.spec.scale_target_ref
        named = (each.namespace, KIND_NAMES.get(target.kind, ""), target.name)
        if named == (one.namespace, kind_name, one.name):
            return each
    return None


def join(own: Sequence[Autoscaler], others: Mapping[str, Sequence[Any]]) -> Sequence[Autoscaler]:
    """Each autoscaler with how many copies of its target all nodes together have room for, were they empty."""
    nodes = others.get("node")
    if not nodes:
        return own
    cores, memory = sum(one.cpu_limit for one in nodes), sum(one.memory_limit for one in nodes)
    targets = {
        (kind, one.namespace, one.name): one
        for kind in ("deployment", "stateful-set", "replica-set")
        for one in others.get(kind, ())
    }

    def fits(one: Autoscaler) -> int | None:
        ref = one.spec.scale_target_ref
        target = targets.get((KIND_NAMES.get(ref.kind, ""), one.namespace, ref.name))
        if target is None:
            return None
        asked_cores, asked_memory = Pod(spec=target.spec.template.spec).requests
        rooms = [room / asked for room, asked in ((cores, asked_cores), (memory, asked_memory)) if asked and room]
        return int(min(rooms)) if rooms else None

    return [msgspec.structs.replace(one, fits=fits(one)) for one in own]
