"""An image for a service: what its tag leads to now, so that every node runs the very same."""

from __future__ import annotations

from dataclasses import dataclass

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.swarm.service_model import tagged
from clusters.registries.reference import read_reference

PATIENCE = 20.0  # seconds for the registry
LOOSE = "Its registry did not say what the tag leads to: each node takes what it finds under it."
NOT_FOUND = "{image} was not found in its registry: only nodes that have it already can run it."


@dataclass(frozen=True, slots=True)
class Pinned:
    """An image for a service; and why not every node is sure to run the very same, "" where they all are."""

    image: str
    loose: str = ""


async def pinned(driver: Driver, image: str) -> Pinned:
    """The image with the digest that its tag leads to, as ``docker service update`` has it. Where the registry does not
    tell the Swarm, the image as it is: then each node takes what it finds under the tag. Raises Invalid."""
    name, version = split_image(image)
    if version.startswith("sha256:"):
        return Pinned(image)
    path = ("distribution", *f"{name}:{version}".split("/"), "json")
    try:
        said = await driver.call(Call("GET", path, timeout=PATIENCE, registry=read_reference(image).host))
    except Missing:  # the registry answered; one that is silent, or wants another sign-in, is no 404
        return Pinned(image, NOT_FOUND.format(image=tagged(image)))
    except ClusterError:
        return Pinned(image, LOOSE)
    descriptor = said.get("Descriptor") if isinstance(said, dict) else None
    digest = str(descriptor.get("digest", "")) if isinstance(descriptor, dict) else ""
    return Pinned(f"{name}:{version}@{digest}") if digest.startswith("sha256:") else Pinned(image, LOOSE)
