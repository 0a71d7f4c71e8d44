"""Amounts of memory, processor and time as `docker run` takes them: read strictly, written back the short way."""

from __future__ import annotations

import re
from decimal import Decimal

from clusters.errors import Invalid

_UNITS = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))? ?([kmgt]?)(?:i?b)?", re.IGNORECASE)
_CPUS = re.compile(r"\d{1,4}(?:\.\d{1,3})?")
_TIME = re.compile(r"(\d{1,6})(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
LEAST_MEMORY = 6 << 20  # what every engine asks for at least


def read_size(text: str) -> int:
    """Bytes: "512m", "1.5g", "64 MiB". 0 for nothing. Raises Invalid."""
    if not text:
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise Invalid(f"“{text[:40]}” is not an amount of memory.", hint="Write 512m or 1.5g.")
    return int(Decimal(f"{match[1]}.{match[2] or 0}") * 1024 ** _UNITS[match[3].lower()])


def write_size(size: float) -> str:
    """The shortest that says exactly the same: 536870912 -> "512m". "" for nothing."""
    left = int(size)
    if left <= 0:
        return ""
    for unit in ("", "k", "m", "g"):
        if left % 1024 or unit == "g":
            return f"{left}{unit or ('b' if left < 1024 else '')}"
        left //= 1024
    return str(int(size))


def read_memory(text: str) -> int:
    """A limit of memory: at least what an engine takes. Raises Invalid."""
    size = read_size(text)
    if 0 < size < LEAST_MEMORY:
        raise Invalid("A limit of memory is at least 6m.")
    return size


def read_cpus(text: str) -> int:
    """Billionths of a processor: "0.5", "2". 0 for nothing. Raises Invalid."""
    if not text:
        return 0
    if not _CPUS.fullmatch(text) or Decimal(text) < Decimal("0.01"):
        raise Invalid(f"“{text[:40]}” is not a number of processors.", hint="Write 0.5 or 2; at least 0.01.")
    return int(Decimal(text) * 10**9)


def write_cpus(cores: float) -> str:
    """0.5 -> "0.5", 2.0 -> "2", nothing -> ""."""
    return f"{cores:.3f}".rstrip("0").rstrip(".") if cores > 0 else ""


def read_seconds(text: str) -> int:
    """Nanoseconds, as the engine counts: "30s", "1m", "500ms". 0 for nothing. Raises Invalid."""
    if not text:
        return 0
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise Invalid(f"“{text[:40]}” is not a length of time.", hint="Write 30s, 2m or 500ms.")
    return int(int(match[1]) * _SECONDS[match[2]] * 10**9)


def write_seconds(nanoseconds: int) -> str:
    """30000000000 -> "30s", nothing -> ""."""
    if nanoseconds <= 0:
        return ""
    milliseconds = nanoseconds // 10**6
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % length == 0:
            return f"{milliseconds // length}{unit}"
    return f"{milliseconds}ms"
