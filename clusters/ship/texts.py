"""Compose projects and stacks whose text is kept here, as places of a roll-out: they change by one new version of it.

What was changed of theirs by itself, a container or a service, would be the old one after their next deployment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from clusters.access import Actor, decide
from clusters.compose import deploy as projects
from clusters.compose.check import NAME
from clusters.compose.deploy import NEED, How
from clusters.compose.leads import leads_to
from clusters.compose.other_image import WithImage, with_image
from clusters.compose.power import PROJECT_LABEL
from clusters.compose.source import is_followed
from clusters.compose.versions import Kept, newest_of_each, open_version
from clusters.errors import Conflict
from clusters.gateway import Gateway
from clusters.kinds.base import Kind
from clusters.kinds.docker.project import PROJECT
from clusters.kinds.docker.project_model import service
from clusters.kinds.swarm.stack import STACK
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.once import told_by
from clusters.live.row import Row
from clusters.reach import area_in
from clusters.ship.images import LOOK
from clusters.ship.uses import Use
from clusters.stacks import deploy as stacks
from clusters.stacks.copies import called_in_text, scaled, services_of
from clusters.stacks.deploy import versions_name
from clusters.stacks.text import StackText, check_stack

_KINDS: Mapping[str, Kind[Any]] = {"container": PROJECT, "swarm-service": STACK}  # of what such a use belongs to
_PARTS = {"container", "swarm-service", "task"}
Ahead: TypeAlias = projects.Ahead | stacks.Ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class TextUse(Use):
    """A project or a stack of which services run it. ``number``: of the newest version of its text."""

    number: int
    services: Sequence[str]
    follows_git: bool = False

    @property
    def key(self) -> str:
        """Another one as soon as its text is: what is changed is what was looked at."""
        return f"{self.row.id}~{self.number}"

    @property
    def is_stack(self) -> bool:
        """A stack of a Swarm; else a project of an engine."""
        return self.row.kind is STACK


@dataclass(frozen=True, slots=True)
class Changed:
    """Its text as it is kept, and as it would be; ``stack``: as a Swarm gets that."""

    kept: Kept
    then: WithImage
    stack: StackText | None = None

    @property
    def as_kept(self) -> Kept:
        """As it will be kept, to be compared."""
        asked = self.stack.checked if self.stack else self.then.asked
        secret = self.kept.secret | asked.secret
        return Kept(self.kept.number + 1, asked.text, asked.values, asked.scale, secret)


async def as_texts(
    gateway: Gateway, actor: Actor, uses: Sequence[Use], connections: Mapping[int, Connection]
) -> list[Use]:
    """The same, with such projects and stacks in the place of their containers and services."""
    newest = {(one.cluster_id, one.project): one.number for one in await newest_of_each(connections)}
    mine: dict[tuple[int, str], list[Use]] = defaultdict(list)
    for use in uses:
        where = _through(actor, use, connections) if _kept_as(use) else []
        key = next((key for one in where if (key := (one.id, _kept_as(use))) in newest), None)
        if key is not None:
            mine[key].append(use)
    found: dict[int, Use] = {id(use): use for use in uses}
    for key, each in mine.items():
        row = _row(gateway, actor, connections[key[0]].cluster, each[0])
        if row is None:
            continue
        found[id(each[0])] = await _text_use(row, each, newest[key])  # its place in the order
        for other in each[1:]:
            del found[id(other)]
    return list(found.values())


async def prepare(gateway: Gateway, actor: Actor, use: TextUse, image: str) -> Changed:
    """Its text now and with that image. Raises Denied, Conflict where it is another by now, and what is wrong."""
    cluster, name, kind = use.row.cluster, use.row.resource.name, use.row.kind.name
    await gateway.see(actor, cluster.id, name, NEED, verb="deploy", kind=kind, name=name)
    kept = await open_version(cluster.id, versions_name(name) if use.is_stack else name)
    if kept.number != use.number:
        words = f"Its text was changed meanwhile: version {kept.number} is the newest, not {use.number}."
        raise Conflict(words, hint="Look at it again.")
    then = await with_image(kept, name, image)
    if not use.is_stack:
        return Changed(kept, then)
    asked, services = then.asked, await services_of(gateway.driver(actor, cluster.id), name)
    copies = scaled(asked.project, name, services)
    stack = await check_stack(asked.text, name, asked.values, copies, stored=kept.secrets)
    return Changed(kept, then, stack)


async def look_ahead(gateway: Gateway, actor: Actor, use: TextUse, changed: Changed) -> Ahead:
    """What would happen. Raises Denied, and what is wrong."""
    if changed.stack:
        return await stacks.look_ahead(gateway, actor, use.row.cluster.id, changed.stack)
    return await projects.look_ahead(gateway, actor, use.row.cluster.id, changed.then.asked)


async def begin(gateway: Gateway, actor: Actor, use: TextUse, image: str) -> tuple[str, str]:
    """Deploy it as its next version; the job's key and title. Raises as ``prepare``, and why it cannot begin."""
    name, cluster = use.row.resource.name, use.row.cluster.id
    changed = await prepare(gateway, actor, use, image)
    title, note = f"Put {image} into {name}"[:200], f"Image {image}"
    if changed.stack:  # what a tag leads to is looked up at its registry each time
        return await stacks.begin(gateway, actor, cluster, changed.stack, note, title), title
    is_same = changed.then.is_same
    pull = changed.then.services if is_same and not await _has_newer(gateway, actor, use, image) else ()
    how = How(verb="update", doing="updated", title=title, done="was updated", note=note, pull=pull)
    return await projects.begin(gateway, actor, cluster, changed.then.asked, how), title


def without_copies(gateway: Gateway, actor: Actor, use: TextUse) -> list[str]:
    """Its services that run nothing, since a stack was scaled so or its text says so. Those of a project have some."""
    if not use.is_stack:
        return []
    own = gateway.visible(actor, use.row.cluster.id, "swarm-service")
    name = use.row.resource.name
    still = {called_in_text(name, one) for one in own if one.namespace == name and one.replicas == 0}
    return [one for one in use.services if one in still]


async def _has_newer(gateway: Gateway, actor: Actor, use: TextUse, image: str) -> bool:
    """Does the name lead to another one there already, as after a build? Else its registry is asked for it."""
    return await leads_to(gateway.driver(actor, use.row.cluster.id), image) not in ("", use.image_id)


def _kept_as(use: Use) -> str:
    """What the versions of its project or stack are kept under; "" for what belongs to none.

    A container may say that it is of a stack: that makes it none of the project of that name.
    """
    if use.row.kind.name == "container":
        project: str = use.row.resource.label(PROJECT_LABEL)
        return project if NAME.fullmatch(project) else ""
    is_of_stack = use.row.kind.name == "swarm-service" and use.row.namespace
    return versions_name(str(use.row.namespace)) if is_of_stack else ""


def _through(actor: Actor, use: Use, connections: Mapping[int, Connection]) -> list[ClusterInfo]:
    """Where its text may be kept: its own connection, and others to the same engine by which this person sees it."""
    row = use.row
    others = [one.cluster for one in told_by(connections.values(), row.kind.name, row.resource)]
    seen = [one for one in others if decide(actor, area_in(one, row.namespace), LOOK).allowed]
    return [row.cluster, *(one for one in seen if one.id != row.cluster.id)]


async def _text_use(row: Row, uses: Sequence[Use], number: int) -> TextUse:
    name, is_stack = row.resource.name, row.kind is STACK
    ids = {one.image_id for one in uses}
    return TextUse(
        row,
        ", ".join(_each(one.image for one in uses)),
        image_id=ids.pop() if len(ids) == 1 else "",
        number=number,
        services=_each(
            called_in_text(name, one.row.resource) if is_stack else service(one.row.resource) for one in uses
        ),
        follows_git=not is_stack and await is_followed(row.cluster.id, name),
    )


def _row(gateway: Gateway, actor: Actor, cluster: ClusterInfo, use: Use) -> Row | None:
    """The project or stack itself, of what this person sees of it; None where it was removed just now."""
    kind, name = _KINDS[use.row.kind.name], str(use.row.namespace)
    join = kind.join
    assert join
    own: dict[str, Sequence[Any]] = dict.fromkeys(join.kinds, ())
    for part in own.keys() & _PARTS:
        own[part] = [one for one in gateway.visible(actor, cluster.id, part) if one.namespace == name]
    one = next((one for one in join.make([], own) if one.name == name), None)
    return Row(cluster, kind, one, kind.health(one)) if one else None


def _each(names: Iterable[str]) -> list[str]:
    return sorted(set(names))
