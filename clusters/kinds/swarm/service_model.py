"""A service of a Swarm as far as we read it."""

from __future__ import annotations

from typing import Any

import msgspec

from clusters.kinds.formats import epoch
from clusters.kinds.swarm.base import IMAGE_LABEL, Named, NamedSpec, Part
from clusters.kinds.swarm.task_model import Task, TaskSpec
from clusters.live.resource import Number

named = msgspec.field


class Replicated(Part, frozen=True, gc=False):
    """A number of copies."""

    replicas: Number | None = None


class ReplicatedJob(Part, frozen=True, gc=False):
    """Runs to its end, so many times."""

    total_completions: Number | None = None


class Mode(Part, frozen=True, gc=False):
    """How many copies: a number, one on each node, or until it was done so often. One of them is there."""

    replicated: Replicated | None = None
    global_: dict[str, Any] | None = named(default=None, name="Global")
    replicated_job: ReplicatedJob | None = None
    global_job: dict[str, Any] | None = None


class UpdateConfig(Part, frozen=True, gc=False):
    """How copies are replaced. Times in billionths of a second."""

    parallelism: Number = 0
    delay: Number = 0
    failure_action: str = ""
    monitor: Number = 0
    max_failure_ratio: float = 0.0
    order: str = ""


class Port(Part, frozen=True, gc=False):
    """A port that is open to the outside."""

    protocol: str = "tcp"
    target_port: Number = 0
    published_port: Number = 0
    publish_mode: str = ""


class EndpointSpec(Part, frozen=True, gc=False):
    """How it is found: by an address of its own ("vip") or by those of its copies ("dnsrr")."""

    mode: str = ""
    ports: list[Port] | None = None


class Endpoint(Part, frozen=True, gc=False):
    """How it is found now: ports that the Swarm chose are here."""

    ports: list[Port] | None = None


class ServiceSpec(NamedSpec, frozen=True, gc=False):
    """What was asked for."""

    task_template: TaskSpec = TaskSpec()
    mode: Mode = Mode()
    update_config: UpdateConfig | None = None
    rollback_config: UpdateConfig | None = None
    networks: list[Any] | None = None
    endpoint_spec: EndpointSpec | None = None


class PreviousSpec(Part, frozen=True, gc=False):
    """What was asked for before the last change: what a rollback goes back to."""

    task_template: TaskSpec = TaskSpec()
    mode: Mode = Mode()


class UpdateStatus(Part, frozen=True, gc=False):
    """How far the last update is."""

    state: str = ""
    started_at: str | None = None
    message: str | None = None


class ServiceStatus(Part, frozen=True, gc=False):
    """How many copies run, of those asked for; of a job, how many have done their work."""

    running_tasks: Number = 0
    desired_tasks: Number = 0
    completed_tasks: Number = 0


class Service(Named, frozen=True, gc=False, rename="pascal"):
    """One service."""

    spec: ServiceSpec = ServiceSpec()
    previous_spec: PreviousSpec | None = None
    endpoint: Endpoint | None = None
    update_status: UpdateStatus | None = None
    service_status: ServiceStatus | None = None

    @property
    def template(self) -> TaskSpec:
        """What was asked for of each copy."""
        return self.spec.task_template

    @property
    def image(self) -> str:
        """Its image as somebody asked for it, without the digest that it was pinned to."""
        return tagged(self.template.container.image or self.labels.get(IMAGE_LABEL, ""))

    @property
    def replicas(self) -> int | None:
        """How many copies were asked for; None where that is no number of its own."""
        replicated = self.spec.mode.replicated
        return (1 if replicated.replicas is None else replicated.replicas) if replicated else None

    @property
    def is_job(self) -> bool:
        """Does it run to its end, instead of being kept running?"""
        return self.spec.mode.replicated_job is not None or self.spec.mode.global_job is not None

    @property
    def running(self) -> int:
        """How many copies run."""
        return self.service_status.running_tasks if self.service_status else 0

    @property
    def desired(self) -> int:
        """How many are to run now."""
        if self.service_status:
            return self.service_status.desired_tasks
        return self.replicas or 0

    @property
    def completed(self) -> int:
        """Of a job: how many have done their work."""
        return self.service_status.completed_tasks if self.service_status else 0

    @property
    def update_state(self) -> str:
        """updating, paused, completed, rollback_started, rollback_paused, rollback_completed; "" before the first."""
        return self.update_status.state if self.update_status else ""

    @property
    def update_began(self) -> float:
        """When the last update began, in epoch seconds."""
        return epoch(self.update_status.started_at) if self.update_status else 0.0

    @property
    def ports(self) -> list[Port]:
        """Its open ports, as the Swarm gave them."""
        given = (self.endpoint.ports if self.endpoint else None) or ()
        asked = (self.spec.endpoint_spec.ports if self.spec.endpoint_spec else None) or ()
        return list(given or asked)

    def is_new(self, task: Task) -> bool:
        """Was that copy made as the service is asked for now?"""
        return task.spec == self.template


def tagged(image: str) -> str:
    """Without the digest: "web:2@sha256:…" -> "web:2"."""
    return image.partition("@")[0] if ":" in image.partition("@")[0].rpartition("/")[2] else image
