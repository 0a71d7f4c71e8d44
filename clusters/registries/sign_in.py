"""How an engine signs in where an image is kept: from the stored credentials, for that one request only."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from clusters.connect.secrets import Sealed
from clusters.models import Registry
from clusters.registries.kept import way_to
from clusters.registries.reference import HUB

NOBODY = base64.urlsafe_b64encode(b"{}").decode()  # engines want the header also from who does not sign in


async def credentials(host: str) -> tuple[str, str] | None:
    """The stored user and password of that registry. Raises Sealed when it cannot be opened."""
    registry = await Registry.objects.filter(host=host).exclude(user="").afirst()
    if registry is None:
        return None
    try:
        way = way_to(registry)
    except Sealed as error:
        raise Sealed(
            f"The stored sign-in of {registry.name} ({host}) cannot be opened: it was encrypted with another key.",
            hint="Enter its password again under Registries, or start Pilothouse with the key of its database.",
            detail=error.message,
        ) from error
    return way.user, way.password


async def auth_header(host: str) -> str:
    """The value of X-Registry-Auth for that registry. Raises Sealed."""
    found = await credentials(host)
    return _encoded(_signed_in(found) | {"serveraddress": server_of(host)}) if found else NOBODY


async def config_header(hosts: Iterable[str]) -> str:
    """The value of X-Registry-Config, by which the classic builder signs in at those registries. Raises Sealed."""
    found = {host: await credentials(host) for host in hosts}
    return _encoded({server_of(host): _signed_in(one) for host, one in found.items() if one})


def _signed_in(found: tuple[str, str]) -> dict[str, Any]:
    return {"username": found[0], "password": found[1]}


def server_of(host: str) -> str:
    """How engines and nodes name that registry where they sign in."""
    return "https://index.docker.io/v1/" if host == HUB else host


def _encoded(header: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(header)).decode()
