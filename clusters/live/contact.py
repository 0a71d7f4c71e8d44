"""How well we hear a cluster: the state on the screen, and the age of what is shown."""

from __future__ import annotations

from typing import Literal, TypeAlias

from clusters.errors import ClusterError, Refused

State: TypeAlias = Literal["connecting", "live", "stale", "down", "refused"]

STALE_AFTER = 15.0  # seconds without a confirmed answer; old data is not shown as live any longer
DOWN_AFTER = 60.0


class Contact:
    """What we know of the line to one cluster. Times are epoch seconds.

    A line nobody looks at is not asked whether it still answers, so its silence means nothing: when somebody looks
    again it counts as ``connecting`` until the first answer.
    """

    def __init__(self) -> None:
        self.heard = 0.0  # when the cluster last confirmed what we show; 0.0: never
        self.error: ClusterError | None = None  # why we hear nothing, as far as we know
        self.looked_at_since = 0.0  # 0.0: nobody looks

    def hear(self, now: float) -> None:
        """The cluster answered."""
        self.heard, self.error = now, None

    def lose(self, error: ClusterError) -> None:
        """The line broke, or the cluster said no."""
        self.error = error

    def state(self, now: float) -> State:
        """What the screen says now."""
        if self.error is not None:
            return "refused" if isinstance(self.error, Refused) else "down"
        silence = now - self.heard
        if silence <= STALE_AFTER:
            return "live"
        if not self.heard or (self.looked_at_since > self.heard and now - self.looked_at_since <= STALE_AFTER):
            return "connecting"
        return "stale" if silence <= DOWN_AFTER else "down"
