"""What people are told when Pilothouse itself has hardly any room left on its disk."""

from __future__ import annotations

from clusters.kinds.formats import size
from clusters.own_disk import little_room


def little_room_words() -> str:
    """What everybody has to know before they begin what could not be written down; "" while there is room."""
    free = little_room()
    if free is None:
        return ""
    return (
        f"{size(free)} are free on the disk where Pilothouse keeps its data. When it is full, you can still look at "
        "everything, but nothing can be changed, because every change must be recorded first. Free some space there; "
        "no restart is needed."
    )
