"""Everything that can go wrong between us and a cluster, or on our own disk, as few named errors with words for people.

Raise them where the cause is known and chain the library's own error with ``from``. ``message`` is one plain
sentence, ``hint`` says what to do about it, ``detail`` keeps the technical text (shown folded, never trusted), and
``field`` names what was filled in wrongly, where the cause is one of a connection's fields; ``copy`` is what could be
filled in there, once somebody has made sure of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One of several reasons that a cluster gives: which field, what about it, and the cluster's word for the sort."""

    reason: str = ""
    message: str = ""
    field: str = ""


class ClusterError(Exception):
    """What every error of a cluster has in common."""

    title = "Something went wrong"
    ended = "not done"  # how what was asked for ended

    def __init__(self, message: str, *, hint: str = "", detail: str = "", field: str = "", copy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.copy = copy
        self.hint = hint
        self.detail = detail[:2000]
        self.field = field
        self.causes: Sequence[Cause] = ()  # what the cluster itself lists, where it does
        self.job = ""  # the key of the job that is in the way, where one is
        self.shown_job = ""  # the same, once it is known that whoever looks may see it: pages print no other


class Unreachable(ClusterError):
    """Nobody answers: refused, timed out, name not found, connection cut, TLS failed."""

    title = "Does not answer"

    # A driver sets it to False when it is certain that the request never left: then nothing was done.
    sent = True


class Unsure(Unreachable):
    """No answer came to what was asked for: it may have been done, or not."""

    title = "Nobody knows"
    ended = "no answer"


class Faulty(Unreachable):
    """It answers, with a fault of its own: there is nothing to be told from it."""

    title = "It has a fault"


class Refused(ClusterError):
    """It answers, and says no: sign-in failed or permission missing (there or here)."""

    title = "Not allowed"


class InPart(ClusterError):
    """All there is is listed, and something that says more about it may not be seen."""

    title = "Not told in full"


class NotLookedAt(InPart):
    """All there is is told, and of some of it something beside it is not looked at, because there is too much."""


class Missing(ClusterError):
    """The resource is not there (any more)."""

    title = "Not there"


class NotYet(Missing):
    """Nobody knows yet whether it is there: its cluster was just connected, and its list is still to come."""

    def __init__(self) -> None:
        super().__init__("It is not known yet whether that is there.")


class NotStarted(Missing):
    """There is nothing of it yet, because it was never started."""

    title = "Not started"


class Conflict(ClusterError):
    """Somebody else changed it first, the name is taken, or it is in use."""

    title = "In conflict"


class TooOften(Conflict):
    """It was asked more than it allows in that time."""

    title = "Too often"


class NoRoom(Conflict):
    """A file that is needed on the way could not be written: our own disk is full."""

    title = "No room"


class Unrecorded(ClusterError):
    """The audit, or our own tables, could not be written, so nothing was done."""

    title = "Not recorded"


class Unsupported(ClusterError):
    """This cluster, or the program beside us, cannot do that."""

    title = "Not possible here"


class TooLarge(Unsupported):
    """It answers with more at once than we take in."""


class Invalid(ClusterError):
    """What was asked makes no sense: bad name, bad number, bad file."""

    title = "Not valid"
