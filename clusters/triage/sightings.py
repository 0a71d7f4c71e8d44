"""When each finding was first and last seen, and since when it is there: what comes and goes is the same trouble."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from clusters.triage.finding import Finding

BLINK = 2.0  # seconds before anything is shown: a crash that was over at once needs nobody
LASTS = 10.0  # seconds before what is at risk only is shown: a copy may just be starting
COMES_BACK = 15.0  # seconds that a trouble is shown on while its app is starting again
SAME_TROUBLE = 120.0  # seconds after which what comes back is a new finding


class Sightings:
    """Of one triage. ``first`` is when each finding was first seen, by its id."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._there_since: dict[str, float] = {}

    def note(self, found: Sequence[Finding], unheard: Collection[int], now: float) -> None:
        """These are there now; what was found in clusters that are not heard is taken to be there still.

        So are those that one of them stands for: whoever looks at one cluster alone sees them as they are.
        """
        for one in found:
            for name in (one.id, *one.parts):
                if not self.was_there(name, now):
                    self._there_since[name] = now
                self._last[name] = now
            self.first.setdefault(one.id, one.since)
        for name in self._last:
            if name.partition("~")[0] in {str(number) for number in unheard}:
                self._last[name] = now

    def lasts(self, one: Finding, now: float) -> bool:
        """Is it there for long enough to be shown? Before a cluster is called silent, it was waited for already."""
        return not one.kind or now - self._there_since[one.id] >= (LASTS if one.tentative else BLINK)

    def was_there(self, name: str, now: float) -> bool:
        """Was it there just now?"""
        return now - self._last.get(name, 0.0) <= COMES_BACK

    def forget(self, current: Collection[str], now: float) -> None:
        """Let go of what is not there for so long that it would be another trouble; ``current`` is shown."""
        for name, at in tuple(self._last.items()):
            if name not in current and now - at > SAME_TROUBLE:
                del self._last[name]
                self.first.pop(name, None)
                self._there_since.pop(name, None)
