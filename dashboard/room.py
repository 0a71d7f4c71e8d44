"""What people are told when Pilothouse itself has hardly any room left on its disk."""

from __future__ import annotations

from clusters.kinds.formats import size
from clusters.own_disk import little_room

NONE = 1 << 16  # bytes: with fewer nothing can be written down
_MEANWHILE = (
    "You can look at everything, but nothing can be changed, because every change must be recorded first. "
    "Free some space there; no restart is needed."
)


def little_room_words() -> str:
    """What everybody has to know before they begin what could not be written down; "" while there is room."""
    free = little_room()
    if free is None:
        return ""
    if free < NONE:
        return f"The disk where Pilothouse keeps its data is full. {_MEANWHILE}"
    return f"Only {size(free)} of the disk where Pilothouse keeps its data are free. When it is full: {_MEANWHILE}"
