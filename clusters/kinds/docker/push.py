"""Sends an image to its registry, with a line for every layer."""

from __future__ import annotations

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Invalid
from clusters.kinds.base import Says
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.layers import Layers
from clusters.kinds.docker.pull import REGISTRY_PATIENCE
from clusters.kinds.docker.transfer_errors import transfer_error
from clusters.kinds.formats import count
from clusters.registries import seen
from clusters.registries.reference import read_reference


async def push(driver: Driver, image: str, says: Says) -> str:
    """Send it, signed in with what is stored about its registry; words for the end. Raises what went wrong."""
    name, tag = split_image(image)
    if tag.startswith("sha256:"):
        raise Invalid("A digest cannot be pushed, only a tag.")
    host = read_reference(image).host
    path = ("images", *name.split("/"), "push")
    call = Call("POST", path, query={"tag": tag}, timeout=REGISTRY_PATIENCE, registry=host)
    layers = Layers(says, tag)
    try:
        await layers.follow(driver.stream(call))
    except BaseException as error:
        if layers.over[1]:
            layers.cut_off()
            says.say(_until_then(layers, image, host), "warning")
        if isinstance(error, ClusterError):
            raise transfer_error(error, image, host, push=True, begun=layers.over[0] > 0) from error
        raise
    seen.changed(image)
    if not layers.digest:
        raise ClusterError(f"The engine stopped before {image} was there.", hint="Try again.")
    return f"{image} is there, with the digest {layers.digest}."


def _until_then(layers: Layers, image: str, host: str) -> str:
    done, known = layers.over
    if done == known:
        return f"Its {count(known, 'part')} are at {host}. Whether {image} leads to them, its registry knows."
    words = (
        f"Until then {done} of {count(known, 'part')} were at {host}. The name comes last: {image} leads there to what"
    )
    return f"{words} it led to before, if to anything. Pushing again goes on from there."


async def tag_image(driver: Driver, image: str, name: str) -> None:
    """Give an image another name. ``image`` is a name or an id."""
    repository, tag = split_image(name)
    if tag.startswith("sha256:"):
        raise Invalid("A name ends with a tag, not with a digest.")
    await driver.call(Call("POST", ("images", *image.split("/"), "tag"), query={"repo": repository, "tag": tag}))
