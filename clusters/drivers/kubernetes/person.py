"""Acting as the signed-in person: by which name and groups the cluster is asked, over the line of the connection.

The headers are made here and nowhere else, from the name of the account that is signed in: nothing that a browser
sends gets into them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp

from clusters.drivers.kubernetes.client import ApiServer, Query, Signature
from clusters.drivers.kubernetes.naming import Impersonation
from clusters.permissions import ACCOUNT, NotPermitted

_CANNOT = "cannot impersonate"


class PersonalServer(ApiServer):
    """The line of a connection, used as one person. It opens and closes nothing of its own."""

    def __init__(self, line: ApiServer, how: Impersonation, name: str) -> None:
        super().__init__(line.connection)
        self._line, self.user, self._groups = line, how.user(name), how.groups
        self.versions = line.versions

    async def _sign(self, method: str, target: str, query: Query) -> Signature:
        session, url, headers = await self._line._sign(method, target, query)
        headers["Impersonate-User"] = self.user
        for group in self._groups:
            headers.add("Impersonate-Group", group)
        return session, url, headers

    @asynccontextmanager
    async def open(self, *args: Any, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """As that person; what is not permitted is not permitted to them."""
        with self._by_name():
            async with super().open(*args, **more) as response:
                yield response

    async def websocket(self, *args: Any, **more: Any) -> aiohttp.ClientWebSocketResponse:
        """The same for a two-way stream."""
        with self._by_name():
            return await super().websocket(*args, **more)

    def forget_token(self) -> bool:
        """It is the connection's."""
        return self._line.forget_token()

    async def close(self) -> None:
        """The line stays open for the others."""

    @contextmanager
    def _by_name(self) -> Iterator[None]:
        try:
            yield
        except NotPermitted as error:
            if _CANNOT in error.detail:
                error.message = f"{ACCOUNT} may not act as somebody else, so you cannot act as “{self.user}” there."
                error.hint = "Grant it the right to impersonate, or switch that off for this cluster."
            else:
                error.message = error.message.replace(ACCOUNT, f"“{self.user}”", 1)
            error.args = (error.message,)
            raise
