"""What a kind tells for the picture of the layers: one app, from whom it is for down to the machines it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from clusters.kinds.base import Health, Level
from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)
LayerName = Literal[
    "people", "entry", "service", "workload", "image", "registry", "copy", "container", "engine", "machine", "volume"
]
PEOPLE = "people"  # the id of whoever uses it


class Count(msgspec.Struct, frozen=True, gc=False):
    """How many of a group are alike, and where these are listed."""

    level: str
    number: int
    word: str
    href: str = ""
    start: int = 0  # its part of the whole group, in thousandths: where it begins, and how wide it is
    share: int = 0


class Thing(msgspec.Struct, frozen=True, gc=False):
    """One thing in a layer. ``href`` "" is what has no page, or none that this person may open."""

    id: str
    name: str
    icon: str
    what: str = ""  # what it is, in a word: "Ingress"
    words: str = ""  # said below its name
    health: Health | None = None  # None: nobody judges it
    href: str = ""
    counts: tuple[Count, ...] = ()  # of a group

    @property
    def level(self) -> str:
        """How it is, as pages name it."""
        return self.health.level.name.lower() if self.health else ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A container as its own engine tells of it, wherever that is connected, with what it was made from."""

    thing: Thing
    engine: Thing
    image: Thing | None = None


class Sight(Protocol):
    """What of the live stores somebody may see: all that a picture is made of comes through here."""

    def all(self, kind_name: str, namespace: str | None = None) -> Sequence[Any]:
        """The resources of that kind in the cluster, or in one namespace of it."""

    def find(self, kind_name: str, key: str) -> Any | None:
        """The resource with that key or uid."""

    def below(self, one: Resource, kind_name: str) -> list[Any]:
        """What of that kind is kept by it, over any number of owners between."""

    def thing(self, kind_name: str, one: Any, words: str = "", name: str = "") -> Thing:
        """A resource as a thing of the picture, leading to its page."""

    def elsewhere(self, uid: str) -> Elsewhere | None:
        """The container of that id on any engine that is connected."""

    def image(self, name: str) -> tuple[Thing, Thing | None]:
        """An image by its name, and the registry it is kept in, as far as the name says so."""

    def unseen(self, kind_name: str) -> str:
        """Why these cannot be told, as a sentence; "" when they can."""


@dataclass(slots=True)
class App:
    """One app as it is now: what there is in each layer, what leads to what, and on which machine it is."""

    things: dict[LayerName, dict[str, Thing]] = field(default_factory=dict)
    links: dict[tuple[str, str], None] = field(default_factory=dict)
    machines: dict[str, str] = field(default_factory=dict)  # id of a copy, container, engine -> id of its machine
    titles: dict[LayerName, str] = field(default_factory=dict)  # where a layer has another name than usual
    empty: dict[LayerName, str] = field(default_factory=dict)  # what is said where nothing is; no words: no layer
    lists: dict[LayerName, tuple[str, Mapping[str, str]]] = field(default_factory=dict)  # where all of them are listed
    images: dict[tuple[str, str], None] = field(
        default_factory=dict
    )  # whose registry is known: name, and what is above
    notes: list[str] = field(default_factory=list)  # what cannot be told

    def add(self, layer: LayerName, thing: Thing, *above: str, machine: str = "") -> str:
        """Put a thing in its layer, below those; once, however often it is met. Its id."""
        self.things.setdefault(layer, {}).setdefault(thing.id, thing)
        for one in above:
            self.links[one, thing.id] = None
        if machine:
            self.machines[thing.id] = machine
        return thing.id

    def told_of(self, machine: str, health: Health) -> Health:
        """How something on that machine is by the word of others; nobody knows while the machine does not answer."""
        there = self.things.get("machine", {}).get(machine)
        if there and there.health and there.health.level is Level.FAILING:
            return Health(Level.UNKNOWN, "Unknown", f"{there.name} does not answer, so nobody knows how it is.")
        return health

    def add_image(self, sight: Sight, name: str, above: str, thing: Thing | None = None) -> None:
        """The image that something is made from, and the registry beside it."""
        known = (name, above)
        if name and known not in self.images:
            self.images[known] = None
            said, registry = sight.image(name)
            found = self.add("image", thing or said, above)
            if registry:
                self.add("registry", registry, found)

    def add_people(self, words: Sequence[str]) -> None:
        """Whoever uses it, above all its entry points."""
        if words:
            each = sorted(dict.fromkeys(words), key=lambda one: (len(one), one))
            where = ", ".join(each[:3]) + (f" and {len(each) - 3} more" if len(each) > 3 else "")
            self.add("people", Thing(PEOPLE, "People", "users", words=where))
            self.links |= {(PEOPLE, one): None for one in self.things.get("entry", ())}


@dataclass(frozen=True, kw_only=True)
class Layered(Generic[T]):
    """How a kind tells of its app. ``kinds`` are those that ``tell`` looks at: watched while somebody looks."""

    kinds: tuple[str, ...]
    tell: Callable[[Sight, T], App]
