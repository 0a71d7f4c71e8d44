"""Images in and out of a host as files: who may, with its record in the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from clusters import audit
from clusters.access import Actor, Need
from clusters.build import uploads
from clusters.carrying_out import event_of
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Gateway
from clusters.jobs import Reporter
from clusters.kinds.base import Role
from clusters.kinds.docker import image_files
from clusters.live.row import Row
from clusters.long_work import LongWork

# A whole image holds whatever was put into it: whoever may run it can see that anyway.
SAVE = Need(Role.OPERATOR, "run", acts=False)
LOAD = Need(Role.OPERATOR, "run")
MOST = 4 << 30  # bytes of one archive


async def save(gateway: Gateway, actor: Actor, row: Row, image: str) -> AsyncIterator[bytes]:
    """An image as an archive: its pieces, when the first has come. Raises Denied, Missing and what the engine says."""
    if image != row.resource.uid and image not in row.resource.tags:
        raise Invalid("The image has no such name.")
    kind, resource = row.kind.name, row.resource
    await gateway.see(actor, row.cluster.id, None, SAVE, verb="save", kind=kind, resource=resource)
    driver = gateway.driver(actor, row.cluster.id)
    event = event_of(actor, row.cluster, kind, resource, "save", detail={"image": image})
    request = await audit.intent(event)
    pieces = image_files.save(driver, image)
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        first = b""
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise

    async def all_of_it() -> AsyncIterator[bytes]:
        result: audit.Result = "failed"
        try:
            async with aclosing(pieces):
                yield first
                async for piece in pieces:
                    yield piece
            result = "done"
        finally:
            await audit.outcome(request, event, result, "" if result == "done" else "It was not read to its end.")

    return all_of_it()


async def may_load(gateway: Gateway, actor: Actor, cluster_id: int) -> None:
    """Return when this person may put images there: asked before the first piece of a file is taken. Raises Denied."""
    await gateway.see(actor, cluster_id, None, LOAD, verb="load")


async def begin_load(gateway: Gateway, actor: Actor, cluster_id: int, name: str, upload: uploads.Upload) -> str:
    """Give a file that was sent to the engine; the key of the job. Raises Invalid or Denied."""
    if not upload.size:
        raise Invalid("Choose a file first.")
    upload.builds += 1  # it is read now, so it makes no room for another one

    async def work(driver: Driver, says: Reporter) -> str:
        async with aclosing(uploads.pieces_of(upload)) as pieces:  # type: ignore[type-var]
            return await image_files.load(driver, pieces, upload.size, says)

    detail = {"file": name[:200], "bytes": upload.size}
    loading = LongWork(need=LOAD, verb="load", title=f"Load {name[:100]}", run=work, detail=detail)
    try:
        return await gateway.begin(actor, cluster_id, loading)
    except BaseException:
        uploads.remove(upload)
        raise
