"""From an app to its picture: five copies are shown with their names, five hundred as counted groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from clusters.kinds.base import Level
from clusters.kinds.formats import count
from clusters.kinds.layered import App, Count, LayerName, Thing
from clusters.layers.picture import IN_COLUMNS, LAYERS, Column, Layer, Picture

MOST_THINGS = 12  # of a layer that are shown one by one
MOST_MACHINES = 6  # that have a column of their own
MOST_COUNTS = 4  # of one group
REST, NOWHERE = "the rest", ""  # columns that are no machine
_NOUNS: dict[LayerName, tuple[str, str]] = {
    "copy": ("copy", "copies"),
    "container": ("container", "containers"),
    "engine": ("engine", "engines"),
    "machine": ("machine", "machines"),
    "volume": ("volume", "volumes"),
    "entry": ("entry point", "entry points"),
    "service": ("service", "services"),
    "workload": ("workload", "workloads"),
    "image": ("image", "images"),
    "registry": ("registry", "registries"),
    "people": ("person", "people"),
}
# Where a group is listed: the kind, and the filters of its list. The web knows the address.
Listing = Callable[[str, Mapping[str, str]], str]


class _Drawing:
    """One picture while it is made."""

    def __init__(self, app: App, listing: Listing) -> None:
        self.app, self.listing = app, listing
        self.shown: dict[str, str] = {}  # id of a thing -> id of what stands for it
        self.columns = _columns(app)
        self.names = {key: self._column_name(key) for key in dict.fromkeys(self.columns.values())}

    def picture(self) -> Picture:
        """All layers that there are, and those whose absence says something."""
        layers = [self._layer(key) for key in LAYERS if self.app.things.get(key) or self.app.empty.get(key)]
        links = dict.fromkeys(
            (self.shown.get(above, above), self.shown.get(below, below)) for above, below in self.app.links
        )
        there = {thing.id for layer in layers for thing in layer.things}
        drawn = tuple(one for one in links if one[0] in there and one[1] in there)
        return Picture(tuple(layers), drawn, tuple(self.app.notes))

    def _layer(self, key: LayerName) -> Layer:
        title, icon, explains = LAYERS[key]
        things = list(self.app.things.get(key, {}).values())
        if key == "entry":  # ports as they are counted, not as their containers were started
            things.sort(key=lambda one: (len(one.name), one.name))
        columns = self._in_columns(key, things) if key in IN_COLUMNS else self._in_one(key, things)
        return Layer(
            key, self.app.titles.get(key, title), icon, explains, columns, "" if things else self.app.empty[key]
        )

    def _in_one(self, key: LayerName, things: Sequence[Thing]) -> tuple[Column, ...]:
        if len(things) <= MOST_THINGS:
            return (Column("", tuple(things)),) if things else ()
        worst = sorted(things, key=lambda one: (_level(one), one.name))
        rest = self._group(key, worst[MOST_THINGS - 1 :], REST)
        return (Column("", (*worst[: MOST_THINGS - 1], rest)),)

    def _in_columns(self, key: LayerName, things: Sequence[Thing]) -> tuple[Column, ...]:
        inside: dict[str, list[Thing]] = {column: [] for column in self.names}
        for thing in things:
            inside[self.columns.get(self.app.machines.get(thing.id, NOWHERE), NOWHERE)].append(thing)
        many = len(things) > MOST_THINGS and key in ("copy", "container")
        found = []
        for column, some in inside.items():
            folded = some and (many or (column == REST and len(some) > 1))
            found.append(Column(self.names[column], (self._group(key, some, column),) if folded else tuple(some)))
        return tuple(found)

    def _group(self, key: LayerName, things: Sequence[Thing], column: str) -> Thing:
        """These as one thing that says how many are how."""
        name = f"group {key} {column}"
        self.shown |= {thing.id: name for thing in things}
        alike: dict[tuple[Level, str], list[Thing]] = defaultdict(list)
        for thing in things:
            alike[_level(thing), thing.health.word if thing.health else ""].append(thing)
        ordered = sorted(alike.items(), key=lambda item: (item[0][0], -len(item[1])))
        counts = [self._count(key, level, word, some, column) for (level, word), some in ordered[:MOST_COUNTS]]
        if rest := sum(len(some) for _, some in ordered[MOST_COUNTS:]):
            counts.append(Count("unknown", rest, "otherwise"))
        if not any(thing.health for thing in things):
            counts = []
        counts = list(_with_shares(counts, len(things)))
        one, many = _NOUNS[key]
        noun = self.app.titles.get(key, "").lower().rstrip("s") or one
        plural = self.app.titles.get(key, many).lower()
        title = (
            count(len(things), noun, plural)
            if column != REST or key in ("copy", "container")
            else f"{len(things)} more {many}"
        )
        return Thing(name, title, LAYERS[key][1], href=self._listed(key, column), counts=tuple(counts))

    def _count(self, key: LayerName, level: Level, word: str, things: Sequence[Thing], column: str) -> Count:
        status = level.name.lower()
        href = things[0].href if len(things) == 1 else self._listed(key, column, status=status)
        return Count(status, len(things), word or "not judged", href)

    def _listed(self, key: LayerName, column: str, **filters: str) -> str:
        if key not in self.app.lists:
            return ""
        kind_name, within = self.app.lists[key]
        machine = self.app.things.get("machine", {}).get(column)
        where = {"node": machine.name} if machine and len(self.names) > 1 else {}
        return self.listing(kind_name, {**within, **where, **filters})

    def _column_name(self, column: str) -> str:
        if column == REST:
            return "other machines"
        machine = self.app.things.get("machine", {}).get(column)
        return machine.name if machine else "no machine yet"


def _columns(app: App) -> dict[str, str]:
    """The column of each machine: its own, or that of the rest. Those with trouble keep their own first."""
    machines = app.things.get("machine", {})
    worst = {uid: _level(one) for uid, one in machines.items()}
    placed = [one for key in ("copy", "container") for one in app.things.get(key, {}).values()]
    for thing in placed:
        if (uid := app.machines.get(thing.id, NOWHERE)) in worst:
            worst[uid] = min(worst[uid], _level(thing))
    by_name = sorted(machines, key=lambda uid: (len(machines[uid].name), machines[uid].name))
    own = by_name
    if len(by_name) > MOST_MACHINES:
        first = sorted(by_name, key=lambda uid: worst[uid])[: MOST_MACHINES - 1]
        own = [uid for uid in by_name if uid in first]
    found = dict.fromkeys(own, "")
    found = {uid: uid for uid in found}
    found |= {uid: REST for uid in by_name if uid not in found}
    unplaced = any(thing.id not in app.machines for thing in placed)
    return {**found, **({NOWHERE: NOWHERE} if unplaced or not found else {})}


def _with_shares(counts: Sequence[Count], total: int) -> Iterable[Count]:
    start = 0
    for one in counts:
        share = round(1000 * one.number / total)
        yield msgspec.structs.replace(one, start=start, share=share)
        start += share


def _level(thing: Thing) -> Level:
    return thing.health.level if thing.health else Level.HEALTHY


def drawn(app: App, listing: Listing) -> Picture:
    """The picture of an app."""
    return _Drawing(app, listing).picture()


def ids(picture: Picture) -> Iterable[str]:
    """All that is in a picture, by id."""
    return (thing.id for layer in picture.layers for thing in layer.things)
