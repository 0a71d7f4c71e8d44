"""Removing a stack: its services first, then what only they use. Volumes stay, for nobody can bring those back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Removal:
    """One while it goes on: past what cannot go, which it names at its end."""

    driver: Driver
    one: Stack
    says: Says
    gone: int = 0
    left: list[str] = field(default_factory=list)

    async def run(self) -> str:
        for service in self.one.services:
            await self._delete("services", service.uid, service.name, 0.0)
        ends = asyncio.get_running_loop().time() + PATIENCE
        for collection, uid, name in _things(self.one):
            await self._delete(collection, uid, name, ends)
        if self.left:
            words = f"{self.one.name} is removed in part. Left: {'; '.join(self.left)}"
            raise ClusterError(words, hint="Try again in a while.")
        volumes = _volumes_stay(self.one)
        return f"{self.one.name} is removed. {volumes}" if volumes else f"{self.one.name} is removed"

    async def _delete(self, collection: str, uid: str, name: str, ends: float) -> None:
        """Tasks need a moment to end; until then, and till ``ends``, the Swarm does not let go of what they use."""
        while True:
            try:
                await self.driver.call(Call("DELETE", (collection, uid)))
            except Missing:
                self.gone += 1
                return  # somebody was quicker
            except ClusterError as error:
                if _in_use(error) and asyncio.get_running_loop().time() < ends:
                    await asyncio.sleep(PAUSE)
                    continue
                self.left.append(f"{name} ({error.message.removesuffix('.')})")
                self.says.say(f"{name} stays: {error.message}", "error")
                return
            self.gone += 1
            noun = _NOUNS.get(collection)
            self.says.say(f"The {noun} {name} is removed." if noun else f"{name} is removed.")
            return

    @property
    def stopped(self) -> str:
        """What is done and what is not, for whoever stopped it."""
        names = [*(service.name for service in self.one.services), *(name for _, _, name in _things(self.one))]
        rest = names[self.gone + len(self.left) :]
        tried = f" Could not go: {'; '.join(self.left)}." if self.left else ""
        return f"Stopped: {self.gone} of {len(names)} are removed.{tried} Not done, or not known: {_some(rest)}."


def _in_use(error: ClusterError) -> bool:
    said = f"{error.message} {error.detail}"
    return "in use" in said or "active endpoints" in said


async def _remove(driver: Driver, one: Stack, values: Values, says: Says) -> str:
    removal = _Removal(driver, one, says)
    try:
        return await removal.run()
    except asyncio.CancelledError:
        says.say(removal.stopped, "warning")
        raise asyncio.CancelledError(removal.stopped) from None


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


def _volumes_stay(one: Stack) -> str:
    volumes = {
        mount.source
        for service in one.services
        for mount in service.template.container.mounts or ()
        if mount.type == "volume" and mount.source
    }
    if not volumes:
        return ""
    if len(volumes) == 1:
        return f"On the nodes that have it, the volume {volumes.pop()} stays"
    return f"On the nodes that have them, the volumes {_some(sorted(volumes))} stay"


def _stays(one: Stack) -> str:
    volumes = _volumes_stay(one)
    return f"{volumes}, and so do images." if volumes else "Images stay."


REMOVE: Action[Stack] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_effect,
    stays=_stays,
    run=quietly(_remove),
    run_saying=_remove,
    long=True,
    alone="removed",
    danger=True,
    bulk=False,
    line=docker_line("stack", "rm"),
)
