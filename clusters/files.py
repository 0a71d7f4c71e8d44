"""Files in and out of containers, volumes and pods: who may, and every look, way out and way in is in the audit.

Looking at files is like a terminal and takes the same right; putting one in takes a right of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from clusters import audit
from clusters.access import Actor, Need
from clusters.carrying_out import event_of
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Unsupported
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker.run_volumes import gives_power
from clusters.kinds.files import Files, Listing, Preview, clean_path
from clusters.kinds.formats import plain
from clusters.kinds.tar import Entry
from clusters.live.row import Row
from clusters.shells import in_time

READ = Need(Role.OPERATOR, "exec", acts=False)
WRITE = Need(Role.OPERATOR, "files")
SECONDS = 30.0


async def look(gateway: Gateway, actor: Actor, row: Row, path: str, container: str = "") -> Listing | Preview:
    """A folder's list, or a file as text. Raises Denied, Missing, Invalid and what the engine says."""
    driver = await _driver(gateway, actor, row, READ, "look at files")
    clean_path(path)
    request, event = await _intent(gateway, actor, row, "look at files", path, container)
    async with _failing(request, event), _way(driver, row, container) as files:
        found = await in_time(files.look(path), SECONDS)
    await audit.outcome(request, event, "done")
    return found


async def download(
    gateway: Gateway, actor: Actor, row: Row, path: str, container: str = ""
) -> tuple[Entry, AsyncIterator[bytes]]:
    """A file, or a folder as an archive. Raises what ``look`` does before the first piece."""
    driver = await _driver(gateway, actor, row, READ, "download files")
    clean_path(path)
    request, event = await _intent(gateway, actor, row, "download files", path, container)
    way = AsyncExitStack()  # into a volume: it stays until the last piece is out
    async with _failing(request, event):
        try:
            files = await way.enter_async_context(_way(driver, row, container))
            entry, pieces = await in_time(files.open_file(path), SECONDS)
        except BaseException:
            await way.aclose()
            raise
    return entry, _recorded(pieces, way, request, event)


async def may_write(gateway: Gateway, actor: Actor, row: Row) -> None:
    """Return when this person may put files there: asked before one is taken. Raises Denied or Unsupported."""
    await _driver(gateway, actor, row, WRITE, "upload files")


async def upload(
    gateway: Gateway, actor: Actor, row: Row, folder: str, name: str, size: int, data: AsyncIterator[bytes],
    container: str = "",
) -> None:  # fmt: skip
    """Put one file into a folder. Raises Denied, Invalid, Missing and what the engine says."""
    driver = await _driver(gateway, actor, row, WRITE, "upload files")
    request, event = await _intent(
        gateway, actor, row, "upload files", f"{folder.rstrip('/')}/{name}", container, size=size
    )
    async with _failing(request, event), _way(driver, row, container, write=True) as files:
        await files.put_file(folder, name, size, data)
    await audit.outcome(request, event, "done")


async def _driver(gateway: Gateway, actor: Actor, row: Row, need: Need, verb: str) -> Driver:
    namespace = row.namespace
    if row.kind.name == "volume" and gives_power(row.resource.driver, row.resource.options or {}):
        need = Need(Role.ADMIN, need.right, need.acts)  # such a volume may be any folder or disk of the machine
    await gateway.see(actor, row.cluster.id, namespace, need, verb=verb, kind=row.kind.name, resource=row.resource)
    if row.kind.filing is None:
        raise Unsupported(f"A {plain(row.kind.label)} has no files that can be looked at.")
    return gateway.driver(actor, row.cluster.id)


def _way(driver: Driver, row: Row, container: str, *, write: bool = False) -> AbstractAsyncContextManager[Files]:
    """The means by which the files are reached, for as long as they are needed."""
    assert row.kind.filing is not None
    return row.kind.filing.way(driver, row.resource, container, write)


async def _intent(
    gateway: Gateway, actor: Actor, row: Row, verb: str, path: str, container: str, **more: Any
) -> tuple[str, audit.Event]:
    cluster = gateway.connections.cluster(row.cluster.id)
    detail = {"path": path[:500], **({"container": container[:253]} if container else {}), **more}
    event = event_of(actor, cluster, row.kind.name, row.resource, verb, detail=detail)
    return await audit.intent(event), event


@asynccontextmanager
async def _failing(request: str, event: audit.Event) -> AsyncIterator[None]:
    """What goes wrong is in the audit, also where whoever asked went away before its end."""
    try:
        yield
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    except asyncio.CancelledError:
        await asyncio.shield(audit.outcome(request, event, "unknown", "It was stopped before its end."))
        raise


async def _recorded(
    pieces: AsyncIterator[bytes], way: AsyncExitStack, request: str, event: audit.Event
) -> AsyncIterator[bytes]:
    result: audit.Result = "failed"
    try:
        async for piece in pieces:
            yield piece
        result = "done"
    finally:
        try:
            await way.aclose()
        finally:
            await audit.outcome(request, event, result, "" if result == "done" else "It was not read to its end.")
