"""What a registry says of one image: is it there, and does one have to sign in for it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clusters.access import Actor
from clusters.errors import ClusterError, Missing, Refused
from clusters.models import Registry
from clusters.registries.kept import way_to
from clusters.registries.looking import Looking
from clusters.registries.reference import Reference
from clusters.registries.way import Way


@dataclass(frozen=True, slots=True)
class AtRegistry:
    """``open``: it gives that out without signing in, too."""

    state: Literal["there", "absent", "refused", "silent", "not kept"]
    registry: Registry | None = None
    words: str = ""
    open: bool = False


async def at_registry(by: Actor, reference: Reference, *, anonymous: bool) -> AtRegistry:
    """Asked as we sign in there; ``anonymous``: and as whoever does not."""
    registry = await Registry.objects.filter(host=reference.host).afirst()
    if registry is None:
        return AtRegistry("not kept")
    version = reference.digest or reference.tag
    try:
        way = way_to(registry)
        async with Looking(by, way) as client:
            await client.digest(reference.repository, version)
    except Missing:
        return AtRegistry("absent", registry)
    except Refused as error:
        return AtRegistry("refused", registry, f"{error.message} {error.hint}".strip())
    except ClusterError as error:
        return AtRegistry("silent", registry, f"{error.message} {error.hint}".strip())
    gives_out = not way.user or (anonymous and await _is_open(by, way, reference, version))
    return AtRegistry("there", registry, open=gives_out)


async def _is_open(by: Actor, way: Way, reference: Reference, version: str) -> bool:
    """Does it give that out to whoever asks?"""
    try:
        nobody = Way(host=way.host, plain=way.plain, ca=way.ca)
        async with Looking(by, nobody) as client:
            await client.digest(reference.repository, version)
    except ClusterError:
        return False
    return True
