"""An open terminal whose end is written to the audit, and the time limit that every wait for a cluster has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from clusters import audit
from clusters.drivers.base import Shell
from clusters.errors import ClusterError, Unreachable

T = TypeVar("T")


class RecordedShell:
    """A terminal whose end is written to the audit, once."""

    def __init__(self, shell: Shell, request: str, event: audit.Event) -> None:
        self._shell, self._request, self._event = shell, request, event
        self._opened = time.monotonic()
        self._ended: str | None = None
        self.program, self.user = shell.program, shell.user
        self.output, self.write, self.resize = shell.output, shell.write, shell.resize

    async def close(self) -> str:
        """Close it for good and say how it ended."""
        if self._ended is None:
            self._ended = "closed"
            try:
                self._ended = await in_time(self._shell.close(), 10)
            except ClusterError as error:
                self._ended = error.message
            await audit.outcome(self._request, self._event, "done", self._ended, time.monotonic() - self._opened)
        return self._ended


async def recorded_shell(opening: Callable[[], Awaitable[Shell]], event: audit.Event) -> RecordedShell:
    """Open it: written down before, and when it cannot be opened. Raises Unrecorded, or the cluster's own error."""
    request = await audit.intent(event)
    try:
        return RecordedShell(await opening(), request, event)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise


async def in_time(work: Awaitable[T], seconds: float) -> T:
    """The answer, or Unreachable when there is none in that many seconds."""
    try:
        async with asyncio.timeout(seconds):  # not wait_for, which in Python 3.11 can swallow a cancellation
            return await work
    except TimeoutError as error:
        raise Unreachable(f"No answer within {seconds:.0f} seconds.") from error
