"""Where the images of a repository run: which clusters, which workloads, with which digest, what is behind its tag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from clusters.access import Actor
from clusters.errors import ClusterError, Missing
from clusters.gateway import Gateway
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.models import Registry
from clusters.registries.kept import way_to
from clusters.registries.looking import Looking
from clusters.registries.reference import HUB, is_digest, named
from clusters.registries.walk import Walk

MOST = 500  # workloads
MOST_TAGS = 30  # whose digests are read
PATIENCE = 20.0  # seconds for all of them
MOST_USERS = 50  # of one content

Pulled = Callable[[int], dict[str, set[str]]]  # see ``_pulled``
# same: as its tag leads; behind: its tag leads to another content; gone: there is no such tag any more;
# fixed: asked for by digest, so no tag can go on without it.
State = Literal["same", "behind", "gone", "fixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Runs:
    """One workload, with the digests by which its engine knows what it runs, the best known first."""

    row: Row
    tag: str
    digests: tuple[str, ...]
    copies: int = 1
    state: State = "unknown"
    why: str = ""
    newest: str = ""  # the digest that the tag leads to now

    @property
    def digest(self) -> str:
        """The one to show."""
        return next(iter(self.digests), "")


@dataclass(frozen=True, slots=True)
class Found:
    """What runs of a repository; ``more``: not all of it, since that were too many."""

    runs: Sequence[Runs]
    more: bool = False


@dataclass(frozen=True, slots=True)
class _One:
    """A container that runs, of a workload."""

    row: Row
    image: str
    digests: tuple[str, ...]


def find(
    gateway: Gateway, actor: Actor, connections: Iterable[Connection], registry: Registry, repository: str
) -> Found:
    """What this person sees running of it, in all of these clusters: workloads by name, the same ones together."""
    found: dict[tuple[str, str, tuple[str, ...]], Runs] = {}
    more, home = False, (registry.host, repository)

    @cache
    def pulled(cluster_id: int) -> dict[str, set[str]]:
        return _pulled(gateway, actor, cluster_id, home)

    for one in _running(Walk(gateway, actor, connections), pulled, home):
        reference = named(one.image)
        tag = reference.tag if reference and reference.home == home else ""
        about = one.row.id, tag, one.digests
        before = found.get(about)
        if before is None and len(found) >= MOST:
            more = True  # copies of those that are told are counted on
        else:
            found[about] = replace(before, copies=before.copies + 1) if before else Runs(one.row, tag, one.digests)
    return Found(_sorted(found.values()), more)


def users(
    gateway: Gateway, actor: Actor, connections: Iterable[Connection], contents: Sequence[Collection[str]]
) -> list[list[Row]]:
    """The pods and containers that this person sees running each of these contents, which are told by digests."""
    by_digest: dict[str, list[Row]] = {}
    walk = Walk(gateway, actor, connections)
    for row in walk.rows("pod"):
        for digest in {one for status in row.resource.statuses for one in _pinned(status.image_id)}:
            by_digest.setdefault(digest, []).append(row)
    for row in walk.rows("container"):
        by_digest.setdefault(row.resource.image_id, []).append(row)
    return [[row for one in digests for row in by_digest.get(one, ())][:MOST_USERS] for digests in contents]


async def judge(
    by: Actor, registry: Registry, repository: str, runs: Sequence[Runs], *, anew: bool = False
) -> list[Runs]:
    """Each beside what its tag leads to now. The registry is asked once a tag, at most ``MOST_TAGS`` of them."""
    tags = list(dict.fromkeys(one.tag for one in runs if one.tag))[:MOST_TAGS]
    there: dict[str, tuple[str, frozenset[str]] | ClusterError] = {}
    async with Looking(by, way_to(registry), anew=anew) as client:

        async def read(tag: str) -> None:
            try:
                async with asyncio.timeout(PATIENCE):
                    there[tag] = await _digests(client, registry, repository, tag)
            except ClusterError as error:
                there[tag] = error
            except TimeoutError:
                there[tag] = ClusterError("The registry did not answer in time.")

        await asyncio.gather(*(read(tag) for tag in tags))
    return [_judged(one, there.get(one.tag), registry.host == HUB) for one in runs]


async def _digests(client: Looking, registry: Registry, repository: str, tag: str) -> tuple[str, frozenset[str]]:
    if registry.host == HUB:  # where each look at a manifest counts as a pull
        digest = await client.digest(repository, tag)
        return digest, frozenset({digest})
    content = await client.read(repository, tag, every=True)
    return content.digest, frozenset(content.digests)


def _judged(one: Runs, there: tuple[str, frozenset[str]] | ClusterError | None, only_digest: bool) -> Runs:
    if not one.tag:
        return replace(one, state="fixed")
    if isinstance(there, Missing):
        return replace(one, state="gone")
    if there is None or isinstance(there, ClusterError):
        return replace(one, why=there.message if there else "There are too many tags to ask for each.")
    newest, digests = there
    if digests.intersection(one.digests):
        return replace(one, state="same", newest=newest)
    if not one.digests:
        return replace(one, why="Its cluster does not say which digest it runs.", newest=newest)
    if only_digest and one.row.kind.name == "container" and len(one.digests) < 2:
        return replace(one, why="Its engine knows it by its id alone.", newest=newest)
    return replace(one, state="behind", newest=newest)


def _running(walk: Walk, pulled: Pulled, home: tuple[str, str]) -> Iterator[_One]:
    """Containers last: those of pods and services are told with these."""
    for row in walk.rows("pod"):
        yield from _of_pod(walk, row, home)
    for row in walk.rows("swarm-service"):
        if _is_of(image := row.resource.template.container.image, home):
            yield from [_One(row, image, _pinned(image))] * row.resource.running
    for row in walk.containers():
        if row.resource.running:
            yield from _of_container(row, pulled, home)


def _of_pod(walk: Walk, pod: Row, home: tuple[str, str]) -> Iterator[_One]:
    asked = {one.name: one.image for one in pod.resource.containers}
    for status in pod.resource.statuses:
        image = asked.get(status.name, "")
        if status.state.running is not None and _is_of(image, home):
            yield _One(walk.top(pod), image, _pinned(status.image_id))


def _of_container(row: Row, pulled: Pulled, home: tuple[str, str]) -> Iterator[_One]:
    one = row.resource
    digests = pulled(row.cluster.id).get(one.image_id) or set()
    nameless = one.image in (one.image_id, "") or one.image.startswith("sha256:")
    if (digests and nameless) or _is_of(one.image, home):
        yield _One(row, one.image, tuple(dict.fromkeys((*sorted(digests), one.image_id))))


def _pulled(gateway: Gateway, actor: Actor, cluster_id: int, home: tuple[str, str]) -> dict[str, set[str]]:
    """The digests there of an engine's images, by their ids, as far as the engine was asked for them."""
    found: dict[str, set[str]] = {}
    for image in gateway.visible(actor, cluster_id, "image"):
        for name in image.digests:
            if (reference := named(name)) and reference.home == home:
                found.setdefault(image.id, set()).add(reference.digest)
    return found


def _pinned(image: str) -> tuple[str, ...]:
    """The digest in it, where there is one."""
    digest = image.rpartition("@")[2]
    return (digest,) if is_digest(digest) else ()


def _is_of(image: str, home: tuple[str, str]) -> bool:
    reference = named(image)
    return reference is not None and reference.home == home


def _sorted(found: Iterable[Runs]) -> list[Runs]:
    return sorted(found, key=lambda one: (one.row.cluster.name.casefold(), one.row.resource.name, one.tag, one.digest))
