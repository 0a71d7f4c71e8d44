"""A task as far as we read it: one copy of a service, placed on one node, never started a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.formats import epoch
from clusters.kinds.swarm.base import Object, Part
from clusters.live.resource import Number

named = msgspec.field
FAILED = frozenset({"failed", "rejected"})
OVER = frozenset({"complete", "shutdown", "failed", "rejected", "remove", "orphaned"})


class Mount(Part, frozen=True, gc=False):
    """A folder from outside."""

    type: str = ""
    source: str | None = None
    target: str = ""
    read_only: bool = False


class File(Part, frozen=True, gc=False):
    """Where a secret or config is inside."""

    name: str = ""


class SecretReference(Part, frozen=True, gc=False):
    """A secret that is given to its copies."""

    uid: str = named(default="", name="SecretID")
    name: str = named(default="", name="SecretName")
    file: File | None = None


class ConfigReference(Part, frozen=True, gc=False):
    """A config that is given to its copies."""

    uid: str = named(default="", name="ConfigID")
    name: str = named(default="", name="ConfigName")
    file: File | None = None


class ContainerSpec(Part, frozen=True, gc=False):
    """What a copy runs."""

    image: str = ""
    command: list[str] | None = None
    args: list[str] | None = None
    env: list[str] | None = None
    user: str | None = None
    dir: str | None = None
    hostname: str | None = None
    tty: bool = named(default=False, name="TTY")
    read_only: bool = False
    labels: dict[str, str] | None = None
    mounts: list[Mount] | None = None
    secrets: list[SecretReference] | None = None
    configs: list[ConfigReference] | None = None

    def __repr__(self) -> str:
        # The generated one would print the environment, and with it secrets, into logs.
        return f"<container spec {self.image}>"


class Amount(Part, frozen=True, gc=False):
    """Processors in billionths, and bytes."""

    nano_cpus: Number = named(default=0, name="NanoCPUs")
    memory_bytes: Number = 0


class Resources(Part, frozen=True, gc=False):
    """What a copy may use at most, and what is kept free for it."""

    limits: Amount | None = None
    reservations: Amount | None = None


class RestartPolicy(Part, frozen=True, gc=False):
    """When another copy is started in the place of one that ended. Times in billionths of a second."""

    condition: str = ""
    delay: Number | None = None
    max_attempts: Number | None = None
    window: Number | None = None


class Spread(Part, frozen=True, gc=False):
    """Over what copies are spread evenly."""

    spread_descriptor: str = ""


class Preference(Part, frozen=True, gc=False):
    """One wish about where copies run."""

    spread: Spread | None = None


class Placement(Part, frozen=True, gc=False):
    """On which nodes copies may run."""

    constraints: list[str] | None = None
    preferences: list[Preference] | None = None
    max_replicas: Number = 0


class Attachment(Part, frozen=True, gc=False):
    """A network that copies are on."""

    target: str = ""
    aliases: list[str] | None = None


class TaskSpec(Part, frozen=True, gc=False):
    """What was asked for of each copy."""

    container_spec: ContainerSpec | None = None
    resources: Resources | None = None
    restart_policy: RestartPolicy | None = None
    placement: Placement | None = None
    networks: list[Attachment] | None = None
    force_update: Number = 0

    @property
    def container(self) -> ContainerSpec:
        """What it runs; an empty one for what is no container."""
        return self.container_spec or ContainerSpec()


class ContainerStatus(Part, frozen=True, gc=False):
    """The container of a task, on its node."""

    container_id: str = named(default="", name="ContainerID")
    exit_code: Number = 0


class Status(Part, frozen=True, gc=False):
    """How far it came, by its node's word."""

    timestamp: str | None = None
    state: str = ""
    message: str | None = None
    err: str | None = None
    container_status: ContainerStatus | None = None


class Task(Object, frozen=True, gc=False, rename="pascal"):
    """One task. Its service's name and what is known of its node are joined to it."""

    spec: TaskSpec = TaskSpec()
    service_id: str = named(default="", name="ServiceID")
    node_id: str = named(default="", name="NodeID")
    slot: Number = 0
    status: Status = Status()
    desired_state: str = ""
    service: str = named(default="", name="ServiceName")  # joined, as are those that follow
    stack: str = ""
    node: str = named(default="", name="NodeName")
    node_state: str = ""

    @property
    def short(self) -> str:
        """ "web.2"; of a global service "web" with its node."""
        return f"{self.service or self.service_id[:12]}.{self.slot or self.node or self.node_id[:12]}"

    @property
    def name(self) -> str:
        """As its container is called, with the beginning of its id: each place of a service has had several tasks."""
        return f"{self.short}.{self.id[:12]}"

    @property
    def namespace(self) -> str:
        """The stack that its service belongs to."""
        return self.stack

    @property
    def version(self) -> str:
        """Changes with what the Swarm says of it and with what is joined to it."""
        return f"{self.revision}.{self.service}.{self.stack}.{self.node}.{self.node_state}"

    @property
    def wanted(self) -> bool:
        """Is it to run, now or as soon as its turn comes?"""
        return self.desired_state in ("running", "ready", "complete")

    @property
    def running(self) -> bool:
        """Does it run now, as far as its node tells?"""
        return self.status.state == "running"

    @property
    def failed(self) -> bool:
        """Did it end otherwise than it should, or could not begin?"""
        return self.status.state in FAILED and not self.called_off

    @property
    def called_off(self) -> bool:
        """Did its managers end it before it began? No fault of its own, though its node says that it rejected it."""
        return self.status.state == "rejected" and "context canceled" in (self.status.err or "")

    @property
    def at(self) -> float:
        """When it came to the state it is in, in epoch seconds."""
        return epoch(self.status.timestamp)

    @property
    def container_id(self) -> str:
        """The id of its container; "" before there is one."""
        return self.status.container_status.container_id if self.status.container_status else ""

    @property
    def exit_code(self) -> int:
        """With what code its program ended."""
        return self.status.container_status.exit_code if self.status.container_status else 0


def join(own: Sequence[Task], others: Mapping[str, Sequence[Any]]) -> Sequence[Task]:
    """Each task with the name and stack of its service, and with its node."""
    services = {one.uid: one for one in others["swarm-service"]}
    nodes = {one.uid: one for one in others["swarm-node"]}
    return [
        msgspec.structs.replace(task, **_of_service(services.get(task.service_id)), **_of_node(nodes.get(task.node_id)))
        for task in own
    ]


def _of_service(service: Any) -> dict[str, str]:
    return {"service": service.name, "stack": service.namespace} if service else {}


def _of_node(node: Any) -> dict[str, str]:
    return {"node": node.name, "node_state": node.status.state} if node else {}
