"""Files in and out of containers: who may, and every look into one, way out and way in is in the audit.

Looking at files is like a terminal and takes the same right; putting one in takes a right of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from clusters import audit
from clusters.access import Actor, Need
from clusters.carrying_out import event_of
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Unsupported
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker import files
from clusters.kinds.docker.files import Listing, Preview
from clusters.kinds.docker.tar import Entry
from clusters.live.row import Row
from clusters.shells import in_time

READ = Need(Role.OPERATOR, "exec", acts=False)
WRITE = Need(Role.OPERATOR, "files")
SECONDS = 30.0


async def look(gateway: Gateway, actor: Actor, row: Row, path: str) -> Listing | Preview:
    """A folder's list, or a file as text. Raises Denied, Missing, Invalid and what the engine says."""
    driver = await _driver(gateway, actor, row, READ, "look at files")
    files.clean_path(path)
    request, event = await _intent(gateway, actor, row, "look at files", path)
    try:
        found = await in_time(files.look(driver, row.resource.uid, path), SECONDS)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    await audit.outcome(request, event, "done")
    return found


async def download(gateway: Gateway, actor: Actor, row: Row, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
    """A file, or a folder as an archive. Raises what ``look`` does before the first piece."""
    driver = await _driver(gateway, actor, row, READ, "download files")
    files.clean_path(path)
    request, event = await _intent(gateway, actor, row, "download files", path)
    try:
        entry, pieces = await in_time(files.open_file(driver, row.resource.uid, path), SECONDS)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    return entry, _recorded(pieces, request, event)


async def upload(
    gateway: Gateway, actor: Actor, row: Row, folder: str, name: str, size: int, data: AsyncIterator[bytes]
) -> None:
    """Put one file into a folder. Raises Denied, Invalid, Missing and what the engine says."""
    driver = await _driver(gateway, actor, row, WRITE, "upload files")
    request, event = await _intent(gateway, actor, row, "upload files", f"{folder.rstrip('/')}/{name}", size=size)
    try:
        await files.put_file(driver, row.resource.uid, folder, name, size, data)
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    await audit.outcome(request, event, "done")


async def _driver(gateway: Gateway, actor: Actor, row: Row, need: Need, verb: str) -> Driver:
    namespace = row.resource.namespace if row.kind.namespaced else None
    await gateway.see(actor, row.cluster.id, namespace, need, verb=verb, kind=row.kind.name, resource=row.resource)
    if row.kind.panel("files") is None:
        raise Unsupported(f"A {row.kind.label.lower()} has no files that can be looked at.")
    return gateway.connections.driver(row.cluster.id)


async def _intent(
    gateway: Gateway, actor: Actor, row: Row, verb: str, path: str, **more: Any
) -> tuple[str, audit.Event]:
    cluster = gateway.connections.cluster(row.cluster.id)
    event = event_of(actor, cluster, row.kind.name, row.resource, verb, detail={"path": path[:500], **more})
    return await audit.intent(event), event


async def _recorded(pieces: AsyncIterator[bytes], request: str, event: audit.Event) -> AsyncIterator[bytes]:
    result: audit.Result = "failed"
    try:
        async for piece in pieces:
            yield piece
        result = "done"
    finally:
        await audit.outcome(request, event, result, "" if result == "done" else "It was not read to its end.")
