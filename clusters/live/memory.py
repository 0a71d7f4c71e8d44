"""How Python's garbage collector is set for a process that holds a hundred thousand rows: rarely, and without them.

What is there after the start stays, so it is not looked at again; resources are outside of its care (``gc=False``).
With the usual settings, opening a view of 100,000 rows stops everything several times as long.
"""

from __future__ import annotations

import gc

THRESHOLDS = 50_000, 20, 100  # new objects until the young are looked at; rounds until the older ones are


def settle() -> None:
    """Once, when the process has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
