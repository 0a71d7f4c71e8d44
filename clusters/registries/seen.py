"""What registries were last seen to have under the names of images: for lists, which ask nobody themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from clusters.errors import Invalid
from clusters.registries import lately
from clusters.registries.reference import read_reference

State = Literal["same", "newer", "gone", "unknown"]
TRUE_FOR = 6 * 3600.0  # seconds after which nothing is claimed any more
MOST = 20_000
_ORDER: tuple[State, ...] = ("newer", "gone", "unknown", "same")  # the first that any name has

Changed = Callable[[set[str]], None]

_listeners: dict[Changed, None] = {}
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


def changed(image: str) -> None:
    """Something of ours came from, went to or was deleted in that repository: what was seen of it is no news any more.

    Who listens is told the names that somebody had asked about.
    """
    repository = _repository(image)
    lately.forget(*repository)
    old = {key for key in _seen if _repository(key[1]) == repository}
    for key in old:
        del _seen[key]
    if old:
        for listener in tuple(_listeners):
            listener({name for _, name in old})


def on_changed(listener: Changed) -> Callable[[], None]:
    """Hear of names that have to be asked about again. Returns how to stop."""
    _listeners[listener] = None
    return lambda: _listeners.pop(listener, None)


def _repository(image: str) -> tuple[str, str]:
    try:
        reference = read_reference(image)
    except Invalid:
        return "", image
    return reference.host, reference.repository


def forget() -> None:
    """All of it."""
    _seen.clear()
