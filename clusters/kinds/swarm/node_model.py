"""A node of a Swarm as far as we read it: one machine with its engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.swarm.base import Object, Part
from clusters.kinds.swarm.task_model import Amount

named = msgspec.field


class NodeSpec(Part, frozen=True, gc=False):
    """What was asked for: whether it manages, and whether it takes tasks (active, pause, drain)."""

    name: str | None = None
    labels: dict[str, str] | None = None
    role: str = ""
    availability: str = ""


class Machine(Part, frozen=True, gc=False):
    """Its processor and system."""

    architecture: str = ""
    os: str = named(default="", name="OS")


class Engine(Part, frozen=True, gc=False):
    """Its engine."""

    engine_version: str = ""
    labels: dict[str, str] | None = None


class Description(Part, frozen=True, gc=False):
    """What it says of itself."""

    hostname: str = ""
    platform: Machine = Machine()
    resources: Amount = Amount()
    engine: Engine = Engine()


class NodeStatus(Part, frozen=True, gc=False):
    """How the managers hear it: ready, down, disconnected, unknown."""

    state: str = ""
    addr: str = ""
    message: str | None = None


class ManagerStatus(Part, frozen=True, gc=False):
    """Its part among the managers."""

    leader: bool = False
    reachability: str = ""
    addr: str = ""


class Node(Object, frozen=True, gc=False, rename="pascal"):
    """One node."""

    spec: NodeSpec = NodeSpec()
    description: Description = Description()
    status: NodeStatus = NodeStatus()
    manager_status: ManagerStatus | None = None
    twin: bool = False  # joined: another node has the same name

    @property
    def name(self) -> str:
        """The name of its machine; with the beginning of its id where another one has the same."""
        said = self.description.hostname or self.id[:12]
        return f"{said}.{self.id[:12]}" if self.twin else said

    @property
    def version(self) -> str:
        """Changes with what the Swarm says of it and with its name."""
        return f"{self.revision}.{self.twin}"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.spec.labels or {}

    @property
    def manages(self) -> bool:
        """Is it one of the managers, or to be one?"""
        return self.spec.role == "manager"

    @property
    def leads(self) -> bool:
        """Do the other managers follow it?"""
        return self.manager_status is not None and self.manager_status.leader

    @property
    def ready(self) -> bool:
        """Do the managers hear it?"""
        return self.status.state == "ready"

    @property
    def cores(self) -> float:
        """Its processors."""
        return max(0, self.description.resources.nano_cpus) / 1e9

    @property
    def memory(self) -> float:
        """Its memory, in bytes."""
        return float(max(0, self.description.resources.memory_bytes))


def join(own: Sequence[Node], others: Mapping[str, Sequence[Any]]) -> Sequence[Node]:
    """A machine that left and joined again is there twice, until its old node is removed."""
    often = Counter(one.description.hostname for one in own)
    return [msgspec.structs.replace(one, twin=True) if often[one.description.hostname] > 1 else one for one in own]
