"""What we read of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.used_by import Used, grouped, user, with_users
from clusters.kinds.formats import short_id
from clusters.live.resource import Number

_NONE = "<none>"  # how engines before 25 write "no name"


class Image(Used, frozen=True, gc=False, rename="pascal"):
    """One image, as the engine's list has it.

    Engines with the containerd image store (the default of 29) count its compressed layers to its size, too, and give
    every image a digest; others know a digest only of what came from a registry.
    """

    id: str = ""
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    made: Number = msgspec.field(default=0, name="Created")
    size: Number = 0
    tags_of_it: dict[str, str] | None = msgspec.field(default=None, name="Labels")

    @property
    def uid(self) -> str:
        """The engine's id: a digest of what the image is."""
        return self.id

    @property
    def name(self) -> str:
        """Its first name; where it has none, from where it came, or the beginning of its id."""
        if self.tags:
            return self.tags[0]
        repository = next(iter(self.digests), "").partition("@")[0]
        return f"{repository}@{short_id(self.id)}" if repository else short_id(self.id)

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return float(max(0, self.made))

    @property
    def tags(self) -> list[str]:
        """All its names, with their tags."""
        return [tag for tag in self.repo_tags or () if _NONE not in tag and "@" not in tag]

    @property
    def digests(self) -> list[str]:
        """By what it can be had from registries again."""
        return [digest for digest in self.repo_digests or () if _NONE not in digest]

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.tags_of_it or {}

    @property
    def dangling(self) -> bool:
        """Has it lost its name to a newer one?"""
        return not self.tags


def join(own: Sequence[Image], others: Mapping[str, Sequence[Container]]) -> Sequence[Image]:
    """Each image with the containers that were made from it."""
    return with_users(own, grouped((container.image_id, user(container)) for container in others["container"]))
