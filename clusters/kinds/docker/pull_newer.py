"""Gets what the registries have under the names of an image now: the engine compares, and fetches only what differs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from clusters.drivers.base import Driver
from clusters.errors import ClusterError
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Says
from clusters.kinds.docker.image_model import Image
from clusters.kinds.docker.pull import inspect, pull
from clusters.kinds.formats import count
from clusters.registries.seen import state_of

MOST_NAMES = 20


async def _pull_saying(driver: Driver, one: Image, values: Values, says: Says) -> str:
    """Name by name, with a bar for every layer. Raises what stands in the way of one, after the others were tried."""
    newer: list[str] = []
    failed: list[ClusterError] = []
    for name in one.tags[:MOST_NAMES]:
        try:
            if await _pulled(driver, name, says):
                newer.append(name)
        except ClusterError as error:
            failed.append(error)
    if failed:
        got = f"{', '.join(newer)}: newer now. " if newer else ""
        raise type(failed[0])(f"{got}{failed[0].message}", hint=failed[0].hint, detail=failed[0].detail)
    if not newer:
        return f"{one.name} is what its registry has: nothing newer there."
    users = (
        f" {count(len({user.uid for user in one.users}), 'container')} still made from the old one."
        if one.users
        else ""
    )
    return f"Newer now: {', '.join(newer)}.{users}"


async def _pulled(driver: Driver, name: str, says: Says) -> bool:
    """Whether the name leads to another image than before."""
    before = await inspect(driver, name)
    await pull(driver, name, says)
    after = await inspect(driver, name)
    return bool(after) and (before or {}).get("Id") != (after or {}).get("Id")


def _effect(one: Image) -> str:
    names = ", ".join(one.tags[:MOST_NAMES])
    return f"Asks the registry for {names}, and gets what is newer there."


def _stays(one: Image) -> str:
    if not one.users:
        return "What is here now stays, without the name, until it is removed."
    return "Containers go on with what is here now until they are made again."


def _refuse(one: Image) -> str:
    if one.dangling:
        return "It has no name under which a registry could have something newer."
    if state_of(one.uid, one.tags) == "gone":
        return "Its registry has nothing under its names."
    if not one.digests and not any(_names_a_registry(name) for name in one.tags):
        return "It came from no registry: it was built or loaded here."
    return ""


def _names_a_registry(name: str) -> bool:
    """Is it said where it is from? Without that it would be Docker Hub, which most of such names are not on."""
    first, slash, _ = name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _line(one: Image, values: Values) -> str:
    return " && ".join(shlex.join(["docker", "pull", name]) for name in _names(one))


def _names(one: Image) -> Sequence[str]:
    return one.tags[:MOST_NAMES]


PULL_NEWER: Action[Any] = Action(
    verb="pull-newer",
    label="Pull the newer one",
    joint="of",
    icon="download",
    right="run",
    effect=_effect,
    stays=_stays,
    refuse=_refuse,
    run=quietly(_pull_saying),
    run_saying=_pull_saying,
    long=True,
    line=_line,
)
