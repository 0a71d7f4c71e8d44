"""The host's images: what can be asked about them, and pulling one."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.clock import Clock
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Missing, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

LAYERS = (
    (0.55, "ADD rootfs.tar.gz / # buildkit"),
    (0.0, "ENV PATH=/usr/local/bin:/usr/bin:/bin"),
    (0.3, "RUN /bin/sh -c apk add --no-cache ca-certificates tzdata # buildkit"),
    (0.15, "COPY /out/serve /usr/local/bin/serve # buildkit"),
    (0.0, 'CMD ["/usr/local/bin/serve"]'),
)


def tagged(image: str) -> str:
    """The name with its tag: "latest" where none is said."""
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"


def find(world: HostWorld, reference: str) -> Object:
    """An image by id or name. Raises Missing."""
    name = tagged(reference)
    for one in world.all("images"):
        if reference == one["Id"] or name in one["RepoTags"]:
            return one
    raise Missing(f"There is no image {name[:200]} on this host.", hint="Pull it first.")


def whole(image: Object) -> Object:
    """An image as its inspection shows it."""
    config = {"Cmd": ["/usr/local/bin/serve"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "WorkingDir": "/app"}
    return {**copy.deepcopy(image), "Os": "linux", "Architecture": "amd64", "Config": config}


def answer(world: HostWorld, call: Call) -> Any:
    """Carry out one request about images."""
    match (call.method, *call.path):
        case ("GET", "images", "json"):
            return copy.deepcopy(world.all("images"))
        case ("GET", "images", *reference, "json"):
            return whole(find(world, "/".join(reference)))
        case ("GET", "images", *reference, "history"):
            return _history(find(world, "/".join(reference)))
        case ("POST", "images", *reference, "tag"):
            return tag(world, find(world, "/".join(reference)), f"{call.query.get('repo')}:{call.query.get('tag')}")
        case ("DELETE", "images", *reference):
            return _remove(world, "/".join(reference), call.query.get("force") == "true")
    raise Unsupported("The demonstration cannot do that.", hint="Connect a real Docker host to try this.")


def leave_one(world: HostWorld) -> None:
    """One that lost its name to a newer one, as every host has some."""
    uid = world.add_image("registry.example/shop/web:5.10.0")
    image = world.get("images", uid)
    if image is not None:
        world.put("images", uid, {**image, "RepoTags": [], "RepoDigests": []})


def _history(image: Object) -> list[Object]:
    return [
        {
            "Id": image["Id"] if number == 0 else "<missing>",
            "Created": image["Created"] - number * 40,
            "CreatedBy": command,
            "Size": int(image["Size"] * share),
            "Tags": image["RepoTags"] if number == 0 else None,
            "Comment": "buildkit.dockerfile.v0",
        }
        for number, (share, command) in enumerate(reversed(LAYERS))
    ]


def tag(world: HostWorld, image: Object, name: str) -> None:
    """Give it a name, and take it from whichever had it."""
    for other in world.all("images"):
        if name in other["RepoTags"] and other["Id"] != image["Id"]:
            world.put("images", other["Id"], {**other, "RepoTags": [tag for tag in other["RepoTags"] if tag != name]})
    if name not in image["RepoTags"]:
        world.put("images", image["Id"], {**image, "RepoTags": [*image["RepoTags"], name]})


def _remove(world: HostWorld, reference: str, force: bool) -> list[Object]:
    image = find(world, reference)
    users = [one for one in world.all("containers") if one["Image"] == image["Id"]]
    if reference != image["Id"] and len(image["RepoTags"]) > 1:
        left = [tag for tag in image["RepoTags"] if tag != tagged(reference)]
        world.put("images", image["Id"], {**image, "RepoTags": left})
        return [{"Untagged": tagged(reference)}]
    if any(one["State"]["Running"] for one in users) or (users and not force):
        raise Conflict(f"The image is used by {users[0]['Name'][1:]}.", hint="Remove the container first.")
    if len(image["RepoTags"]) > 1 and not force:
        raise Conflict("The image has several names, so it must be forced.")
    world.drop("images", image["Id"])
    return [*({"Untagged": tag} for tag in image["RepoTags"]), {"Deleted": image["Id"]}]


async def pull(world: HostWorld, clock: Clock, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:
    """What an engine tells while it fetches an image; at its end the host has it."""
    name, tag = query.get("fromImage", ""), query.get("tag") or "latest"
    image = name if ":" in name.rpartition("/")[2] else f"{name}:{tag}"
    yield {"status": f"Pulling from {name}", "id": tag}
    for part in range(0, 101, 10):
        await clock.sleep(0.2)
        yield {
            "status": "Downloading",
            "id": "demo0layer01",
            "progressDetail": {"current": part * 310_000, "total": 31_000_000},
        }
    world.add_image(image)
    yield {"status": "Pull complete", "id": "demo0layer01"}
    yield {"status": f"Status: Downloaded newer image for {image}"}
