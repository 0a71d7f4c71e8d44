"""One action on many resources. As a job: a line for each that says how it went, and at the end what failed.

Each is decided, recorded and carried out by the gateway on its own, with the rights of that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from clusters import actors, jobs
from clusters.access import Actor
from clusters.carrying_out import Outcome
from clusters.errors import ClusterError, Unsure
from clusters.gateway import Gateway
from clusters.kinds.base import Action, Says
from clusters.kinds.formats import plain
from clusters.live.row import Row

AT_ONCE = 5  # resources that are acted on at the same time
_NAMED = 5  # of those that did not end well, in the reason of the job


@dataclass(frozen=True, slots=True)
class Many:
    """What is done to which, with the same values for all. ``key`` tells a repeated request from a new one."""

    action: Action[Any]
    rows: Sequence[Row]
    values: Mapping[str, Any]
    key: str = ""


async def begin(gateway: Gateway, actor: Actor, many: Many) -> str:
    """Begin the job; its key."""
    kinds = {plain(row.kind.plural) if len(many.rows) > 1 else plain(row.kind.label) for row in many.rows}
    title = f"{many.action.label}: {len(many.rows)} {kinds.pop() if len(kinds) == 1 else 'resources'}"
    clusters = {row.cluster.id for row in many.rows}
    cluster = clusters.pop() if len(clusters) == 1 else None
    about = None
    if len(many.rows) == 1:
        [row] = many.rows
        title = f"{many.action.label}: {row.resource.name}"
        about = jobs.Made("", row.kind.name, row.resource.name, row.key)
    work = partial(_all, gateway, actor, many)
    return await jobs.start(title, many.action.verb, actor, cluster, work, about=about)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one of several says: its lines beside those of the others, each with its name where there are several."""

    says: Says
    slot: str
    name: str

    @property
    def key(self) -> str:
        """Of the job of all of them."""
        return self.says.key

    def say(self, text: str, level: str = "info") -> None:
        """Add a line."""
        self.says.say(f"{self.name}{text}", level)

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """Overwrite the line of that one thing."""
        self.says.progress(f"{self.slot}/{slot}", f"{self.name}{text}", done, total)


async def act_on(gateway: Gateway, actor: Actor, many: Many, row: Row, says: Says | None = None) -> Outcome:
    """Do it to one of them, with the rights of this moment: hundreds take minutes, and a role may be taken away
    meanwhile. Raises what the gateway does."""
    now = await actors.actor_for(actor.user_id) or actors.NOBODY
    key = f"{many.key[:64]}:{row.id}" if many.key else ""
    now = replace(now, address=actor.address)
    verb, values = many.action.verb, many.values
    return await gateway.act(now, row.cluster.id, row.kind, row.resource, verb, values, key=key, says=says)


async def _all(gateway: Gateway, actor: Actor, many: Many, says: jobs.Reporter) -> str:
    for row in many.rows:
        says.progress(row.id, f"{_name(row)}: waits")
    turn, failed = asyncio.Semaphore(AT_ONCE), list[tuple[Row, ClusterError]]()
    words = ""

    async def one(row: Row) -> None:
        nonlocal words
        async with turn:
            says.progress(row.id, f"{_name(row)}: {many.action.label.lower()} …")
            part = _Part(says, row.id, f"{row.resource.name}: " if len(many.rows) > 1 else "")
            try:
                words = (await act_on(gateway, actor, many, row, part)).words
            except ClusterError as error:
                failed.append((row, error))
                ended = error.ended if isinstance(error, Unsure) else "failed"
                says.progress(row.id, f"{_name(row)}: {ended.upper()}. {error.message} {error.hint}".rstrip())
            else:
                says.progress(row.id, f"{_name(row)}: done. {words}")

    async with asyncio.TaskGroup() as group:
        for row in many.rows:
            group.create_task(one(row))
    done = len(many.rows) - len(failed)
    if len(many.rows) == 1:
        if failed:
            raise failed[0][1]
        return words
    if failed:
        raise _summed_up(failed, len(many.rows))
    return f"All {done} are done."


def _summed_up(failed: Sequence[tuple[Row, ClusterError]], total: int) -> ClusterError:
    """How several ended of which some did not end well: what failed, and what nobody knows of."""
    unsure = [row.resource.name for row, error in failed if isinstance(error, Unsure)]
    sure = [row.resource.name for row, error in failed if not isinstance(error, Unsure)]
    words = [f"{len(sure)} of {total} failed: {_named(sure)}."] if sure else []
    words += [f"{len(unsure)} of {total} without an answer: {_named(unsure)}."] if unsure else []
    hint = f"{total - len(failed)} are done."
    if unsure:
        hint += " Look at those without an answer as they are now before you try again."
    return (ClusterError if sure else Unsure)(" ".join(words), hint=hint)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _name(row: Row) -> str:
    namespace = f"{row.resource.namespace}/" if row.resource.namespace else ""
    return f"{row.cluster.name} / {namespace}{row.resource.name}"
