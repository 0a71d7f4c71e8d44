"""The one websocket of a tab: sign-in, subscriptions, heartbeat and limits. What is sent is the topics' business.

docs/live-protocol.md describes the frames.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from clusters import actors
from clusters.access import Actor
from clusters.errors import ClusterError, Invalid, Missing, NotYet, Refused
from clusters.live.frame import Frame
from dashboard.engine import engine
from dashboard.signed_in import signed_in_until, still_here
from dashboard.topics import TOPICS
from dashboard.topics.base import Topic

log = logging.getLogger(__name__)

MAX_TOPICS = 64  # of one tab
MAX_SOCKETS = 60  # of one person in this process
MAX_FRAMES = 200  # a tab may send in ten seconds
SEND_LIMIT = 10.0  # seconds a tab may take to accept a frame
HEARTBEAT = 10.0
RECHECK = 2.0  # seconds between two looks at whether this person may still be here

BAD, ENDED, TOO_SLOW, TOO_MANY = 4400, 4401, 4408, 4429
_sockets: Counter[int] = Counter()


class LiveSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One tab."""

    actor: Actor | None = None
    tasks: tuple[asyncio.Task[None], ...] = ()

    async def connect(self) -> None:
        """Let in who is signed in, from our own pages."""
        user = self.scope["user"]
        self.actor = await actors.actor_for(user.pk)
        if self.actor is None or _sockets[user.pk] >= MAX_SOCKETS:
            self.actor = None
            await self.close()
            return
        _sockets[user.pk] += 1
        self.topics: dict[int, Topic] = {}
        self.ready = asyncio.Event()
        self.frames = 0
        self.checking = asyncio.Lock()
        self.revision = await actors.revision()
        self.signed_in_until = await signed_in_until(self.scope)
        self.reopening: asyncio.Task[None] | None = None
        self.leave = engine.supervisor.on_clusters(self._clusters_changed)
        await self.accept()
        self.tasks = (asyncio.create_task(self._send_frames()), asyncio.create_task(self._keep_watch()))

    async def disconnect(self, code: int) -> None:
        """The tab is gone: let go of all that it followed."""
        for task in (*self.tasks, *([self.reopening] if self.actor and self.reopening else [])):
            task.cancel()
        if self.actor is not None:
            self.leave()
            _sockets[self.actor.user_id] -= 1
            for topic in self.topics.values():
                await topic.close()
            self.topics.clear()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame from the tab. A bad one closes the socket; a refused topic only ends that topic."""
        self.frames += 1
        if self.frames > MAX_FRAMES:
            await self.close(TOO_MANY)
            return
        try:
            operation, number, frame = _parse(text_data)
        except Invalid:
            await self.close(BAD)
            return
        if operation == "ping":
            await self._send('{"op":"pong"}')
            return
        try:
            if await self._may_stay():
                await self._do(operation, number, frame)
        except ClusterError as error:
            await self._end(number, error)
        except Exception:
            # A fault of ours, or a database that is away, ends this topic and not the whole page.
            log.exception("%s of a topic failed", operation)
            await self._end(number, ClusterError("This part of the page failed.", hint="Load the page again."))

    async def _do(self, operation: str, number: int, frame: dict[str, Any]) -> None:
        topic = self.topics.get(number)
        match operation:
            case "sub":
                await self._subscribe(number, frame)
            case "unsub" if topic:
                await self.topics.pop(number).close()
            case "set" if topic:
                await topic.set(_arguments(frame))
            case "resync" if topic:
                topic.owe_snapshot()
            case "ack" if topic:
                await topic.acknowledge(frame.get("n", 0))

    async def _subscribe(self, number: int, frame: dict[str, Any]) -> None:
        make = TOPICS.get(str(frame.get("topic")))
        if make is None:
            raise Missing("There is no such topic.")
        if len(self.topics) >= MAX_TOPICS:
            raise Invalid("This page follows too many things at once.")
        if number in self.topics:
            await self.topics.pop(number).close()
        assert self.actor is not None
        topic = make(self.actor, _arguments(frame), self.ready.set)
        try:
            await topic.open()
        except BaseException:
            await topic.close()
            raise
        self.topics[number] = topic
        self.ready.set()

    async def _end(self, number: int, error: ClusterError) -> None:
        if topic := self.topics.pop(number, None):
            await topic.close()
        codes = {NotYet: "later", Missing: "gone", Refused: "denied"}
        code = next((code for sort, code in codes.items() if isinstance(error, sort)), "bad")
        await self._send(Frame(t="end", code=code, why=error.message, hint=error.hint).text(number))

    async def _send_frames(self) -> None:
        """The only task that sends topics' frames: a tab that does not read blocks nobody but itself."""
        while True:
            await self.ready.wait()
            self.ready.clear()
            for number, topic in tuple(self.topics.items()):
                while number in self.topics and (frame := self._take(number, topic)):
                    await self._send(frame)

    def _take(self, number: int, topic: Topic) -> str | None:
        try:
            frame = topic.take()
            return frame.text(number) if frame else None
        except Exception:
            log.exception("topic %s failed", topic.name)
            self.topics.pop(number).open_things.close()
            return Frame(t="end", code="ended", why="This part of the page failed. Load the page again.").text(number)

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_LIMIT):
                await self.send(text_data=text)
        except TimeoutError:
            await self.close(TOO_SLOW)

    async def _keep_watch(self) -> None:
        """Heartbeat, the frame budget, and whether this person may still see what they see."""
        beat = 0.0
        while True:
            await asyncio.sleep(RECHECK)
            beat += RECHECK
            if beat >= HEARTBEAT:
                beat, self.frames = 0.0, 0
                await self._send('{"op":"ping"}')
            try:
                await self._may_stay()
            except Exception:
                # Cannot tell (the database is away): nothing new is opened, and the next look decides.
                log.warning("cannot check who is signed in", exc_info=True)

    async def _may_stay(self) -> bool:
        """Look again at who this is when anybody's rights changed or the session may have run out."""
        async with self.checking:
            revision = await actors.revision()
            if revision == self.revision and time.time() < self.signed_in_until:
                await self._narrow()
                return True
            stays = await self._check_again()
            self.revision = revision
            return stays

    async def _check_again(self) -> bool:
        assert self.actor is not None
        actor = await still_here(self.scope, self.actor)
        if actor is None:
            await self.close(ENDED)
            return False
        self.signed_in_until = await signed_in_until(self.scope)
        if (actor.grants, actor.limits) != (self.actor.grants, self.actor.limits):
            self.actor = actor
            await self.open_again()
        return True

    async def _narrow(self) -> None:
        """What a cluster that is asked as this person lets them see may be something else after a minute."""
        assert self.actor is not None
        actor = await actors.narrow(self.actor)
        if actor.limits != self.actor.limits:
            self.actor = actor
            await self.open_again()

    def _clusters_changed(self) -> None:
        """Clusters came or went: what is followed is asked anew, once for all that come at the same time."""
        if self.reopening is None or self.reopening.done():
            self.reopening = asyncio.create_task(self._open_again_soon())

    async def _open_again_soon(self) -> None:
        await asyncio.sleep(0.2)
        async with self.checking:
            assert self.actor is not None
            # A cluster that came back may be asked as this person from now on: never open what it shows as before.
            self.actor = await actors.narrow(self.actor)
            await self.open_again()

    async def open_again(self) -> None:
        """Close every topic and open it anew under what this person may see now."""
        for number, topic in tuple(self.topics.items()):
            if self.topics.get(number) is not topic:
                continue  # the tab let go of it meanwhile
            await topic.close()
            fresh = type(topic)(self.actor, topic.args, self.ready.set)  # type: ignore[arg-type]
            self.topics[number] = fresh
            try:
                await fresh.open()
            except NotYet as error:
                await self._end(number, error)
            except ClusterError:
                await self._end(number, Refused("This is not shared with you any longer."))


def _parse(text: str | None) -> tuple[str, int, dict[str, Any]]:
    try:
        frame = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise Invalid("Not a frame.") from error
    if not isinstance(frame, dict) or not isinstance(operation := frame.get("op"), str):
        raise Invalid("Not a frame.")
    number = frame.get("id", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**31:
        raise Invalid("Not a frame.")
    if operation not in {"sub", "set", "resync", "unsub", "ack", "ping"}:
        raise Invalid("Not a frame.")
    return operation, number, frame


def _arguments(frame: dict[str, Any]) -> dict[str, Any]:
    arguments = frame.get("args", {})
    if not isinstance(arguments, dict):
        raise Invalid("Not a frame.")
    return arguments
