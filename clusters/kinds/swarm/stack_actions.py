"""Removing a stack: its services first, then what only they use. Volumes stay, for nobody can bring those back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.actions import Values, docker_line, quietly
from clusters.kinds.base import Action, Says
from clusters.kinds.formats import count, listed
from clusters.kinds.swarm.stack_model import THINGS, Stack

PATIENCE, PAUSE = 60.0, 1.0  # seconds: what a task still uses cannot go before that has ended
_NOUNS = {"networks": "network", "secrets": "secret", "configs": "config"}


def _things(one: Stack) -> list[tuple[str, str, str]]:
    """(collection, uid, name), in the order in which they can go."""
    return [
        (collection, uid, name)
        for collection in ("secrets", "configs", "networks")
        for uid, name in getattr(one, collection)
    ]


async def _remove(driver: Driver, one: Stack, values: Values, says: Says) -> str:
    """Goes on past what cannot go, and says what is left."""
    left: list[str] = []
    for service in one.services:
        await _delete(driver, "services", service.uid, service.name, left, says)
    for collection, uid, name in _things(one):
        await _delete_when_free(driver, collection, uid, name, left, says)
    if left:
        raise ClusterError(f"{one.name} is removed in part. Left: {'; '.join(left)}", hint="Try again in a while.")
    return f"{one.name} is removed"


async def _delete(driver: Driver, collection: str, uid: str, name: str, left: list[str], says: Says) -> None:
    try:
        await driver.call(Call("DELETE", (collection, uid)))
    except Missing:
        return  # somebody was quicker
    except ClusterError as error:
        left.append(f"{name} ({error.message.removesuffix('.')})")
        says.say(f"{name} stays: {error.message}", "error")
        return
    says.say(f"{name} is removed.")


async def _delete_when_free(driver: Driver, collection: str, uid: str, name: str, left: list[str], says: Says) -> None:
    """Tasks need a moment to end; until then the Swarm does not let go of what they use."""
    ends = asyncio.get_running_loop().time() + PATIENCE
    while True:
        problems: list[str] = []
        try:
            await driver.call(Call("DELETE", (collection, uid)))
        except Missing:
            return
        except ClusterError as error:
            problems.append(error.message)
        if not problems:
            says.say(f"The {_NOUNS[collection]} {name} is removed.")
            return
        if asyncio.get_running_loop().time() > ends:
            left.append(f"{name} ({problems[0].removesuffix('.')})")
            says.say(f"{name} stays: {problems[0]}", "error")
            return
        await asyncio.sleep(PAUSE)


def _effect(one: Stack) -> str:
    names = [service.name for service in one.services]
    services = f"{count(len(names), 'service')} ({_some(names)})" if names else "no service"
    others = [
        f"{count(len(found), _NOUNS[collection])} ({_some([name for _, name in found])})"
        for collection in THINGS.values()
        if (found := getattr(one, collection))
    ]
    return f"Removes {listed([services, *others])} of {one.name}. Nothing of it answers any longer."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _stays(one: Stack) -> str:
    volumes = {
        mount.source
        for service in one.services
        for mount in service.template.container.mounts or ()
        if mount.type == "volume" and mount.source
    }
    if not volumes:
        return "Images stay."
    return f"On the nodes that have them, the volumes {listed(sorted(volumes)[:5])} stay, and so do images."


REMOVE: Action[Stack] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_effect,
    stays=_stays,
    run=quietly(_remove),
    run_saying=_remove,
    long=True,
    danger=True,
    bulk=False,
    line=docker_line("stack", "rm"),
)
