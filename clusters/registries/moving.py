"""Contents on their way from one repository to another: not sent where they are there, or can be taken over."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clusters.errors import ClusterError, Unreachable, Unsupported
from clusters.kinds.base import Says
from clusters.kinds.formats import count, short_id, size
from clusters.registries import sending
from clusters.registries.client import RegistryClient, quoted
from clusters.registries.errors import connection_error

if TYPE_CHECKING:
    import aiohttp

SILENCE = 60.0  # seconds in which not a byte moves
FILING = 300.0  # seconds a registry may take to put a whole content where it keeps it
SAY_EVERY = 0.3  # seconds between two lines about one content

Stage = Literal["contents", "manifests", "tag"]


@dataclass
class Moving:
    """``words`` says at any time what was done by then."""

    here: RegistryClient
    source: str  # repository
    there: RegistryClient
    target: str  # repository
    says: Says
    contents: Mapping[str, int]  # size by digest
    stage: Stage = "contents"
    sent: int = 0
    bytes_sent: int = 0
    were_there: int = 0
    taken_over: int = 0
    _said: dict[str, float] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        """What was done with its parts."""
        done = [f"{count(self.sent, 'part')} sent ({size(self.bytes_sent)})"] if self.sent else []
        done += [f"{self.taken_over} taken over"] if self.taken_over else []
        done += [f"{self.were_there} there already"] if self.were_there else []
        whole = f"of {count(len(self.contents), 'part')} (layers and settings)"
        return f"{', '.join(done) or 'none'} {whole}"

    async def all(self, at_once: int) -> None:
        """Every one of them; the first that goes wrong ends it, and its error is raised."""
        turn = asyncio.Semaphore(at_once)

        async def one(digest: str, length: int) -> None:
            async with turn:
                await self._one(digest, length)

        try:
            async with asyncio.TaskGroup() as group:
                for digest, length in self.contents.items():
                    self._say(digest, "Waiting", 0, length or 1)
                    group.create_task(one(digest, length))
        except BaseException as error:
            self._cut_off()
            if isinstance(error, BaseExceptionGroup):
                several = error.exceptions
                raise next((one for one in several if isinstance(one, ClusterError)), several[0]) from None
            raise

    async def _one(self, digest: str, length: int) -> None:
        if await sending.has(self.there, self.target, digest):
            self.were_there += 1
            return self._ended(digest, "There already")
        same = self.here.way.host == self.there.way.host and self.source != self.target
        where = await sending.begin(self.there, self.target, digest, self.source if same else "")
        if not where:
            self.taken_over += 1
            return self._ended(digest, f"Taken over from {self.source}")
        await self._send(digest, length, where)
        self.sent += 1
        self.bytes_sent += length
        return self._ended(digest, "Done")

    async def _send(self, digest: str, length: int, where: str) -> None:
        """Read and sent at once; nothing of it is kept here. Raises whichever side's error came first."""
        pipe = _Pipe(self, digest, length)
        path = f"/v2/{quoted(self.source)}/blobs/{digest}"
        try:
            async with asyncio.timeout(SILENCE) as patience, self.here.session.open(path, digest) as response:
                pieces = pipe.pieces(response, patience)
                await sending.send(self.there, self.target, where, digest, pieces, length)
        except TimeoutError as error:
            host = self.there.way.host if pipe.read == length else f"{self.here.way.host} or {self.there.way.host}"
            raise Unreachable(f"{host} fell silent in the middle.", hint="Try again: what is there stays.") from error
        except ClusterError as error:
            if pipe.error is not None:
                raise pipe.error from error
            raise

    def _say(self, digest: str, words: str, done: int, total: int) -> None:
        self.says.progress(digest, f"{short_id(digest)}: {words}", done, total)

    def _ended(self, digest: str, words: str) -> None:
        length = self.contents[digest] or 1
        self._over.add(digest)
        self._say(digest, words, length, length)

    def _cut_off(self) -> None:
        """A bar of what is not over says so, however far it came."""
        for digest in self.contents.keys() - self._over:
            self._say(digest, "Not sent to its end", 0, self.contents[digest] or 1)

    def moved(self, digest: str, done: int, total: int) -> None:
        """So much of it went over."""
        now = asyncio.get_running_loop().time()
        if now - self._said.get(digest, 0.0) >= SAY_EVERY:
            self._said[digest] = now
            self._say(digest, f"Sending {size(done)} of {size(total)}", done, total)


@dataclass
class _Pipe:
    """One content as it comes. ``error`` is what went wrong where it comes from: the other side only sees it stop."""

    moving: Moving
    digest: str
    length: int
    read: int = 0
    error: ClusterError | None = None

    async def pieces(self, response: aiohttp.ClientResponse, patience: asyncio.Timeout) -> AsyncIterator[bytes]:
        """Piece by piece, the last one only when the whole is what it should be."""
        import aiohttp  # here: see transport.py

        from clusters.drivers.body import pieces

        found, kept = hashlib.sha256(), b""
        loop = asyncio.get_running_loop()
        try:
            async for piece in pieces(response):
                if kept:
                    yield kept
                patience.reschedule(loop.time() + SILENCE)
                self.read += len(piece)
                found.update(piece)
                if self.read > self.length:
                    raise self._other()
                kept = piece
                self.moving.moved(self.digest, self.read, self.length)
            if f"sha256:{found.hexdigest()}" != self.digest:
                raise self._other()
        except (aiohttp.ClientError, OSError) as error:
            self.error = connection_error(error, self.moving.here.way.host)
            raise self.error from error
        except ClusterError as error:
            self.error = error
            raise
        patience.reschedule(loop.time() + FILING)
        if kept:
            yield kept

    def _other(self) -> Unsupported:
        host = self.moving.here.way.host
        return Unsupported(f"{host} gave something else than {short_id(self.digest)}.", hint="Do not use it.")
