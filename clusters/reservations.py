"""One thing at a time is done to a project or a stack: whoever comes second hears what it is, and which job does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clusters.errors import Conflict


@dataclass(eq=False, slots=True)
class Reservation:
    """What is done to one now."""

    about: tuple[int, str, str]  # the cluster, the kind, the name
    doing: str  # in words after "is being": "deployed"
    job: str = ""  # its key, as soon as there is one

    @property
    def words(self) -> str:
        """For whoever comes second."""
        return f"{self.about[2]} is being {self.doing} already."


class Reservations:
    """All that is done now, of one gateway."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, str, str], Reservation] = {}

    def now(self, cluster_id: int, kind: str, name: str) -> Reservation | None:
        """What is done to it, if anything is."""
        return self._held.get((cluster_id, kind, name))

    def take(self, cluster_id: int, kind: str, name: str, doing: str, job: str = "") -> Reservation:
        """Have it until it is let go. Raises Conflict with what is done already."""
        if held := self.now(cluster_id, kind, name):
            error = Conflict(held.words, hint="Wait until that has ended, or cancel it.")
            error.job = held.job
            raise error
        reservation = self._held[cluster_id, kind, name] = Reservation((cluster_id, kind, name), doing, job)
        return reservation

    def let_go(self, reservation: Reservation | None) -> None:
        """It has ended, or never began. A second time does nothing, also when somebody else has it by now."""
        if reservation is not None and self._held.get(reservation.about) is reservation:
            del self._held[reservation.about]

    @contextmanager
    def held(self, cluster_id: int, kind: str, name: str, doing: str, job: str = "") -> Iterator[None]:
        """Have it for as long as something takes; without words for it, nothing is taken."""
        reservation = self.take(cluster_id, kind, name, doing, job) if doing else None
        try:
            yield
        finally:
            self.let_go(reservation)
