"""An image from one engine onto another, through us and over no registry: as a job of the one that gets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from clusters.access import Actor
from clusters.drivers.base import Driver
from clusters.errors import Invalid
from clusters.gateway import Gateway
from clusters.image_files import LOAD
from clusters.image_files import save as save_image
from clusters.jobs import Reporter
from clusters.kinds.docker import image_files
from clusters.live.row import Row
from clusters.long_work import LongWork


async def begin(gateway: Gateway, actor: Actor, source: Row, image: str, cluster_id: int) -> str:
    """``source`` is the image on the engine that has it. The key of the job. Raises Invalid and Denied."""
    if source.cluster.id == cluster_id:
        raise Invalid("It is on that engine already.")
    await gateway.see(actor, cluster_id, None, LOAD, verb="load")  # before the first piece is read

    async def work(driver: Driver, says: Reporter) -> str:
        says.say(f"Reading {image} from {source.cluster.name}.")
        pieces: AsyncIterator[bytes] = await save_image(gateway, actor, source, image)
        async with aclosing(pieces) as read:  # type: ignore[type-var]
            return await image_files.load(driver, read, source.resource.size, says)

    title, detail = f"Load {image} from {source.cluster.name}", {"image": image, "from": source.cluster.name}
    moving = LongWork(need=LOAD, verb="load", title=title, run=work, detail=detail, about=("image", image))
    return await gateway.begin(actor, cluster_id, moving)
