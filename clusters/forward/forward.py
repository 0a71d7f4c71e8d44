"""One port that is open in somebody's tab: how it is reached, and when it is over."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable

from clusters import audit
from clusters.access import Actor
from clusters.drivers.base import Wire
from clusters.errors import Missing
from clusters.gateway import Gateway
from clusters.kinds.formats import count
from clusters.live.row import Row
from clusters.shells import in_time

log = logging.getLogger(__name__)

DIAL = 15.0  # seconds until a connection stands
RECHECK = 2.0
TO_TAKE = 60.0  # seconds in which its tab must open
AFTER_TAB = 20.0  # seconds after its last page was closed: the next one may be on its way
MOST_REMEMBERED = 200  # that are over
IDLE, LONGEST = 30 * 60.0, 8 * 3600.0


async def _nothing() -> str:
    return ""


class Forward:
    """An open port. Whoever has ``ticket`` first gets ``cookie``, and with that what is behind ``token``'s host."""

    def __init__(
        self, gateway: Gateway, actor: Actor, row: Row, port: int, secure: bool, request: str, event: audit.Event
    ) -> None:
        self.actor, self.row, self.port, self.secure = actor, row, port, secure
        self.token, self.cookie = secrets.token_hex(16), secrets.token_urlsafe(32)
        self.ticket = secrets.token_urlsafe(32)
        self.at = time.time()
        self.requests = 0
        self.ended = ""  # why
        self.pod = ""  # that answered last
        self._gateway, self._request, self._event = gateway, request, event
        self._opened = self._used = time.monotonic()
        self._pages, self._page_opened, self._page_closed, self._shown = 0, 0.0, 0.0, 0.0
        from clusters.forward.wires import WireConnector, client_over  # aiohttp: not before it is needed

        self.connector = WireConnector(self._dial)
        self.client = client_over(self.connector)
        self._why_not: Callable[[], Awaitable[str]] = _nothing
        self._watching: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._when_ended: list[Callable[[], object]] = []

    async def _dial(self) -> Wire:
        if self.ended:
            raise Missing(self.ended)
        cluster, kind, connections = self.row.cluster.id, self.row.kind, self._gateway.connections
        assert kind.forwarding is not None
        now = connections.resource(cluster, kind.name, self.row.resource.uid)
        if now is None:
            raise Missing(f"{self.row.resource.name} is not there any more.")
        pod, port = kind.forwarding.reach(now, self.port, self._gateway.visible(self.actor, cluster, "pod"))
        self.pod = pod.name
        wire = await in_time(self._gateway.driver(self.actor, cluster).dial(pod, port), DIAL)
        if self.ended:  # meanwhile
            await wire.close()
            raise Missing(self.ended)
        return wire

    def used(self) -> None:
        """Something passes: it is not idle."""
        self._used = time.monotonic()

    def take(self, ticket: str) -> bool:
        """Is that the ticket? It is good once."""
        good = bool(self.ticket) and secrets.compare_digest(ticket.encode(), self.ticket.encode())
        self.ticket = "" if good else self.ticket
        return good

    def shown(self) -> None:
        """A page was sent to the tab, which may or may not tell that it is open."""
        self._shown = time.monotonic()

    def page_opened(self) -> None:
        """A page in the tab tells that it is open."""
        self._pages += 1
        self._page_opened = time.monotonic()

    def page_closed(self) -> None:
        """And that it is not any more."""
        self._pages -= 1
        self._page_closed = time.monotonic()

    def page_lost(self) -> None:
        """Its connection broke: whether it is open nobody knows until it tells again."""
        self._pages -= 1
        self._page_closed = 0.0

    def watch(self, why_not: Callable[[], Awaitable[str]]) -> None:
        """End it when it is over, or when ``why_not`` says why this person may not have it any more."""
        self._why_not = why_not
        self._watching = asyncio.create_task(self._watch(), name="forward")

    async def _watch(self) -> None:
        while not self.ended:
            await asyncio.sleep(RECHECK)
            await self.check()

    async def check(self) -> None:
        """End it now, if it must end."""
        try:
            why = self._over() or await self._why_not()
        except Exception:
            log.exception("whether a port may stay open could not be asked")
            why = "Ended: Pilothouse could not check whether you still may."
        if why:
            await self.end(why)

    def _over(self) -> str:
        now = time.monotonic()
        if self.ticket:
            return "Ended: its tab was never opened." if now - self._opened > TO_TAKE else ""
        left = self._page_closed and not self._pages and now - self._page_closed > AFTER_TAB
        if left and self._shown <= self._page_opened:  # what was shown since cannot tell, and may be open still
            return "Ended: its tab was closed."
        if now - self._used > IDLE:
            return f"Ended after {IDLE / 60:.0f} minutes without a request."
        if now - self._opened > LONGEST:
            return f"Ended after {LONGEST / 3600:.0f} hours, the longest that a port stays open."
        return ""

    def on_end(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Hear when it ends. Returns how to stop."""
        self._when_ended.append(listener)
        return lambda: self._when_ended.remove(listener)

    async def end(self, why: str) -> None:
        """End it: every connection is cut, and how it ended is in the audit, also when the caller is stopped."""
        if self._ending is None:
            self.ended = why
            for listener in tuple(self._when_ended):
                listener()
            self._ending = asyncio.create_task(self._end(why), name="end of a forward")
        await asyncio.shield(self._ending)
        if self._watching and self._watching is not asyncio.current_task():
            self._watching.cancel()

    async def _end(self, why: str) -> None:
        await self.connector.cut()
        await self.client.close()
        words = f"{why} {count(self.requests, 'request')}."
        await audit.outcome(self._request, self._event, "done", words, time.monotonic() - self._opened)

    def __str__(self) -> str:
        return f"port {self.port} of {self.row.resource.name}"


class Forwards:
    """All that are open in this process, and why those that were are not any more."""

    def __init__(self) -> None:
        self.open: dict[str, Forward] = {}
        self._over: dict[str, Forward] = {}
        self._listeners: dict[Callable[[], object], None] = {}

    def add(self, one: Forward) -> None:
        """It is open from now on."""
        self.open[one.token] = one
        one.on_end(lambda: self._ended(one))
        self._tell()

    def on_change(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Hear when others are open. Returns how to stop."""
        self._listeners[listener] = None
        return lambda: self._listeners.pop(listener, None) and None

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def of(self, actor: Actor) -> list[Forward]:
        """Those of one person, the oldest first."""
        return [one for one in self.open.values() if one.actor.user_id == actor.user_id]

    def find(self, token: str) -> Forward | None:
        """That one, also when it is over since a while ago."""
        return self.open.get(token) or self._over.get(token)

    def _ended(self, one: Forward) -> None:
        self.open.pop(one.token, None)
        self._over[one.token] = one
        while len(self._over) > MOST_REMEMBERED:
            self._over.pop(next(iter(self._over)))
        self._tell()

    async def end_all(self, why: str) -> None:
        """When Pilothouse stops."""
        await asyncio.gather(*(one.end(why) for one in tuple(self.open.values())))
