"""What the tests of Docker share: containers on a real engine, a line to it that can be cut, an engine that is none."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.live.resource import Changed, FeedItem, Listed
from tests.real import listens

FOR_EVER = ("sleep", "1000")
LATELY = 600.0  # seconds: what is older is not of this run


def unix(path: str | Path) -> DockerDriver:
    """A driver of the engine at that socket."""
    return DockerDriver({"address": f"unix://{path}"}, {})


def over_tls() -> DockerDriver:
    """The testbed's engine over TLS; skips where there is none."""
    folder = _testbed("docker-tls", 2376)
    settings = {"address": "tcp://127.0.0.1:2376"}
    settings |= {"ca": (folder / "ca.pem").read_text(), "certificate": (folder / "cert.pem").read_text()}
    return DockerDriver(settings, {"key": (folder / "key.pem").read_text()})


def over_ssh() -> DockerDriver:
    """The testbed's engine over SSH; skips where there is none."""
    folder = _testbed("ssh", 2222)
    known = f"[127.0.0.1]:2222 {(folder / 'host.pub').read_text().strip()}"
    settings = {"address": "ssh://root@127.0.0.1:2222", "known_hosts": known}
    return DockerDriver(settings, {"ssh_key": (folder / "key").read_text()})


def _testbed(part: str, port: int) -> Path:
    folder = Path(os.environ.get("TESTBED", ""), part)
    if not os.environ.get("TESTBED") or not folder.is_dir() or not listens(("127.0.0.1", port)):
        pytest.skip(f"no engine over {part.removeprefix('docker-')}: only the testbed has one")
    return folder


def a_name() -> str:
    """A name that no other test uses."""
    return f"pilothouse-{secrets.token_hex(5)}"


@asynccontextmanager
async def made(
    driver: DockerDriver, command: Sequence[str] = FOR_EVER, *, start: bool = True, **body: Any
) -> AsyncIterator[Container]:
    """A container that is removed afterwards, whatever happened."""
    labels = {"pilothouse.test": "1", **body.pop("Labels", {})}
    asked = {"Image": "busybox:latest", "Cmd": list(command), "Labels": labels, "StopTimeout": 0, **body}
    answer = await driver.call(Call("POST", ("containers", "create"), {"name": a_name()}, asked))
    try:
        if start:
            await post(driver, answer["Id"], "start")
        yield await now(driver, answer["Id"])
    finally:
        with suppress(ClusterError):
            await remove(driver, answer["Id"])


async def post(driver: DockerDriver, uid: str, verb: str, **query: str) -> None:
    """One of the engine's verbs."""
    await driver.call(Call("POST", ("containers", uid, verb), query))


async def remove(driver: DockerDriver, uid: str) -> None:
    """Away with it."""
    await driver.call(Call("DELETE", ("containers", uid), {"force": "1", "v": "1"}))


async def now(driver: DockerDriver, uid: str) -> Container:
    """The container as the engine has it."""
    import msgspec

    from clusters.drivers.docker.watch import versioned

    found = versioned(msgspec.json.encode(await driver.get(CONTAINER, "", uid)), Container)
    assert isinstance(found, Container)
    return found


@dataclass
class Seen:
    """What a watch told so far."""

    items: list[tuple[float, FeedItem]] = field(default_factory=list)
    containers: dict[str, Container] = field(default_factory=dict)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, item: FeedItem) -> None:
        """One item more."""
        self.items.append((time.monotonic(), item))
        if isinstance(item, Listed):
            self.containers = {one.uid: one for one in item.resources if isinstance(one, Container)}
        elif isinstance(item, Changed):
            self.containers |= {one.uid: one for one in item.upserts if isinstance(one, Container)}
            for uid in item.deletes:
                self.containers.pop(uid, None)
        self.heard.set()

    async def until(self, right: Callable[[Seen], Any], within: float = 10.0) -> float:
        """Wait until it is so; the monotonic time of the item that made it so."""
        async with asyncio.timeout(within):
            while not right(self):
                self.heard.clear()
                await self.heard.wait()
        return self.items[-1][0] if self.items else 0.0

    def last(self, type_: type[FeedItem]) -> Any:
        """The newest item of that type."""
        return next((item for _, item in reversed(self.items) if isinstance(item, type_)), None)


@asynccontextmanager
async def watching(driver: DockerDriver) -> AsyncIterator[Seen]:
    """A watch of the containers, followed in the background; the first list has come."""
    seen = Seen()

    async def follow() -> None:
        async with aclosing(driver.watch(CONTAINER)) as feed:  # type: ignore[type-var]
            async for item in feed:
                seen.take(item)

    task = asyncio.create_task(follow())
    try:
        await seen.until(lambda one: one.items or task.done())
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Line:
    """A private socket that leads to an engine, until it is cut."""

    def __init__(self, path: Path, target: str) -> None:
        self.path = path
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    async def heal(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_unix_server(self._carry, self.path)

    async def cut(self) -> None:
        """End all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
        self.path.unlink(missing_ok=True)
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def freeze(self) -> None:
        """Keep what is open, silently; take new connections and never answer."""
        self._flows.clear()

    async def thaw(self) -> None:
        """Go on."""
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        pair = {writer, far_writer}
        self._writers |= pair
        try:
            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))
        except asyncio.CancelledError:
            pass  # the test is over; asyncio would print it
        finally:
            self._writers -= pair

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


class Pretender:
    """A server that answers as it is told, and keeps the first line of every request."""

    def __init__(self, path: Path, answers: dict[str, bytes]) -> None:
        self.path = path
        self.requests: list[str] = []
        self._answers = answers
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Pretender:
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                line = head.split(b"\r\n", 1)[0].decode()
                self.requests.append(line)
                path = line.split(" ")[1].partition("?")[0]
                answer = next((one for part, one in self._answers.items() if path.endswith(part)), http(404, b"{}"))
                writer.write(answer)
                await writer.drain()


def http(status: int, body: bytes, **headers: str) -> bytes:
    """An answer, as bytes."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\n{named}Content-Length: {len(body)}\r\n\r\n".encode() + body


PONG = http(200, b"OK", Api_Version="1.47")


async def forget_made_with(driver: DockerDriver, marks: Collection[str]) -> None:
    """Remove the images without a name that a command with one of these words in it made: of stages, of failed builds,
    and those whose name went to a newer one. Builds of others have other words."""
    filters = msgspec.json.encode({"dangling": ["true"]}).decode()
    for one in await driver.call(Call("GET", ("images", "json"), {"filters": filters})) or ():
        if time.time() - one["Created"] > LATELY:
            continue
        with suppress(ClusterError):
            history = await driver.call(Call("GET", ("images", one["Id"], "history")))
            if any(mark in str(layer.get("CreatedBy")) for layer in history for mark in marks):
                await driver.call(Call("DELETE", ("images", one["Id"])))
