"""What is to run an image, on every connected engine, Swarm and cluster: whatever its repository's name is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from clusters.access import Actor
from clusters.gateway import Gateway
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.registries.reference import named
from clusters.registries.walk import Walk

_KEEPERS = ("swarm-service", "deployment", "stateful-set", "daemon-set")
KINDS = (*_KEEPERS, "container")  # of what is looked at


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
    """All that this person sees, of any tag and digest of the repositories of these."""
    wanted = {one.home for name in images if (one := named(name))}
    found = [use for use in _uses(Walk(gateway, actor, connections)) if _is_of(use.image, wanted)]
    return sorted(found, key=lambda use: (use.row.cluster.name.casefold(), use.row.kind.name, use.row.key, use.part))


def names_in_use(names: Iterable[str], uses: Sequence[Use]) -> list[str]:
    """Those of an image's names of whose repository something runs."""
    run = {one.home for use in uses if (one := named(use.image))}
    return [one for one in names if _is_of(one, run)]


def _is_of(image: str, homes: set[tuple[str, str]]) -> bool:
    """Not so where something was made from the id of an image."""
    reference = named(image)
    return reference is not None and reference.home in homes


def _uses(walk: Walk) -> Iterator[Use]:
    for row in walk.rows(*_KEEPERS):
        if row.kind.name == "swarm-service":
            yield Use(row, row.resource.image)
        else:
            spec = row.resource.spec.template.spec
            for one in (*(spec.containers or ()), *(spec.init_containers or ())):
                yield Use(row, one.image, part=one.name)
    for row in walk.rows("container"):
        if row.resource.keeper is None:  # the copies of others change with what keeps them
            yield Use(row, row.resource.image, image_id=row.resource.image_id)
