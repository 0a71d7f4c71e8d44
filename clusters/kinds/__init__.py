"""The registry: every kind there is, per platform, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.drivers.base import Platform, full_name
from clusters.kinds import docker, kubernetes, swarm
from clusters.kinds.base import Kind

KINDS: dict[Platform, tuple[Kind[Any], ...]] = {
    "docker": docker.KINDS,
    "swarm": (*swarm.KINDS, *docker.KINDS),
    "kubernetes": kubernetes.KINDS,
}


# The kinds that a cluster can tell of itself, by the full name it has for them.
DESCRIBED: dict[str, Kind[Any]] = {full_name(kind.api): kind for kind in kubernetes.KINDS}


def all_kinds() -> tuple[Kind[Any], ...]:
    """Every kind once, in sidebar order."""
    return tuple({kind: None for kinds in KINDS.values() for kind in kinds})


def kind_named(platform: Platform, name: str) -> Kind[Any] | None:
    """The kind of that name on that platform."""
    return next((kind for kind in KINDS[platform] if kind.name == name), None)
