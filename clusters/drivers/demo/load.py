"""How busy the demonstration is: waves of load, computed from time and name alone."""

from __future__ import annotations

import math
import zlib

from clusters.drivers.base import Usage

MIB = 1024.0**2


def wave(key: str, now: float) -> float:
    """Between 0.15 and 1.0: a slow swell, a quicker one and a little noise, different for every key."""
    phase = zlib.crc32(key.encode()) % 628 / 100
    noise = zlib.crc32(f"{key}/{int(now // 2)}".encode()) % 1000 / 1000
    return 0.5 + 0.2 * math.sin(now / 181 + phase) + 0.12 * math.sin(now / 23 + 2 * phase) + 0.14 * (noise - 0.5) * 2


def usage(
    key: str, now: float, *, cpu: float, memory: float, cpu_limit: float, memory_limit: float, leaking_for: float = 0.0
) -> Usage:
    """One sample. ``cpu`` (cores) and ``memory`` (bytes) are what it uses when it is busy.

    ``leaking_for`` seconds of a leak let the memory climb to the limit.
    """
    busy = wave(key, now)
    held = memory * (0.7 + 0.3 * wave(key + "/memory", now / 8))
    if leaking_for and memory_limit:
        held = min(memory_limit * 0.995, memory_limit * (0.38 + 0.035 * leaking_for))
    return Usage(
        at=now,
        cpu=round(cpu * busy, 4),
        memory=round(held),
        cpu_limit=cpu_limit,
        memory_limit=memory_limit,
        net_in=round(busy * 0.4 * MIB),
        net_out=round(busy * 1.1 * MIB),
        disk_read=round(busy * 9000),
        disk_write=round(busy * 42000),
    )
