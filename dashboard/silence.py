"""What an act is decided on may be old: said in its dialog, when a cluster does not answer."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clusters.live.row import Row
from clusters.triage.explain import span
from dashboard.engine import engine

SILENT = ("stale", "down", "refused")


def silence(rows: Sequence[Row]) -> list[str]:
    """A sentence for each cluster of these that does not answer now."""
    now, words = time.time(), []
    for number in dict.fromkeys(row.cluster.id for row in rows):
        connection = engine.supervisor.connections.get(number)
        if connection is not None and connection.contact.state(now) in SILENT:
            heard = connection.contact.heard
            old = f"{span(now - heard)} old" if heard else "old"
            words.append(
                f"{connection.cluster.name} does not answer: what is said here is {old}. It is tried all the same."
            )
    return words
