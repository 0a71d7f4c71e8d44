"""An image for a service: what its tag leads to now, so that every node runs the very same."""

from __future__ import annotations

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.docker.image_name import split_image
from clusters.registries.reference import read_reference

PATIENCE = 20.0  # seconds for the registry


async def pinned(driver: Driver, image: str) -> str:
    """The image with the digest that its tag leads to, as ``docker service update`` has it. Where the registry does not
    tell the Swarm, the image as it is: then each node takes what it finds under the tag. Raises Invalid."""
    name, version = split_image(image)
    if version.startswith("sha256:"):
        return image
    path = ("distribution", *f"{name}:{version}".split("/"), "json")
    try:
        said = await driver.call(Call("GET", path, timeout=PATIENCE, registry=read_reference(image).host))
    except ClusterError:
        return image
    descriptor = said.get("Descriptor") if isinstance(said, dict) else None
    digest = str(descriptor.get("digest", "")) if isinstance(descriptor, dict) else ""
    return f"{name}:{version}@{digest}" if digest.startswith("sha256:") else image
