"""What registries said lately: nobody asks the same twice in a minute, two at a time, or too often altogether.

An answer is kept for the sign-in with which it was asked for, so another sign-in never gets it. Whoever may look into
registries at all may look into each of them, with what is stored about it: that is decided before anybody asks here.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from clusters.calls import Calls
from clusters.errors import ClusterError, Conflict
from clusters.registries.way import Way

if TYPE_CHECKING:
    from clusters.access import Actor

T = TypeVar("T")
Key: TypeAlias = tuple[str, ...]  # the sign-in, the registry, the repository ("" for none), the question

KEPT, KEPT_WRONG = 60.0, 5.0  # seconds: of an answer, of what went wrong
MOST = 2000  # answers
OF_ONE = 240  # questions of one person in a minute that go out to registries


class TooOften(Conflict):
    """This person has to wait a moment."""

    title = "Too often"


@dataclass(frozen=True, slots=True)
class _Said:
    until: float
    answer: Any = None
    error: ClusterError | None = None


_said: OrderedDict[Key, _Said] = OrderedDict()
_asking: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
_asked = Calls(OF_ONE)


async def ask(
    by: Actor, way: Way, repository: str, question: tuple[str, ...], send: Callable[[], Awaitable[T]], *, anew: bool
) -> T:
    """The answer, from a minute ago at most; ``anew``: asked now. Raises TooOften, and what ``send`` raises."""
    key = (_sign_in(way), way.host, repository, *question)
    turn = _asking.get(key) or asyncio.Lock()
    _asking[key] = turn
    asked_at = time.monotonic()
    async with turn:
        kept = _said.get(key)
        if kept and kept.until > time.monotonic() and not (anew and kept.until < asked_at + KEPT):
            if kept.error is not None:
                raise kept.error.with_traceback(None)
            answer: T = kept.answer
            return answer
        _count(by)
        try:
            answer = await send()
        except ClusterError as error:
            _keep(key, _Said(time.monotonic() + KEPT_WRONG, error=error))
            raise
        _keep(key, _Said(time.monotonic() + KEPT, answer))
        return answer


def forget(host: str, repository: str) -> None:
    """Something of ours changed that repository: what was said of it, and of which there are, is no news any more."""
    for key in [one for one in _said if one[1] == host and one[2] in ("", repository)]:
        del _said[key]


def clear() -> None:
    """As if nobody had asked anything."""
    _said.clear()
    _asking.clear()
    _asked.clear()


def _count(by: Actor) -> None:
    who = f"{by.user_id} {by.name}"
    if wait := _asked.wait(who):
        words = f"You asked registries more than {OF_ONE} times within a minute: wait {math.ceil(wait)} seconds."
        raise TooOften(words, hint="Others are not kept waiting, and nothing was asked.")
    _asked.count(who)


def _keep(key: Key, said: _Said) -> None:
    _said[key] = said
    _said.move_to_end(key)
    while len(_said) > MOST:
        _said.popitem(last=False)


def _sign_in(way: Way) -> str:
    """Who asks, and how; not to be read back."""
    return hashlib.sha256(repr(astuple(way)).encode()).hexdigest()
