"""A container or a project as an app that can be taken elsewhere: who may look, and what its engine says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from clusters import audit
from clusters.access import Actor, Need, decide
from clusters.carrying_out import event_of
from clusters.compose.check import check, read_text
from clusters.compose.deploy import NEED
from clusters.compose.versions import open_version
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.origin import load_origin
from clusters.kinds.docker.project_model import LABEL
from clusters.live.row import Row
from clusters.reach import area_in
from clusters.shells import in_time
from clusters.ship.app import App, Part, part_of
from clusters.ship.copied import Copied, copied_files

LOOK, REVEAL = Need(Role.VIEWER, acts=False), Need(Role.VIEWER, "reveal", acts=False)
KINDS = ("container", "project")
TEXT = replace(NEED, acts=False)  # to see the texts of a project
MOST = 60  # services of one project
_SECONDS = 20.0


def refused(row: Row) -> str:
    """Why it makes no sense to take that elsewhere ("" when it does)."""
    if row.kind.name == "project":
        return "" if _services(row) else "It has no containers any more."
    if row.resource.keeper is None:
        return ""
    swarm = row.resource.keeper[0] == "swarm-service"
    return "Swarm runs it: its service is what could be taken elsewhere." if swarm else "Kubernetes runs it."


async def load(gateway: Gateway, actor: Actor, row: Row) -> App:
    """The app. Raises Denied, Invalid where it makes no sense, and what the engine says."""
    await gateway.see(
        actor, row.cluster.id, row.namespace, LOOK, verb="convert", kind=row.kind.name, resource=row.resource
    )
    if why := refused(row):
        raise Invalid(why)
    driver = gateway.driver(actor, row.cluster.id)
    if row.kind.name == "container":
        return App(name=row.resource.name, parts=[await in_time(_part(driver, [row.resource]), _SECONDS)])
    services = _services(row)
    parts = await in_time(_parts(driver, services[:MOST]), _SECONDS)
    name, text = row.resource.name, await _text(actor, row)
    if text is None:
        return App(name=name, parts=parts, project=name, told=False)
    parts = [replace(one, files=text.files.get(one.name, ())) for one in parts]
    absent = sorted(text.services - {one.name for one in parts})
    return App(name=name, parts=parts, project=name, absent=absent)


async def reveal(gateway: Gateway, actor: Actor, row: Row, app: App) -> dict[str, str]:
    """The values of its secrets, by their key; that they were shown is in the audit. Raises Denied and Unrecorded."""
    await gateway.see(
        actor, row.cluster.id, row.namespace, REVEAL, verb="convert", kind=row.kind.name, resource=row.resource
    )
    names = {"variables": ", ".join(one.key for one in app.asked)[:1000]}
    event = event_of(actor, row.cluster, row.kind.name, row.resource, "convert-revealed", detail=names)
    await audit.outcome(await audit.intent(event), event, "done")
    return {one.key: one.value for one in app.asked}


@dataclass(frozen=True, slots=True)
class _Text:
    """What no engine tells of a project: what Compose copied into its containers, by service, and all its services."""

    files: Mapping[str, Sequence[Copied]]
    services: Set[str]


async def _text(actor: Actor, row: Row) -> _Text | None:
    """None where no text is kept here that this person may see."""
    if not decide(actor, area_in(row.cluster, row.namespace), TEXT).allowed:
        return None
    try:
        kept = await open_version(row.cluster.id, row.resource.name)
        checked = await check(kept.text, row.resource.name, kept.values, stored=kept.secrets)
    except ClusterError:
        return None  # it was deployed elsewhere, or nothing here can read its text
    files = copied_files(checked.project, checked.values, kept.secrets.values())
    return _Text(files, set(read_text(kept.text).tree["services"]))


def _services(row: Row) -> list[list[Container]]:
    """The copies of each service; what was run once by hand is none."""
    found = []
    for copies in row.resource.services.values():
        own = [one for one, _ in copies if one.label(f"{LABEL}oneoff").lower() != "true"]
        found += [own] if own else []
    return found


async def _parts(driver: Driver, services: Sequence[Sequence[Container]]) -> list[Part]:
    turn = asyncio.Semaphore(8)

    async def one(copies: Sequence[Container]) -> Part:
        async with turn:
            return await _part(driver, copies)

    return await asyncio.gather(*map(one, services))


async def _part(driver: Driver, copies: Sequence[Container]) -> Part:
    first, unlike = copies[0], len({one.label(f"{LABEL}config-hash") for one in copies}) > 1
    try:
        return part_of(await load_origin(driver, first), len(copies), unlike=unlike)
    except Invalid as error:
        raise Invalid(f"{first.name}: {error.message}", hint=error.hint, detail=error.detail) from error
