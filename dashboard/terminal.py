"""The websocket of one terminal: bytes both ways, decided and recorded by the gateway, ended when rights end.

Not a Channels consumer: those hop to a thread for every frame, which typing would feel. Data are binary frames;
control frames are JSON text (docs/logs.md). Nothing that was typed is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from channels.security.websocket import WebsocketDenier

from clusters import actors
from clusters.access import Actor, Need
from clusters.drivers.base import LogSource, Shell
from clusters.ending import end
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Role
from clusters.live.logs import sources_of
from dashboard.engine import engine
from dashboard.entering import until_it_runs
from dashboard.signed_in import signed_in_until, still_here

log = logging.getLogger(__name__)

NEED = Need(Role.OPERATOR, "exec")
IDLE, LONGEST = 15 * 60.0, 8 * 3600.0  # seconds without a key, and in all
WARN_BEFORE = 60.0
RECHECK = 2.0
HIGH, LOW = 512 * 1024, 128 * 1024  # bytes sent and not yet shown: when we pause, and when we go on
CHUNK = 64 * 1024
PATIENCE = 10.0  # seconds a tab may take to accept a frame, and a shell to accept what was typed
MAX_OPEN = 20  # of one person in this process
MAX_SIZE = 500  # columns and rows
BAD, ENDED, TOO_SLOW, TOO_MANY = 4400, 4401, 4408, 4429

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

_open: Counter[int] = Counter()


class EndedError(Exception):
    """The terminal is over; says why, and with which code its socket closes."""

    def __init__(self, why: str, code: int = 1000, hint: str = "") -> None:
        super().__init__(why)
        self.why, self.code, self.hint = why, code, hint


async def terminal(scope: Scope, receive: Receive, send: Send) -> None:
    """One connection to ``/terminal/?cluster=3&kind=pod&uid=…&container=…``. Refused (403) before it is accepted."""
    user_id, revision = scope["user"].pk, await actors.revision()
    actor = await actors.actor_for(user_id)
    found = await _find(scope, actor) if actor else None
    if actor is None or found is None:
        await WebsocketDenier()(scope, receive, send)
        return
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    one = Terminal(scope, replace(actor, address=_address(scope)), receive, send, revision, *found)
    if _open[user_id] >= MAX_OPEN:
        await one.end(EndedError(f"You have {MAX_OPEN} terminals open already.", TOO_MANY, "Close one of them first."))
        return
    _open[user_id] += 1
    try:
        await one.run()
    finally:
        _open[user_id] -= 1


class Terminal:
    """One open terminal."""

    def __init__(self, scope: Scope, actor: Actor, receive: Receive, send: Send, revision: int,
                 cluster_id: int, sources: Sequence[LogSource], source: LogSource) -> None:  # fmt: skip
        self.scope, self.actor, self.cluster_id, self.source = scope, actor, cluster_id, source
        self._sources, self._receive, self._send_frame = sources, receive, send
        self._sent = self._shown = 0  # bytes
        self._room = asyncio.Event()
        self._opened = self._typed = time.monotonic()
        self._revision, self._signed_in_until = revision, 0.0  # the latter is asked at the first look
        self._checking = asyncio.Lock()
        self._gone = False

    async def run(self) -> None:
        """Open the shell, carry bytes until something ends, say what it was, and leave nothing behind."""
        shell: Shell | None = None
        try:
            if not await until_it_runs(self.cluster_id, self.source, self._notice, self._receive):
                self._gone = True
                return
            shell = await engine.gateway.shell(self.actor, self.cluster_id, self.source)
            await self._say(t="open", program=shell.program, user=shell.user, chosen=self._sources.index(self.source),
                            containers=[_named(one) for one in self._sources])  # fmt: skip
            await self._carry(shell)
        except EndedError as ended:
            reason = ended
        except ClusterError as error:
            reason = EndedError(error.message, hint=error.hint)
        except Exception:
            log.exception("a terminal failed")
            reason = EndedError("The terminal failed because of a fault in Pilothouse.", hint="See its log.")
        finally:
            # Also when the server stops: the program in the container must not stay behind.
            words = await asyncio.shield(_close(shell)) if shell else ""
        if not reason.why:
            reason.why = f"The shell ended: {words}." if words else "The shell ended."
        await self.end(reason)

    async def end(self, reason: EndedError) -> None:
        """Say why it is over, and close."""
        if self._gone:
            return
        with contextlib.suppress(Exception):
            await self._say(t="end", why=reason.why, hint=reason.hint)
            await self._send({"type": "websocket.close", "code": reason.code})

    async def _carry(self, shell: Shell) -> None:
        work = [asyncio.create_task(one) for one in (self._outwards(shell), self._inwards(shell), self._watch(shell))]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            await next(iter(done))
        finally:
            await end(work)

    async def _outwards(self, shell: Shell) -> None:
        """What the shell prints, no faster than the tab shows it."""
        async for data in shell.output():
            for start in range(0, len(data), CHUNK):
                part = data[start : start + CHUNK]
                await self._send({"type": "websocket.send", "bytes": bytes(part)})
                self._sent += len(part)
            if self._sent - self._shown > HIGH:
                while self._sent - self._shown > LOW:
                    self._room.clear()
                    await self._room.wait()
        raise EndedError("")

    async def _inwards(self, shell: Shell) -> None:
        """What the tab sends: keys as bytes, size and what was shown as JSON; read no faster than the shell does."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._gone = True
                raise EndedError("The tab was closed.")
            if await actors.revision() != self._revision:
                await self._check_again()
            if data := message.get("bytes"):
                self._typed = time.monotonic()
                try:
                    # Not wait_for: in Python 3.11 it can swallow a cancellation, and this task would live on.
                    async with asyncio.timeout(PATIENCE):
                        await shell.write(data)
                except TimeoutError as error:
                    raise EndedError("The shell takes no more keys: its program does not read them.") from error
            elif (text := message.get("text")) is not None:
                await self._control(shell, text)

    async def _control(self, shell: Shell, text: str) -> None:
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EndedError("Not a frame.", BAD) from error
        match frame:
            case {"t": "size", "columns": int(columns), "rows": int(rows)}:
                await shell.resize(*(max(1, min(MAX_SIZE, number)) for number in (columns, rows)))
            case {"t": "ack", "n": int(number)}:
                self._shown = max(self._shown, min(number, self._sent))
                self._room.set()
            case _:
                raise EndedError("Not a frame.", BAD)

    async def _watch(self, shell: Shell) -> None:
        """Ends it when it is idle, too old, or not allowed any more."""
        warned = 0.0
        while True:
            await asyncio.sleep(min(RECHECK, IDLE / 4))
            now = time.monotonic()
            left = min(self._typed + IDLE, self._opened + LONGEST) - now
            if left <= 0:
                with contextlib.suppress(ClusterError, TimeoutError):
                    async with asyncio.timeout(1):
                        await shell.write(b"\x04")
                idle = now - self._typed >= IDLE
                raise EndedError(f"Closed after {IDLE / 60:.0f} minutes without a key." if idle
                            else f"Closed: a terminal stays open for {LONGEST / 3600:.0f} hours at most.")  # fmt: skip
            if left <= WARN_BEFORE and warned < self._typed:
                warned = now
                await self._say(t="notice", text="This terminal is about to be closed. Press a key to keep it.")
            if await actors.revision() != self._revision or time.time() >= self._signed_in_until:
                await self._check_again()

    async def _check_again(self) -> None:
        """Whoever comes while it is looked at waits, and looks too: no key gets through before the answer is there."""
        async with self._checking:
            revision = await actors.revision()
            actor, until = await still_here(self.scope, self.actor), await signed_in_until(self.scope)
            if actor is None:
                raise EndedError("You are signed out.", ENDED)
            self.actor = replace(actor, address=self.actor.address)
            try:
                await _may_open(self.actor, self.cluster_id, self.source)
            except ClusterError as error:
                raise EndedError("Your right to this terminal was taken away.", 4403, error.message) from error
            self._revision, self._signed_in_until = revision, until

    async def _notice(self, text: str) -> None:
        # It may hold what a cluster says, and is written where control characters are obeyed.
        await self._say(t="notice", text="".join(one if one.isprintable() else "\ufffd" for one in text))

    async def _say(self, **frame: Any) -> None:
        await self._send({"type": "websocket.send", "text": json.dumps(frame)})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send_frame(message)
        except TimeoutError as error:
            raise EndedError("The tab does not read any more.", TOO_SLOW) from error


async def _find(scope: Scope, actor: Actor) -> tuple[int, list[LogSource], LogSource] | None:
    """The cluster, the containers there are, and the one that was asked for. None: not there, or not allowed."""
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    try:
        row = engine.supervisor.row("~".join(query.get(name, "") for name in ("cluster", "kind", "uid")))
        if row is None:
            return None
        connection = engine.supervisor.connections[row.cluster.id]
        sources = [source for _, source in sources_of(connection, row)]
        sources.sort(
            key=lambda one: -connection.stores[one.kind].health[one.resource.uid].level
        )  # a healthy copy first
        source = next((one for one in sources if query.get("container", "") in ("", one.container)), None)
        if source is None:
            raise Missing("There is no such container.")
        await _may_open(actor, row.cluster.id, source)
    except (ClusterError, KeyError):
        return None
    return row.cluster.id, sources, source


async def _may_open(actor: Actor, cluster_id: int, source: LogSource) -> None:
    connection = engine.supervisor.connections.get(cluster_id)
    kind = connection.stores[source.kind].kind if connection else None
    namespace = kind.namespace_of(source.resource) if kind else None
    await engine.gateway.see(actor, cluster_id, namespace, NEED, verb="terminal", kind=source.kind,
                             resource=source.resource)  # fmt: skip


async def _close(shell: Shell) -> str:
    try:
        return await shell.close()
    except ClusterError as error:
        return error.message


def _named(source: LogSource) -> dict[str, str]:
    return {"label": source.label or source.resource.name, "container": source.container, "kind": source.kind,
            "uid": source.resource.uid}  # fmt: skip


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
