"""What Home shows, as plain data: the answer, the numbers, a square for each app, and the clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from clusters.access import Namespaces, Scope
from clusters.kinds.base import Level
from clusters.kinds.formats import plain
from clusters.permissions import NotPermitted
from clusters.triage import engine, explain
from clusters.triage.finding import Finding
from clusters.triage.numbers import Measured, Number, numbers
from clusters.triage.restarts import Restarts
from clusters.triage.symptoms import Heard, Thing

UNHEARD = ("down", "refused")
MOST_SQUARES = 300  # of one cluster; above, only what is not healthy is drawn one by one
WORDS = {
    Level.FAILING: "failing",
    Level.AT_RISK: "at risk",
    Level.UNKNOWN: "unknown",
    Level.CHANGING: "changing",
    Level.PAUSED: "paused",
    Level.STOPPED: "stopped on purpose",
    Level.HEALTHY: "healthy",
}


@dataclass(frozen=True, slots=True)
class Square:
    """One app."""

    row: str
    kind: str
    key: str
    level: str
    words: str


@dataclass(frozen=True, slots=True)
class Comb:
    """The apps of one cluster. ``rest`` says what is not drawn."""

    cluster: int
    name: str
    platform: str
    squares: tuple[Square, ...]
    total: int
    rest: str = ""
    hidden: bool = False  # nothing of it can be seen: what runs there is not known
    silent_since: float = 0.0  # epoch seconds; 0.0: it is heard, or what it runs counts as not known already


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it."""

    headline: str
    sentence: str
    findings: tuple[Finding, ...]
    levels: Mapping[Level, int]
    numbers: tuple[Number, ...]
    hive: tuple[Comb, ...]
    unseen: bool = False  # of some clusters nothing can be seen

    @property
    def failing(self) -> int:
        """How many entries are failing."""
        return sum(one.level == Level.FAILING for one in self.findings)

    @property
    def at_risk(self) -> int:
        """How many entries are at risk."""
        return sum(one.level == Level.AT_RISK for one in self.findings)

    @property
    def watched(self) -> str:
        """What is looked at all the time: "35 apps on 2 clusters are watched."; "" where there are none."""
        apps = sum(self.levels.values())
        if not apps:
            return ""
        places = explain.several(sum(1 for comb in self.hive if comb.total), "cluster")
        return f"{explain.several(apps, 'app')} on {places} {'is' if apps == 1 else 'are'} watched."

    @property
    def waiting(self) -> bool:
        """Nothing is known yet: say so, instead of "all is well"."""
        return not self.levels and not self.findings


def overview(
    clusters: Sequence[Heard],
    scope: Scope,
    findings: Sequence[Finding],
    restarts: Restarts,
    measured: Sequence[Measured],
    now: float,
    closed: Collection[int] = (),
) -> Overview:
    """Home, within this scope. ``closed``: the clusters that show nothing to whoever looks, which they are told."""
    seen = [cluster for cluster in clusters if cluster.id in scope]
    levels = engine.counts(seen, scope)
    apps = {cluster.id: _apps(cluster, scope) for cluster in seen}
    loading = any(
        not store.listed and store.trouble is None
        for cluster in seen
        if cluster.state not in UNHEARD
        for store in cluster.stores.values()
        if store.kind.workload is not None and store.kind.always
    )
    unheard = {cluster.id for cluster in seen if cluster.state in UNHEARD}
    known = [one for cluster, found in apps.items() if cluster not in unheard for one in found]
    silent = sum(len(found) for cluster, found in apps.items() if cluster in unheard)
    hidden = [cluster for cluster in seen if _is_hidden(cluster)]
    parts = [words for cluster in seen if cluster not in hidden and (words := _of_parts(cluster, scope[cluster.id]))]
    head = explain.headline(len(findings)) if levels or findings or not loading else "Looking around"
    unseen = bool(hidden or closed or parts)
    if (unseen or loading) and not findings and head != "Looking around":
        head = "What can be seen is well" if levels else "Nothing can be seen"
    return Overview(
        headline=head,
        sentence="".join(
            [sentence(levels, loading) if levels or not unseen else "", _of_hidden(hidden), *parts]
        ).strip(),
        findings=tuple(findings),
        levels=levels,
        numbers=numbers(known, silent, restarts, measured, now, unseen=unseen and not levels),
        hive=tuple(_comb(one, apps[one.id], one.id in closed or _is_hidden(one)) for one in seen),
        unseen=unseen,
    )


def _is_hidden(cluster: Heard) -> bool:
    """It answers, but our account may list none of its apps."""
    stores = [store for store in cluster.stores.values() if store.kind.workload is not None and store.kind.always]
    hidden = [store for store in stores if not store.listed and isinstance(store.trouble, NotPermitted)]
    return bool(stores) and len(hidden) == len(stores) and cluster.state not in UNHEARD


def _of_parts(cluster: Heard, allowed: Namespaces) -> str:
    """What findings are told by, and cannot be seen in some namespaces, or in all while the rest can."""
    if cluster.state in UNHEARD:
        return ""
    copies = {store.kind.copies_of for store in cluster.stores.values()}
    hidden: dict[frozenset[str], list[str]] = {}
    for name, store in cluster.stores.items():
        told_by = store.kind.workload is not None or name in copies
        if store.kind.always and told_by and isinstance(store.trouble, NotPermitted):
            where = store.hidden if allowed is None or not store.hidden else store.hidden & allowed
            if where or not store.hidden:
                hidden.setdefault(where, []).append(plain(store.kind.plural))
    return "".join(
        f" Not all of {cluster.name} can be seen: its account may not list "
        f"{explain.listed(sorted(kinds))} in {explain.listed(sorted(where)) if where else 'all namespaces'}."
        for where, kinds in hidden.items()
    )


def _of_hidden(clusters: Sequence[Heard]) -> str:
    if not clusters:
        return ""
    its = "its account" if len(clusters) == 1 else "their accounts"
    names = explain.listed([one.name for one in clusters])
    cannot = f" What runs on {names} cannot be seen: {its} may not list it in all namespaces."
    return f"{cannot} Where it may, choose the namespace."


def sentence(levels: Mapping[Level, int], loading: bool = False) -> str:
    """ "20 of 22 apps are healthy, 1 is changing and 1 is stopped on purpose." """
    total, healthy = sum(levels.values()), levels.get(Level.HEALTHY, 0)
    if not total:
        return "The clusters are asked what they run." if loading else "Nothing runs here yet."
    first = f"{healthy} of {explain.several(total, 'app')} {'is' if healthy == 1 else 'are'} healthy"
    if healthy == total:
        first = "The only app is healthy" if total == 1 else f"All {total} apps are healthy"
    parts = [
        f"{count} {'is' if count == 1 else 'are'} {WORDS[level]}"
        for level in sorted(levels)
        if (count := levels[level]) and level != Level.HEALTHY
    ]
    return f"{explain.listed([first, *parts], most=9)}{' so far' if loading else ''}."


def _apps(cluster: Heard, scope: Scope) -> list[Thing]:
    found = [one for store in cluster.stores.values() for one in engine.apps(store, scope[cluster.id])]
    return sorted(found, key=lambda one: (one.resource.namespace, one.resource.name))


def _level(cluster: Heard, one: Thing) -> Level:
    return Level.UNKNOWN if cluster.state in UNHEARD else one.health.level


def _comb(cluster: Heard, apps: Sequence[Thing], hidden_from_us: bool) -> Comb:
    drawn, rest = list(apps), ""
    if len(apps) > MOST_SQUARES:
        unwell = [one for one in apps if _level(cluster, one) != Level.HEALTHY]
        drawn = sorted(unwell, key=lambda one: one.health.level)[:MOST_SQUARES]
        hidden = Counter(_level(cluster, one) for one in apps) - Counter(_level(cluster, one) for one in drawn)
        rest = "and " + explain.listed([f"{count:,} {WORDS[level]}" for level, count in sorted(hidden.items())], most=7)
    squares = tuple(_square(cluster, one) for one in drawn)
    silent_since = cluster.heard if cluster.state == "stale" else 0.0
    return Comb(cluster.id, cluster.name, cluster.platform, squares, len(apps), rest, hidden_from_us, silent_since)


def _square(cluster: Heard, one: Thing) -> Square:
    level = _level(cluster, one)
    word = "not known: the cluster does not answer" if level != one.health.level else one.health.word or WORDS[level]
    return Square(
        one.row,
        one.kind.name,
        one.kind.key(one.resource),
        level.name.lower(),
        f"{one.resource.name} · {word}" + (f" · {one.health.reason}" if one.health.reason else ""),
    )
