"""Carrying out an action that was allowed: the intent is in the audit before the cluster is called, the outcome after.

Only the gateway calls this, after it has decided.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clusters import audit
from clusters.access import Actor
from clusters.connections import ClusterLike, Connections
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Conflict, Unreachable, Unsure
from clusters.job_end import State
from clusters.kinds.base import JSON, Action, Kind, Says
from clusters.live.resource import Resource
from clusters.own_disk import fault_of_ours
from clusters.repeats import words_before

T = TypeVar("T")
log = logging.getLogger(__name__)

ACT_SECONDS = 120.0  # an action that takes longer should have been a job
LONG_SECONDS = 3600.0  # of one that is
LONGEST_NAME = 253  # letters, in the audit


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an act ended well: words for the toast, and the verb and values that undo it, if anything does."""

    words: str
    undo: tuple[str, Mapping[str, JSON]] | None = None
    opens: Mapping[str, str] = field(default_factory=dict)  # what its page opens then


async def carry_out(
    connections: Connections,
    driver: Driver,
    actor: Actor,
    cluster_id: int,
    kind: Kind[Any],
    resource: Resource,
    action: Action[Any],
    values: Mapping[str, JSON],
    request: str = "",
    says: Says | None = None,
) -> Outcome:
    """Write the intent down, act, write down how it ended. Whether it is allowed was decided before, by the gateway,
    which gives the ``driver`` of whoever acts.

    ``says`` hears how far it is, where it is work for a job.

    A ``request`` that was carried out before, also by a process that is gone, is answered with how it ended then.
    """
    hidden = {field.name for field in action.fields if field.type == "secret"}
    asked_for = action.recorded(values) if action.recorded else values
    detail = {name: audit.HIDDEN if name in hidden else value for name, value in asked_for.items()}
    event = event_of(actor, connections.cluster(cluster_id), kind.name, resource, action.verb, detail=detail)
    if (words_then := await words_before(request, event)) is not None:
        return Outcome(words_then or f"{action.label}: {resource.name}")
    current = connections.resource(cluster_id, kind.name, resource.uid)
    if current is None:
        raise Conflict(
            f"{resource.name} is not there any more, or was replaced by another one of that name.",
            hint="Look at the list again.",
        )
    if why := action.refuse(current) if action.refuse else "":
        raise Conflict(why)
    undo = action.undo(current, values) if action.undo else None
    request = await audit.intent(event, request)
    saying = action.run_saying if says else None
    work = saying(driver, current, values, says) if saying and says else action.run(driver, current, values)
    words = await recorded(event, request, work, LONG_SECONDS if action.long else ACT_SECONDS)
    opens = action.opens(current, values) if action.opens else {}
    return Outcome(words or f"{action.label}: {current.name}", undo, opens)


def _words(done: object) -> str:
    return str(done or "")


async def recorded(
    event: audit.Event,
    request: str,
    work: Awaitable[T],
    seconds: float,
    said: Callable[[T], str] = _words,
) -> T:
    """Do it, after its intent was written down, and write down how it ended. What it returns says it in words.

    Raises the cluster's own error; Unsure when nobody can know whether it was done.
    """
    started = time.monotonic()

    async def ended(result: audit.Result, words: str) -> None:
        await audit.outcome(request, event, result, words, time.monotonic() - started)

    try:
        async with asyncio.timeout(seconds):
            done = await work
    except asyncio.CancelledError as stopped:
        await ended("unknown", str(stopped) or "It was stopped before its end.")
        raise
    except (Unreachable, TimeoutError) as error:
        if isinstance(error, Unreachable) and not error.sent:
            await ended("failed", error.message)
            raise
        await ended("unknown", str(error) or "No answer in time.")
        raise Unsure(
            "No answer came, so nobody knows whether it was done.",
            detail=str(error),
            hint="Look at the resource as it is now before you try again.",
        ) from error
    except ClusterError as error:
        await ended("failed", error.message)
        raise
    except Exception as error:
        log.exception("%s of a %s failed", event.verb, event.kind)
        if ours := fault_of_ours(error):
            await ended("unknown", ours.message)
            raise ours from error
        await ended("unknown", "A fault in Pilothouse.")
        raise ClusterError("This failed because of a fault in Pilothouse.", hint="See its log.") from error
    await ended("done", said(done))
    return done


def event_of(
    actor: Actor,
    cluster: ClusterLike,
    kind: str,
    resource: Resource | None,
    verb: str,
    *,
    namespace: str = "",
    detail: Mapping[str, Any] | None = None,
    name: str = "",
) -> audit.Event:
    """Who does what to what, as the audit keeps it; ``name`` is for what is no resource (yet)."""
    return audit.Event(
        actor=actor.name,
        address=actor.address,
        cluster=cluster.name,
        kind=kind,
        verb=verb,
        detail=detail or {},
        namespace=resource.namespace if resource else namespace,
        name=resource.name if resource else name[:LONGEST_NAME],
        uid=resource.uid if resource else "",
    )


async def recorded_end(event: audit.Event) -> Callable[[State, str], Awaitable[None]]:
    """Write down what a job is begun for. Returns what is to be called with how it ended. Raises Unrecorded."""
    request = await audit.intent(event)

    async def ended(state: State, reason: str) -> None:
        result: audit.Result = "done" if state == "done" else "failed" if state == "failed" else "unknown"
        await audit.outcome(request, event, result, reason or ("" if result == "done" else state))

    return ended
