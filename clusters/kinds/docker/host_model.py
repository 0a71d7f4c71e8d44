"""What we read of an engine and its machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from clusters.kinds.docker.container_model import Container
from clusters.live.resource import Number, Resource

named = msgspec.field


class Manager(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A manager of its Swarm."""

    addr: str = ""


class Swarm(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Its part in a Swarm."""

    node_id: str = named(default="", name="NodeID")
    local_node_state: str = ""  # inactive, pending, active, error, locked
    control_available: bool = False
    error: str | None = None
    remote_managers: list[Manager] | None = None

    @property
    def is_part(self) -> bool:
        """Does it belong to one?"""
        return self.local_node_state not in ("", "inactive")


class Host(Resource, frozen=True, gc=False, rename="pascal"):
    """One engine with its machine; only what does not change all the time."""

    id: str = named(default="", name="ID")
    title: str = named(default="", name="Name")
    server_version: str = ""
    operating_system: str = ""
    kernel_version: str = ""
    architecture: str = ""
    driver: str = ""
    driver_status: list[list[str]] | None = None
    cgroup_version: str = ""
    cgroup_driver: str = ""
    logging_driver: str = ""
    default_runtime: str = ""
    docker_root_dir: str = ""
    processors: Number = named(default=0, name="NCPU")
    memory: Number = named(default=0, name="MemTotal")
    live_restore_enabled: bool = False
    security_options: list[str] | None = None
    warnings: list[str] | None = None
    tags: list[str] | None = named(default=None, name="Labels")
    swarm: Swarm = Swarm()
    revision: str = ""  # set by the driver
    running: int = 0  # joined: containers that run, and all there are
    containers: int = 0

    @property
    def uid(self) -> str:
        """The engine's own identity."""
        return self.id

    @property
    def name(self) -> str:
        """The name of the machine."""
        return self.title or self.id[:12]

    @property
    def version(self) -> str:
        """Changes with what the engine says of itself and with how much runs."""
        return f"{self.revision}.{self.running}.{self.containers}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels that its configuration gives it."""
        return {label.partition("=")[0]: label.partition("=")[2] for label in self.tags or ()}

    @property
    def store(self) -> str:
        """Where images are kept: "containerd" is another store, with other sizes, than those before."""
        kinds = {pair[1] for pair in self.driver_status or () if len(pair) == 2 and pair[0] == "driver-type"}
        return "containerd" if any("containerd" in kind for kind in kinds) else "docker"


def join(own: Sequence[Host], others: Mapping[str, Sequence[Container]]) -> Sequence[Host]:
    """The host with the number of its containers."""
    containers = others["container"]
    running = sum(one.running for one in containers)
    return [msgspec.structs.replace(one, running=running, containers=len(containers)) for one in own]
