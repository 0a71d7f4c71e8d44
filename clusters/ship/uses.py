"""What runs an image, on every connected engine, Swarm and cluster: whatever its repository's name is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.access import Actor
from clusters.errors import Invalid
from clusters.gateway import Gateway
from clusters.live.connection import Connection
from clusters.live.once import Once, best_heard
from clusters.live.row import Row
from clusters.registries.reference import Reference, read_reference

_KEEPERS = ("deployment", "stateful-set", "daemon-set")


@dataclass(frozen=True, slots=True)
class Use:
    """Something that runs it; ``part`` is the one of several containers."""

    row: Row
    image: str  # as it was asked for
    part: str = ""
    image_id: str = ""  # of a container: what it was really made from

    @property
    def key(self) -> str:
        """How a page names it."""
        return f"{self.row.id}~{self.part}"


def uses_of(gateway: Gateway, actor: Actor, connections: Iterable[Connection], *images: str) -> list[Use]:
    """All that this person sees, of any tag and digest of the repositories of these. Raises Invalid.

    What several connections tell of, as the managers of one Swarm do, is there once.
    """
    once = Once()
    wanted = {_repository(read_reference(one)) for one in images}
    found = [
        use for one in best_heard(connections) for use in _in(gateway, actor, one, once) if _is_of(use.image, wanted)
    ]
    return sorted(found, key=lambda use: (use.row.cluster.name.casefold(), use.row.kind.name, use.row.key, use.part))


def names_in_use(names: Iterable[str], uses: Sequence[Use]) -> list[str]:
    """Those of an image's names of whose repository something runs."""
    run = {_repository(read_reference(one)) for one in {one.image for one in uses} if _is_name(one)}
    return [one for one in names if _is_of(one, run)]


def _repository(one: Reference) -> tuple[str, str]:
    return one.host, one.repository


def _is_of(image: str, wanted: set[tuple[str, str]]) -> bool:
    return _is_name(image) and _repository(read_reference(image)) in wanted


def _is_name(image: str) -> bool:
    """Not so where something was made from the id of an image."""
    try:
        return bool(read_reference(image))
    except Invalid:
        return False


def _in(gateway: Gateway, actor: Actor, connection: Connection, once: Once) -> Iterator[Use]:
    readers = {"container": _container, "swarm-service": _service, **dict.fromkeys(_KEEPERS, _keeper)}
    for name, read in readers.items():
        store = connection.stores.get(name)
        if store is None:
            continue
        for one in gateway.visible(actor, connection.cluster.id, name):
            if one.uid in store.health and once.is_new(name, one):
                yield from read(Row(connection.cluster, store.kind, one, store.health[one.uid]))


def _container(row: Row) -> Iterator[Use]:
    """One that nothing else keeps: the copies of others change with what keeps them."""
    if row.resource.keeper is None:
        yield Use(row, row.resource.image, image_id=row.resource.image_id)


def _service(row: Row) -> Iterator[Use]:
    yield Use(row, row.resource.image)


def _keeper(row: Row) -> Iterator[Use]:
    spec: Any = row.resource.spec.template.spec
    for one in (*(spec.containers or ()), *(spec.init_containers or ())):
        yield Use(row, one.image, part=one.name)
