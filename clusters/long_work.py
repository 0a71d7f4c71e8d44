"""Work that takes long: begun as a job, alone where it must be, and how it ends is in the audit.

Only the gateway calls ``begin``, after it has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from clusters import jobs
from clusters.access import Actor, Need
from clusters.carrying_out import event_of, recorded_end
from clusters.connections import ClusterLike
from clusters.drivers.base import Driver
from clusters.job_end import State
from clusters.reservations import Reservations


@dataclass(frozen=True, slots=True, kw_only=True)
class LongWork:
    """What is to be done, ``about`` a kind and a name, and what it takes.

    ``alone``: one thing at a time is done to that, and this is what ("deployed").
    """

    need: Need
    verb: str
    title: str
    run: Callable[[Driver, jobs.Reporter], Coroutine[Any, Any, jobs.Result]]  # it says how far it is
    namespace: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)  # for the audit
    about: tuple[str, str] = ("", "")
    alone: str = ""


async def begin(
    work: LongWork, actor: Actor, cluster_id: int, cluster: ClusterLike, driver: Driver, reservations: Reservations
) -> str:
    """The key of its job. Raises Conflict where something else is done to that alone, and Unrecorded."""
    kind, name = work.about
    event = event_of(
        actor,
        cluster,
        kind,
        None,
        work.verb,
        namespace=work.namespace or "",
        detail={"title": work.title, **work.detail},
        name=name or work.title,
    )
    # At once: whoever asks while this one is recorded is the second.
    reservation = reservations.take(cluster_id, kind, name, work.alone) if work.alone else None
    try:
        record = await recorded_end(event)

        async def ended(state: State, reason: str) -> None:
            reservations.let_go(reservation)
            await record(state, reason)

        leads = jobs.Made("", kind, name) if kind else None
        key = await jobs.start(
            work.title, work.verb, actor, cluster_id, lambda says: work.run(driver, says), ended, leads
        )
    except BaseException:
        reservations.let_go(reservation)  # it never began
        raise
    if reservation:
        reservation.job = key
    return key
