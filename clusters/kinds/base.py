"""The shape of a kind: what it reads, how a row looks, what its page shows, what can be done, when it is well.

A kind is data: one file in a folder of its platform, listed in that folder's ``KINDS``, and read by all the rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from clusters.live.resource import Resource

if TYPE_CHECKING:
    from clusters.drivers.base import Driver, LogSource, Platform, Usage
    from clusters.kinds.cleaners import Cleaner
    from clusters.kinds.field import Field
    from clusters.kinds.filing import Filing
    from clusters.kinds.forwarding import Forwarding
    from clusters.kinds.glances import Glances
    from clusters.kinds.join import Join
    from clusters.kinds.layered import Layered
    from clusters.kinds.makers import Maker, Offer
    from clusters.kinds.noticing import Noticing
    from clusters.kinds.permission import Permission
    from clusters.kinds.preview import Preview
    from clusters.kinds.workload import Workload

T = TypeVar("T", bound=Resource)
JSON: TypeAlias = Any  # what a cell holds: str, number, None, or a short list of these


class Level(IntEnum):
    """How well something is; failing sorts first. Shape, word and colour belong to the level (see docs/look.md)."""

    FAILING = 0
    AT_RISK = 1
    UNKNOWN = 2
    CHANGING = 3
    PAUSED = 4
    STOPPED = 5
    HEALTHY = 6


class Role(IntEnum):
    """What somebody may do; each includes the one before."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


Right = Literal[
    "", "run", "compose", "build", "exec", "files", "apply", "reveal"
]  # beyond the role: granted to operators one by one, admins have all


class Says(Protocol):
    """How long work tells how far it is (clusters.jobs.Reporter)."""

    @property
    def key(self) -> str:
        """Of the job; "" where there is none."""

    def say(self, text: str, level: str = "info") -> None:
        """Add a line."""

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """Overwrite the line of that one thing; with numbers it has a bar (a total of 0: not known yet)."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one resource is: the level, one word for it, and the reason in plain words ("" when all is well)."""

    level: Level
    word: str
    reason: str = ""  # "Stopped by the kernel: it used more memory than it may"
    code: str = ""  # the technical term beside it: "exit 137 · OOMKilled"
    since: float = 0.0  # epoch seconds; 0.0 when unknown
    until: float = 0.0  # from when on it may be otherwise without any change, as what is late; 0.0: not known


@dataclass(slots=True)  # not frozen, which would cost three times as much: there is one for each pod
class Copy:
    """One copy of a resource, as far as whoever keeps it must know: equal ones make no difference to it."""

    resource: Any = field(compare=False)
    health: Health
    restarts: int = 0


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """One column of a list. ``cell`` names the template in templates/cells/ and its filler in static/js/cells.js."""

    key: str  # also its name in the address (?sort=-restarts) and in saved choices
    label: str
    value: Callable[[T], JSON]
    cell: str = "text"
    sort: Callable[[T], str | float] | None = None  # None: cannot be sorted by
    facet: Callable[[T], str] | None = None  # None: cannot be filtered by value (?status=failing)
    width: str = "minmax(96px, 1fr)"
    end: bool = False  # numbers stand at the end of their column
    hidden: bool = False  # off until chosen
    words: str = ""  # said in Explain mode


async def _no() -> bool:
    return False


async def _nothing() -> Sequence[Mapping[str, Any]]:
    return ()


def _nowhere(kind_name: str) -> Sequence[tuple[Any, Any]]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a panel may look at: one resource of one cluster, and the means to ask for more about it."""

    cluster_id: int
    kind: Kind[Any]
    resource: Any
    driver: Driver
    related: Callable[[str], Awaitable[Sequence[Any]]]  # all live resources of another kind, visible to this person
    # The same of all other clusters, each with its cluster: its name and slug.
    elsewhere: Callable[[str], Sequence[tuple[Any, Any]]] = _nowhere
    # May this person see what is in there (None: has no namespace)? Whatever a panel asks the cluster itself passes it.
    sees: Callable[[str | None], bool]
    about: str = ""  # the one part of it that was asked for, where the panel asks for one
    moments: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]] = (
        _nothing  # what was seen happening to it, newest first
    )
    followed: Callable[[], Awaitable[bool]] = _no  # of a Compose project: does its next commit in git deploy it?


@dataclass(frozen=True, kw_only=True)
class Panel(Generic[T]):
    """One tab of a resource's page. What ``load`` gives is ``data`` in templates/panels/<template>.html."""

    key: str
    label: str
    icon: str
    template: str
    load: Callable[[Look], Awaitable[Mapping[str, Any]]] | None = None
    role: Role = Role.VIEWER
    right: Right = ""
    live: bool = True  # loaded again when the resource changes
    when: Callable[[T], bool] | None = None
    tab: bool = True  # False: opened from another panel only
    asks: str = ""  # what of the resource it is about: a name in the address (?entry=password), said in the audit


@dataclass(frozen=True, kw_only=True)
class Action(Generic[T]):
    """One thing that can be done to a resource. Dialog, permission, audit, toast, bulk and palette follow from it."""

    verb: str  # "stop": in the address, the audit and the palette
    label: str  # "Stop"
    icon: str
    effect: Callable[[T], str]  # said before: "Stops web. Its address does not answer until it is started."
    run: Callable[[Driver, T, Mapping[str, JSON]], Awaitable[str | None]]  # returns words for the toast, or None
    role: Role = Role.OPERATOR
    right: Right = ""
    permissions: tuple[Permission, ...] = ()  # what the cluster itself must allow, where it has rights of its own
    # What in the resource makes it a matter for administrators, in words after "it"; asked anew each time.
    powers: Callable[[Driver, T], Awaitable[Sequence[str]]] | None = None
    fields: tuple[Field, ...] = ()
    changes_in: Callable[[T], Iterable[str]] | None = None  # the namespaces of what it changes beside the resource
    refuse: Callable[[T], str] | None = None  # why it makes no sense now ("" when it does)
    stays: Callable[[T], str] | None = None  # what is left when it is done: "The volume data stays."
    confirm: bool = True  # False: done at once, with undo in the toast
    danger: bool = False  # cannot be undone: red button, the name typed on production clusters
    bulk: bool = True
    question: tuple[str, str] = ("", "")  # before and after the name, where the label makes none
    joint: str = ""  # between label and name, where one does not lead to the other: "Send a signal to web"
    more: bool = False  # stands in the menu behind the buttons: done now and then
    long: bool = False  # may take minutes: always a job, also on one
    alone: str = ""  # one thing at a time is done to it: this is what, after "is being" ("taken down")
    # Instead of ``run``, in a job: says how far it is. Cancelled, it says what is done and what is not, and ends.
    run_saying: Callable[[Driver, T, Mapping[str, JSON], Says], Awaitable[str | None]] | None = None
    # None of one act: nothing undoes it, or it would show what no page holds.
    undo: Callable[[T, Mapping[str, JSON]], tuple[str, Mapping[str, JSON]] | None] | None = None
    line: Callable[[T, Mapping[str, JSON]], str] | None = None  # the same on a command line
    # Of a way back: the image that it leads to, told by what the resource owns of a kind; "" where only asking tells.
    leads_to: Callable[[T, Callable[[str], Sequence[Any]]], str] | None = None
    opens: Callable[[T, Mapping[str, JSON]], Mapping[str, str]] | None = None  # then, on its page: {"panel": "logs"}
    recorded: Callable[[Mapping[str, JSON]], Mapping[str, JSON]] | None = None  # for the audit, instead of all values
    # Instead of ``effect``, with what is filled in so far; may ask the cluster, and changes nothing.
    preview: Callable[[Look, Mapping[str, JSON]], Awaitable[Preview]] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind(Generic[T]):
    """One type of resource."""

    name: str  # "pod": in the address, in grants and in the audit
    label: str  # "Pod"
    plural: str  # "Pods"
    icon: str
    group: str  # the sidebar entry it stands under: "Workloads"
    platform: Platform
    api: str  # "v1/pods", "apps/v1/deployments"; on Docker the collection: "containers"; "" when made of other kinds
    model: type[T]
    words: str  # one sentence for people who never heard of it
    health: Callable[[T], Health]
    columns: tuple[Column[T], ...]
    panels: tuple[Panel[T], ...]
    actions: tuple[Action[T], ...] = ()
    sort: str = "status"  # the column that its list is sorted by until somebody chooses
    also_in: tuple[str, ...] = ()  # versions of its API that read the same, for where the one above is not served
    namespaced: bool = True
    own_namespace: bool = False  # it is a namespace itself: its name says where it is
    always: bool = False  # watched also when nobody looks (Home and the findings need it)
    printed: bool = False  # its rows are those that the server itself prints: there is no model of it
    watched: bool = True  # False: its resources change all the time by themselves, so they are listed now and then
    metadata_only: bool = False  # the cluster is asked for nothing but its metadata: what it holds is secret
    ahead: bool = False  # may take long to list: listed once when its cluster is connected
    at_hand: bool = False  # cheap to list: also listed when somebody searches everywhere
    workload: Workload[T] | None = None
    search: Callable[[T], str] | None = None  # what the search box looks through, beside name and namespace
    owner: Callable[[T], tuple[str, str] | None] | None = None  # (kind name, uid) of what controls it
    logs: Callable[[T], Sequence[LogSource]] | None = None  # the streams of its own containers
    entering: Callable[[T, str], Health] | None = None  # how one of these is for a terminal: CHANGING is waited for
    filing: Filing[T] | None = None  # how its files are reached
    forwarding: Forwarding[T] | None = None  # which of its ports can be opened in a tab
    makes_up_usage: bool = False  # the usage of all of these together is that of their cluster
    usage_at_once: bool = False  # and one call measures them all, however many there are
    offers: tuple[Offer, ...] = ()  # what else can be begun from its list
    make: Maker[T] | None = None  # how a new one is made, where that can be done from a form
    remake: tuple[Maker[T], ...] = ()  # how one is made from an existing one
    parts: Callable[[T], tuple[str, list[Any]]] | None = None  # (kind name, resources) whose usage together is its own
    asks: Callable[[T], Usage | None] | None = None  # what it requested and may use at most; nothing of it is measured
    # (kind name, what those requested: cores and bytes, by the name of the one of ours that they run on)
    booked: tuple[str, Callable[[Iterable[Any]], Mapping[str, tuple[float, float]]]] | None = None
    copies_of: str = ""  # the kind whose resources are its copies ("pod" for a deployment)
    cleaners: tuple[Cleaner, ...] = ()  # what it may hold that nothing needs
    join: Join[T] | None = None  # what is added to it from the stores of other kinds
    glances: Glances[T] | None = None  # what is asked for one by one beside it, for ``join`` and ``noticing``
    noticing: Noticing[T] | None = None  # what makes a finding of it while it is not joined, as nobody looks
    layers: Layered[T] | None = None  # what it tells for the picture of the layers of an app
    with_copies: Callable[[T, Health, Sequence[Copy]], Health] | None = None  # how it is, once its copies are known

    def key(self, resource: T) -> str:
        """How a resource is named in an address: "shop/web", or "web" where there are no namespaces."""
        inside = resource.namespace if self.namespaced and not self.own_namespace else ""
        return f"{inside}/{resource.name}" if inside else resource.name

    def is_app(self, resource: T) -> bool:
        """Was it asked to run by itself: a deployment, a container of its own; not a copy of another?"""
        return self.workload is not None and (self.workload.counts is None or self.workload.counts(resource))

    def namespace_of(self, resource: T) -> str | None:
        """The namespace in which rights to act on it are decided; None: it belongs to the whole cluster."""
        return resource.namespace if self.namespaced else None

    def own_or_namespace(self, resource: T) -> str:
        """Where somebody must be let in to see it: its namespace ("" for none), or itself where it is one."""
        return resource.name if self.own_namespace else resource.namespace

    def seen_in(self, resource: T) -> str | None:
        """The namespace in which rights to look at it are decided; None: it belongs to the whole cluster.

        As in Kubernetes, who may see a namespace may see the object that it is; acting on that is another matter.
        """
        return self.own_or_namespace(resource) if self.namespaced or self.own_namespace else None

    @property
    def measured(self) -> bool:
        """Is its use of processor and memory sampled?"""
        return any(column.cell == "usage" for column in self.columns)

    @property
    def is_sum(self) -> bool:
        """Is its use that of what it is made of? (A template would call ``parts`` itself.)"""
        return self.parts is not None

    def column(self, key: str) -> Column[T] | None:
        """The column with that key, if it has one."""
        return next((column for column in self.columns if column.key == key), None)

    def action(self, verb: str) -> Action[T] | None:
        """The action with that verb, if it has one."""
        return next((action for action in self.actions if action.verb == verb), None)

    def panel(self, key: str) -> Panel[T] | None:
        """The panel with that key, if it has one."""
        return next((panel for panel in self.panels if panel.key == key), None)
