"""A new build of an image to where the old one runs: each by its own action, one job, and how each of them ended.

Whatever is not chosen stays. Each is decided, recorded and carried out on its own, with the rights of that moment,
and is waited for until it is well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from clusters import actors, jobs
from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Unsure
from clusters.gateway import Gateway
from clusters.kinds.formats import count
from clusters.live.connection import Connection
from clusters.ship.changing import Changing
from clusters.ship.place import Place
from clusters.ship.well import End

AT_ONCE = 3  # places that change at the same time
NAMED = 5


async def begin(
    gateway: Gateway,
    actor: Actor,
    image: str,
    places: Sequence[Place],
    find: Callable[[int], Connection | None],
) -> str:
    """Begin the job; its key. ``find``: how a cluster is heard now. Raises Conflict when there is nothing to do."""
    possible = [one for one in places if not one.why_not]
    if not possible:
        raise Conflict("Nothing was chosen that could change.", hint="Tick at least one.")
    clusters = {one.use.row.cluster.id for one in possible}
    where = clusters.pop() if len(clusters) == 1 else None
    title = f"Roll out {image} to {count(len(possible), 'place')}"

    async def work(says: jobs.Reporter) -> str:
        turns = [Changing(gateway, one, image, says, find) for one in possible]
        return await _all(actor, image, turns, says)

    return await jobs.start(title, "roll-out", actor, where, work)


async def _all(actor: Actor, image: str, turns: Sequence[Changing], says: jobs.Reporter) -> str:
    turn, ends, failed = asyncio.Semaphore(AT_ONCE), list[tuple[Place, End]](), list[tuple[Place, ClusterError]]()
    for one in turns:
        one.tell("waits")

    async def carry(one: Changing) -> None:
        async with turn:
            try:
                now = await actors.actor_for(actor.user_id) or actors.NOBODY
                end = await one.carry_out(replace(now, address=actor.address))
            except ClusterError as error:
                failed.append((one.place, error))
                ended = error.ended.upper() if isinstance(error, Unsure) else "FAILED"
                one.end(f"{ended}. {error.message} {error.hint}".rstrip())
            else:
                ends.append((one.place, end))
                one.end(end.words)

    try:
        async with asyncio.TaskGroup() as group:
            for one in turns:
                group.create_task(carry(one))
    except asyncio.CancelledError:
        for one in turns:
            one.left_alone()
        says.say("Nobody waits for them any more: each line says how far it was.", "warning")
        raise
    still = [place for place, end in ends if not end.is_well]
    if failed:
        raise _summed_up(failed, still, len(turns))
    if still:
        well = len(turns) - len(still)
        where = "its place" if len(turns) == 1 else f"all {len(turns)} places"
        most = f", runs well in {well} of them" if well else ""
        return f"{image} is in {where}{most}, and does not run: {_named(still)}."
    return f"{image} runs well in {'its place' if len(turns) == 1 else f'all {len(turns)} places'}."


def _summed_up(failed: Sequence[tuple[Place, ClusterError]], still: Sequence[Place], total: int) -> ClusterError:
    words = f"{len(failed)} of {total} did not end well: {_named([one for one, _ in failed])}."
    sure = any(not isinstance(error, Unsure) for _, error in failed)
    hint = f"{total - len(failed) - len(still)} are well"
    hint += f", {len(still)} changed and not running" if still else ""
    hint += ". The others say why in their lines; what is not back by itself is rolled back on its page."
    return (ClusterError if sure else Unsure)(words, hint=hint)


def _named(places: Sequence[Place]) -> str:
    names = [one.name for one in places]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
