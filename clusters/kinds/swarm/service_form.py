"""A service as it is to be, read and checked: what a form fills in, whoever filled it in."""

from __future__ import annotations

from dataclasses import dataclass, field

from clusters.kinds.docker.amounts import write_size
from clusters.kinds.docker.run_form import Check, Membership, Mount


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port that is open to the outside; ``outside`` 0 lets the Swarm choose."""

    inside: int
    outside: int = 0
    protocol: str = "tcp"
    host: bool = False  # on the nodes where a copy runs alone, not on every node

    @property
    def text(self) -> str:
        """As it is typed: "8080:80/udp host"."""
        numbers = f"{self.outside}:{self.inside}" if self.outside else str(self.inside)
        protocol = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return f"{numbers}{protocol}{' host' if self.host else ''}"


@dataclass(frozen=True, slots=True)
class Given:
    """A secret or config that is given to its copies, by its name, as a file."""

    name: str
    file: str = ""  # "": that of its name

    @property
    def target(self) -> str:
        """The file inside. Without a slash it is in /run/secrets, or in / for a config."""
        return self.file or self.name

    @property
    def text(self) -> str:
        """As it is typed: "db_password:password"."""
        return f"{self.name}:{self.file}" if self.file and self.file != self.name else self.name


@dataclass(frozen=True, slots=True)
class Typed:
    """A variable whose value was typed, and goes into a secret that is made with the service."""

    variable: str
    given: Given
    data: str = field(repr=False)  # encoded


@dataclass(frozen=True, slots=True)
class Memory:
    """A folder in memory; a size of 0 is as much as there is."""

    target: str
    size: int = 0

    @property
    def text(self) -> str:
        """As it is typed: "/run:64m"."""
        return f"{self.target}:{write_size(self.size)}" if self.size else self.target


@dataclass(frozen=True, slots=True)
class Amounts:
    """Bytes, billionths of a processor and processes; 0 says nothing."""

    memory: int = 0
    cpus: int = 0
    pids: int = 0


@dataclass(frozen=True, slots=True)
class Rollout:
    """How copies are replaced. Times in billionths of a second; what is None or empty is as the Swarm has it."""

    at_once: int | None = None
    delay: int = 0
    order: str = ""
    failure: str = ""
    watched: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """When another copy is started in the place of one that ended."""

    condition: str = ""
    delay: int = 0
    attempts: int | None = None
    window: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceForm:
    """What is to run. Empty is always: as the image or the Swarm has it."""

    image: str
    name: str = ""
    copies: int | None = 1  # None: one on each node
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()  # names of variables whose values are shown nowhere
    ports: tuple[ServicePort, ...] = ()
    endpoint: str = ""
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[Memory, ...] = ()
    networks: tuple[Membership, ...] = ()
    secrets: tuple[Given, ...] = ()
    typed: tuple[Typed, ...] = ()  # only of a new one
    configs: tuple[Given, ...] = ()
    constraints: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    most_on_node: int = 0
    limits: Amounts = Amounts()
    kept: Amounts = Amounts()
    check: Check | None = None
    rollout: Rollout = Rollout()
    back: Rollout = Rollout()  # the same when it goes back to what it was
    again: Again = Again()
    user: str = ""
    working_dir: str = ""
    hostname: str = ""
    stop_signal: str = ""
    stop_timeout: int | None = None
    init: bool = False
    tty: bool = False
    read_only: bool = False
    labels: tuple[tuple[str, str], ...] = ()
