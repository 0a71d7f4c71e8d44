"""What registries were last seen to have under the names of images: for lists, which ask nobody themselves."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Literal

State = Literal["same", "newer", "gone", "unknown"]
TRUE_FOR = 6 * 3600.0  # seconds after which nothing is claimed any more
MOST = 20_000
_ORDER: tuple[State, ...] = ("newer", "gone", "unknown", "same")  # the first that any name has

_seen: dict[tuple[str, str], tuple[State, float]] = {}  # by the id of the image and its name


def note(uid: str, found: Iterable[tuple[str, State]]) -> None:
    """What its registries have under these names of an image, now."""
    if len(_seen) >= MOST:
        _seen.clear()
    _seen.update({(uid, name): (state, time.time()) for name, state in found})


def state_of(uid: str, names: Sequence[str]) -> State | None:
    """What is most worth knowing of all its names; None when nobody asked, or too long ago."""
    since = time.time() - TRUE_FOR
    states = {kept[0] for name in names if (kept := _seen.get((uid, name))) and kept[1] > since}
    return next((state for state in _ORDER if state in states), None)


def forget() -> None:
    """All of it."""
    _seen.clear()
