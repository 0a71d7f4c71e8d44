"""A pod as far as we read it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import Condition, Object, Part, same
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.kubernetes.terms import Term
from clusters.live.resource import Number


class Port(Part, frozen=True, gc=False, rename="camel"):
    """A port a container says it listens on."""

    container_port: Number = 0
    name: str = ""
    protocol: Term = Term("TCP")


class Resources(Part, frozen=True, gc=False, rename="camel"):
    """What it asks for at least, and may use at most: quantities as text ("250m", "256Mi")."""

    requests: dict[str, str] | None = None
    limits: dict[str, str] | None = None


class Container(Part, frozen=True, gc=False, rename="camel"):
    """A container as it was asked for. An init container that restarts always is a sidecar."""

    name: str = ""
    image: str = ""
    restart_policy: Term = Term("")
    ports: tuple[Port, ...] | None = None
    resources: Resources = Resources()


class Running(Part, frozen=True, gc=False, rename="camel"):
    """It runs."""

    started_at: str | None = None


class Waiting(Part, frozen=True, gc=False, rename="camel"):
    """It does not run yet, or not again yet."""

    reason: str = ""
    message: str = ""


class Terminated(Part, frozen=True, gc=False, rename="camel"):
    """It ended."""

    exit_code: Number = 0
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None

    @property
    def ended(self) -> float:
        """When, in epoch seconds."""
        return epoch(self.finished_at)


class State(Part, frozen=True, gc=False, rename="camel"):
    """One of the three."""

    running: Running | None = None
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True, gc=False, rename="camel"):
    """A container as it is."""

    name: str = ""
    container_id: str = msgspec.field(default="", name="containerID")  # "docker://…": its engine, and its id there
    ready: bool = False
    restart_count: Number = 0
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")  # what it runs, by its digest
    started: bool | None = None
    state: State = State()
    last_state: State = State()


class ClaimSource(Part, frozen=True, gc=False, rename="camel"):
    """A disk by the claim that has it."""

    claim_name: str = ""


class Ephemeral(Part, frozen=True, gc=False, rename="camel"):
    """That a claim is made for the pod alone; it has the name of the pod and of the volume."""


class Volume(Part, frozen=True, gc=False, rename="camel"):
    """Something mounted, as far as it is a claim."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Ephemeral | None = None


class PodSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    ephemeral_containers: tuple[Container, ...] | None = None  # put beside while it runs, to look around
    node_name: str = ""
    restart_policy: Term = Term("Always")
    service_account_name: str = ""
    termination_grace_period_seconds: Number = 30
    priority_class_name: str = ""
    volumes: tuple[Volume, ...] | None = None
    resources: Resources = Resources()  # of all its containers together
    overhead: dict[str, str] | None = None  # what it takes beside its containers


class PodStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    phase: Term = Term("")
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None
    ephemeral_container_statuses: tuple[ContainerStatus, ...] | None = None
    pod_ip: str = msgspec.field(default="", name="podIP")
    start_time: str | None = None
    qos_class: Term = Term("")


class Pod(Object, frozen=True, gc=False, rename="camel"):
    """One copy of an app."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def take_over(self, sibling: Pod) -> None:
        """And the containers that they were made of."""
        super().take_over(sibling)
        same(self.spec, sibling.spec, "containers", "init_containers", "volumes", "service_account_name")

    @property
    def containers(self) -> list[Container]:
        """Its containers, sidecars among them, in order."""
        sidecars = [one for one in self.spec.init_containers or () if one.restart_policy == "Always"]
        return [*sidecars, *(self.spec.containers or ())]

    @property
    def statuses(self) -> Sequence[ContainerStatus]:
        """How its containers are, sidecars among them."""
        if not self.spec.init_containers:
            return self.status.container_statuses or ()
        sidecars = {one.name for one in self.spec.init_containers or () if one.restart_policy == "Always"}
        beside = [one for one in self.status.init_container_statuses or () if one.name in sidecars]
        return [*beside, *(self.status.container_statuses or ())]

    @property
    def claims(self) -> list[str]:
        """The claims whose disks it uses."""
        found = []
        for one in self.spec.volumes or ():
            if one.persistent_volume_claim:
                found.append(one.persistent_volume_claim.claim_name)
            elif one.ephemeral:
                found.append(f"{self.name}-{one.name}")
        return found

    @property
    def cpu_limit(self) -> float:
        """What all of it may use, in cores; 0.0 when one of its containers has no limit."""
        return self._limit("cpu")

    @property
    def requests(self) -> tuple[float, float]:
        """What is kept free for it: cores, and bytes."""
        return self._request("cpu"), self._request("memory")

    @property
    def memory_limit(self) -> float:
        """What all of it may use, in bytes; 0.0 when one of its containers has no limit."""
        return self._limit("memory")

    @property
    def memory_limits(self) -> dict[str, float]:
        """What each container that has a limit may use, in bytes: past it, that one is stopped."""
        limits = {one.name: quantity((one.resources.limits or {}).get("memory", "")) for one in self.containers}
        return {name: limit for name, limit in limits.items() if limit}

    def _request(self, name: str) -> float:
        """As the scheduler counts: set-up steps come one after the other, sidecars stay."""
        beside = quantity((self.spec.overhead or {}).get(name, ""))
        if together := quantity((self.spec.resources.requests or {}).get(name, "")):
            return together + beside
        staying = highest = 0.0
        for one in self.spec.init_containers or ():
            asked = quantity((one.resources.requests or {}).get(name, ""))
            highest = max(highest, staying + asked)
            staying += asked if one.restart_policy == "Always" else 0.0
        own = (quantity((one.resources.requests or {}).get(name, "")) for one in self.spec.containers or ())
        return max(highest, staying + sum(own)) + beside

    def _limit(self, name: str) -> float:
        if together := quantity((self.spec.resources.limits or {}).get(name, "")):
            return together
        limits = [quantity((one.resources.limits or {}).get(name, "")) for one in self.containers]
        return sum(limits) if all(limits) else 0.0

    @property
    def restarts(self) -> int:
        """How often any of its containers was started again."""
        return sum([one.restart_count for one in self.statuses])

    @property
    def ready(self) -> int:
        """How many of its containers are ready."""
        return sum(one.ready for one in self.statuses)
