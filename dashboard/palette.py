"""What the command palette finds: pages, resources of all clusters, and what can be done to them."""

from __future__ import annotations

import asyncio
import heapq
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from clusters.access import Actor, Scope
from clusters.kinds import DESCRIBED, all_kinds
from clusters.kinds.base import Action
from clusters.kinds.kubernetes.general import several
from clusters.live.discovered import NEVER_PRINTED
from clusters.live.row import Row
from clusters.registries.access import may_see
from dashboard import compose_rights, ship_targets
from dashboard.build_hosts import hosts_of
from dashboard.engine import address, engine
from dashboard.make_rights import beside_list, make_offered
from dashboard.navigation import ClusterEntry, navigation
from dashboard.nowhere import Offered
from dashboard.why_not import not_allowed
from dashboard.yaml_rights import why_nowhere, yaml_clusters

MOST, MOST_ACTIONS = 12, 6  # resources shown, and things to do
MOST_KINDS = 4
LEAST = 3  # letters of a tab's name
PATIENCE = 0.3  # seconds for the first lists of kinds that nobody looked at


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette. ``dialog``: opens as a dialog instead of a page."""

    group: str
    label: str
    detail: str
    icon: str
    href: str
    level: str = ""
    dialog: bool = False
    why_not: str = ""  # why it cannot be chosen


async def gather(actor: Actor, only: str = "") -> None:
    """List the kinds that are cheap to list, where nobody looked at them just now, so that they are found, too.

    They stay watched for a minute: whoever types on waits for nothing. A cluster that is slow is not waited for.
    """
    ends = asyncio.get_running_loop().time() + PATIENCE
    with ExitStack() as wanted:
        stores = []
        for cluster_id in engine.scope(actor, only):
            connection = engine.supervisor.connections[cluster_id]
            names = [name for name, store in connection.stores.items() if store.kind.at_hand]
            wanted.enter_context(connection.wanted(*names))
            stores += [connection.stores[name] for name in names if connection.contact.error is None]
        while any(not store.listed for store in stores) and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def find(actor: Actor, text: str, only: str = "") -> list[Found]:
    """What fits the words, best first, in all clusters or ``only`` in one.

    ``restart web`` finds the action; without words, the pages.
    """
    words = text.casefold().split()[:6]
    shown = navigation(actor, "/", {"cluster": only})
    pages = [
        Found("Go to", entry.label, group.label, entry.icon, entry.href)
        for group in shown.groups
        for entry in group.entries
        if all(word in entry.label.casefold() for word in words)
    ]
    if not words:
        return pages
    pages = [
        *_build(actor, words, only),
        *_compose(actor, words, only),
        *_deploy(actor, words, only),
        *_ship(actor, words),
        *_yaml(actor, words, only),
        *_make(actor, words),
        *_images(actor, text),
        *_connect(shown.may_connect, words),
        *pages,
    ]
    scope = engine.scope(actor, only)
    known = {one.href for one in pages}
    pages = [*pages[:5], *(one for one in _kinds(scope, words, only) if one.href not in known)]
    rows = _best(actor, scope, words)
    resources = [_resource(row) for row in rows]
    doing = [*_panels(actor, scope, words), *await _actions(actor, scope, words)]
    called_so = any(all(word in row.resource.name.casefold() for word in words) for row in rows)
    rest = [*resources, *doing] if called_so else [*doing, *resources]  # "scale web" is no name: it is to be done
    return [*pages, *_clusters(shown.clusters, words), *rest]


def _build(actor: Actor, words: list[str], only: str) -> Iterator[Found]:
    """The form of a build, for who may build."""
    hosts = [one for one in hosts_of(actor) if not only or one.slug == only]
    if hosts and all(word in "build an image" for word in words):
        where = f"?cluster={hosts[0].id}" if only else ""
        yield Found("Do", "Build an image", "from a Dockerfile or git", "hammer", f"/builds/new/{where}")


def _compose(actor: Actor, words: list[str], only: str) -> Iterator[Found]:
    """The forms for a Compose project and for a stack."""
    if all(word in "deploy a compose project" for word in words):
        project = compose_rights.offered(actor, "project", only)
        yield from _button("Deploy a project", "from a Compose text", "layers", project)
    if all(word in "deploy a stack swarm compose" for word in words):
        stack = compose_rights.offered(actor, "stack", only)
        yield from _button("Deploy a stack", "to a Swarm, from a Compose text", "layers", stack)


def _make(actor: Actor, words: list[str]) -> Iterator[Found]:
    """The forms for something new of a kind, and what gets an image onto a host."""
    kinds = all_kinds()
    for kind in kinds:
        if kind.make and all(word in kind.make.label.casefold() for word in words):
            button = make_offered(actor, kind)
            yield from _button(kind.make.label, "from a form", kind.make.icon, button, dialog=not kind.make.long)
    for offer, one in beside_list(actor, kinds):
        if offer.onto_host and all(word in offer.label.casefold() for word in words):
            yield from _button(offer.label, "onto a Docker host", offer.icon, one, dialog=True)


def _button(label: str, detail: str, icon: str, button: Offered | None, *, dialog: bool = False) -> Iterator[Found]:
    """The line of what a page offers by a button: off with the same reason, and missing where it is."""
    if button:
        why = button.why_not
        yield Found("Do", label, why or detail, icon, button.href, dialog=dialog, why_not=why)


def _deploy(actor: Actor, words: list[str], only: str) -> Iterator[Found]:
    """The form for a workload: on the first cluster that fits. Another one is chosen there."""
    for one in (connection.cluster for connection in yaml_clusters(actor, only)):
        if all(word in f"deploy new workload deployment {one.name}".casefold() for word in words):
            yield Found("Do", "Deploy", one.name, "rocket", f"/deploy/?cluster={one.slug}")
            return
    if all(word in "deploy new workload deployment" for word in words) and (why := why_nowhere(actor, only)):
        yield Found("Do", "Deploy", why, "rocket", "", why_not=why)


def _ship(actor: Actor, words: list[str]) -> Iterator[Found]:
    """From an image to whatever runs it."""
    if all(word in "run or deploy an image ship" for word in words):
        ship = ship_targets.offered(actor)
        yield Found("Do", "Run or deploy an image", ship.why_not, "rocket", ship.href, why_not=ship.why_not)


def _yaml(actor: Actor, words: list[str], only: str) -> Iterator[Found]:
    """The editor for new objects, of each cluster where this person may apply them."""
    for one in (connection.cluster for connection in yaml_clusters(actor, only)):
        if all(word in f"new from yaml {one.name}".casefold() for word in words):
            yield Found("Do", "New from YAML", one.name, "file-code-2", f"/clusters/{one.slug}/yaml/")
    if all(word in "new from yaml" for word in words) and (why := why_nowhere(actor, only)):
        yield Found("Do", "New from YAML", why, "file-code-2", "", why_not=why)


def _connect(may_connect: bool, words: list[str]) -> Iterator[Found]:
    """The form that connects another cluster, for who may."""
    if may_connect and all(word in "connect a cluster, add a host, kubeconfig" for word in words):
        yield Found("Do", "Connect a cluster", "Docker, Swarm, Kubernetes", "plug", "/clusters/connect/")


def _kinds(scope: Scope, words: list[str], only: str) -> Iterator[Found]:
    """Lists by kubectl's short names ("svc"), and of kinds that a cluster describes by itself ("certificates")."""
    seen: set[str] = set()
    for cluster_id in scope:
        for name, found in engine.supervisor.connections[cluster_id].discovered.found.items():
            kind = DESCRIBED.get(name)
            called = f"{found.label}\0{found.name.partition('.')[0]}".casefold()
            fits = words[0] in found.short or (kind is None and words[0] in called)
            if len(words) > 1 or not fits or name in seen or (kind is None and name in NEVER_PRINTED):
                continue
            seen.add(name)
            if len(seen) > MOST_KINDS:
                return
            where = f"?cluster={only}" if only else ""
            label, group = (kind.plural, kind.group) if kind else (several(found.label), found.group)
            icon = kind.icon if kind else "shapes"
            yield Found("Go to", label, group, icon, f"/list/{kind.name if kind else name}/{where}")


def _images(actor: Actor, text: str) -> Iterator[Found]:
    """Docker Hub and the registries, for what stands after "search" (or "search images", "image")."""
    asked = re.match(r"(?:search(?:\s+images?)?(?:\s+for)?|images?)(?:\s+(.*))?$", text.strip(), re.IGNORECASE)
    if not asked or not may_see(actor):
        return
    words = (asked[1] or "").strip()
    label = f"Search images for “{words}”" if words else "Search images"
    yield Found("Do", label, "Docker Hub and registries", "search", f"/registries/search/?{urlencode({'q': words})}")


def _clusters(entries: Iterable[ClusterEntry], words: list[str]) -> Iterator[Found]:
    """The page of a cluster, and everything narrowed to it."""
    for one in entries:
        if all(word in one.name.casefold() for word in words):
            yield Found("Clusters", one.name, "its page", one.platform, one.href)
            yield Found("Clusters", f"Only {one.name}", "narrow everything to it", "list-filter", one.choose)


def _best(actor: Actor, scope: Scope, words: list[str]) -> list[Row]:
    def rank(row: Row) -> tuple[int, int, str]:
        name = row.resource.name.casefold()
        exact = 0 if name == words[0] else 1 if name.startswith(words[0]) else 2
        return exact, len(name), row.id

    return heapq.nsmallest(MOST, _matching(actor, scope, words), key=rank)


def _matching(actor: Actor, scope: Scope, words: list[str]) -> Iterator[Row]:
    """All visible resources whose name, namespace and kind hold every word."""
    for cluster_id in scope:
        connection = engine.supervisor.connections[cluster_id]
        for store in connection.stores.values():
            namespaces = engine.gateway.reach(actor, cluster_id, [store.kind])
            beside = f"\0{store.kind.label}\0{connection.cluster.name}".casefold()
            for uid, resource in store.resources.items():
                if namespaces is not None and store.kind.seen_in(resource) not in namespaces:
                    continue
                own = f"{resource.name}\0{resource.namespace}".casefold()
                if any(word in own for word in words) and all(word in own or word in beside for word in words):
                    yield Row(connection.cluster, store.kind, resource, store.health[uid])


def _resource(row: Row) -> Found:
    where = " / ".join(filter(None, [row.cluster.name, row.resource.namespace]))
    return Found(row.kind.plural, row.resource.name, where, row.kind.icon, address(row), row.health.level.name.lower())


def _panels(actor: Actor, scope: Scope, words: list[str]) -> Iterator[Found]:
    """``logs web``: that tab of its page."""
    if len(words) < 2 or len(words[0]) < LEAST:
        return
    for row in _best(actor, scope, words[1:])[:MOST_ACTIONS]:
        for panel in row.kind.panels[1:]:
            there = panel.tab and (panel.when is None or panel.when(row.resource))
            if there and panel.label.casefold().startswith(words[0]):
                label, where = f"{panel.label} of {row.resource.name}", f"{row.kind.label} · {row.cluster.name}"
                yield Found("Go to", label, where, panel.icon, f"{address(row)}?panel={panel.key}")


async def _actions(actor: Actor, scope: Scope, words: list[str]) -> list[Found]:
    """``restart web``: the verb first, then what it is for. What its cluster refuses stands last, with the reason."""
    if len(words) < 2:
        return []
    found: list[tuple[Row, Action[Any]]] = []
    for row in _best(actor, scope, words[1:]):
        for action in row.kind.actions:
            wanted = action.label.casefold().startswith(words[0]) or action.verb.startswith(words[0])
            refused = action.refuse is not None and action.refuse(row.resource)
            if not wanted or refused or not engine.gateway.decide_action(actor, row, action).allowed:
                continue
            found.append((row, action))
    reasons = await asyncio.gather(*(not_allowed(actor, row, action) for row, action in found[:MOST_ACTIONS]))
    lines = [_action(row, action, why) for (row, action), why in zip(found, reasons, strict=False)]
    return sorted(lines, key=lambda one: bool(one.why_not))


def _action(row: Row, action: Action[Any], why: str) -> Found:
    href = f"/act/?{urlencode({'verb': action.verb, 'rows': row.id})}"
    label = f"{action.label} {row.resource.name}"
    return Found("Do", label, why or row.cluster.name, action.icon, href, dialog=True, why_not=why)
