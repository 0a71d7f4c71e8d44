"""Pulls and pushes as jobs of a cluster: checked, decided, begun."""

from __future__ import annotations

import re

from clusters import audit
from clusters.access import Actor
from clusters.drivers.base import Driver
from clusters.errors import Invalid, Refused
from clusters.gateway import Gateway
from clusters.jobs import Made, Reporter
from clusters.kinds.docker.pull import pull
from clusters.kinds.docker.push import push, tag_image
from clusters.long_work import LongWork
from clusters.models import Registry
from clusters.registries.access import RUN, may_push
from clusters.registries.reference import read_reference

_PLATFORM = re.compile(r"[a-z0-9]{1,20}(/[a-z0-9_]{1,20}){1,2}")


async def begin_pull(gateway: Gateway, actor: Actor, cluster_id: int, image: str, platform: str = "") -> str:
    """Get an image; the key of the job. Raises Invalid or Denied."""
    reference = read_reference(image)
    if platform and not _PLATFORM.fullmatch(platform):
        raise Invalid("A platform looks like linux/arm64.")

    async def work(driver: Driver, says: Reporter) -> str:
        return await pull(driver, image, says, platform=platform)

    detail = {"image": str(reference), "platform": platform}
    pulling = LongWork(need=RUN, verb="pull", title=f"Pull {image}", run=work, detail=detail, about=("image", image))
    return await gateway.begin(actor, cluster_id, pulling)


async def begin_push(gateway: Gateway, actor: Actor, cluster_id: int, image: str, name: str = "") -> str:
    """Send an image, under another name where one is given; the key of the job. Raises Invalid, Refused or Denied."""
    name = name or image
    target = read_reference(name)
    if target.digest:
        raise Invalid("A digest cannot be pushed.", hint="Give it a name with a tag.")
    registry = await Registry.objects.filter(host=target.host).afirst()
    if not may_push(actor, registry):
        why = f"Only administrators push to {target.host}."
        await audit.denied(audit.Event(actor=actor.name, address=actor.address, verb="push", name=str(target)), why)
        raise Refused(why, hint="They can let operators do it.")

    async def work(driver: Driver, says: Reporter) -> Made:
        if name != image:
            await tag_image(driver, image, name)
            says.say(f"{image} is called {name} now, too.")
        return Made(await push(driver, name, says), "image", name, image=name)

    detail = {"image": image, "to": str(target)}
    pushing = LongWork(need=RUN, verb="push", title=f"Push {name}", run=work, detail=detail, about=("image", name))
    return await gateway.begin(actor, cluster_id, pushing)
