"""What we sign in with when it ends and is renewed: a token file, a program of the administrator's, an OIDC issuer.

One renewal at a time, a while before the end. One that fails is not tried again at once; until the end what there is
goes on, and after it every request fails with the words of the renewal.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clusters.errors import ClusterError, Refused

log = logging.getLogger(__name__)

MARGIN = 60.0  # seconds before its end that it is renewed; of one that lives shortly, a fifth of its life
AGAIN = 10.0  # seconds after a renewal that failed
BELIEVED = 30.0  # a renewed one that the cluster refuses sooner is refused for another reason
LAST = 10.0  # that whoever stops waits for one that was begun
FILE_EVERY = 60.0  # seconds between two looks at a token file


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """A token, or a client certificate with its key (PEM). ``ends``: epoch seconds."""

    token: str = ""
    cert: str = ""
    key: str = ""
    ends: float = float("inf")


class Source(Protocol):
    """Where it comes from."""

    async def current(self) -> Credential:
        """One that is good now. Raises the error of the renewal."""

    def forget(self) -> bool:
        """It was not believed: get another one for the next request. False when there can be none."""

    async def close(self) -> None:
        """Let go of it."""


class Renewing:
    """A source that asks ``renew`` for the next one, and tells it which token the cluster did not believe.

    A renewal that was begun goes on when whoever waits for it gives up.
    """

    def __init__(
        self,
        renew: Callable[[str], Awaitable[Credential]],
        first: Credential | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._renew, self._clock = renew, clock
        self._one, self._renewed = first, float("-inf")
        self._refused = ""  # the last token that was not believed
        self._due = self._when(first) if first else 0.0
        self._failed: tuple[float, ClusterError] | None = None
        self._task: asyncio.Task[Credential] | None = None

    async def current(self) -> Credential:
        """The one there is; when its end is near, the next one is asked for, and waited for after its end only."""
        now, one = self._clock(), self._one
        if one is not None and now < self._due:
            return one
        good = one if one is not None and now < one.ends else None
        if self._task is None:
            if self._failed is not None and now < self._failed[0] + AGAIN:
                if good is not None:
                    return good
                raise self._failed[1]
            self._task = asyncio.create_task(self._next(), name="renew a sign-in")
            self._task.add_done_callback(self._ended)
        return good if good is not None else await asyncio.shield(self._task)

    async def _next(self) -> Credential:
        self._one = one = await self._renew(self._refused)
        self._failed, self._renewed, self._due = None, self._clock(), self._when(one)
        return one

    def _ended(self, task: asyncio.Task[Credential]) -> None:
        self._task = None
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, ClusterError):
            log.error("renewing a sign-in failed", exc_info=error)
            error = Refused("Our sign-in could not be renewed because of a fault in Pilothouse.", hint="See its log.")
        self._failed = self._clock(), error

    def _when(self, one: Credential) -> float:
        return one.ends - min(MARGIN, max(0.0, one.ends - self._clock()) / 5)

    def forget(self) -> bool:
        """Get another one, unless this one was just made."""
        if self._clock() < self._renewed + BELIEVED:
            return False
        self._refused = self._one.token if self._one else self._refused
        self._one = None
        return True

    async def close(self) -> None:
        """What was begun must end: its token may be good once."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LAST)


class FromFile:
    """A token in a file that is replaced while we run: that of our own pod."""

    def __init__(self, path: Path) -> None:
        self._path, self._one, self._read = path, Credential(), float("-inf")

    async def current(self) -> Credential:
        """As it was within the last minute."""
        if time.monotonic() - self._read >= FILE_EVERY:
            try:
                self._one = Credential((await asyncio.to_thread(self._path.read_text)).strip())
            except OSError as error:
                raise Refused("The token of our own account cannot be read.", detail=str(error)) from error
            self._read = time.monotonic()
        return self._one

    def forget(self) -> bool:
        """Read it again, unless it was just read."""
        again = time.monotonic() - self._read > 1.0
        self._read = float("-inf") if again else self._read
        return again

    async def close(self) -> None:
        """Nothing is open."""
