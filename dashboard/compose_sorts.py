"""The two sorts of Compose text, projects for hosts and stacks for Swarms: only what differs between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from clusters.access import Actor
from clusters.compose import deploy as projects
from clusters.compose.check import Checked, check
from clusters.compose.program import Found, find_program
from clusters.compose.versions import Kept
from clusters.gateway import Gateway
from clusters.live.cluster import ClusterInfo
from clusters.stacks import deploy as stacks
from clusters.stacks.back import copies_back
from clusters.stacks.program import find_docker
from clusters.stacks.text import check_stack
from dashboard.compose_rights import compose_hosts, stack_clusters
from dashboard.engine import engine


class Ahead(Protocol):
    """What would happen, and what is worth knowing before."""

    @property
    def effects(self) -> Sequence[Any]:
        """What becomes of each thing."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A text of either sort that nothing is wrong with, and what can be done with it on a cluster."""

    checked: Checked
    look_ahead: Callable[[Gateway, Actor, int], Awaitable[Ahead]]
    begin: Callable[[Gateway, Actor, int, str], Awaitable[str]]  # with a note for the version; the key of the job


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A text as it was typed, or kept. ``named`` and ``stored`` as in ``clusters.compose.check.check``."""

    text: str
    name: str
    values: Mapping[str, str] = field(repr=False)
    copies: Mapping[str, int]
    named: bool = True
    stored: Collection[str] = ()


Copies: TypeAlias = Mapping[str, int]
CopiesBack: TypeAlias = Callable[
    [Actor, int, str, Kept | None, Kept], Awaitable[tuple[Copies, Copies]]
]  # now, and then


@dataclass(frozen=True, kw_only=True)
class Sort:
    """What is deployed, where to, and by what."""

    kind: str  # "project": in addresses, grants and the audit
    route: str  # its pages are this, this + "_check", "_values", "_versions", "_compare" and "_back"
    label: str  # "Project"
    plural: str
    target: str  # "Host"
    parts: str  # "Containers": what it is made of
    nowhere: str
    connect: str
    stays: str
    first: str  # the text that a new one begins with
    hosts: Callable[[Actor], list[ClusterInfo]]
    program: Callable[[], Awaitable[Found]]
    check: Callable[[Typed], Awaitable[Asked]]  # raises Wrong with lines, Invalid for the name, Unsupported
    copies_back: CopiesBack  # when it goes from its newest version (None: it cannot be opened) back to another one


async def _check_project(typed: Typed) -> Asked:
    found = await check(typed.text, typed.name, typed.values, typed.copies, named=typed.named, stored=typed.stored)
    return Asked(
        checked=found,
        look_ahead=lambda gateway, actor, host: projects.look_ahead(gateway, actor, host, found),
        begin=lambda gateway, actor, host, note: projects.begin(gateway, actor, host, found, projects.How(note=note)),
    )


async def _check_stack(typed: Typed) -> Asked:
    found = await check_stack(
        typed.text, typed.name, typed.values, typed.copies, named=typed.named, stored=typed.stored
    )
    return Asked(
        checked=found.checked,
        look_ahead=lambda gateway, actor, swarm: stacks.look_ahead(gateway, actor, swarm, found),
        begin=lambda gateway, actor, swarm, note: stacks.begin(gateway, actor, swarm, found, note),
    )


async def _of_the_versions(actor: Actor, host: int, name: str, newest: Kept | None, one: Kept) -> tuple[Copies, Copies]:
    """Scaling a project is a version of its own."""
    return newest.scale if newest else {}, one.scale


async def _of_the_swarm(actor: Actor, swarm: int, name: str, newest: Kept | None, one: Kept) -> tuple[Copies, Copies]:
    return await copies_back(engine.gateway.driver(actor, swarm), name, newest, one)


async def _docker_and_compose() -> Found:
    docker = await find_docker()
    return docker if docker.why_not else await find_program()


PROJECT = Sort(
    kind="project",
    route="compose",
    label="Project",
    plural="Projects",
    target="Host",
    parts="Containers",
    nowhere="There is no Docker host on which you may deploy projects",
    connect="Connect one",
    stays="Volumes and what is in them stay.",
    first="""services:
  web:
    image: busybox:latest
    command: httpd -f -p 8080
    ports:
      - "8080:8080"
    restart: unless-stopped
""",
    hosts=compose_hosts,
    program=find_program,
    check=_check_project,
    copies_back=_of_the_versions,
)
STACK = Sort(
    kind="stack",
    route="stack",
    label="Stack",
    plural="Stacks",
    target="Swarm",
    parts="Services",
    nowhere="There is no Swarm to which you may deploy stacks",
    connect="Connect one of its managers",
    stays="Volumes, and what is in them, stay on their nodes.",
    first="""services:
  web:
    image: busybox:latest
    command: httpd -f -p 8080
    ports:
      - target: 8080
        published: 8080
        mode: host
    deploy:
      replicas: 2
""",
    hosts=stack_clusters,
    program=_docker_and_compose,
    check=_check_stack,
    copies_back=_of_the_swarm,
)
