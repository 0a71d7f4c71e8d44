"""What the pages show of a registry: fitting names, tags newest first, what is under each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.access import Actor
from clusters.errors import ClusterError
from clusters.models import Registry
from clusters.registries.client import Names
from clusters.registries.content import Content
from clusters.registries.kept import way_to
from clusters.registries.looking import Looking
from clusters.registries.reference import HUB

EACH = 25  # tags of a page
MOST_SHOWN = 500  # repositories of a page
PATIENCE = 20.0  # seconds for what is under the tags of a page
_NUMBERS = re.compile(r"(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Found:
    """Names that fit, and how many there are in all."""

    shown: tuple[str, ...]
    fitting: int
    all: Names


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag and what is under it; or what went wrong when that was read."""

    name: str
    content: Content | None = None
    error: ClusterError | None = None


async def find_repositories(by: Actor, registry: Registry, text: str, *, anew: bool = False) -> Found:
    """Those whose names hold that text; of the last minute, or as they are now."""
    async with Looking(by, way_to(registry), anew=anew) as client:
        return _fitting(await client.repositories(), text)


async def find_tags(by: Actor, registry: Registry, repository: str, text: str) -> Found:
    """Those whose names hold that text: "latest" first, then the highest version."""
    async with Looking(by, way_to(registry), anew=True) as client:
        names = await client.tags(repository)
    ordered = sorted(names.names, key=_version_key, reverse=True)
    return _fitting(Names(tuple(ordered), names.more, names.odd), text)


async def read_tags(
    by: Actor, registry: Registry, repository: str, tags: Sequence[str], *, anew: bool = False
) -> list[TagRow]:
    """What is under each of them. Docker Hub counts each look as a pull, so there only digests are read."""
    async with Looking(by, way_to(registry), anew=True) as client:

        async def read(tag: str) -> TagRow:
            try:
                async with asyncio.timeout(PATIENCE):
                    if registry.host == HUB:
                        return TagRow(tag, Content(await client.digest(repository, tag), ()))
                    return TagRow(tag, await client.read(repository, tag))
            except ClusterError as error:
                return TagRow(tag, error=error)
            except TimeoutError:
                return TagRow(tag, error=ClusterError("It did not answer in time."))

        return list(await asyncio.gather(*(read(tag) for tag in tags)))


async def read_tag(by: Actor, registry: Registry, repository: str, version: str) -> Content:
    """All that is under a tag or digest, for every platform."""
    async with Looking(by, way_to(registry), anew=True) as client:
        return await client.read(repository, version, every=True)


def _fitting(names: Names, text: str) -> Found:
    wanted = text.strip().casefold()
    fitting = [name for name in names.names if wanted in name.casefold()]
    return Found(tuple(fitting[:MOST_SHOWN]), len(fitting), names)


def _version_key(tag: str) -> tuple[bool, list[tuple[int, int, str]]]:
    """1.10 above 1.9; "latest" above all."""
    parts = _NUMBERS.split(tag.removeprefix("v"))
    return tag == "latest", [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts if part]
