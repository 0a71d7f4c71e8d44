"""The two sorts of Compose text, projects for hosts and stacks for Swarms: only what differs between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from clusters.access import Actor
from clusters.compose import deploy as projects
from clusters.compose.check import Checked, check
from clusters.compose.program import Found, find_program
from clusters.gateway import Gateway
from clusters.live.cluster import ClusterInfo
from clusters.stacks import deploy as stacks
from clusters.stacks.program import find_docker
from clusters.stacks.text import StackText, check_stack
from dashboard.compose_rights import compose_hosts, stack_clusters

T = TypeVar("T", bound=Checked | StackText)


class Ahead(Protocol):
    """What would happen, and what is worth knowing before."""

    @property
    def effects(self) -> Sequence[Any]:
        """What becomes of each thing."""


@dataclass(frozen=True, kw_only=True)
class Sort(Generic[T]):
    """What is deployed, where to, and by what."""

    kind: str  # "project": in addresses, grants and the audit
    route: str  # its pages are this, this + "_check", "_values", "_versions", "_compare" and "_back"
    label: str  # "Project"
    plural: str
    place: str  # "Host"
    parts: str  # "Containers": what it is made of
    nowhere: str
    connect: str
    stays: str
    first: str  # the text that a new one begins with
    hosts: Callable[[Actor], list[ClusterInfo]]
    program: Callable[[], Awaitable[Found]]
    check: Callable[[str, str, Mapping[str, str], Mapping[str, int], bool], Awaitable[T]]
    checked: Callable[[T], Checked]
    look_ahead: Callable[[Gateway, Actor, int, T], Awaitable[Ahead]]
    begin: Callable[[Gateway, Actor, int, T, str], Awaitable[str]]  # with a note for the version; the key of the job


async def _check_project(
    text: str, name: str, values: Mapping[str, str], copies: Mapping[str, int], named: bool
) -> Checked:
    return await check(text, name, values, copies, named=named)


async def _check_stack(
    text: str, name: str, values: Mapping[str, str], copies: Mapping[str, int], named: bool
) -> StackText:
    return await check_stack(text, name, values, named=named)


async def _begin_project(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked, note: str) -> str:
    return await projects.begin(gateway, actor, cluster_id, asked, projects.How(note=note))


async def _docker_and_compose() -> Found:
    docker = await find_docker()
    return docker if docker.why_not else await find_program()


PROJECT: Sort[Checked] = Sort(
    kind="project",
    route="compose",
    label="Project",
    plural="Projects",
    place="Host",
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
    checked=lambda asked: asked,
    look_ahead=projects.look_ahead,
    begin=_begin_project,
)
STACK: Sort[StackText] = Sort(
    kind="stack",
    route="stack",
    label="Stack",
    plural="Stacks",
    place="Swarm",
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
    checked=lambda asked: asked.checked,
    look_ahead=stacks.look_ahead,
    begin=stacks.begin,
)
