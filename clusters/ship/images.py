"""An image on an engine: found by its name, and what it says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.access import Actor, Need
from clusters.drivers.base import ENGINES, Call
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.models import Registry
from clusters.registries.client import RegistryClient
from clusters.registries.kept import way_to
from clusters.registries.reference import HUB, read_reference
from clusters.shells import in_time

LOOK = Need(Role.VIEWER, acts=False)
_SECONDS = 10.0


def row_of(gateway: Gateway, actor: Actor, connection: Connection, image: str) -> Row | None:
    """The image of that name there, if this person sees it, and as far as its list is known."""
    store = connection.stores.get("image")
    if store is None or connection.driver.platform not in ENGINES:
        return None
    for one in gateway.visible(actor, connection.cluster.id, "image"):
        if image in one.tags and one.uid in store.health:
            return Row(connection.cluster, store.kind, one, store.health[one.uid])
    return None


async def config_of(gateway: Gateway, actor: Actor, row: Row) -> Mapping[str, Any]:
    """What runs, listens and is checked in a container of it; nothing where its engine does not say. Raises Denied."""
    config = (await whole_of(gateway, actor, row)).get("Config")
    return config if isinstance(config, dict) else {}


async def config_there(image: str) -> Mapping[str, Any]:
    """The same of one that no engine has, as its registry gives it out; nothing where that is not kept here or silent.

    Docker Hub is not asked: each look would count as a pull.
    """
    try:
        reference = read_reference(image)
        registry = await Registry.objects.filter(host=reference.host).afirst()
        if registry is None or reference.host == HUB:
            return {}
        async with RegistryClient(way_to(registry)) as client:
            read = client.read(reference.repository, reference.digest or reference.tag)
            images = (await in_time(read, _SECONDS)).images
    except ClusterError:
        return {}
    if not images:
        return {}
    return {"ExposedPorts": dict.fromkeys(images[0].ports), "Healthcheck": {"Test": list(images[0].check)}}


async def whole_of(gateway: Gateway, actor: Actor, row: Row) -> Mapping[str, Any]:
    """All that its engine says of it; nothing where that does not answer. Raises Denied."""
    await gateway.see(actor, row.cluster.id, row.namespace, LOOK, verb="ship", kind="image", resource=row.resource)
    call = Call("GET", ("images", row.resource.uid, "json"))
    try:
        found = await in_time(gateway.driver(actor, row.cluster.id).call(call), _SECONDS)
    except ClusterError:
        return {}
    return found if isinstance(found, dict) else {}


def was_pulled(image: Mapping[str, Any], name: str) -> bool:
    """Was it pulled from, or pushed to, the registry that its name says, as far as its engine knows?

    Newer engines note that. Others know digests of such images only, but with the containerd store of all.
    """
    try:
        reference = read_reference(name)
    except Invalid:
        return True  # by its id alone: nobody can tell
    identity = image.get("Identity")
    if not isinstance(identity, dict):
        digests = bool(image.get("RepoDigests"))
        return digests and (reference.host != HUB or "Descriptor" not in image)
    wanted = f"{reference.host.partition(':')[0]}/{reference.repository}"
    return any(str(one.get("Repository")) == wanted for one in identity.get("Pull") or ())
