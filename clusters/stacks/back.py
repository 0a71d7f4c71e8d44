"""Going back to an earlier version of a stack: what its services were scaled to meanwhile stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.compose.check import check
from clusters.compose.copies import said_by_text
from clusters.compose.problem import Wrong
from clusters.compose.versions import Kept
from clusters.drivers.base import Driver
from clusters.stacks.copies import scaled, services_of


async def copies_back(
    driver: Driver, name: str, newest: Kept | None, one: Kept
) -> tuple[dict[str, int], dict[str, int]]:
    """The copies that are another number than the text says: as they are now, and as they are after going back.

    Where both texts ask for the same number, nobody meant to change it by going back. Where the newest one is not
    understood any more, or cannot be opened, it goes back to the numbers that were kept.
    """
    then = await _project(name, one)
    try:
        now = await _project(name, newest) if newest else {}
    except Wrong:
        now = {}
    services, said = await services_of(driver, name), [each.get("services") or {} for each in (now, then)]
    alike = [each for each in said[0].keys() & said[1].keys() if _same_number(said[0][each], said[1][each])]
    kept = {each: number for each, number in one.scale.items() if each not in alike}
    stays = {each: number for each, number in scaled(then, name, services).items() if each in alike}
    return scaled(now, name, services), kept | stays


async def _project(name: str, version: Kept) -> Mapping[str, Any]:
    return (await check(version.text, name, version.values, stored=version.secrets)).project


def _same_number(one: dict[str, object], other: dict[str, object]) -> bool:
    return said_by_text(one) == said_by_text(other)
