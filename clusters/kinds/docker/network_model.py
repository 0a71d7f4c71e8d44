"""What we read of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.used_by import Labelled, User, grouped, user, with_users
from clusters.kinds.formats import epoch

PREDEFINED = frozenset({"bridge", "host", "none"})  # made by the engine itself; they cannot be removed


class Range(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One range of addresses. ``ip_range`` is the part of it that containers get theirs from."""

    subnet: str | None = None
    ip_range: str | None = msgspec.field(default=None, name="IPRange")
    gateway: str | None = None


class Addresses(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """How addresses are given out."""

    driver: str | None = None
    config: list[Range] | None = None


class Network(Labelled, frozen=True, gc=False, rename="pascal"):
    """One network, as the engine's list has it."""

    id: str = ""
    title: str = msgspec.field(default="", name="Name")
    created_at: str | None = msgspec.field(default=None, name="Created")
    scope: str = ""
    driver: str = ""
    ipv6: bool = msgspec.field(default=False, name="EnableIPv6")
    addresses: Addresses | None = msgspec.field(default=None, name="IPAM")
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    options: dict[str, str] | None = None

    @property
    def uid(self) -> str:
        """The engine's id."""
        return self.id

    @property
    def name(self) -> str:
        """Its name."""
        return self.title or self.id[:12]

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.created_at)

    @property
    def predefined(self) -> bool:
        """Was it made by the engine itself?"""
        return self.title in PREDEFINED

    @property
    def ranges(self) -> list[Range]:
        """Its ranges of addresses."""
        return [one for one in (self.addresses.config if self.addresses else None) or () if one.subnet]

    @property
    def subnets(self) -> list[str]:
        """Its subnets as text."""
        return [one.subnet or "" for one in self.ranges]


def join(own: Sequence[Network], others: Mapping[str, Sequence[Container]]) -> Sequence[Network]:
    """Each network with the containers on it, with their addresses and aliases."""
    # A container that never ran knows its network by name only.
    by_name = {one.title: one.id for one in own}
    pairs: list[tuple[str, User]] = []
    for container in others["container"]:
        for name, place in (container.network_settings.networks or {}).items():
            uid = (place.network_id if place else "") or by_name.get(name, "")
            pairs.append((uid, user(container, _details(container, place))))
    return with_users(own, grouped(pairs))


def _details(container: Container, place: object) -> list[str]:
    addresses = [getattr(place, "ip_address", None), getattr(place, "ipv6_address", None)]
    aliases = [one for one in getattr(place, "aliases", None) or () if not container.uid.startswith(one)]
    shown = [one for one in addresses if one]
    return [*shown, f"as {', '.join(aliases)}"] if aliases else shown
