"""The one door to the clusters: decide, write it down, act, write down how it ended. Only it holds drivers.

Looking asks ``see``, ``read``, ``raw`` or ``logs``; changing something asks ``act``; a terminal asks ``shell``. Each
decides first, so that what is refused never becomes a call to a cluster.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from clusters import audit, fields, jobs
from clusters.access import Actor, Decision, Need, Target, decide, scope
from clusters.connections import ClusterLike, Connections
from clusters.drivers.base import Driver, LogChunk, LogOptions, LogSource, Shell
from clusters.errors import ClusterError, Conflict, Missing, Refused, Unreachable
from clusters.kinds.base import JSON, Action, Kind, Look, Panel, Role
from clusters.live.resource import Resource
from clusters.live.row import Row
from clusters.repeats import Repeats
from clusters.shells import RecordedShell, in_time

log = logging.getLogger(__name__)

ACT_SECONDS = 120.0  # an action that takes longer should have been a job
READ_SECONDS = 30.0
DENIED_EVERY = 10.0  # seconds between two audit rows about the same refused look
MAX_DENIALS = 5000


class Denied(Refused):
    """Not allowed by us. ``known``: this person may at least know that the target exists."""

    def __init__(self, message: str, *, known: bool) -> None:
        super().__init__(message, hint="Ask an administrator of Pilothouse.")
        self.known = known


# The work of a job that reaches a cluster: it gets the driver, and says how far it is.
LongWork = Callable[[Driver, jobs.Reporter], Coroutine[Any, Any, str | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an act ended well: words for the toast, and the verb and values that undo it, if anything does."""

    words: str
    undo: tuple[str, Mapping[str, JSON]] | None = None


class Gateway:
    """The door, to the clusters of one engine."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self._repeats: Repeats[Outcome] = Repeats()
        self._denials: dict[tuple[Any, ...], float] = {}

    async def see(
        self,
        actor: Actor,
        cluster_id: int,
        namespace: str | None,
        need: Need,
        *,
        verb: str = "see",
        kind: str = "",
        resource: Resource | None = None,
    ) -> None:
        """Return when that is allowed; otherwise write it down and raise Denied."""
        cluster = self.connections.cluster(cluster_id)
        decision = decide(actor, Target(cluster_id, namespace, settings.READ_ONLY or cluster.read_only), need)
        if decision.allowed:
            return
        event = _event(actor, cluster, kind, resource, verb, namespace=namespace or "")
        if need.acts or self._new_denial((actor.user_id, cluster_id, kind, verb, event.uid)):
            await audit.denied(event, decision.reason)
        raise Denied(decision.reason, known=decision.known)

    async def act(
        self,
        actor: Actor,
        cluster_id: int,
        kind: Kind[Any],
        resource: Resource,
        verb: str,
        params: Mapping[str, Any],
        *,
        key: str = "",
    ) -> Outcome:
        """Do it: decide, record, call, record. Raises Denied, Invalid, Conflict, Unrecorded or the cluster's own error.

        The same ``key`` from the same person within ten minutes is answered with the first call's outcome.
        It goes on to its end, and is recorded, even when whoever asked is gone.
        """
        action = await self.may_act(actor, cluster_id, kind, resource, verb)
        values = fields.clean(action.fields, params)
        about = (cluster_id, kind.name, resource.uid, verb, tuple(str(value) for value in values.values()))
        return await self._repeats.once(
            actor.user_id, key, about, lambda: self._carry_out(actor, cluster_id, kind, resource, action, values)
        )

    async def may_act(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, verb: str
    ) -> Action[Any]:
        """The action, when this person may do it to this. Raises Missing or Denied."""
        action = kind.action(verb)
        if action is None:
            raise Missing(f"A {kind.label.lower()} has no action “{verb[:40]}”.")
        await self.see(
            actor,
            cluster_id,
            _namespace(kind, resource),
            Need(action.role, action.right),
            verb=verb,
            kind=kind.name,
            resource=resource,
        )
        return action

    def decide_action(self, actor: Actor, row: Row, action: Action[Any]) -> Decision:
        """Would it be allowed? For what a page offers; doing it is decided again."""
        target = Target(row.cluster.id, _namespace(row.kind, row.resource), settings.READ_ONLY or row.cluster.read_only)
        return decide(actor, target, Need(action.role, action.right))

    async def read(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, panel: Panel[Any]
    ) -> Mapping[str, Any]:
        """What a panel of a resource's page shows."""
        need = Need(panel.role, panel.right, acts=False)
        await self.see(
            actor, cluster_id, _namespace(kind, resource), need, verb=panel.key, kind=kind.name, resource=resource
        )
        if panel.right == "reveal":
            event = _event(actor, self.connections.cluster(cluster_id), kind.name, resource, panel.key)
            await audit.outcome(await audit.intent(event), event, "done")
        if panel.load is None:
            return {}

        async def related(kind_name: str) -> Sequence[Any]:
            return self.visible(actor, cluster_id, kind_name)

        look = Look(
            cluster_id=cluster_id,
            kind=kind,
            resource=resource,
            related=related,
            driver=self.connections.driver(cluster_id),
        )
        return await in_time(panel.load(look), READ_SECONDS)

    def visible(self, actor: Actor, cluster_id: int, kind_name: str) -> Sequence[Any]:
        """The live resources of that kind which this person may see."""
        seen = scope(actor, [cluster_id])
        if cluster_id not in seen:
            return ()
        allowed = seen[cluster_id]
        return [
            resource
            for store in self.connections.stores()
            if store.cluster_id == cluster_id and store.kind.name == kind_name
            for resource in store.resources.values()
            if allowed is None or (store.kind.namespaced and resource.namespace in allowed)
        ]

    async def raw(self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource) -> dict[str, Any]:
        """The whole object as the cluster has it now."""
        namespace = _namespace(kind, resource)
        await self.see(
            actor, cluster_id, namespace, Need(Role.VIEWER, acts=False), verb="raw", kind=kind.name, resource=resource
        )
        driver = self.connections.driver(cluster_id)
        return await in_time(driver.get(kind, namespace or "", resource.name), READ_SECONDS)

    async def logs(
        self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions
    ) -> AsyncIterator[LogChunk]:
        """The lines of one stream. The caller closes it when the reader is gone."""
        await self.see(
            actor,
            cluster_id,
            source.resource.namespace,
            Need(Role.VIEWER, acts=False),
            verb="logs",
            kind=source.kind,
            resource=source.resource,
        )
        async for chunk in self.connections.driver(cluster_id).logs(source, options):
            yield chunk

    async def shell(self, actor: Actor, cluster_id: int, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """Open a terminal. That it was opened, and how it ended, is in the audit; what was typed is not."""
        need = Need(Role.OPERATOR, "exec")
        await self.see(
            actor,
            cluster_id,
            source.resource.namespace,
            need,
            verb="terminal",
            kind=source.kind,
            resource=source.resource,
        )
        if settings.NO_TERMINAL:
            raise Refused("Terminals are switched off in this Pilothouse.")
        event = _event(
            actor,
            self.connections.cluster(cluster_id),
            source.kind,
            source.resource,
            "terminal",
            detail={"container": source.container, "command": list(command)},
        )
        request = await audit.intent(event)
        try:
            shell = await in_time(self.connections.driver(cluster_id).shell(source, command), READ_SECONDS)
        except ClusterError as error:
            await audit.outcome(request, event, "failed", error.message)
            raise
        return RecordedShell(shell, request, event)

    async def begin(
        self,
        actor: Actor,
        cluster_id: int,
        need: Need,
        verb: str,
        title: str,
        work: LongWork,
        *,
        namespace: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> str:
        """Begin something that takes long. Returns the key of its job; the audit gets its end when it has ended."""
        await self.see(actor, cluster_id, namespace, need, verb=verb)
        driver = self.connections.driver(cluster_id)
        event = _event(
            actor,
            self.connections.cluster(cluster_id),
            "",
            None,
            verb,
            namespace=namespace or "",
            detail={"title": title, **(detail or {})},
        )
        request = await audit.intent(event)

        async def ended(state: jobs.State, reason: str) -> None:
            result: audit.Result = "done" if state == "done" else "failed" if state == "failed" else "unknown"
            await audit.outcome(request, event, result, reason or state)

        return await jobs.start(title, verb, actor, cluster_id, lambda reporter: work(driver, reporter), ended)

    async def _carry_out(
        self,
        actor: Actor,
        cluster_id: int,
        kind: Kind[Any],
        resource: Resource,
        action: Action[Any],
        values: Mapping[str, JSON],
    ) -> Outcome:
        current = self.connections.resource(cluster_id, kind.name, resource.uid)
        if current is None:
            raise Conflict(
                f"{resource.name} is not there any more, or was replaced by another one of that name.",
                hint="Look at the list again.",
            )
        if why := action.refuse(current) if action.refuse else "":
            raise Conflict(why)
        hidden = {field.name for field in action.fields if field.type == "secret"}
        detail = {name: audit.HIDDEN if name in hidden else value for name, value in values.items()}
        event = _event(actor, self.connections.cluster(cluster_id), kind.name, current, action.verb, detail=detail)
        undo = action.undo(current, values) if action.undo else None
        request = await audit.intent(event)
        started = time.monotonic()

        async def ended(result: audit.Result, words: str) -> None:
            try:
                await audit.outcome(request, event, result, words, time.monotonic() - started)
            except ClusterError:
                log.exception("the outcome of request %s could not be recorded", request)

        try:
            run = action.run(self.connections.driver(cluster_id), current, values)
            async with asyncio.timeout(ACT_SECONDS):
                words = await run
        except asyncio.CancelledError:
            await ended("unknown", "Pilothouse stopped.")
            raise
        except (Unreachable, TimeoutError) as error:
            if isinstance(error, Unreachable) and not error.sent:
                await ended("failed", error.message)
                raise
            await ended("unknown", str(error) or "No answer in time.")
            raise Unreachable(
                "No answer came, so nobody knows whether it was done.",
                detail=str(error),
                hint="Look at the resource as it is now before you try again.",
            ) from error
        except ClusterError as error:
            await ended("failed", error.message)
            raise
        except Exception as error:
            log.exception("%s of a %s failed", action.verb, kind.name)
            await ended("unknown", "A fault in Pilothouse.")
            raise ClusterError("This failed because of a fault in Pilothouse.", hint="See its log.") from error
        await ended("done", words or "")
        return Outcome(words or f"{action.label}: {current.name}", undo)

    def _new_denial(self, about: tuple[Any, ...]) -> bool:
        now = time.monotonic()
        if now - self._denials.get(about, -DENIED_EVERY) < DENIED_EVERY:
            return False
        if len(self._denials) > MAX_DENIALS:
            self._denials.clear()
        self._denials[about] = now
        return True


def _namespace(kind: Kind[Any], resource: Resource) -> str | None:
    return resource.namespace if kind.namespaced else None


def _event(
    actor: Actor,
    cluster: ClusterLike,
    kind: str,
    resource: Resource | None,
    verb: str,
    *,
    namespace: str = "",
    detail: Mapping[str, Any] | None = None,
) -> audit.Event:
    return audit.Event(
        actor=actor.name,
        address=actor.address,
        cluster=cluster.name,
        kind=kind,
        verb=verb,
        detail=detail or {},
        namespace=resource.namespace if resource else namespace,
        name=resource.name if resource else "",
        uid=resource.uid if resource else "",
    )
