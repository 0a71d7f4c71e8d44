"""What is known by its name alone, which the labels of others say: a Compose project, a Swarm's stack."""

from __future__ import annotations

from clusters.live.resource import Resource


class Titled(Resource, frozen=True, gc=False):
    """The base of such models."""

    title: str = ""

    @property
    def uid(self) -> str:
        """Its name."""
        return self.title

    @property
    def name(self) -> str:
        """Its name."""
        return self.title

    @property
    def namespace(self) -> str:
        """It is the namespace of all that belongs to it."""
        return self.title
