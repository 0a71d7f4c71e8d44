"""The Swarm itself as its engine sees it, with its managers, which the nodes tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.formats import epoch
from clusters.kinds.swarm.base import Part
from clusters.live.resource import Number, Resource

named = msgspec.field
UNDECIDED = ("does not have a leader", "code = DeadlineExceeded")  # what such a manager says
UNSEEN = ("down", "disconnected")  # "unknown" are all nodes for a while after another manager came to lead


class Orchestration(Part, frozen=True, gc=False):
    """How it keeps services."""

    task_history_retention_limit: Number | None = None


class Encryption(Part, frozen=True, gc=False):
    """How managers keep what is secret."""

    auto_lock_managers: bool = False


class Authority(Part, frozen=True, gc=False):
    """How long the certificates of its nodes are good, in billionths of a second."""

    node_cert_expiry: Number = 0


class SwarmSpec(Part, frozen=True, gc=False):
    """What was asked for."""

    name: str = ""
    labels: dict[str, str] | None = None
    orchestration: Orchestration = Orchestration()
    encryption_config: Encryption = Encryption()
    authority: Authority = named(default=Authority(), name="CAConfig")


class Cluster(Part, frozen=True, gc=False):
    """What the managers keep of it; empty when they cannot decide."""

    id: str = named(default="", name="ID")
    created_at: str | None = None
    spec: SwarmSpec = SwarmSpec()
    root_rotation_in_progress: bool = False
    default_addr_pool: list[str] | None = None


class Manager(Part, frozen=True, gc=False):
    """A manager that its engine knows of."""

    node_id: str = named(default="", name="NodeID")
    addr: str = ""


class Swarm(Resource, frozen=True, gc=False, rename="pascal"):
    """One Swarm."""

    node_id: str = named(default="", name="NodeID")
    node_addr: str = ""
    local_node_state: str = ""
    error: str | None = None
    remote_managers: list[Manager] | None = None
    nodes: Number = 0
    managers: Number = 0
    cluster: Cluster = Cluster()
    revision: str = ""  # set by the driver
    unreachable: tuple[str, ...] = ()  # joined: managers that the others do not reach

    @property
    def uid(self) -> str:
        """That of the node that tells of it: it stays when the managers cannot decide."""
        return self.node_id

    @property
    def name(self) -> str:
        """Its name; hardly any has another one than "default"."""
        return self.cluster.spec.name or "default"

    @property
    def version(self) -> str:
        """Changes with what its engine says of it and with its managers."""
        return f"{self.revision}.{hash(self.unreachable):x}"

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.cluster.created_at)

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.cluster.spec.labels or {}

    @property
    def decides(self) -> bool:
        """Do its managers have a majority? Those that wait in vain for the others say so one way or the other."""
        return not any(words in (self.error or "") for words in UNDECIDED)

    @property
    def addresses(self) -> list[str]:
        """Where its managers are."""
        return [one.addr for one in self.remote_managers or () if one.addr]


def join(own: Sequence[Swarm], others: Mapping[str, Sequence[Any]]) -> Sequence[Swarm]:
    """Which managers the others do not reach, as long as these can tell."""
    lost = tuple(sorted(one.name for one in others.get("swarm-node", ()) if one.manages and _is_lost(one)))
    return [msgspec.structs.replace(one, unreachable=lost) for one in own]


def _is_lost(node: Any) -> bool:
    """Only who has a say already, or still, can be missed."""
    status = node.manager_status
    return status is not None and (node.status.state in UNSEEN or status.reachability == "unreachable")
