"""Files of what runs, and of volumes, through archives: nothing is unpacked on our disk.

An archive comes from a container, so it is hostile: headers are read one by one as they pass by, contents are counted
and dropped unless they are the one file that was asked for, and every read has an end.
"""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from clusters.errors import ClusterError, Conflict, Invalid, Missing, Unsupported
from clusters.kinds.tar import Entry, TarReader, to_the_end

MOST_PATH = 4096  # characters
MOST_SHOWN = 2000  # entries of a folder
MOST_PASSED = 2 << 30  # bytes of an archive that pass by until a folder's list is cut
LIST_SECONDS = 12.0
SMALL_SECONDS = 0.5  # that a folder's archive may take before the container itself is asked what is in it
PREVIEW = 1 << 20  # bytes
MOST_LINKS = 8
MOST_UPLOAD = 256 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder. ``cut``: only what was reached in time, up to the name in it."""

    path: str
    entries: tuple[Entry, ...]
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as text; ``text`` None and ``why`` when it is not shown."""

    path: str
    size: int
    text: str | None
    why: str = ""


class Files(Protocol):
    """The files of one container or volume. Paths are whole ones, inside it."""

    async def look(self, path: str) -> Listing | Preview:
        """A folder's list, or a file as text; links are followed, inside. Raises Missing."""

    async def open_file(self, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
        """A file, or a folder as an archive, in pieces. Raises Missing; Unsupported for what is neither."""

    async def put_file(self, folder: str, name: str, size: int, data: AsyncIterator[bytes]) -> None:
        """Put a file into a folder; one of that name is replaced, and its owner and mode stay.

        Raises Invalid for a name that could climb.
        """


class Archives(Protocol):
    """Who packs files, for those that read them from archives."""

    asks_first: bool  # the container is asked what is in a folder before that is packed

    def pack(self, path: str) -> AsyncGenerator[bytes, None]:
        """The archive of a file, or of a folder with all that is below. Raises Missing."""

    async def inside(self, path: str) -> tuple[list[Entry], bool] | None:
        """What the container itself says is in a folder, and whether that is all; None where it cannot be asked."""


def clean_path(path: str) -> str:
    """A whole path inside, without steps back. Raises Invalid. Whoever packs keeps it inside the container."""
    if not path.startswith("/") or len(path) > MOST_PATH or "\0" in path:
        raise Invalid("That is not a path inside the container.", hint="Write a whole path, like /etc/hosts.")
    return "/" + posixpath.normpath(path).strip("/")


def check_upload(name: str, size: int) -> None:
    """Raises Invalid for a name that could climb, and for what is too large."""
    if not name or name in (".", "..") or "/" in name or len(name.encode()) > 255 or not name.isprintable():
        raise Invalid("A file cannot have that name.")
    if size > MOST_UPLOAD:
        raise Invalid(f"A file of more than {MOST_UPLOAD >> 20} MiB is too large for this.")


async def look(archives: Archives, path: str, root: str = "") -> Listing | Preview:
    """A folder's list, or a file as text; links are followed, inside the container. Raises Missing.

    ``root`` is where the files begin that are meant (of a volume): paths are said without it, links do not lead out.
    """
    path = (root + clean_path(path)).rstrip("/") or "/"
    for _ in range(MOST_LINKS):
        try:
            found = await _look(archives, path, inside=not root)
        except ClusterError as error:
            if "too many links" not in error.detail:
                raise
            break
        if not isinstance(found, str):
            return replace(found, path=found.path.removeprefix(root) or "/")
        if root and not f"{found}/".startswith(f"{root}/"):
            raise Conflict("This link leads out of the volume.", hint="It means something in a container only.")
        path = found
    raise Conflict("These links lead in a circle.")


async def _look(archives: Archives, path: str, *, inside: bool) -> Listing | Preview | str:
    """What is there; where a link leads, when it is one. ``inside``: the container itself may be asked, too."""
    asked = await archives.inside(path) if archives.asks_first else None
    if asked and asked[1]:
        return _shown(path, asked[0])
    again = inside and not archives.asks_first
    async with aclosing(_open(archives, path)) as archive:
        first = await archive.entry()
        if first is None:
            raise Missing(f"There is nothing at {path}.")
        if first.kind == "file":
            return await _preview(archive, first, path)
        if first.kind == "link":
            return clean_path(posixpath.join(posixpath.dirname(path), first.target))
        if first.kind != "folder":
            return Preview(path, 0, None, f"This is a {first.kind}, not a file.")
        found = await _list(archive, path, first.name, SMALL_SECONDS if again else LIST_SECONDS)
    return await _list_large(archives, path, found) if again and found.cut else found


async def _list_large(archives: Archives, path: str, found: Listing) -> Listing:
    """The container is asked; else its archive is read for longer. An engine does not do both at once."""
    asked = await archives.inside(path)
    if asked and asked[1]:
        return _shown(path, asked[0])
    async with aclosing(_open(archives, path)) as archive:
        first = await archive.entry()
        read = await _list(archive, path, first.name, LIST_SECONDS) if first else found
    return _shown(path, asked[0]) if asked and read.cut and len(asked[0]) > len(read.entries) else read


async def open_file(archives: Archives, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
    """A file, or a folder as the archive it comes in, in pieces. Raises Missing; Unsupported for what is neither."""
    path = clean_path(path)
    archive = _open(archives, path)
    first = await archive.entry()
    if first is None or first.kind not in ("file", "folder"):
        await archive.aclose()
        if first is None:
            raise Missing(f"There is nothing at {path}.")
        raise Unsupported(f"This is a {first.kind}: it cannot be downloaded by itself.")
    if first.kind == "folder":
        await archive.aclose()
        return first, to_the_end(archives.pack(path))
    return first, archive.content(first)


async def there(archives: Archives, path: str) -> Entry | None:
    """What is there now; None where there is nothing."""
    try:
        async with aclosing(_open(archives, path)) as archive:
            return await archive.entry()
    except Missing:
        return None


def _open(archives: Archives, path: str) -> TarReader:
    return TarReader(archives.pack(path))


def _shown(path: str, entries: list[Entry]) -> Listing:
    order = sorted(entries, key=_order)
    return Listing(path, tuple(order[:MOST_SHOWN]), order[MOST_SHOWN - 1].name if len(order) > MOST_SHOWN else "")


def _order(one: Entry) -> tuple[bool, str]:
    return one.kind != "folder", one.name


async def _list(archive: TarReader, path: str, root: str, seconds: float) -> Listing:
    """The children only: what is deeper passes by."""
    prefix = "" if root.strip("./") == "" else f"{root.removeprefix('./').strip('/')}/"
    found: dict[str, Entry] = {}
    cut = ""
    try:
        async with asyncio.timeout(seconds):
            while (entry := await archive.entry()) is not None:
                name = entry.name.removeprefix("./").removeprefix("/").removeprefix(prefix).strip("/")
                first, _, deeper = name.partition("/")
                if first and first not in found and len(found) < MOST_SHOWN:
                    found[first] = entry.named(first) if not deeper else Entry(first, "folder")
                if archive.passed > MOST_PASSED or len(found) >= MOST_SHOWN:
                    cut = first
                    break
    except TimeoutError:
        cut = next(reversed(found), path)
    return Listing(path, tuple(sorted(found.values(), key=_order)), cut)


async def _preview(archive: TarReader, entry: Entry, path: str) -> Preview:
    if entry.size > PREVIEW:
        return Preview(path, entry.size, None, "It is too large to be shown; download it.")
    data = b"".join([piece async for piece in archive.content(entry)])
    if b"\0" in data[:8192]:
        return Preview(path, entry.size, None, "It is not text; download it.")
    return Preview(path, entry.size, visible(data.decode(errors="replace")))


def visible(text: str) -> str:
    """Control characters shown, never obeyed."""
    return text.translate(_SHOWN)


_SHOWN = {number: chr(0x2400 + number) for number in range(32) if chr(number) not in "\n\t"}
_SHOWN |= {0x7F: "␡", **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "�")}


def words_of(mode: int) -> str:
    """Who may do what, as `ls -l` says it: "rw-r--r--"."""
    return stat.filemode(mode)[1:]
