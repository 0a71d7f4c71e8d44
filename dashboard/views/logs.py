"""A log as a text file: what was printed up to now, merged by time, of bounded size and duration."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify

from clusters.access import Actor
from clusters.drivers.base import LogOptions, LogSource
from clusters.errors import ClusterError, Invalid, Missing
from clusters.kinds.base import Role
from clusters.live.logs import MAX_SOURCES, sources_of
from dashboard import logs
from dashboard.access import allow, row_or_none
from dashboard.engine import engine
from dashboard.request import Request

MAX_BYTES = 100 * 1024 * 1024
MAX_SECONDS = 300.0
ALL_LINES = 1_000_000  # looked back at most
SEND = 64 * 1024  # bytes at once
# An opened file must not act on a terminal it is shown in: control characters become their pictures.
PICTURES = {code: 0x2400 + code for code in range(32) if code != 9} | {127: 0x2421}
PICTURES |= dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD)


@allow(Role.VIEWER, scope="cluster")
async def download(request: Request) -> HttpResponseBase:
    """The log of ``?row=…`` (several), with the range of the page: ``tail``, ``since``, ``previous``, ``container``."""
    try:
        asked = logs.asked(_arguments(request))
    except Invalid as error:
        return HttpResponse(error.message, status=400, content_type="text/plain")
    rows = [row for row_id in asked.rows if (row := await row_or_none(request, row_id))]
    if len(rows) != len(asked.rows):
        return HttpResponse("It is not there any more.", status=404, content_type="text/plain")
    try:
        found = [
            (row.cluster.id, one)
            for row in rows
            for _, one in sources_of(engine.supervisor.connections[row.cluster.id], row)
            if asked.container in ("", one.container)
        ]
    except (Invalid, KeyError):
        return HttpResponse("It has no log.", status=404, content_type="text/plain")
    options = replace(asked.options, follow=False, tail=_tail(request, asked.options))
    lines = _file(request.actor, found[:MAX_SOURCES], options)
    answer = StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")
    name = f"{slugify(rows[0].resource.name)[:80] or 'log'}-{datetime.now(UTC):%Y%m%d-%H%M%S}.log"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _arguments(request: Request) -> Mapping[str, Any]:
    """The address says in text what a frame says in JSON."""
    get = request.GET
    numbers: dict[str, Any] = {}
    try:
        numbers = {name: float(get[name]) for name in ("since", "until") if get.get(name)}
    except ValueError as error:
        raise Invalid("That is not a time.") from error
    texts = {name: get.get(name, "") for name in ("container", "q", "level")}
    return {"rows": get.getlist("row"), "previous": get.get("previous") == "1", **texts, **numbers}


def _tail(request: Request, options: LogOptions) -> int:
    wanted = request.GET.get("tail", "")
    if options.since or not wanted.isascii() or not wanted.isdigit() or len(wanted) > 7:
        return ALL_LINES
    return max(1, min(int(wanted), ALL_LINES))


async def _file(actor: Actor, sources: Sequence[tuple[int, LogSource]], options: LogOptions) -> AsyncIterator[bytes]:
    """The lines of all of them, oldest first; the last one says when something is missing."""
    size, ends, buffer = 0, time.monotonic() + MAX_SECONDS, bytearray()
    several = len(sources) > 1
    try:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + MAX_SECONDS):
            async for at, label, text in _merged(actor, sources, options):
                name = f"{label} | " if several and label else ""
                buffer += f"{_stamp(at)} {name}{text.translate(PICTURES)}\n".encode(errors="replace")
                if len(buffer) < SEND:
                    continue
                size += len(buffer)
                yield bytes(buffer)
                buffer.clear()
                if size > MAX_BYTES or time.monotonic() > ends:
                    yield f"--- cut here: a download holds at most {MAX_BYTES >> 20} MiB ---\n".encode()
                    return
    except TimeoutError:
        buffer += f"--- cut here: a download takes at most {MAX_SECONDS:.0f} seconds ---\n".encode()
    yield bytes(buffer)


async def _merged(actor: Actor, sources: Sequence[tuple[int, LogSource]],
                  options: LogOptions) -> AsyncGenerator[tuple[float, str, str], None]:  # fmt: skip
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(aclosing(_lines(actor, *one, options))) for one in sources]
        heap: list[tuple[float, int, str, str]] = []
        for number, lines in enumerate(opened):
            if (first := await anext(lines, None)) is not None:
                heap.append((first[0], number, *first[1:]))
        heapq.heapify(heap)
        while heap:
            at, number, label, text = heap[0]
            yield at, label, text
            if (following := await anext(opened[number], None)) is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (max(at, following[0]), number, *following[1:]))


async def _lines(actor: Actor, cluster_id: int, source: LogSource,
                 options: LogOptions) -> AsyncGenerator[tuple[float, str, str], None]:  # fmt: skip
    label, last = source.label or source.resource.name, 0.0
    try:
        async with aclosing(engine.gateway.logs(actor, cluster_id, source, options)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                if chunk.skipped:
                    yield last, label, f"--- {chunk.skipped:,} lines left out ---"
                for last, _, text in chunk.lines:
                    yield last, label, text
    except Missing as error:
        yield last, label, f"--- {error.message} ---"
    except ClusterError as error:
        yield last, label, f"--- cut here: {error.message} ---"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(max(0.0, min(at, 4e9)), UTC).isoformat(timespec="milliseconds")[:23] + "Z"
