"""The one door to the clusters: decide, write it down, act, write down how it ended. Only it holds drivers.

Looking asks ``see``, ``read``, ``raw`` or ``logs``; changing something asks ``act``; a terminal asks ``shell``. Each
decides first, so that what is refused never becomes a call to a cluster.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from clusters import audit, fields, long_work
from clusters.access import Actor, Decision, Namespaces, Need, decide
from clusters.carrying_out import Outcome, carry_out, event_of
from clusters.compose.source import is_followed
from clusters.connections import Connections, elsewhere, seen, sees, shows, visible
from clusters.denials import Denials
from clusters.denials import Denied as Denied
from clusters.drivers.base import Driver, LogChunk, LogOptions, LogSource, Shell
from clusters.errors import Missing, Refused
from clusters.kinds.base import JSON, Action, Kind, Look, Panel, Role, Says
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.kinds.formats import plain
from clusters.kinds.preview import Preview
from clusters.live.resource import Resource
from clusters.live.row import Row
from clusters.long_work import LongWork
from clusters.narrowing import Narrowing
from clusters.permissions import BEFORE_ACTING, HINT, SOON, NotPermitted, refusal
from clusters.powers import for_admins
from clusters.reach import area_in
from clusters.repeats import Repeats, request_of
from clusters.reservations import Reservations
from clusters.shells import in_time, recorded_shell
from clusters.triage import moments

WHOLE = {"raw", "yaml"}  # the panels that show an object as a whole
NOT_SHARED = "It would change what is not shared with you, or not yours to change."
READ_SECONDS = 30.0
COUNTED_SOON = 1.5  # seconds a page waits until a cluster has counted what nothing needs


class Gateway:
    """The door, to the clusters of one engine."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.narrowing = Narrowing(connections)
        self.reservations = Reservations()
        self._repeats: Repeats[Outcome] = Repeats()
        self._denials = Denials()

    def driver(self, actor: Actor, cluster_id: int) -> Driver:
        """The means by which this person asks it and acts on it: as themselves, where the connection says so."""
        return self.connections.driver(cluster_id).as_person(actor.name)

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
        name: str = "",
    ) -> None:
        """Return when that is allowed; otherwise write it down and raise Denied."""
        cluster, actor = self.connections.cluster(cluster_id), await self.narrowing.of(actor)
        decision = decide(actor, area_in(cluster, namespace), need)
        if decision.allowed and not shows(self.connections, actor, cluster_id, kind, namespace):
            decision = Decision(False, "The cluster itself does not show that to you.")
        if decision.allowed:
            return
        event = event_of(actor, cluster, kind, resource, verb, namespace=namespace or "", name=name)
        if need.acts or self._denials.is_new((actor.user_id, cluster_id, kind, verb, event.uid)):
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
        says: Says | None = None,
    ) -> Outcome:
        """Do it: decide, record, call, record. Raises Denied, Invalid, Conflict, Unrecorded or the cluster's own error.

        The same ``key`` from the same person is answered with the first call's outcome, also after a restart.
        It goes on to its end, and is recorded, even when whoever asked is gone; but what a job can stop (it gives its
        ``says``) is stopped with it.
        """
        action = await self.may_act(actor, cluster_id, kind, resource, verb)
        values = fields.clean(action.fields, params)
        await self._may_touch(actor, cluster_id, action, values)
        if why := await self.beyond(actor, cluster_id, kind, resource, action):
            await audit.denied(event_of(actor, self.connections.cluster(cluster_id), kind.name, resource, verb), why)
            raise Denied(why, known=True)
        await self._permitted(actor, cluster_id, kind, resource, action)
        await self._may_change_others(actor, cluster_id, kind, resource, action)
        about = (cluster_id, kind.name, resource.uid, verb, tuple(str(value) for value in values.values()))
        request = request_of(actor.user_id, key)
        driver, job = self.driver(actor, cluster_id), says.key if says else ""

        async def work() -> Outcome:
            with self.reservations.held(cluster_id, kind.name, resource.name, action.alone, job):
                return await carry_out(
                    self.connections, driver, actor, cluster_id, kind, resource, action, values, request, says
                )

        stoppable = says is not None and action.run_saying is not None
        return await self._repeats.once(actor.user_id, key, about, work, stoppable=stoppable)

    async def may_act(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, verb: str
    ) -> Action[Any]:
        """The action, when this person may do it to this. Raises Missing or Denied."""
        action = kind.action(verb)
        if action is None:
            raise Missing(f"A {plain(kind.label)} has no action “{verb[:40]}”.")
        inside, need = kind.namespace_of(resource), Need(action.role, action.right)
        await self.see(actor, cluster_id, inside, need, verb=verb, kind=kind.name, resource=resource)
        return action

    async def beyond(self, actor: Actor, cluster_id: int, kind: Kind[Any], one: Resource, action: Action[Any]) -> str:
        """Why that is for administrators where this resource is concerned; "" for these, and where it is not."""
        area = area_in(self.connections.cluster(cluster_id), kind.namespace_of(one))
        admin = decide(await self.narrowing.of(actor), area, Need(Role.ADMIN, action.right)).allowed
        return "" if admin else await for_admins(self.driver(actor, cluster_id), one, action)

    async def _may_touch(self, actor: Actor, cluster_id: int, action: Action[Any], values: Mapping[str, Any]) -> None:
        """Whatever else an action names must be there, and be this person's to act on. Raises Missing or Denied."""
        for field in action.fields:
            if not field.among or not values.get(field.name):
                continue
            named = [one for one in self.visible(actor, cluster_id, field.among) if one.name == values[field.name]]
            if not named:
                raise Missing(f"There is no {field.label.lower()} called {str(values[field.name])[:100]}.")
            need = Need(action.role, action.right)
            other = named[0]
            await self.see(actor, cluster_id, other.namespace, need, verb=action.verb, kind=field.among, resource=other)

    async def _may_change_others(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, action: Action[Any]
    ) -> None:
        """What it changes beside it, wherever that is, must be this person's to act on, too. Raises Denied."""
        now, need = self.connections.resource(cluster_id, kind.name, resource.uid), Need(action.role, action.right)
        for inside in sorted(set(action.changes_in(now))) if action.changes_in and now is not None else ():
            try:
                await self.see(actor, cluster_id, inside, need, verb=action.verb, kind=kind.name, resource=resource)
            except Denied as error:
                raise Denied(NOT_SHARED, known=True) from error

    async def _permitted(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, action: Action[Any]
    ) -> None:
        """Our account must be allowed to do it there, as far as the cluster says so. Raises NotPermitted."""
        if why := await self.refused_there(actor, cluster_id, kind, resource, action, BEFORE_ACTING, newest=True):
            cluster = self.connections.cluster(cluster_id)
            await audit.denied(event_of(actor, cluster, kind.name, resource, action.verb), why)
            raise NotPermitted(why, hint=HINT)

    async def refused_there(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, action: Action[Any],
        within: float = SOON, *, newest: bool = False,
    ) -> str:  # fmt: skip
        """Why the cluster itself would refuse it; "" when it would not, or does not say in time."""
        asked = (self.driver(actor, cluster_id), kind, resource, action.permissions)
        return await refusal(*asked, within=within, newest=newest)

    def decide_action(self, actor: Actor, row: Row, action: Action[Any]) -> Decision:
        """Would it be allowed? For what a page offers; doing it is decided again."""
        need = Need(action.role, action.right)
        decision = decide(actor, area_in(row.cluster, row.namespace), need)
        others = action.changes_in(row.resource) if action.changes_in and decision.allowed else ()
        allowed = all(decide(actor, area_in(row.cluster, one), need).allowed for one in set(others))
        return decision if allowed else Decision(False, NOT_SHARED)

    async def read(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, panel: Panel[Any], about: str = ""
    ) -> Mapping[str, Any]:
        """What a panel of a resource's page shows; ``about`` is the part of it that the panel asks for."""
        inside, need = kind.seen_in(resource), Need(panel.role, panel.right, acts=False)
        await self.see(actor, cluster_id, inside, need, verb=panel.key, kind=kind.name, resource=resource)
        if panel.right == "reveal":
            detail = {panel.asks: about} if panel.asks else {}
            event = event_of(actor, self.connections.cluster(cluster_id), kind.name, resource, panel.key, detail=detail)
            await audit.outcome(await audit.intent(event), event, "done")
        if panel.load is None:
            return {}
        look = replace(self._look(actor, cluster_id, kind, resource), about=about)
        return await in_time(panel.load(look), READ_SECONDS)

    async def preview(
        self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource, verb: str, values: Mapping[str, JSON]
    ) -> Preview | None:
        """What an action with these values would do, where that takes a look at the cluster. Nothing is changed."""
        action = await self.may_act(actor, cluster_id, kind, resource, verb)
        if action.preview is None:
            return None
        return await in_time(action.preview(self._look(actor, cluster_id, kind, resource), values), READ_SECONDS)

    def _look(self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource) -> Look:
        async def related(kind_name: str) -> Sequence[Any]:
            return self.visible(actor, cluster_id, kind_name)

        return Look(
            cluster_id=cluster_id,
            kind=kind,
            resource=resource,
            related=related,
            elsewhere=lambda name: elsewhere(self.connections, actor, cluster_id, name),
            sees=sees(self.connections, actor, cluster_id),
            moments=lambda: moments.about(cluster_id, kind.name, resource),
            followed=lambda: is_followed(cluster_id, resource.name),
            driver=self.driver(actor, cluster_id),
        )

    async def leftovers(self, actor: Actor, row: Row, cleaner: Cleaner) -> Sequence[Leftover] | None:
        """What nothing needs there; None while the cluster still counts. Raises Denied."""
        need = Need(cleaner.role, cleaner.right)
        kind, one = row.kind.name, row.resource
        await self.see(actor, row.cluster.id, row.namespace, need, verb="clean", kind=kind, resource=one)
        driver = self.driver(actor, row.cluster.id)
        return await in_time(cleaner.find(driver, COUNTED_SOON), READ_SECONDS)

    def reach(self, actor: Actor, cluster_id: int, kinds: Iterable[Kind[Any]] = ()) -> Namespaces:
        """Where in a cluster this person sees these kinds (none: its apps). None is everywhere; empty is nowhere."""
        return seen(self.connections, actor, [cluster_id], kinds).get(cluster_id, frozenset())

    def visible(self, actor: Actor, cluster_id: int, kind_name: str) -> Sequence[Any]:
        """The live resources of that kind which this person may see."""
        return visible(self.connections, actor, cluster_id, kind_name)

    async def raw(self, actor: Actor, cluster_id: int, kind: Kind[Any], resource: Resource) -> dict[str, Any]:
        """The whole object as the cluster has it now, of a kind whose page shows that. Raises Missing or Denied."""
        if not any(panel.key in WHOLE for panel in kind.panels):
            raise Missing(f"A {plain(kind.label)} is not shown as a whole.")
        inside, need = kind.seen_in(resource), Need(Role.VIEWER, acts=False)
        await self.see(actor, cluster_id, inside, need, verb="raw", kind=kind.name, resource=resource)
        driver = self.driver(actor, cluster_id)
        return await in_time(driver.get(kind, inside or "", resource.name), READ_SECONDS)

    async def logs(
        self, actor: Actor, cluster_id: int, source: LogSource, options: LogOptions
    ) -> AsyncIterator[LogChunk]:
        """The lines of one stream. The caller closes it when the reader is gone."""
        await self._see_stream(actor, cluster_id, source, Need(Role.VIEWER, acts=False), "logs")
        async for chunk in self.driver(actor, cluster_id).logs(source, options):
            yield chunk

    async def _see_stream(self, actor: Actor, cluster_id: int, source: LogSource, need: Need, verb: str) -> None:
        inside, one = source.resource.namespace, source.resource
        await self.see(actor, cluster_id, inside, need, verb=verb, kind=source.kind, resource=one)

    async def shell(self, actor: Actor, cluster_id: int, source: LogSource, command: Sequence[str] = ()) -> Shell:
        """Open a terminal. That it was opened, and how it ended, is in the audit; what was typed is not."""
        await self._see_stream(actor, cluster_id, source, Need(Role.OPERATOR, "exec"), "terminal")
        if settings.NO_TERMINAL:
            raise Refused("Terminals are switched off in this Pilothouse.")
        cluster = self.connections.cluster(cluster_id)
        detail = {"container": source.container, "command": list(command)}
        event = event_of(actor, cluster, source.kind, source.resource, "terminal", detail=detail)
        driver = self.driver(actor, cluster_id)
        return await recorded_shell(lambda: in_time(driver.shell(source, command), READ_SECONDS), event)

    async def begin(self, actor: Actor, cluster_id: int, work: LongWork) -> str:
        """Begin something that takes long. The key of its job; its end is in the audit.

        Raises Denied, Unrecorded, and Conflict where it is to be done alone and something else is done already.
        """
        await self.see(actor, cluster_id, work.namespace, work.need, verb=work.verb)
        cluster, driver = self.connections.cluster(cluster_id), self.driver(actor, cluster_id)
        return await long_work.begin(work, actor, cluster_id, cluster, driver, self.reservations)
