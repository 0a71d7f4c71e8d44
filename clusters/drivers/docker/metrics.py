"""Usage of containers, from one-shot statistics and our own sample before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.drivers.base import Usage
from clusters.drivers.docker.client import EngineClient
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.formats import epoch
from clusters.live.resource import Resource

AT_ONCE = 64  # Docker 20.10 lets each request wait for its one-second tick: ask for all at the same time
LIMIT = 4.0  # seconds
AGAIN = 0.35  # seconds between the two samples that the first number takes
TOO_OLD = 60.0  # seconds; a difference over a longer time says nothing about now
KEPT = 5000


class _Processor(msgspec.Struct):
    total_usage: int = 0


class _CPU(msgspec.Struct):
    cpu_usage: _Processor | None = None
    online_cpus: int = 0


class _Memory(msgspec.Struct):
    usage: int | None = None
    stats: dict[str, int] | None = None


class _Network(msgspec.Struct):
    rx_bytes: int = 0
    tx_bytes: int = 0


class _Transfer(msgspec.Struct):
    op: str = ""
    value: int = 0


class _Disk(msgspec.Struct):
    io_service_bytes_recursive: list[_Transfer] | None = None


class _Stats(msgspec.Struct):
    read: str = ""
    cpu_stats: _CPU | None = None
    memory_stats: _Memory | None = None
    networks: dict[str, _Network] | None = None
    blkio_stats: _Disk | None = None


@dataclass(frozen=True, slots=True)
class _Counters:
    at: float  # epoch seconds by the engine's clock
    taken: float  # our own monotonic seconds
    cpu: float | None  # seconds of processor time
    memory: float | None
    traffic: tuple[float | None, float | None]
    disk: tuple[float | None, float | None]
    cores: int = 0  # of its machine; 0 when not known


class Meter:
    """Remembers one sample per container, so that rates come out of two."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client
        self._before: dict[str, _Counters] = {}

    async def sample(self, resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """Usage by uid, of those that run and could be measured."""
        running = {one.uid: one for one in resources if getattr(one, "running", True)}
        began = time.monotonic()
        now = await self._all(list(running))
        fresh = [uid for uid in now if not self._is_recent(uid)]
        if fresh and time.monotonic() - began < AGAIN:  # an engine that answers at once can be asked twice
            self._before.update({uid: now[uid] for uid in fresh})
            await asyncio.sleep(AGAIN)
            now |= await self._all(fresh)
        usage = {uid: self._usage(running[uid], counters) for uid, counters in now.items()}
        self._before.update(now)
        while len(self._before) > KEPT:
            del self._before[next(iter(self._before))]
        return usage

    def _is_recent(self, uid: str) -> bool:
        before = self._before.get(uid)
        return before is not None and time.monotonic() - before.taken < TOO_OLD

    async def _all(self, uids: Sequence[str]) -> dict[str, _Counters]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(uid: str) -> _Counters | None:
            async with gate:
                return await self._read(uid)

        found = await asyncio.gather(*(one(uid) for uid in uids), return_exceptions=True)
        counters = {uid: one for uid, one in zip(uids, found, strict=True) if isinstance(one, _Counters)}
        errors = [one for one in found if isinstance(one, BaseException)]
        if errors and not counters:
            raise errors[0]
        return counters

    async def _read(self, uid: str) -> _Counters | None:
        query = {"stream": "false", "one-shot": "true"}
        try:
            body = await self._client.bytes("GET", ("containers", uid, "stats"), query, within=LIMIT, limit=1 << 20)
            stats = msgspec.json.decode(body, type=_Stats)
        except (Missing, Conflict, Invalid, msgspec.DecodeError, UnicodeDecodeError):
            return None  # it ended meanwhile, or says what nobody understands: not measured
        except ClusterError:
            raise
        at = epoch(stats.read)
        if not at:  # Go's zero time: it does not run
            return None
        used = stats.cpu_stats.cpu_usage.total_usage if stats.cpu_stats and stats.cpu_stats.cpu_usage else None
        return _Counters(
            at=at,
            taken=time.monotonic(),
            cpu=used / 1e9 if used is not None else None,
            memory=_memory(stats.memory_stats),
            traffic=_traffic(stats.networks),
            disk=_disk(stats.blkio_stats),
            cores=stats.cpu_stats.online_cpus if stats.cpu_stats else 0,
        )

    def _usage(self, resource: Any, now: _Counters) -> Usage:
        before = self._before.get(resource.uid)
        seconds = now.at - before.at if before else 0.0
        if before is None or not 0.05 < seconds < TOO_OLD:
            before = None

        def rate(new: float | None, old: float | None) -> float | None:
            # A counter that went back was reset (the container restarted): there is no rate yet.
            return (new - old) / seconds if before and new is not None and old is not None and new >= old else None

        last = before or now
        return Usage(
            at=now.at,
            cpu=_possible(rate(now.cpu, last.cpu), now.cores),
            memory=now.memory,
            cpu_limit=getattr(resource, "cpu_limit", 0.0),
            memory_limit=getattr(resource, "memory_limit", 0.0),
            net_in=rate(now.traffic[0], last.traffic[0]),
            net_out=rate(now.traffic[1], last.traffic[1]),
            disk_read=rate(now.disk[0], last.disk[0]),
            disk_write=rate(now.disk[1], last.disk[1]),
        )


def _possible(cpu: float | None, cores: int) -> float | None:
    """Nothing for more than the machine has: a counter that jumped is no use of anything."""
    return None if cpu is not None and cores > 0 and cpu > cores * 1.5 else cpu


def _memory(memory: _Memory | None) -> float | None:
    """What `docker stats` shows: usage without the file cache that the kernel can drop at any time.

    That is ``total_inactive_file`` on cgroup v1 and ``inactive_file`` on v2, when it is less than the usage.
    """
    if memory is None or memory.usage is None:
        return None
    stats = memory.stats or {}
    cache = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return float(memory.usage - cache if 0 <= cache < memory.usage else memory.usage)


def _traffic(networks: dict[str, _Network] | None) -> tuple[float | None, float | None]:
    """Received and sent, over all networks; nothing for a container that uses the machine's own."""
    if not networks:
        return None, None
    return float(sum(one.rx_bytes for one in networks.values())), float(sum(one.tx_bytes for one in networks.values()))


def _disk(disk: _Disk | None) -> tuple[float | None, float | None]:
    """Read and written; cgroup v1 writes "Read", v2 "read"."""
    entries = disk.io_service_bytes_recursive if disk else None
    if entries is None:
        return None, None
    sums = {"read": 0.0, "write": 0.0}
    for entry in entries:
        if (name := entry.op.lower()) in sums:
            sums[name] += entry.value
    return sums["read"], sums["write"]
