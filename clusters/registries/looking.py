"""Looking into a registry for a person: with the answers of the last minute, and not too often."""

from __future__ import annotations

from types import TracebackType

from clusters.access import Actor
from clusters.registries import lately
from clusters.registries.client import Names, RegistryClient
from clusters.registries.content import Content
from clusters.registries.way import Way


class Looking:
    """Opens when something has to be asked. All methods raise the errors of ``clusters.errors``, and TooOften."""

    def __init__(self, by: Actor, way: Way, *, anew: bool = False) -> None:
        self._by, self._way, self._anew = by, way, anew
        self._client = RegistryClient(way)

    async def __aenter__(self) -> Looking:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def repositories(self) -> Names:
        """All of them, as far as the limits reach."""
        send = self._client.repositories
        return await lately.ask(self._by, self._way, "", ("repositories",), send, anew=self._anew)

    async def tags(self, repository: str) -> Names:
        """The tags of a repository."""
        return await lately.ask(
            self._by, self._way, repository, ("tags",), lambda: self._client.tags(repository), anew=self._anew
        )

    async def digest(self, repository: str, version: str) -> str:
        """The digest that a tag leads to. Raises Missing."""

        async def send() -> str:
            return await self._client.digest(repository, version)

        return await lately.ask(self._by, self._way, repository, ("digest", version), send, anew=self._anew)

    async def read(self, repository: str, version: str, *, every: bool = False) -> Content:
        """What is under a tag or digest. Of several platforms the first is read, or ``every`` one."""

        async def send() -> Content:
            return await self._client.read(repository, version, every=every)

        question = ("read", version, "every" if every else "first")
        return await lately.ask(self._by, self._way, repository, question, send, anew=self._anew)
