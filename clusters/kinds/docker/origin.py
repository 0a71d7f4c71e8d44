"""What an engine says of a container and of its image, from which the container can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid, Missing
from clusters.kinds.docker.container_model import Container
from clusters.kinds.formats import short_id

P = ParamSpec("P")
T = TypeVar("T")
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the engine says of a container and of the image it was made from (empty when that is gone)."""

    container: Tree
    image: Tree

    @property
    def uid(self) -> str:
        """The id of the container."""
        return str(self.container.get("Id", ""))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.container.get("Name", "")).lstrip("/") or short_id(self.uid)

    @property
    def config(self) -> Tree:
        """What it was asked to run."""
        return self.container.get("Config") or {}

    @property
    def host(self) -> Tree:
        """How it stands on its machine."""
        return self.container.get("HostConfig") or {}

    @property
    def defaults(self) -> Tree:
        """What its image asks for by itself."""
        return self.image.get("Config") or {}


def understood(read: Callable[P, T]) -> Callable[P, T]:
    """What an engine says is untrusted: where it is not in the shape that it should be, that is said in words."""

    @wraps(read)
    def guarded(*args: P.args, **options: P.kwargs) -> T:
        try:
            return read(*args, **options)
        except (TypeError, AttributeError, KeyError, IndexError, ValueError) as error:
            raise Invalid("The engine describes it in a way that Pilothouse does not understand.") from error

    return guarded


async def load_origin(driver: Driver, container: Container) -> Origin:
    """Ask the engine. Raises Missing when it is gone."""
    found = await driver.call(Call("GET", ("containers", container.uid, "json")))
    if not isinstance(found, dict):
        raise Missing(f"{container.name} is not there any more.")
    image: Any = None
    with suppress(Missing, Invalid):  # removed by force meanwhile: then what the image said by itself is said, too
        image = await driver.call(Call("GET", ("images", str(found.get("Image") or "none"), "json")))
    return Origin(found, image if isinstance(image, dict) else {})
