"""The sidebar, as data: what there is to open, in the order people see it. What somebody may not open is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from clusters.access import Actor, Need, Target, decide
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from clusters.live.table import TABLES, Table
from dashboard.engine import engine


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
    """Entries that belong together, with a heading when there is one."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ClusterEntry:
    """A cluster in the sidebar; its state comes live."""

    id: int
    name: str
    slug: str
    platform: str
    colour: str
    production: bool
    demo: bool
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Navigation:
    """All of it."""

    groups: tuple[Group, ...]
    clusters: tuple[ClusterEntry, ...] = field(default=())
    may_connect: bool = False

    @property
    def phone(self) -> list[Entry]:
        """The tab bar of a phone."""
        return [entry for group in self.groups for entry in group.entries if entry.phone]


def list_address(table: Table) -> str:
    """Where a list is."""
    return "/workloads/" if table.name == "workloads" else f"/list/{table.name}/"


def navigation(actor: Actor, path: str) -> Navigation:
    """The sidebar of this person on this page."""
    seen = engine.scope(actor)
    connections = [connection for one, connection in engine.supervisor.connections.items() if one in seen]
    there = {kind_name for connection in connections for kind_name in connection.stores}
    admin = any(grant.role == Role.ADMIN for grant in actor.grants)

    def entry(label: str, icon: str, href: str, count: str = "", phone: bool = False) -> Entry:
        current = path == href if href == "/" else path.startswith(href)
        return Entry(label, icon, href, count, current, phone)

    kinds: dict[str, list[Entry]] = {}
    for table in TABLES.values():
        if table.name in there:
            listed = entry(table.label, table.icon, list_address(table), count=table.name)
            kinds.setdefault(table.kinds[0].group, []).append(listed)
    if any(one.driver.platform == "docker" for one in connections):
        kinds.setdefault("Images", []).append(entry("Builds", "hammer", "/builds/"))
    observe = [
        entry("Activity", "history", "/activity/", phone=True),
        entry("Jobs", "list-checks", "/jobs/", phone=True),
    ]
    if _may_break(actor, connections):
        observe.append(entry("Faults to try", "flask-conical", "/demo/"))
    groups = [
        Group(
            "",
            (
                entry("Home", "layout-dashboard", "/", "attention", phone=True),
                entry("Workloads", "boxes", "/workloads/", "workloads", phone=True),
            ),
        ),
        *(Group(label, tuple(entries)) for label, entries in kinds.items()),
        Group("Observe", tuple(observe)),
    ]
    if admin:
        groups.append(
            Group("Manage", (entry("People", "users", "/people/"), entry("Audit", "shield-check", "/audit/")))
        )
    clusters = tuple(
        ClusterEntry(
            id=one.cluster.id,
            name=one.cluster.name,
            slug=one.cluster.slug,
            platform=one.driver.platform,
            colour=one.cluster.colour,
            production=one.cluster.production,
            demo=one.cluster.driver == "demo",
            href=f"/clusters/{one.cluster.slug}/",
            current=path.startswith(f"/clusters/{one.cluster.slug}/"),
        )
        for one in sorted(connections, key=lambda one: one.cluster.name.casefold())
    )
    return Navigation(tuple(group for group in groups if group.entries), clusters, admin)


def _may_break(actor: Actor, connections: Iterable[Connection]) -> bool:
    """Is there a demonstration whose faults this person may switch?"""
    return any(
        one.cluster.driver == "demo" and decide(actor, Target(one.cluster.id), Need(Role.OPERATOR)).allowed
        for one in connections
    )
