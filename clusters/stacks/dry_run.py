"""An engine for a dry run: it answers what the real one answers, and takes every change without making it.

The program deploys to it as to the real one; what it sends is what it would do there. So the difference is the
program's own word, and nothing of its rules is written a second time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clusters.drivers.base import Call, Driver
from clusters.ending import end
from clusters.errors import ClusterError, Conflict, Missing
from clusters.registries.reference import read_reference

MOST_BODY = 16 << 20  # bytes
_MADE_ID = "dryrun"


@dataclass(frozen=True, slots=True)
class Sent:
    """One change that the program would make: POST ("services", "create") with its body, DELETE ("networks", id)."""

    method: str
    path: tuple[str, ...]
    body: Any = field(default=None, repr=False)
    made: str = ""  # the id of what it makes

    @property
    def collection(self) -> str:
        """What it is about: services, networks, secrets, configs."""
        return self.path[0] if self.path else ""


@dataclass(slots=True)
class DryEngine:
    """What was sent so far."""

    driver: Driver
    version: str
    sent: list[Sent] = field(default_factory=list)

    async def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """The status and the answer to one request."""
        address = urlsplit(target)
        path = tuple(unquote(one) for one in address.path.split("/") if one)
        path = path[1:] if path and path[0].startswith("v1.") else path
        if path == ("_ping",):
            return 200, "OK"
        if method in ("GET", "HEAD"):
            return await self._asked(path, dict(parse_qsl(address.query)))
        made = f"{_MADE_ID}{len(self.sent) + 1}" if path[-1:] == ("create",) else ""
        self.sent.append(Sent(method, path, json.loads(body) if body.strip() else None, made))
        if made:
            return 201, {"ID": made, "Id": made, "Warnings": None, "Warning": ""}
        return 200, {"Warnings": None}

    async def _asked(self, path: tuple[str, ...], query: Mapping[str, str]) -> tuple[int, Any]:
        registry = read_reference("/".join(path[1:-1])).host if path[:1] == ("distribution",) else ""
        try:
            said = await self.driver.call(Call("GET", path, query, timeout=30.0, registry=registry))
        except ClusterError as error:
            status = 404 if isinstance(error, Missing) else 409 if isinstance(error, Conflict) else 500
            return status, {"message": error.detail or error.message}
        if path in (("secrets",), ("configs",)):
            return 200, [*(said or ()), *self._made(path[0])]
        return 200, said

    def _made(self, collection: str) -> list[dict[str, Any]]:
        """What would be there by now: the program looks for what it has just made."""
        found = []
        for one in self.sent:
            if one.path == (collection, "create"):
                spec = {name: value for name, value in one.body.items() if name != "Data"}
                found.append({"ID": one.made, "Version": {"Index": 1}, "Spec": spec})
        return found


@asynccontextmanager
async def dry_engine(driver: Driver, folder: Path) -> AsyncIterator[tuple[DryEngine, Path]]:
    """A socket in that folder on which the engine is played as long as the block lasts."""
    said = await driver.call(Call("GET", ("version",), timeout=15.0))
    played, path = DryEngine(driver, str((said or {}).get("ApiVersion") or "1.41")), folder / "engine.sock"
    serving: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            serving.add(task)
            task.add_done_callback(serving.discard)
        with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError, ValueError):
            await _serve(played, reader, writer)
        writer.close()

    server = await asyncio.start_unix_server(take, path)
    try:
        yield played, path
    finally:
        server.close()
        await end(serving)


async def _serve(played: DryEngine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of the program, request after request."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        first, *rest = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        body = await _body(reader, headers)
        status, answer = await played.answer(method, target, body)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        sort = "text/plain" if isinstance(answer, str) else "application/json"
        writer.write(
            f"HTTP/1.1 {status} {'OK' if status < 300 else 'No'}\r\nApi-Version: {played.version}\r\nOstype: linux\r\n"
            f"Content-Type: {sort}\r\nContent-Length: {len(text.encode())}\r\n\r\n".encode()
        )
        if method != "HEAD":
            writer.write(text.encode())
        await writer.drain()


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        size = int(headers.get("content-length") or 0)
        if size > MOST_BODY:
            raise ValueError
        return await reader.readexactly(size)
    pieces, total = [], 0
    while size := int((await reader.readline()).split(b";")[0], 16):
        total += size
        if total > MOST_BODY:
            raise ValueError
        pieces.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(pieces)
