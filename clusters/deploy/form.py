"""What to deploy, checked: nothing in here is text that somebody still has to make sense of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Pairs: TypeAlias = Sequence[tuple[str, str]]
Sort: TypeAlias = Literal["deployment", "stateful-set", "daemon-set"]
STRICT = ("non_root", "no_escalation", "drop_all", "seccomp")  # what the pod security level "restricted" asks for
PLURALS: dict[str, str] = {"deployment": "deployments", "stateful-set": "statefulsets", "daemon-set": "daemonsets"}


@dataclass(frozen=True, slots=True)
class Port:
    """One port that it listens on. ``name`` "" has none."""

    number: int
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    name: str = ""
    service: int | None = None  # the port of the service; None: the same
    node: int | None = None  # the port of every node; None: as the cluster chooses


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
    """A volume and where it is mounted. ``name`` of a new claim is its size; ``inside``: only this part of it."""

    path: str
    kind: Literal["empty", "claim", "new", "config", "secret"]
    name: str = ""
    read_only: bool = False
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Init:
    """What runs to its end before the container starts. ``command`` () is the image's own."""

    name: str
    image: str
    command: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """As whom it runs, and what it is trusted with. Nothing said is always: as the image and the cluster have it."""

    account: str = ""
    no_token: bool = False
    non_root: bool = False
    no_escalation: bool = False
    drop_all: bool = False
    seccomp: bool = False
    read_only_root: bool = False
    user: int | None = None
    group: int | None = None
    volume_group: int | None = None


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
    environment: Pairs = ()
    secrets: Pairs = field(default=(), repr=False)  # variables whose values go into a secret of its own
    sources: Sequence[Source] = ()
    requests: Pairs = ()  # ("cpu", "100m")
    limits: Pairs = ()
    ready: Probe | None = None
    alive: Probe | None = None
    init: Sequence[Init] = ()
    mounts: Sequence[Mount] = ()
    nodes: Pairs = ()
    tolerations: Sequence[Toleration] = ()
    labels: Pairs = ()
    pull: Literal["", "IfNotPresent", "Always", "Never"] = ""
    pull_secret: str = ""
    security: Security = Security()

    @property
    def secret_name(self) -> str:
        """Of the secret that is made with it."""
        return f"{self.name}-secrets"

    @property
    def has_service(self) -> bool:
        """Is a service made? Without a port there is nothing it could lead to."""
        return bool(self.service and self.ports)

    @property
    def on_nodes(self) -> bool:
        """Does its service have a port on every node?"""
        return self.has_service and self.service in ("NodePort", "LoadBalancer")
