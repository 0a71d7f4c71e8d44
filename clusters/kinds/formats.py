"""Small things said the same everywhere: sizes, spans of time, counts, short ids, times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def size(count: float) -> str:
    """Bytes for people: 1536 -> "1.5 KiB"."""
    value, unit = max(0.0, float(count)), 0
    while value >= 1023.95 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.1f} {_SIZES[unit]}".replace(".0 ", " ")


def span(seconds: float) -> str:
    """A length of time in its largest unit: 7300 -> "2 h"."""
    for length, unit in _SPANS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "0 s"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its word: "1 container", "3 containers"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def day(at: float) -> str:
    """The day of a time: "2026-03-01"."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def listed(names: Sequence[str]) -> str:
    """All of them in a sentence: "pods", "pods and jobs", "pods, jobs and secrets"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


_SWARM = re.compile(r"(?<!docker )\bswarm\b")


def one_spelling(said: str) -> str:
    """What an engine or program says, with a Swarm spelled as everywhere on our pages; commands stay as they are."""
    return _SWARM.sub("Swarm", said)


def plain(title: str) -> str:
    """A heading as it stands within a sentence: "Stateful sets" -> "stateful sets", but "HTTP routes"."""
    first, space, rest = title.partition(" ")
    return f"{first.lower() if first[1:].islower() else first}{space}{rest}"


def short_id(uid: str) -> str:
    """The first twelve characters of an id, without its "sha256:"."""
    return uid.removeprefix("sha256:")[:12]


def epoch(text: str | None) -> float:
    """Epoch seconds of an RFC 3339 time; 0.0 for none, for Go's zero time and for what is no time."""
    if not text or text.startswith("0001-"):
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return 0.0
