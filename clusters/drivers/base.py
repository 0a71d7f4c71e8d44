"""The contract between the domain and a cluster, on one screen. Every driver passes the same tests of it.

A driver is made from a cluster's settings, opens lazily, never blocks the event loop, gives every wait a time
limit, and raises only the errors of ``clusters.errors``. All that it returns is untrusted text.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from clusters.access import Limits
    from clusters.kinds.base import Kind
    from clusters.kinds.field import Field
    from clusters.live.log_lines import LogFilter
    from clusters.live.resource import FeedItem, Resource

Platform = Literal["docker", "swarm", "kubernetes"]
ENGINES: frozenset[Platform] = frozenset({"docker", "swarm"})  # both speak the API of a Docker engine
LIST_EVERY = 15.0  # seconds between two lists of what is not watched


@dataclass(frozen=True, slots=True)
class About:
    """What a cluster turned out to be."""

    platform: Platform
    version: str  # "29.0.1", "v1.37.2"
    words: str = ""  # "Debian 12 · 2 processors · 24 GiB"
    uid: str = ""  # the engine's or cluster's own identity, to notice the same one added twice
    facts: Mapping[str, str] = field(default_factory=dict)
    cores: float = 0.0  # what the machine has, where a cluster is one machine; 0.0: not known
    memory: float = 0.0  # bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A kind that a cluster says it has, whether or not a file of ours describes it."""

    api: str  # "v1/pods", "example.com/v1/widgets"
    label: str  # what its objects call themselves: "Widget"
    namespaced: bool
    short: tuple[str, ...] = ()  # the short names that its own tools know: "wd"
    versions: tuple[str, ...] = ()  # in which it is served, the best first

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        return self.api.rpartition("/")[0].rpartition("/")[0]

    @property
    def name(self) -> str:
        """Its full name: "widgets.example.com", "pods"."""
        return full_name(self.api)


def full_name(api: str) -> str:
    """What identifies a kind over all versions of its API: "apps/v1/deployments" -> "deployments.apps"."""
    version, _, plural = api.rpartition("/")
    return ".".join(filter(None, (plural, version.rpartition("/")[0])))


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a cluster's API, as pure data: made by an action, shown in the audit, sent by a driver.

    ``path`` holds the segments; the driver refuses a segment that is empty, ".", "..", or holds "/" or control
    characters, so a hostile name can never climb. ``body`` is encoded as JSON (``content_type`` may say which patch);
    ``data`` is sent as it is instead, bit by bit.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"
    timeout: float = 30.0
    data: AsyncIterable[bytes] | None = None
    registry: str = ""  # the host whose stored credentials go along: the driver reads them when it sends
    registries: frozenset[str] = frozenset()  # the same of several, for a build


@dataclass(frozen=True, slots=True)
class LogSource:
    """One stream of lines: a container of a pod, or a container by itself."""

    resource: Resource
    kind: str  # "container", "pod"
    container: str = ""  # the container's name inside a pod
    label: str = ""  # what is shown before each line when streams are merged
    began: float = 0.0  # when this life of it began, epoch seconds; 0.0 when that is not known
    once: bool = False  # it is never started again: there is no life before this one


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What part of the log: ``tail`` lines back, from ``since`` (epoch seconds), and on while ``follow``.

    Lines that are not ``wanted`` may be left out by a driver, where it can; whoever asks looks at each all the same.
    """

    tail: int = 500
    since: float = 0.0
    until: float = 0.0
    follow: bool = True
    previous: bool = False  # the life before the last restart
    wanted: LogFilter | None = None


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Lines that came together: (epoch seconds, "out" or "err", text without line end). ``skipped`` were left out.

    ``looked`` is how many were read for it, where those that are not wanted are left out.
    """

    lines: Sequence[tuple[float, str, str]]
    skipped: int = 0
    looked: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """One sample. Processor in cores (0.25 = a quarter of one), memory and traffic in bytes; a limit of 0 is none.

    ``None`` means not measured, or not known: never shown as 0. Network and disk are bytes a second since the sample
    before. ``nearest`` is the share of its memory limit used by the part of it that is nearest to one, and that part's
    name: a container may be stopped while there is room in its pod.
    """

    at: float
    cpu: float | None
    memory: float | None
    cpu_limit: float = 0.0
    memory_limit: float = 0.0
    net_in: float | None = None
    net_out: float | None = None
    disk_read: float | None = None
    disk_write: float | None = None
    cpu_request: float | None = 0.0
    memory_request: float | None = 0.0
    nearest: tuple[float, str] = (0.0, "")


class Shell(Protocol):
    """An open terminal in a container."""

    program: str  # "/bin/bash", as it was found
    user: str  # who you are inside: "root", "1000"; "" when not known

    def output(self) -> AsyncIterator[bytes]:
        """Bytes as they come; ends when the program ends."""

    async def write(self, data: bytes) -> None:
        """Send what was typed."""

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the program the size of the window."""

    async def close(self) -> str:
        """Close it for good and say how it ended: "exit 0", "container stopped"."""


class Program(Protocol):
    """A program that runs in a container, without a terminal."""

    ends_input: bool  # can it be told that there is no more input?

    @property
    def ended(self) -> str:
        """How: "exit 0"; "" while it runs."""

    @property
    def errors(self) -> str:
        """What it said went wrong, as far as it is kept."""

    def output(self) -> AsyncIterator[bytes]:
        """What it prints, until it ends. Raises Unsupported where the image has no such program."""

    async def write(self, data: bytes) -> None:
        """Give it input."""

    async def end_input(self) -> None:
        """Say that there is no more; only where ``ends_input``."""

    async def close(self) -> None:
        """Let go of it."""


class Wire(Protocol):
    """A connection to one port of a pod: bytes both ways."""

    def received(self) -> AsyncIterator[bytes]:
        """Bytes as they come; ends when the other side closes. Raises Missing when nothing answers on the port."""

    async def write(self, data: bytes) -> None:
        """Send bytes."""

    async def close(self) -> None:
        """Close it for good."""


class Driver(Protocol):
    """One connection to one cluster."""

    fields: ClassVar[tuple[Field, ...]]  # what it needs to connect; which of it is secret
    platform: Platform
    looked_at: bool  # set by the engine: while somebody looks, try again sooner

    @property
    def acts_as(self) -> str:
        """The person that it is asked as, by their name there; "": the account of the connection."""

    async def about(self) -> About:
        """Connect if need be and say what it is. The test before saving is this call."""

    async def ping(self) -> None:
        """Return when the cluster answers; raise Unreachable or Refused when not. At most 5 seconds."""

    async def discover(self) -> Sequence[Found]:
        """Every kind it has, where that can be others than those of its platform; else nothing."""

    async def describe(self, found: Found, namespaces: frozenset[str] | None = None) -> Kind[Any]:
        """A kind made of what the cluster says of it, for one that no file of ours describes."""

    async def may(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = "", *, newest: bool = False
    ) -> bool | None:
        """Does the cluster allow that to our account? None where it does not say: then it is tried.

        In the words of Kubernetes ("patch", "apps", "deployments/scale"); without a namespace: in all of them, or what
        belongs to none. Answers are kept for a minute; ``newest``: a "no" of before is asked again. Never raises.
        """

    def as_person(self, name: str) -> Driver:
        """The same line, used as that person where the connection says so (not to watch); else this driver itself."""

    async def limits(self, namespaces: Iterable[str]) -> Limits | None:
        """What the cluster lets the person list whom it is asked as, in these and everywhere; None: no person."""

    def watch(self, kind: Kind[Any], namespaces: frozenset[str] | None = None) -> AsyncIterator[FeedItem]:
        """First the whole list, then every change, for ever; reconnects by itself and says so with Broken."""

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> dict[str, Any]:
        """The whole object as the API has it now (for JSON and YAML). Raises Missing."""

    async def call(self, call: Call) -> Any:
        """Send one request; the decoded JSON answer, or None when it has no body."""

    def stream(self, call: Call) -> AsyncIterator[Mapping[str, Any]]:
        """Send one request whose answer is a stream of JSON objects (pull, push, build progress)."""

    def download(self, call: Call) -> AsyncGenerator[bytes, None]:
        """Send one request whose answer is bytes (an archive), in whatever pieces they come."""

    def logs(self, source: LogSource, options: LogOptions) -> AsyncIterator[LogChunk]:
        """Lines in order. Falls behind never: what cannot be passed on in time is counted in ``skipped``."""

    async def shell(self, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """Open a terminal; without a command the best shell is found. Raises Unsupported when there is none."""

    async def program(self, source: LogSource, command: Sequence[str], *, takes_input: bool = False) -> Program:
        """Start a program in a container of a pod. Raises Missing where it does not run."""

    async def dial(self, resource: Resource, port: int) -> Wire:
        """Connect to a port of a pod. Raises Unsupported where that cannot be done through the cluster."""

    async def usage(self, kind: Kind[Any], resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """One sample for each uid that could be measured, soon (within 2 seconds)."""

    async def close(self) -> None:
        """Let go of every connection."""
