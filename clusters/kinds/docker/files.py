"""The files of a container through the engine's archive: nothing is unpacked on our disk, and nothing runs inside
but for the list of a large folder (``files_inside.py``).

An archive comes from a container, so it is hostile: headers are read one by one as they pass by, contents are counted
and dropped unless they are the one file that was asked for, and every read has an end.
"""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Unreachable, Unsupported
from clusters.kinds.docker.files_inside import list_inside
from clusters.kinds.docker.tar import Entry, TarReader, one_file, to_the_end

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


def clean_path(path: str) -> str:
    """A whole path inside, without steps back. Raises Invalid. The engine itself keeps it inside the container."""
    if not path.startswith("/") or len(path) > MOST_PATH or "\0" in path:
        raise Invalid("That is not a path inside the container.", hint="Write a whole path, like /etc/hosts.")
    return "/" + posixpath.normpath(path).strip("/")


async def look(driver: Driver, uid: str, path: str, root: str = "") -> Listing | Preview:
    """A folder's list, or a file as text; links are followed, inside the container. Raises Missing.

    ``root`` is where the files begin that are meant (of a volume): paths are said without it, links do not lead out.
    """
    path = (root + clean_path(path)).rstrip("/") or "/"
    for _ in range(MOST_LINKS):
        try:
            found = await _look(driver, uid, path, inside=not root)
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


async def _look(driver: Driver, uid: str, path: str, *, inside: bool) -> Listing | Preview | str:
    """What is there; where a link leads, when it is one. ``inside``: the container itself may be asked, too."""
    seconds = SMALL_SECONDS if inside else LIST_SECONDS
    async with aclosing(_open(driver, uid, path)) as archive:
        first = await archive.entry()
        if first is None:
            raise Missing(f"There is nothing at {path}.")
        if first.kind == "file":
            return await _preview(archive, first, path)
        if first.kind == "link":
            return clean_path(posixpath.join(posixpath.dirname(path), first.target))
        if first.kind != "folder":
            return Preview(path, 0, None, f"This is a {first.kind}, not a file.")
        found = await _list(archive, path, first.name, seconds)
    return await _list_large(driver, uid, path, found) if inside and found.cut else found


async def _list_large(driver: Driver, uid: str, path: str, found: Listing) -> Listing:
    """The container is asked; else its archive is read for longer. An engine does not do both at once."""
    asked = await list_inside(driver, uid, path)
    if asked and asked[1]:
        return _shown(path, asked[0])
    async with aclosing(_open(driver, uid, path)) as archive:
        first = await archive.entry()
        read = await _list(archive, path, first.name, LIST_SECONDS) if first else found
    return _shown(path, asked[0]) if asked and read.cut and len(asked[0]) > len(read.entries) else read


async def open_file(driver: Driver, uid: str, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
    """A file, or a folder as the archive it comes in, in pieces. Raises Missing; Unsupported for what is neither."""
    path = clean_path(path)
    archive = _open(driver, uid, path)
    first = await archive.entry()
    if first is None or first.kind not in ("file", "folder"):
        await archive.aclose()
        if first is None:
            raise Missing(f"There is nothing at {path}.")
        raise Unsupported(f"This is a {first.kind}: it cannot be downloaded by itself.")
    if first.kind == "folder":
        await archive.aclose()
        return first, to_the_end(driver.download(_archive(uid, path)))
    return first, archive.content(first)


async def put_file(driver: Driver, uid: str, folder: str, name: str, size: int, data: AsyncIterator[bytes]) -> None:
    """Put a file into a folder; one of that name is replaced, and its owner and mode stay.

    Raises Invalid for a name that could climb.
    """
    if not name or name in (".", "..") or "/" in name or len(name.encode()) > 255 or not name.isprintable():
        raise Invalid("A file cannot have that name.")
    if size > MOST_UPLOAD:
        raise Invalid(f"A file of more than {MOST_UPLOAD >> 20} MiB is too large for this.")
    folder = clean_path(folder)
    before = await _replaced(driver, uid, f"{folder.rstrip('/')}/{name}")
    query = {"path": folder, "noOverwriteDirNonDir": "1"}
    call = Call(
        "PUT",
        ("containers", uid, "archive"),
        query,
        content_type="application/x-tar",
        timeout=600.0,
        data=one_file(name, size, data, before),
    )
    try:
        async for _ in driver.stream(call):
            pass
    except Unreachable as error:
        if not error.sent:
            raise
        hint = "Look at it, and put it there again when the engine answers."
        raise Unreachable("The engine was lost in the middle: the file may be there in part.", hint=hint) from error


async def _replaced(driver: Driver, uid: str, path: str) -> Entry | None:
    """The file that is there now; None where there is none, or something else."""
    try:
        async with aclosing(_open(driver, uid, path)) as archive:
            first = await archive.entry()
    except Missing:
        return None
    return first if first and first.kind == "file" else None


def _archive(uid: str, path: str) -> Call:
    return Call("GET", ("containers", uid, "archive"), {"path": path})


def _open(driver: Driver, uid: str, path: str) -> TarReader:
    return TarReader(driver.download(_archive(uid, path)))


def _shown(path: str, entries: list[Entry]) -> Listing:
    order = sorted(entries, key=_order)
    return Listing(path, tuple(order[:MOST_SHOWN]), order[MOST_SHOWN - 1].name if len(order) > MOST_SHOWN else "")


def _order(one: Entry) -> tuple[bool, str]:
    return one.kind != "folder", one.name


async def _list(archive: TarReader, path: str, root: str, seconds: float) -> Listing:
    """The children only: what is deeper passes by."""
    prefix = "" if root.strip("./") == "" else f"{root.rstrip('/')}/"
    found: dict[str, Entry] = {}
    cut = ""
    try:
        async with asyncio.timeout(seconds):
            while (entry := await archive.entry()) is not None:
                name = entry.name.removeprefix("./").removeprefix("/").removeprefix(prefix.lstrip("/")).strip("/")
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
