"""What this machine offers to connect: sockets, Docker contexts and kubeconfigs that were found, nothing taken."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clusters.models import Cluster


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that was found. ``secret`` never leaves the server; ``problem`` says why it cannot be connected.

    ``missing`` says what has to be filled in first: then its button leads to the form, with what is known.
    """

    driver: str
    name: str
    words: str
    settings: Mapping[str, Any]
    secret: Mapping[str, Any] = field(default_factory=dict, repr=False)
    problem: str = ""
    missing: str = ""

    @property
    def key(self) -> str:
        """What a page sends back for it: tells nothing about it."""
        return hashlib.sha256(f"{self.driver}\0{self.name}\0{self.words}".encode()).hexdigest()[:32]


async def offers() -> list[Offer]:
    """Everything that was found, as of now."""
    from clusters.connect import docker, kubeconfig  # here, because what they find are Offers, too

    engines, contexts = await asyncio.gather(docker.found(), kubeconfig.found())
    connected: dict[tuple[str, str], str] = {}
    async for one in Cluster.objects.order_by("pk"):  # of several accounts there, the first one is named
        connected.setdefault(_leads_to(one.driver, one.settings), one.name)
    return [_unless_connected(offer, connected) for offer in (*engines, *contexts)]


def _unless_connected(offer: Offer, connected: Mapping[tuple[str, str], str]) -> Offer:
    name = connected.get(_leads_to(offer.driver, offer.settings))
    return replace(offer, problem=f"Connected already, as “{name}”.") if name and not offer.problem else offer


def _leads_to(driver: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Where a connection leads: two of them that lead to the same are the same cluster."""
    return driver, str(settings.get("address") or settings.get("server") or "")


async def find_offer(key: str) -> Offer | None:
    """The offer that a page named, found again on this machine: what it says is never taken from the page."""
    return next((offer for offer in await offers() if offer.key == key and not offer.problem), None) if key else None
