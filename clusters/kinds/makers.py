"""How a new resource of a kind is made: from a form, or from one that is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from clusters.drivers.base import Driver
from clusters.kinds.base import JSON, Right, Role, Says
from clusters.kinds.field import Field
from clusters.kinds.preview import Difference
from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, slots=True)
class Remark:
    """What is worth knowing about a form before it is sent."""

    text: str
    level: Literal["info", "warn", "stop"] = "info"  # stop: as it is now, nothing would come of it
    field: str = ""  # the one that it is about, by name: what stops it is said there, and the form stays


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, where that is not always the same: the name of what was made, and the words for the end."""

    name: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Like(Generic[T]):
    """How a form is filled in from an existing resource. ``origin`` is whatever had to be asked about it."""

    load: Callable[[Driver, T], Awaitable[Any]]
    values: Callable[[Any], Mapping[str, JSON]]  # the form filled in, without what is secret
    read: Callable[[Mapping[str, JSON], Any], Any]  # (values, origin): the form as changed; what was left hidden stays
    refuse: Callable[[T], str] | None = None  # why it makes no sense now ("" when it does)


@dataclass(frozen=True, kw_only=True)
class Maker(Generic[T]):
    """How a new resource of a kind is made: a form, the line it equals, and the work, which becomes a job."""

    label: str  # "Run a container"
    icon: str
    fields: tuple[Field, ...]
    read: Callable[[Mapping[str, JSON]], Any]  # the form as filled in; raises Invalid with clear words
    line: Callable[[Any], str]  # the same on a command line
    record: Callable[[Any], str]  # the same without what may be secret: for the audit
    title: Callable[[Any], str]  # of the job: "Run nginx:1.29"
    run: Callable[[Driver, Any, Says], Awaitable[str | Ended]]  # returns the name of what was made
    role: Role = Role.OPERATOR
    right: Right = "run"
    button: str = "Run"
    ended: str = "{name} runs"  # said at the end of the job
    verb: str = ""  # in the address and the audit; "" is that of its button
    powers: Callable[[Any], Sequence[str]] | None = None  # what in it is for administrators only, in words after "it"
    hidden_powers: Callable[[Driver, Any], Awaitable[Sequence[str]]] | None = None  # the same, where it has to be asked
    check: Callable[[Driver, Any, Sequence[Any]], Awaitable[Sequence[Remark]]] | None = None  # (…, all of that kind)
    like: Like[T] | None = None  # made from an existing one: offered on its page
    differences: Callable[[Any], Sequence[Difference]] | None = None  # of what is changed: how it is, how it will be
    reaches_out: Callable[[Any], Sequence[str]] | None = None  # why one's own namespace is not enough, after "it"
    fits: Callable[[Any], bool] | None = None  # which live resources are offered by name, where not all are
    long: bool = False  # a form for a page of its own, not for a dialog


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something that is begun beside a list, in a dialog of its own."""

    key: str  # the name of that dialog: "pull"
    label: str
    icon: str
    role: Role = Role.OPERATOR
    right: Right = "run"
    onto_host: bool = False  # an image comes onto a real Docker host by it: nothing that the demonstration can do


PULL_SECRET = Offer(key="pull_secret", label="Pull secret", icon="key-round", right="apply")  # of a stored registry
