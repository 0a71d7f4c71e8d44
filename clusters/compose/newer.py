"""Which of a project's images have something newer in their registry; asked when somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clusters.access import Actor, Need
from clusters.compose.leads import leads_to
from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker.project_model import Project
from clusters.live.row import Row
from clusters.registries import newer, seen
from clusters.registries.newer import Compared

NEED = Need(Role.VIEWER, acts=False)
MOST = 50  # images of one project
AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """One image that containers of a project were made from, with the services that they are of."""

    uid: str
    services: Sequence[str]
    compared: Compared


async def images_of(gateway: Gateway, actor: Actor, row: Row, *, anew: bool) -> tuple[list[ProjectImage], int]:
    """Each image of a project beside what its registry has under the name now, and how many more there are.

    The project's page knows it, too, from then on. Raises Denied and what an engine says.
    """
    one: Project = row.resource
    await gateway.see(actor, row.cluster.id, one.name, NEED, verb="images", kind="project", resource=one)
    driver, turn = gateway.driver(actor, row.cluster.id), asyncio.Semaphore(AT_ONCE)

    async def look(uid: str, name: str, services: Sequence[str]) -> ProjectImage:
        async with turn:
            compared = await newer.compare(name, await _digests(driver, uid), anew=anew)
            if compared.state == "unknown" and compared.there and await _moved_on(driver, uid, name):
                compared = replace(compared, state="newer", why="")
        seen.note(uid, [(name, compared.state)])
        return ProjectImage(uid, services, compared)

    used = used_by(one)
    asked = [look(uid, name, sorted(services)) for (name, uid), services in sorted(used.items())[:MOST]]
    return list(await asyncio.gather(*asked)), max(0, len(used) - MOST)


def used_by(one: Project) -> Mapping[tuple[str, str], set[str]]:
    """The services of each image, by its name and id."""
    used: dict[tuple[str, str], set[str]] = {}
    for service, copies in one.services.items():
        for container, _ in copies:
            used.setdefault((container.image, container.image_id), set()).add(service)
    return used


async def _digests(driver: Driver, uid: str) -> list[str]:
    """By what its registries know an image; none where it is not there any more."""
    try:
        found = await driver.call(Call("GET", ("images", uid, "json"), timeout=10.0))
    except Missing:
        return []
    return [str(one) for one in found.get("RepoDigests") or ()] if isinstance(found, dict) else []


async def _moved_on(driver: Driver, uid: str, name: str) -> bool:
    """Does the name lead to another image on that host by now, as after a build? The old one has no digest then."""
    return await leads_to(driver, name) not in ("", uid)
