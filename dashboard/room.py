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
        f"{size(free)} are free on the disk where it keeps its data. When that is full, all can be looked at, but "
        "nothing is done: what cannot be written to the audit is not begun. Make room there; it goes on by itself."
    )
