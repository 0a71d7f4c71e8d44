"""Archives as they pass by: the headers of a stream one after the other, and a stream that holds one file.

Each header is read by the standard library; that one is given 512 bytes and never a file to open. Sizes and names are
what a hostile program wrote: a size only says how much to pass over, a name is only ever shown.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from clusters.errors import ClusterError, Unsupported

BLOCK = 512
MOST_EXTENSION = 64 << 10  # bytes of a header that goes on
MOST_EXTENSIONS = 8  # of one entry
MOST_SIZE = 1 << 50

What = Literal["file", "folder", "link", "device", "pipe", "thing"]
_KINDS: dict[bytes, What] = {
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "file",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
}
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in an archive. ``target`` is where a link leads; ``same`` is set for a second name of a file."""

    name: str
    kind: What
    size: int = 0
    mode: int = 0
    changed: float = 0.0
    target: str = ""
    same: bool = False
    owner: tuple[int, int] = (0, 0)  # by numbers: user and group

    def named(self, name: str) -> Entry:
        """The same under another name."""
        return replace(self, name=name)


class TarReader:
    """Reads headers from a stream of bytes; the contents between them are passed over."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._buffer = bytearray()
        self._left = 0  # bytes until the next header
        self.passed = 0  # bytes so far

    async def aclose(self) -> None:
        """Let go of the stream."""
        if close := getattr(self._source, "aclose", None):
            await close()

    async def entry(self) -> Entry | None:
        """The next one; None at the end. Raises Unsupported for what is no archive."""
        more: dict[str, str] = {}
        for _ in range(MOST_EXTENSIONS + 1):
            await self._skip(self._left)
            self._left = 0
            header = await self._take(BLOCK)
            if len(header) < BLOCK or header == bytes(BLOCK):
                return None
            try:
                info = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            except tarfile.HeaderError as error:
                raise Unsupported("What the engine sends is not an archive.", detail=str(error)) from error
            size = _size(more.get("size", ""), info.size) if info.type not in _EXTENSIONS else _size("", info.size)
            padded = -(-size // BLOCK) * BLOCK
            if info.type in _EXTENSIONS:
                more |= await self._extension(info.type, size, padded)
                continue
            has_content = info.type in _PLAIN or info.type not in _KINDS
            self._left = padded if has_content else 0
            return _entry(info, more, size if has_content else 0)
        raise _too_much()

    async def content(self, entry: Entry) -> AsyncIterator[bytes]:
        """What is in the entry that was just read. Raises Unsupported when it ends too early."""
        left = entry.size
        try:
            while left > 0:
                piece = await self._some(left)
                if not piece:
                    raise Unsupported("The file came only in part.")
                left -= len(piece)
                yield piece
        finally:
            await self.aclose()

    async def _extension(self, type_: bytes, size: int, padded: int) -> dict[str, str]:
        if size > MOST_EXTENSION:
            raise _too_much()
        data = (await self._take(padded))[:size]
        if type_ == tarfile.GNUTYPE_LONGNAME:
            return {"path": _text(data.rstrip(b"\0"))}
        if type_ == tarfile.GNUTYPE_LONGLINK:
            return {"linkpath": _text(data.rstrip(b"\0"))}
        return _records(data) if type_ == tarfile.XHDTYPE else {}

    async def _some(self, most: int) -> bytes:
        """Some bytes, at most that many; none at the end."""
        if not self._buffer:
            self._buffer += await anext(self._source, b"")
        piece = bytes(self._buffer[:most])
        del self._buffer[: len(piece)]
        self.passed += len(piece)
        return piece

    async def _take(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count and (piece := await self._some(count - len(parts))):
            parts += piece
        return bytes(parts)

    async def _skip(self, count: int) -> None:
        while count > 0:
            if not self._buffer:
                self._buffer += await anext(self._source, b"")
                if not self._buffer:
                    return
            gone = min(count, len(self._buffer))
            del self._buffer[:gone]
            self.passed += gone
            count -= gone


_READ = (b"path", b"linkpath", b"size", b"uid", b"gid")
_EXTENSIONS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


def _too_much() -> Unsupported:
    return Unsupported("The archive's headers are larger than any real ones.")


def _size(override: str, plain: int) -> int:
    size = int(override[:30]) if override.isascii() and override.isdigit() else plain
    if not 0 <= size <= MOST_SIZE:
        raise Unsupported("The archive says that a file is larger than any real one.")
    return size


def _entry(info: tarfile.TarInfo, more: dict[str, str], size: int) -> Entry:
    changed = min(max(float(info.mtime), 0.0), 4e9)
    kind = _KINDS.get(info.type, "file" if info.type in _PLAIN else "thing")
    return Entry(
        name=_shown(more.get("path") or info.name),
        kind=kind,
        size=size,
        mode=info.mode & 0o7777,
        changed=changed,
        target=_shown(more.get("linkpath") or info.linkname) if kind == "link" else "",
        same=info.type == tarfile.LNKTYPE,
        owner=(_id(more.get("uid", ""), info.uid), _id(more.get("gid", ""), info.gid)),
    )


def _id(override: str, plain: int) -> int:
    number = int(override[:30]) if override.isascii() and override.isdigit() else plain
    return number if 0 <= number < 1 << 32 else 0


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:4096]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _records(data: bytes) -> dict[str, str]:
    """ "27 path=some/long/name\\n" and so on; only what is read of them."""
    found: dict[str, str] = {}
    start = 0
    while start < len(data):
        length, _, _ = data[start : start + 20].partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(data) - start:
            break
        name, _, value = data[start + len(length) + 1 : start + int(length) - 1].partition(b"=")
        if name in _READ:
            found[_text(name)] = _text(value)
        start += int(length)
    return found


async def to_the_end(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """An archive as it comes. Raises ClusterError where it ends in the middle: a part must not look like the whole."""
    tail = b""
    async with aclosing(pieces) as source:  # type: ignore[type-var]
        async for piece in source:
            tail = (tail + piece)[-2 * BLOCK :]
            yield piece
    if tail != bytes(2 * BLOCK):
        raise ClusterError(
            "The engine stopped in the middle of the archive.", hint="What came is not whole. Try again."
        )


async def one_file(
    name: str,
    size: int,
    data: AsyncIterator[bytes],
    before: Entry | None = None,
    form: Literal[1, 2] = tarfile.PAX_FORMAT,
) -> AsyncIterator[bytes]:
    """An archive with one file in it, of exactly that size. Raises Unsupported when there is less or more.

    It has the owner and the mode of the one it replaces. A program that ran with its owner's rights does so no more:
    it holds something else now, and a kernel takes that right away from what is written to, too.
    """
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, before.mode & 0o777 if before else 0o644, int(time.time())
    info.uid, info.gid = before.owner if before else (0, 0)
    yield info.tobuf(form, "utf-8", "surrogateescape")
    left = size
    async for piece in data:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left != 0:
        raise Unsupported("The file changed while it was sent.")
    yield bytes(-size % BLOCK + 2 * BLOCK)
