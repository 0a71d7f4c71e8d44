"""Compose projects whose text is kept here, as places of a roll-out: they change by one new version of their text.

A container of theirs that was made again by itself would be the old one after their next deployment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clusters.access import Actor
from clusters.compose import deploy
from clusters.compose.deploy import How
from clusters.compose.other_image import WithImage, with_image
from clusters.compose.source import is_followed
from clusters.compose.versions import Kept, newest_of_each, open_version
from clusters.drivers.base import Call
from clusters.errors import Conflict, Missing
from clusters.gateway import Gateway
from clusters.kinds.docker.project import PROJECT
from clusters.kinds.docker.project_model import join, service
from clusters.live.row import Row
from clusters.ship.uses import Use


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectUse(Use):
    """A project of which services run it. ``number``: of the newest version of its text."""

    number: int
    services: Sequence[str]
    follows_git: bool

    @property
    def key(self) -> str:
        """Another one as soon as its text is: what is changed is what was looked at."""
        return f"{self.row.id}~{self.number}"


async def as_projects(gateway: Gateway, actor: Actor, uses: Sequence[Use]) -> list[Use]:
    """The same, with such projects in the place of their containers."""
    newest = {
        (one.cluster_id, one.project): one.number
        for one in await newest_of_each({use.row.cluster.id for use in uses if _is_container(use)})
    }
    found: list[Use] = []
    mine: dict[tuple[int, str], list[Use]] = defaultdict(list)
    for use in uses:
        key = (use.row.cluster.id, str(use.row.namespace))
        if not _is_container(use) or key not in newest:
            found.append(use)
            continue
        if key not in mine:
            found.append(use)  # its place in the order
        mine[key].append(use)
    first = {id(each[0]): await _project(gateway, actor, each, newest[key]) for key, each in mine.items()}
    return [first.get(id(use), use) for use in found]


async def prepare(gateway: Gateway, actor: Actor, use: ProjectUse, image: str) -> tuple[Kept, WithImage]:
    """Its text now and with that image. Raises Denied, Conflict where it is another by now, and what is wrong."""
    cluster, name = use.row.cluster, use.row.resource.name
    await gateway.see(actor, cluster.id, name, deploy.NEED, verb="deploy", kind="project", name=name)
    kept = await open_version(cluster.id, name)
    if kept.number != use.number:
        words = f"Its text was changed meanwhile: version {kept.number} is the newest, not {use.number}."
        raise Conflict(words, hint="Look at it again.")
    return kept, await with_image(kept, name, image)


async def begin(gateway: Gateway, actor: Actor, use: ProjectUse, image: str) -> tuple[str, str]:
    """Deploy it as its next version; the job's key and title. Raises as ``prepare``, and why it cannot begin."""
    name = use.row.resource.name
    kept, changed = await prepare(gateway, actor, use, image)
    title = f"Put {image} into {name}"[:200]
    is_same = changed.asked.text == kept.text
    pull = changed.services if is_same and not await _has_newer(gateway, actor, use, image) else ()
    how = How(verb="update", doing="updated", title=title, done="was updated", note=f"Image {image}", pull=pull)
    return await deploy.begin(gateway, actor, use.row.cluster.id, changed.asked, how), title


async def _has_newer(gateway: Gateway, actor: Actor, use: ProjectUse, image: str) -> bool:
    """Does the name lead to another one there already, as after a build? Else its registry is asked for it."""
    try:
        call = Call("GET", ("images", *image.split("/"), "json"), timeout=10.0)
        found = await gateway.driver(actor, use.row.cluster.id).call(call)
    except Missing:
        return False
    return bool(found.get("Id") != use.image_id)


def _is_container(use: Use) -> bool:
    return use.row.kind.name == "container" and bool(use.row.namespace)


async def _project(gateway: Gateway, actor: Actor, uses: Sequence[Use], number: int) -> ProjectUse:
    row = uses[0].row
    name = str(row.namespace)
    own = [one for one in gateway.visible(actor, row.cluster.id, "container") if one.namespace == name]
    project = next(one for one in join([], {"container": own, "network": [], "volume": []}) if one.name == name)
    ids = {one.image_id for one in uses}
    return ProjectUse(
        Row(row.cluster, PROJECT, project, PROJECT.health(project)),
        ", ".join(_each(one.image for one in uses)),
        image_id=ids.pop() if len(ids) == 1 else "",
        number=number,
        services=_each(service(one.row.resource) for one in uses),
        follows_git=await is_followed(row.cluster.id, name),
    )


def _each(names: Iterable[str]) -> list[str]:
    return sorted(set(names))
