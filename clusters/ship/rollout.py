"""A new build of an image to where the old one runs: each by its own action, one job, and how each of them ended.

Whatever is not chosen stays. Each is decided, recorded and carried out on its own, with the rights of that moment,
and is waited for until it is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clusters import actors, jobs, making
from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Missing, Unsure
from clusters.gateway import Gateway
from clusters.kinds.base import Says
from clusters.kinds.docker.container_edit import EDIT
from clusters.kinds.formats import count
from clusters.live.store import Store
from clusters.registries.reference import read_reference
from clusters.ship.uses import Use
from clusters.ship.well import until_well

AT_ONCE = 3  # targets that change at the same time
NAMED = 5
_SAME = "set-image"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that is to run another image: by which verb, and why that cannot be ("" when it can)."""

    use: Use
    verb: str
    words: str
    why_not: str = ""


def target_of(use: Use, image: str, image_ids: Sequence[str] = ()) -> Target:
    """How it gets there. ``image_ids``: of that image on engines, where what runs under its name may be older."""
    same = use.image == image
    if use.row.kind.name == "container":
        if same and use.image_id in image_ids:
            return Target(use, "edit", "", "It runs this very image.")
        if (refuse := EDIT.like.refuse if EDIT.like else None) and (why := refuse(use.row.resource)):
            return Target(use, "edit", "", why)
        compose = " Compose made it: its next “up” takes what its file says." if use.row.namespace else ""
        return Target(use, "edit", f"Made again with it; if that is not well, the old one comes back.{compose}")
    action = use.row.kind.action(_SAME)
    if action is None:
        return Target(use, _SAME, "", "Its image cannot be changed from here.")
    if not same or use.row.kind.name == "swarm-service":
        why = action.refuse(use.row.resource) if action.refuse else ""
        return Target(use, _SAME, "Its copies are replaced, as its own rules for that say.", why)
    if read_reference(image).tag == "latest":
        return Target(use, "restart", "It asks for that name already: started again, its nodes pull what is there now.")
    why = "It asks for that name already, and nodes that have it do not ask again: give the build a tag of its own."
    return Target(use, _SAME, "", why)


async def begin(gateway: Gateway, actor: Actor, image: str, targets: Sequence[Target]) -> str:
    """Begin the job; its key. Raises Conflict when there is nothing to do."""
    possible = [one for one in targets if not one.why_not]
    if not possible:
        raise Conflict("Nothing was chosen that could change.", hint="Tick at least one.")
    clusters = {one.use.row.cluster.id for one in possible}
    where = clusters.pop() if len(clusters) == 1 else None
    title = f"Roll out {image} to {count(len(possible), 'place')}"
    return await jobs.start(title, "roll-out", actor, where, lambda says: _all(gateway, actor, image, possible, says))


async def _all(gateway: Gateway, actor: Actor, image: str, targets: Sequence[Target], says: jobs.Reporter) -> str:
    turn, failed = asyncio.Semaphore(AT_ONCE), list[tuple[Target, ClusterError]]()
    for one in targets:
        says.progress(one.use.key, f"{_name(one)}: waits")

    async def carry(target: Target) -> None:
        async with turn:
            try:
                now = await actors.actor_for(actor.user_id) or actors.NOBODY
                words = await _one(gateway, replace(now, address=actor.address), image, target, says)
            except ClusterError as error:
                failed.append((target, error))
                ended = error.ended.upper() if isinstance(error, Unsure) else "FAILED"
                says.progress(target.use.key, f"{_name(target)}: {ended}. {error.message} {error.hint}".rstrip())
            else:
                says.progress(target.use.key, f"{_name(target)}: {words}")

    async with asyncio.TaskGroup() as group:
        for one in targets:
            group.create_task(carry(one))
    if failed:
        raise _summed_up(failed, len(targets))
    return f"{image} runs well in {'its place' if len(targets) == 1 else f'all {len(targets)} places'}."


async def _one(gateway: Gateway, actor: Actor, image: str, target: Target, says: Says) -> str:
    says.progress(target.use.key, f"{_name(target)}: changes …")
    if target.verb == "edit":
        return await _made_again(gateway, actor, image, target, says)
    row, values = target.use.row, _values(target, image)
    store = _store(gateway, target)
    before = store.resources[row.resource.uid].version if row.resource.uid in store.resources else ""
    await gateway.act(actor, row.cluster.id, row.kind, row.resource, target.verb, values)
    return await until_well(store, row.resource.uid, before, says, target.use.key, _name(target))


def _values(target: Target, image: str) -> Mapping[str, Any]:
    """What its action asks for: everything as it is now, and the image."""
    action = target.use.row.kind.action(target.verb)
    if action is None:
        raise Missing(f"{target.use.row.resource.name} has no such action any more.")
    now = {one.name: one.initial(target.use.row.resource) for one in action.fields if one.initial}
    given = {"image": image, "container": target.use.part} if target.verb == _SAME else {}
    return {**now, **{name: value for name, value in given.items() if any(one.name == name for one in action.fields)}}


async def _made_again(gateway: Gateway, actor: Actor, image: str, target: Target, says: Says) -> str:
    """A container of an engine: its own job does it, with all that belongs to that, and we hear of its end."""
    row = target.use.row
    if EDIT.like is None:
        raise Missing("Containers cannot be made again.")
    origin = await making.origin_of(gateway, actor, row, EDIT)
    form = EDIT.like.read({**EDIT.like.values(origin), "image": image}, origin)
    key = await making.begin(gateway, actor, row.cluster.id, row.kind, EDIT, form, row)
    async for news in jobs.follow(key):
        for line in news.lines[-1:]:
            says.progress(target.use.key, f"{_name(target)}: {line.text}")
        if news.state == "done":
            return "the new one is well, and the old one removed"
        if news.state == "unknown":
            raise Unsure(news.reason)
        if news.state != "running":
            raise Conflict(news.reason or f"Its job was {news.state}.")
    raise Unsure("Its job did not say how it ended.")


def _store(gateway: Gateway, target: Target) -> Store:
    row = target.use.row
    for store in gateway.connections.stores():
        if isinstance(store, Store) and store.cluster_id == row.cluster.id and store.kind is row.kind:
            return store
    raise Missing(f"{row.cluster.name} is not connected any more.")


def _summed_up(failed: Sequence[tuple[Target, ClusterError]], total: int) -> ClusterError:
    names = [_name(one) for one, _ in failed]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    words = f"{len(failed)} of {total} did not end well: {', '.join(names[:NAMED])}{more}."
    sure = any(not isinstance(error, Unsure) for _, error in failed)
    hint = f"{total - len(failed)} are well. The others say why in their lines, and are rolled back on their pages."
    return (ClusterError if sure else Unsure)(words, hint=hint)


def _name(target: Target) -> str:
    row, part = target.use.row, target.use.part
    inside = f" ({part})" if part not in ("", row.resource.name) else ""
    return f"{row.cluster.name} / {row.key}{inside}"
