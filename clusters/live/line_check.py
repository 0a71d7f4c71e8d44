"""Whether a cluster still answers while somebody looks at it, and whether it is still the one that it was."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from clusters.drivers.base import ENGINES, About, Driver, Platform
from clusters.errors import ClusterError, Unreachable
from clusters.live.contact import Contact
from clusters.live.discovered import LOOK_EVERY, Discovered
from clusters.live.feeds import Feeds

log = logging.getLogger(__name__)

PING_EVERY = 5.0  # seconds of silence before we ask, while somebody looks; each second while it is lost
COMPARE_EVERY = 60.0  # seconds between two looks whether all that changed was told, where a driver can tell


class LineCheck:
    """Asks one cluster. ``changed``: its state on the screen may be another; ``turned``: it is another platform now."""

    def __init__(
        self,
        name: str,
        driver: Driver,
        feeds: Feeds,
        discovered: Discovered,
        changed: Callable[[], None],
        turned: Callable[[Platform], None],
    ) -> None:
        self.contact = Contact()
        self.about: About | None = None
        self._name, self._driver, self._feeds, self._discovered = name, driver, feeds, discovered
        self._changed, self._turned = changed, turned
        self._lookers = 0
        self._silent = False  # did the last question get no answer?
        self._pinger: asyncio.Task[None] | None = None
        self._spawned: set[asyncio.Task[None]] = set()

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """To be ended with the connection."""
        return [*self._spawned, *([self._pinger] if self._pinger else [])]

    def look(self, by: int) -> None:
        """So many more look at it, or fewer."""
        self._lookers += by
        self._driver.looked_at = self._lookers > 0
        if self._lookers == 0:
            self.contact.looked_at_since = 0.0
        elif self._lookers == by == 1:
            self.contact.looked_at_since = time.time()
            if self._pinger is None or self._pinger.done():
                self._pinger = asyncio.create_task(self._check_while_looked_at(), name=f"ping {self._name}")

    def ask_soon(self) -> None:
        """Whether it lets us in, what it is, and which kinds it has, without waiting for it."""
        self._spawn(self._ask())

    def ask_what_it_is_soon(self) -> None:
        """The same of what it is alone: it may have become another platform."""
        self._spawn(self._ask_what_it_is())

    def ask_for_kinds_soon(self) -> None:
        """Which kinds it has by now."""
        self._spawn(self._discovered.look_again())

    async def ping(self) -> None:
        """Ask once, and note how that went."""
        try:
            if self.about is None or self.contact.error is not None:
                before = self.about
                async with asyncio.timeout(10):
                    await self._hear_about()
                if self._may_be_another(before):
                    self._feeds.again()  # nothing that we know is sure to be true, so list anew
                    return
            async with asyncio.timeout(5):
                await self._driver.ping()
        except TimeoutError:
            self._silent = True  # the age grows until it counts as stale, then as down
        except ClusterError as error:
            self._silent = True
            # A driver that waited in vain heard silence, too: one slow answer does not make a cluster down.
            if not isinstance(error.__cause__, TimeoutError):
                self.contact.lose(error)
        except Exception:
            # Whoever checks the line must live on: without it, silence would be taken for news.
            log.exception("checking %s failed", self._name)
            self.contact.lose(Unreachable("Checking failed because of a fault in Pilothouse."))
        else:
            self._answered()
            is_behind = self.contact.error is not None and self._feeds.show_what_was_before
            if not (self._feeds.all_are_broken or is_behind):
                self.contact.hear(time.time())

    def _answered(self) -> None:
        """Its watches wait longer the longer it is silent: once it answers they need not."""
        if self._silent and hasattr(self._driver, "answers_again"):
            self._driver.answers_again()
        self._silent = False

    def _may_be_another(self, before: About | None) -> bool:
        """Does another one answer there than before? One that was cut off before it said what it is may be any."""
        if before is None:
            return self.contact.error is not None and self._feeds.anything_is_listed
        return self.about is not None and before.uid != self.about.uid

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    async def _check_while_looked_at(self) -> None:
        last_state, last_compared = self.contact.state(time.time()), time.time()
        while self._lookers:
            if self.contact.error is not None or time.time() - self.contact.heard >= PING_EVERY:
                await self.ping()
            if time.time() - last_compared >= COMPARE_EVERY and hasattr(self._driver, "resync"):
                last_compared = time.time()
                self._spawn(self._compare(self._driver.resync))  # not awaited: silence must be noticed meanwhile
            if self._discovered.age >= LOOK_EVERY:
                self.ask_for_kinds_soon()
            if (state := self.contact.state(time.time())) != last_state:
                last_state = state
                self._changed()
            await asyncio.sleep(1.0)

    async def _compare(self, resync: Callable[[], Coroutine[Any, Any, int]]) -> None:
        try:
            if missed := await resync():
                log.info("%s: %d changes had not been told", self._name, missed)
        except Exception:
            log.exception("the truth check of %s failed", self._name)

    async def _ask(self) -> None:
        before = self.contact.state(time.time())
        await self.ping()
        await self._discovered.look_again()
        if self.contact.state(time.time()) != before:
            self._changed()

    async def _ask_what_it_is(self) -> None:
        with contextlib.suppress(ClusterError, TimeoutError):
            async with asyncio.timeout(10):
                await self._hear_about()

    async def _hear_about(self) -> None:
        self.about = await self._driver.about()
        turned = self.about.platform != self._driver.platform
        if turned and {self.about.platform, self._driver.platform} <= ENGINES:
            self._turned(self.about.platform)
