"""What to deploy, checked: nothing in here is text that somebody still has to make sense of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Pairs: TypeAlias = Sequence[tuple[str, str]]
Sort: TypeAlias = Literal["deployment", "stateful-set", "daemon-set"]
PLURALS: dict[str, str] = {"deployment": "deployments", "stateful-set": "statefulsets", "daemon-set": "daemonsets"}


@dataclass(frozen=True, slots=True)
class Port:
    """One port that it listens on. ``name`` "" has none."""

    number: int
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Environment out of a config map or a secret: one entry as a variable, or all of them (``variable`` "")."""

    kind: Literal["config", "secret"]
    name: str
    variable: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """How the cluster asks whether it is ready, or alive. ``port`` is a number or a name."""

    how: Literal["http", "tcp", "exec"]
    port: int | str = 0
    path: str = "/"
    command: Sequence[str] = ()
    after: int | None = None  # seconds
    every: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume and where it is mounted. ``name`` of a new claim is its size."""

    path: str
    kind: Literal["empty", "claim", "new", "config", "secret"]
    name: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Toleration:
    """A taint that it stands. ``key`` "" is any; ``value`` None is any; ``effect`` "" is any."""

    key: str = ""
    value: str | None = None
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployForm:
    """A workload and its service. Empty is always: as the image or the cluster has it."""

    kind: Sort
    name: str
    namespace: str
    image: str
    entry: Sequence[str] = ()
    arguments: Sequence[str] = ()
    copies: int = 1
    ports: Sequence[Port] = ()
    service: Literal["", "ClusterIP", "NodePort", "LoadBalancer", "Headless"] = ""
    service_port: int | None = None
    environment: Pairs = ()
    sources: Sequence[Source] = ()
    requests: Pairs = ()  # ("cpu", "100m")
    limits: Pairs = ()
    ready: Probe | None = None
    alive: Probe | None = None
    mounts: Sequence[Mount] = ()
    nodes: Pairs = ()
    tolerations: Sequence[Toleration] = ()
    labels: Pairs = ()
    pull: Literal["", "IfNotPresent", "Always", "Never"] = ""
    pull_secret: str = ""

    @property
    def has_service(self) -> bool:
        """Is a service made? Without a port there is nothing it could lead to."""
        return bool(self.service and self.ports)
