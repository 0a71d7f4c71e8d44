"""The sidebar, as data: what there is to open, in the order people see it. What somebody may not open is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.text import slugify

from clusters.access import Actor, Need, decide
from clusters.drivers.base import ENGINES
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from clusters.live.table import TABLES, Table
from clusters.people import is_admin
from clusters.reach import area_in
from clusters.registries.access import may_see
from dashboard.engine import engine
from dashboard.scope import chosen_cluster

FITS = 26  # lines, headings among them, that a sidebar shows on a usual screen
NOT_KEPT = {"cluster", "namespace", "before", "part"}  # of an address, when another cluster is chosen


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar. ``count`` names the number of topic ``shell`` shown at its end."""

    label: str
    icon: str
    href: str
    count: str = ""
    current: bool = False
    phone: bool = False  # also in the tab bar of a phone


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together, with a heading when there is one. ``fold``: its name in the cookie, if it folds."""

    label: str
    entries: tuple[Entry, ...]
    fold: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True)
class ClusterEntry:
    """A cluster in the sidebar; its state comes live. ``choose`` shows this page, or Home, of that cluster alone."""

    id: int
    name: str
    slug: str
    platform: str
    colour: str
    production: bool
    demo: bool
    href: str
    choose: str
    current: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Navigation:
    """All of it. ``leave``: this page, of all clusters again."""

    groups: tuple[Group, ...]
    clusters: tuple[ClusterEntry, ...] = field(default=())
    leave: str = "/"
    may_connect: bool = False

    @property
    def phone(self) -> list[Entry]:
        """The tab bar of a phone."""
        return [entry for group in self.groups for entry in group.entries if entry.phone]

    @property
    def chosen(self) -> ClusterEntry | None:
        """The cluster that everything is narrowed to, if one was chosen."""
        return next((one for one in self.clusters if one.chosen), None)


def list_address(table: Table) -> str:
    """Where a list is."""
    return "/workloads/" if table.name == "workloads" else f"/list/{table.name}/"


def navigation(actor: Actor, path: str, query: Mapping[str, Any], folds: str = "") -> Navigation:
    """The sidebar of this person on this page; ``folds`` is what they opened and closed in it (``folds.js``)."""
    seen = engine.scope(actor)
    connections = [connection for one, connection in engine.supervisor.connections.items() if one in seen]
    only = next((one.cluster.slug for one in connections if one.cluster.slug == chosen_cluster(query)), "")
    clusters = tuple(
        _cluster(one, only, path, query) for one in sorted(connections, key=lambda one: one.cluster.name.casefold())
    )
    narrowed = [one for one in connections if not only or one.cluster.slug == only]
    groups = [group for group in _groups(actor, path, only, narrowed) if group.entries]
    fits = sum(1 + len(group.entries) for group in groups) + len(clusters) <= FITS
    chosen = dict(one.split(":", 1) for one in folds.split(".") if ":" in one)
    folded = tuple(replace(group, open=_is_open(group, fits, chosen)) for group in groups)
    return Navigation(folded, clusters, _address(path, query, ""), is_admin(actor))


def _groups(actor: Actor, path: str, only: str, connections: Sequence[Connection]) -> Iterator[Group]:
    def entry(label: str, icon: str, href: str, count: str = "", phone: bool = False) -> Entry:
        current = path == href if href == "/" else path.startswith(href)
        return Entry(label, icon, f"{href}?cluster={only}" if only else href, count, current, phone)

    there = {name for one in connections for name, store in one.stores.items() if one.discovered.has(store.kind)}
    kinds: dict[str, list[Entry]] = {}
    for table in TABLES.values():
        if table.name in there and table.kinds[0].group:
            listed = entry(table.label, table.icon, list_address(table), count=table.name)
            kinds.setdefault(table.kinds[0].group, []).append(listed)
    if any(one.driver.platform in ENGINES for one in connections):
        kinds.setdefault("Images", []).append(entry("Builds", "hammer", "/builds/"))
    if may_see(actor):
        kinds.setdefault("Images", []).append(entry("Registries", "archive", "/registries/"))
    if any(one.discovered.found for one in connections):
        kinds.setdefault("Everything else", []).append(entry("All kinds", "shapes", "/kinds/"))
    yield Group(
        "",
        (
            entry("Home", "layout-dashboard", "/", "attention", phone=True),
            entry("Workloads", "boxes", "/workloads/", "workloads", phone=True),
        ),
    )
    yield from (Group(label, tuple(entries), fold=slugify(label)) for label, entries in kinds.items())
    observe = [
        entry("Activity", "history", "/activity/", phone=True),
        entry("Jobs", "list-checks", "/jobs/", phone=True),
        entry("Logs", "scroll-text", "/logs/"),
    ]
    if _may_break(actor, connections):
        observe.append(entry("Faults to try", "flask-conical", "/demo/"))
    yield Group("Observe", tuple(observe))
    if is_admin(actor):
        yield Group("Manage", (entry("People", "users", "/people/"), entry("Audit", "shield-check", "/audit/")))


def _is_open(group: Group, fits: bool, chosen: Mapping[str, str]) -> bool:
    """Where one is, and what one opened; else the first kinds alone, unless there is room for all."""
    if not group.fold or any(entry.current for entry in group.entries):
        return True
    return chosen[group.fold] == "1" if group.fold in chosen else fits or group.label == "Workloads"


def _cluster(one: Connection, only: str, path: str, query: Mapping[str, Any]) -> ClusterEntry:
    cluster = one.cluster
    href = f"/clusters/{cluster.slug}/"
    return ClusterEntry(
        id=cluster.id,
        name=cluster.name,
        slug=cluster.slug,
        platform=one.driver.platform,
        colour=cluster.colour,
        production=cluster.production,
        demo=cluster.driver == "demo",
        href=href,
        choose=_address(path if _has(one, path) else "/", query, cluster.slug),
        current=path.startswith(href),
        chosen=cluster.slug == only,
    )


def _has(connection: Connection, path: str) -> bool:
    """Is there something to see of this cluster on this page? Where not, choosing it leads to Home."""
    if path in ("/", "/workloads/", "/activity/"):
        return True
    return any(path == list_address(TABLES[name]) for name in connection.stores if name in TABLES)


def _address(path: str, query: Mapping[str, Any], only: str) -> str:
    """This page with another cluster chosen; a list keeps its search, filters and columns."""
    kept = {key: query[key] for key in query if key not in NOT_KEPT} if path != "/" else {}
    asked = urlencode(kept | ({"cluster": only} if only else {}))
    return f"{path}?{asked}" if asked else path


def _may_break(actor: Actor, connections: Iterable[Connection]) -> bool:
    """Is there a demonstration whose faults this person may switch?"""
    return any(
        one.cluster.driver == "demo" and decide(actor, area_in(one.cluster), Need(Role.OPERATOR)).allowed
        for one in connections
    )
