"""Where the images of a repository run: which clusters, which workloads, with which digest, what is behind its tag."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from clusters.access import Actor
from clusters.errors import ClusterError, Missing
from clusters.gateway import Gateway
from clusters.live.connection import Connection
from clusters.live.once import Once, best_heard
from clusters.live.row import Row
from clusters.models import Registry
from clusters.registries.client import RegistryClient
from clusters.registries.kept import way_to
from clusters.registries.reference import HUB, Reference, is_digest, read_reference

MOST = 500  # workloads
MOST_TAGS = 30  # whose digests are read
PATIENCE = 20.0  # seconds for all of them
LONGEST_CHAIN = 4  # of owners

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
    more = False
    for one in _running(gateway, actor, best_heard(connections), registry.host, repository):
        reference = _read(one.image)
        tag = reference.tag if reference and _is_of(reference, registry.host, repository) else ""
        about = one.row.id, tag, one.digests
        before = found.get(about)
        if before is None and len(found) >= MOST:
            more = True  # copies of those that are told are counted on
        else:
            found[about] = replace(before, copies=before.copies + 1) if before else Runs(one.row, tag, one.digests)
    return Found(_sorted(found.values()), more)


async def judge(registry: Registry, repository: str, runs: Sequence[Runs]) -> list[Runs]:
    """Each beside what its tag leads to now. The registry is asked once a tag, at most ``MOST_TAGS`` of them."""
    tags = list(dict.fromkeys(one.tag for one in runs if one.tag))[:MOST_TAGS]
    there: dict[str, tuple[str, frozenset[str]] | ClusterError] = {}
    async with RegistryClient(way_to(registry)) as client:

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


async def _digests(client: RegistryClient, registry: Registry, repository: str, tag: str) -> tuple[str, frozenset[str]]:
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


def _running(
    gateway: Gateway, actor: Actor, connections: Sequence[Connection], host: str, repository: str
) -> Iterator[_One]:
    """Everything once, whoever tells of it: containers last, for those of pods and services are told with these."""
    once = Once()

    def visible(connection: Connection, kind: str) -> list[Any]:
        found = gateway.visible(actor, connection.cluster.id, kind) if kind in connection.stores else ()
        return [one for one in found if once.is_new(kind, one)]

    for connection in connections:
        for pod in visible(connection, "pod"):
            yield from _of_pod(connection, pod, host, repository)
        for service in visible(connection, "swarm-service"):
            yield from _of_service(connection, service, host, repository)
    for connection in connections:
        own = [one for one in visible(connection, "container") if one.running and one.keeper not in once]
        images = gateway.visible(actor, connection.cluster.id, "image") if own and "image" in connection.stores else ()
        pulled = _pulled(images, host, repository)
        for one in own:
            yield from _of_container(connection, one, pulled.get(one.image_id) or set(), host, repository)


def _of_service(connection: Connection, service: Any, host: str, repository: str) -> Iterator[_One]:
    image = service.template.container.image
    if _is_of(_read(image), host, repository):
        digest = image.partition("@")[2]
        known = (digest,) if is_digest(digest) else ()
        yield from [_One(_row(connection, "swarm-service", service), service.image, known)] * service.running


def _of_container(connection: Connection, one: Any, digests: set[str], host: str, repository: str) -> Iterator[_One]:
    nameless = one.image in (one.image_id, "") or one.image.startswith("sha256:")
    if (digests and nameless) or _is_of(_read(one.image), host, repository):
        known = tuple(dict.fromkeys((*sorted(digests), one.image_id)))
        yield _One(_row(connection, "container", one), one.image, known)


def _of_pod(connection: Connection, pod: Any, host: str, repository: str) -> Iterator[_One]:
    asked = {one.name: one.image for one in pod.containers}
    for status in pod.statuses:
        image = asked.get(status.name, "")
        if status.state.running is not None and _is_of(_read(image), host, repository):
            digest = status.image_id.rpartition("@")[2]
            yield _One(_workload(connection, pod), image, (digest,) if is_digest(digest) else ())


def _pulled(images: Sequence[Any], host: str, repository: str) -> Mapping[str, set[str]]:
    """The digests in that repository of an engine's images, by their ids, as far as the engine was asked for them."""
    found: dict[str, set[str]] = {}
    for image in images:
        for name in image.digests:
            reference = _read(name)
            if reference and _is_of(reference, host, repository):
                found.setdefault(image.id, set()).add(reference.digest)
    return found


def _workload(connection: Connection, one: Any) -> Row:
    """What keeps it, at the upper end of its owners; itself where nothing known does."""
    kind_name = "pod"
    for _ in range(LONGEST_CHAIN):
        above = connection.stores[kind_name].kind.owner
        owner = above(one) if above else None
        store = connection.stores.get(owner[0]) if owner else None
        found = store.resources.get(owner[1]) if owner and store else None
        if owner is None or found is None or found.namespace != one.namespace:
            break
        kind_name, one = owner[0], found
    return _row(connection, kind_name, one)


def _row(connection: Connection, kind_name: str, one: Any) -> Row:
    store = connection.stores[kind_name]
    return Row(connection.cluster, store.kind, one, store.health.get(one.uid) or store.kind.health(one))


def _sorted(found: Iterable[Runs]) -> list[Runs]:
    return sorted(found, key=lambda one: (one.row.cluster.name.casefold(), one.row.resource.name, one.tag, one.digest))


def _is_of(reference: Reference | None, host: str, repository: str) -> bool:
    return reference is not None and (reference.host, reference.repository) == (host, repository)


@lru_cache(maxsize=4096)
def _read(image: str) -> Reference | None:
    """Of a name with a tag and a digest, the tag counts: the digest is what was pinned."""
    name, _, digest = image.partition("@")
    try:
        named = read_reference(name)
        return read_reference(image) if digest and ":" not in name.rpartition("/")[2] else named
    except ClusterError:
        return None
