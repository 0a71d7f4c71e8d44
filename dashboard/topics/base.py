"""The shape of a topic: one live thing that one tab follows.

State topics (tables, a resource, the shell) send the latest state: a tab that cannot keep up misses patches and gets
one snapshot instead, so its memory here never grows. A topic checks rights in ``open`` and again whenever what this
person may do has changed, because the socket then closes and opens all its topics.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from clusters.access import Actor, Need
from clusters.errors import Invalid
from clusters.kinds.base import Role
from clusters.live.frame import Frame


def number(value: Any, highest: int) -> int:
    """A whole number from 0 to ``highest``, as a frame carries it. Raises Invalid."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise Invalid("That is not a number that belongs here.")
    return value


class Topic:
    """Made by the socket for one subscription; ``wake`` tells the socket that something is ready to be sent."""

    name: ClassVar[str]
    need: ClassVar[Need] = Need(Role.VIEWER, acts=False)  # for what it shows; checked for each area in open()

    def __init__(self, actor: Actor, args: Mapping[str, Any], wake: Callable[[], None]) -> None:
        self.actor = actor
        self.args = args
        self.open_things = ExitStack()  # windows, subscriptions: let go when the topic closes
        self._wake = wake
        self._patch: Frame | None = None
        self._beside: dict[str, Frame] = {}  # frames without a seq, latest of each sort ("usage")
        self._owes_snapshot = False

    async def open(self) -> None:
        """Check the arguments and the rights, and begin to follow. Raises a ClusterError with words for the page."""
        raise NotImplementedError

    async def set(self, args: Mapping[str, Any]) -> None:
        """Follow something else of the same sort (a window that scrolls)."""
        await self.close()
        self.args = {**self.args, **args}
        self.open_things, self._patch, self._beside = ExitStack(), None, {}
        await self.open()

    async def acknowledge(self, number: int) -> None:
        """The tab has shown all up to this frame (streams only)."""

    async def close(self) -> None:
        """Let go of everything."""
        self.open_things.close()

    def snapshot(self) -> Frame:
        """The whole state now."""
        raise NotImplementedError

    def deliver(self, frame: Frame) -> None:
        """Take the next frame; when the one before could not be sent yet, a snapshot will replace both."""
        if "seq" not in frame.body:
            self._beside[frame.body["t"]] = frame
        elif self._owes_snapshot:
            pass
        elif self._patch is None:
            self._patch = frame
        else:
            self._patch, self._owes_snapshot = None, True
        self._wake()

    def owe_snapshot(self) -> None:
        """Send the whole state next."""
        self._patch, self._owes_snapshot = None, True
        self._wake()

    def take(self) -> Frame | None:
        """The next frame to send, if any."""
        if self._owes_snapshot:
            self._owes_snapshot = False
            return self.snapshot()
        if self._patch is not None:
            frame, self._patch = self._patch, None
            return frame
        return self._beside.pop(next(iter(self._beside))) if self._beside else None
