"""Where somebody may deploy Compose projects: for what a page offers; doing it is decided again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from clusters.access import Actor, decide
from clusters.compose.check import NAME, check_name
from clusters.compose.deploy import NEED
from clusters.compose.source import source_of
from clusters.compose.versions import Kept, is_ours, newest_of_each, open_version
from clusters.drivers.base import ENGINES
from clusters.errors import Invalid, Missing
from clusters.gateway import Denied
from clusters.live.cluster import ClusterInfo
from clusters.live.once import told_by
from clusters.live.row import Row
from clusters.models import ComposeVersion
from clusters.reach import area_in
from clusters.stacks.deploy import versions_name
from dashboard import nowhere
from dashboard.access import listed, refusal
from dashboard.engine import engine
from dashboard.nowhere import Offered, seen, somewhere

LISTED_WITHIN = 2.0  # seconds for what is there
MOST = 20  # of those that are not there
LOOKS = replace(NEED, acts=False)


def compose_hosts(actor: Actor, only: str = "") -> list[ClusterInfo]:
    """The Docker hosts on which this person may deploy a project: any, or those of names that are granted."""
    allowed = [one for one in _engines(actor, only) if somewhere(actor, one, NEED).allowed]
    return sorted(allowed, key=lambda one: one.name.casefold())


def stack_clusters(actor: Actor, only: str = "") -> list[ClusterInfo]:
    """The Swarms to which this person may deploy a stack: any, or those of names that are granted."""
    return [one for one in compose_hosts(actor, only) if one.platform == "swarm"]


def offered(actor: Actor, kind: str, only: str = "") -> Offered | None:
    """The button that leads to the form of a project or a stack; None where there is nothing to deploy to."""
    where = "/stacks/" if kind == "stack" else "/compose/"
    places = [one for one in _engines(actor, only) if kind == "project" or one.platform == "swarm"]
    href = f"{where}?{urlencode({'cluster': only})}" if only else where
    return nowhere.offered(href, [somewhere(actor, one, NEED) for one in places])


def _engines(actor: Actor, only: str) -> list[ClusterInfo]:
    """The real hosts and Swarms that this person sees anything of."""
    found = [one for one in seen(actor, only) if one.driver.platform in ENGINES]
    return [one.cluster for one in found if one.cluster.driver != "demo"]


def kept_as(name: str, kind: str) -> str:
    """What the versions of a project or stack are kept under."""
    return versions_name(name) if kind == "stack" else name


async def may_look(actor: Actor, host: ClusterInfo, name: str, kind: str = "project") -> None:
    """Return for who may see the texts of that project or stack. Raises what a view does for everybody else."""
    try:
        check_name(name)
        await engine.gateway.see(actor, host.id, name, LOOKS, verb="text", kind=kind, name=name)
    except Invalid as error:
        raise Http404 from error
    except Denied as error:
        raise refusal(error) from error


async def kept_version(
    actor: Actor, host: ClusterInfo | None, name: str, number: str, kind: str = "project"
) -> Kept | None:
    """That version, when this person may see it. "last" is the newest."""
    if host is None or not (number == "last" or (number.isdecimal() and len(number) < 9)):
        return None
    await may_look(actor, host, name, kind)
    try:
        return await open_version(host.id, kept_as(name, kind), None if number == "last" else int(number))
    except Missing:
        return None


def project_page(host: ClusterInfo, name: str, kind: str = "project") -> str:
    """Where the page of that project or stack is."""
    return f"/clusters/{host.slug}/{kind}/{name}/"


async def is_there(actor: Actor, host: ClusterInfo, name: str, kind: str = "project") -> bool:
    """Whether anything of that project or stack is there now, as far as this person sees and it is told in time."""
    connection = engine.supervisor.connections[host.id]
    store = connection.stores.get(kind)
    if store is None:
        return False
    await listed(connection, store, within=LISTED_WITHIN)
    return not store.listed or any(one.name == name for one in engine.gateway.visible(actor, host.id, kind))


async def is_foreign(actor: Actor, host: ClusterInfo | None, name: str, kind: str) -> bool:
    """Is it there, but was never deployed from here? Then nobody knows its text here."""
    if host is None or not NAME.fullmatch(name) or not decide(actor, area_in(host, name), LOOKS).allowed:
        return False
    return not await is_ours(host.id, kept_as(name, kind)) and await is_there(actor, host, name, kind)


async def taken_down(actor: Actor, kind: str = "project") -> list[tuple[ClusterInfo, str, ComposeVersion]]:
    """What was deployed from here, is not there now, and may be deployed again by this person: its newest version."""
    hosts = {one.id: one for one in (stack_clusters(actor) if kind == "stack" else compose_hosts(actor))}
    kept = [(hosts[one.cluster_id], one.project.removeprefix(":"), one) for one in await newest_of_each(hosts)]
    these = [one for one in kept if NAME.fullmatch(one[1]) and one[2].project == kept_as(one[1], kind)]
    mine = [one for one in these if decide(actor, area_in(one[0], one[1]), NEED).allowed]
    there = await asyncio.gather(*(is_there(actor, host, name, kind) for host, name, _ in mine))
    return [one for one, is_here in zip(mine, there, strict=True) if not is_here][:MOST]


async def links_of(actor: Actor, row: Row) -> Mapping[str, Any] | None:
    """Where the text of a project or stack, its versions and its git address are; ``why`` they are off.

    ``ours``: it was deployed from here; else ``edit`` is where its text can be, and ``through`` the page of it on
    another connection to the same engine, by which it was deployed. None where it is neither, and in the demonstration.
    """
    name = row.resource.name
    if row.kind.name not in ("project", "stack") or row.cluster.driver == "demo":
        return None
    ours = await is_ours(row.cluster.id, kept_as(name, row.kind.name))
    asked = urlencode({"cluster": row.cluster.slug, "name": name})
    decision = decide(actor, area_in(row.cluster, name), LOOKS)
    why = "" if decision.allowed else decision.reason
    found: dict[str, Any] = {"ours": ours, "why": why, "edit": "", "versions": "", "git": "", "source": None}
    found["through"] = None if ours else await _through(actor, row)
    if why:
        return found
    where = "/compose/" if row.kind.name == "project" else "/stacks/"
    found["edit"] = f"{where}?{asked}&version=last" if ours else f"{where}?{asked}"
    if ours:
        found["versions"] = f"{where}versions/?{asked}"
    if row.kind.name == "project":
        found |= {"git": f"/compose/source/?{asked}", "source": await source_of(row.cluster.id, name)}
    return found


async def _through(actor: Actor, row: Row) -> Mapping[str, str] | None:
    """The connection by which it was deployed from here, where another one leads to the very same thing.

    Ids of containers and services are of one engine alone. Its text stays with those who may see it by that connection.
    """
    name, kind = row.resource.name, row.kind.name
    part, own = (
        ("container", row.resource.containers) if kind == "project" else ("swarm-service", row.resource.services)
    )
    if not own:
        return None
    for one in told_by(engine.supervisor.connections.values(), part, own[0]):
        may = one.cluster.id != row.cluster.id and decide(actor, area_in(one.cluster, name), LOOKS).allowed
        if may and await is_ours(one.cluster.id, kept_as(name, kind)):
            return {"name": one.cluster.name, "href": project_page(one.cluster, name, kind)}
    return None
