"""Reads what was uploaded as a list of files, without ever unpacking it: nothing climbs, links, or grows without end.

This is our own check: what older releases of Python's ``tarfile`` filter wrongly is not relied upon.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from clusters.errors import Invalid

MOST_FILES = 50_000
MOST_BYTES = 2 << 30  # of all files together, unpacked
MOST_RATIO = 200  # times larger than what was sent; real files reach 20
LONGEST_NAME, DEEPEST = 1000, 60
LARGEST_HEADER = 256 << 10  # bytes of one extended tar header
PIECE = 1 << 20
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path, and where its bytes are in the file of the upload."""

    name: str
    offset: int
    size: int
    executable: bool = False
    link: str = ""  # where it leads, if it is a symbolic link; never out of what is sent


def from_index(index: Iterable[tuple[str, int]], total: int) -> list[Entry]:
    """Files that were sent one after the other, with a list of their names and sizes."""
    entries: list[Entry] = []
    offset = 0
    for name, size in index:
        if size < 0 or len(entries) >= MOST_FILES:
            raise _too_many()
        entries.append(Entry(_clean(name), offset, size))
        offset += size
    if offset != total:
        raise Invalid("Not everything arrived.", hint="Choose the files again.")
    return _checked(entries)


def from_archive(path: Path) -> list[Entry]:
    """The files of a tar (plain, gz, bz2, xz) or zip. What is packed at ``path`` is replaced by the same unpacked."""
    try:
        with path.open("rb") as file:
            start = file.read(6)
        if start.startswith(b"PK"):
            return _shorter(_checked(_from_zip(path)))
        for magic, opener in _PACKED.items():
            if start.startswith(magic):
                _unpack(path, opener(path, "rb"))  # type: ignore[operator]
        return _shorter(_checked(list(_from_tar(path))))
    except _BROKEN as error:
        raise Invalid("That is no tar or zip archive, or it is damaged.", detail=str(error)) from error


def from_repository(path: Path) -> list[Entry]:
    """The files of a tar that git made: as they are there, with the links that stay within."""
    try:
        return _checked(list(_from_tar(path, links=True)))
    except _BROKEN as error:
        raise Invalid("What git gave us is damaged.", detail=str(error)) from error


def _from_tar(path: Path, *, links: bool = False) -> Iterator[Entry]:
    _check_headers(path)
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            if member.isdir():
                continue
            if member.issym() and links:
                name = _clean(member.name)
                yield Entry(name, 0, 0, link=_within(name, member.linkname))
                continue
            if member.issym() or member.islnk():
                raise Invalid(f"“{member.name[:100]}” is a link.", hint="Only plain files are taken.")
            if not member.isreg() or member.issparse():
                raise Invalid(f"“{member.name[:100]}” is no plain file.", hint="Only plain files are taken.")
            yield Entry(_clean(member.name), member.offset_data, member.size, bool(member.mode & 0o100))


def _within(name: str, target: str) -> str:
    """Where a link leads. Raises Invalid when that is outside of what is sent."""
    end = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if target.startswith("/") or end == ".." or end.startswith("../") or not target or len(target) > LONGEST_NAME:
        raise Invalid(f"“{name[:100]}” is a link that leads out of the repository.", hint="Build a folder without it.")
    return target


def _check_headers(path: Path) -> None:
    """Before the library reads them into memory: extended headers of a sane size, a sane number of entries."""
    length, at, count = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while at + 512 <= length:
            file.seek(at)
            block = file.read(512)
            if not block.strip(b"\0"):
                return
            count += 1
            size = tarfile.nti(block[124:136])  # type: ignore[attr-defined]
            if size < 0 or size > length or count > 3 * MOST_FILES:
                raise Invalid("That archive is damaged.")
            if block[156:157] in b"xgLKX" and size > LARGEST_HEADER:
                raise Invalid("That archive has headers of a size that no tool makes.")
            at += 512 + -(-size // 512) * 512


def _from_zip(path: Path) -> list[Entry]:
    """Unpacked one after the other into one file, which takes the zip's place."""
    unpacked, entries, offset, sent = path.with_suffix(".files"), [], 0, path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive, unpacked.open("wb") as out:
            for info in archive.infolist():
                mode = info.external_attr >> 16
                if info.is_dir():
                    continue
                if info.flag_bits & 1:
                    raise Invalid(f"“{info.filename[:100]}” is encrypted.")
                if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
                    raise Invalid(f"“{info.filename[:100]}” is no plain file.", hint="Only plain files are taken.")
                with archive.open(info) as file:
                    size = _copy(file, out, sent, offset)
                entries.append(Entry(_clean(info.filename), offset, size, bool(mode & 0o100)))
                offset += size
                if len(entries) > MOST_FILES:
                    raise _too_many()
        unpacked.replace(path)
    finally:
        unpacked.unlink(missing_ok=True)
    return entries


def _unpack(path: Path, packed: IO[bytes]) -> None:
    unpacked = path.with_suffix(".files")
    try:
        with packed, unpacked.open("wb") as out:
            _copy(packed, out, path.stat().st_size, 0)
        unpacked.replace(path)
    finally:
        unpacked.unlink(missing_ok=True)


def _copy(source: IO[bytes], out: IO[bytes], sent: int, before: int) -> int:
    """All of it, as long as it stays in proportion to what was sent."""
    size, most = 0, min(MOST_BYTES, max(MOST_RATIO * sent, 10 << 20))
    while data := source.read(PIECE):
        size += len(data)
        if before + size > most:
            raise Invalid(
                "Unpacked, that archive is far larger than any real one.", hint="Send fewer or smaller files."
            )
        out.write(data)
    return size


def _clean(name: str) -> str:
    """The path within what is sent. Raises Invalid for one that leaves it, or that no system would take."""
    shown = name[:100].encode("ascii", "backslashreplace").decode()
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if name.startswith(("/", "\\")) or ".." in parts or (parts and len(parts[0]) == 2 and parts[0][1] == ":"):
        raise Invalid(f"“{shown}” leads out of what is sent.")
    path = "/".join(parts)
    try:
        long = len(path.encode()) > LONGEST_NAME
    except UnicodeEncodeError as error:
        raise Invalid(f"“{shown}” is not a name that can be used.") from error
    if not parts or long or len(parts) > DEEPEST or any(ord(one) < 32 or ord(one) == 127 for one in path):
        raise Invalid(f"“{shown}” is not a name that can be used.")
    return path


def _checked(entries: Sequence[Entry]) -> list[Entry]:
    if len(entries) > MOST_FILES:
        raise _too_many()
    if sum(entry.size for entry in entries) > MOST_BYTES:
        raise Invalid(f"Together the files are larger than {MOST_BYTES >> 30} GiB.")
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            raise Invalid(f"“{entry.name[:100]}” is there twice.")
        names.add(entry.name)
    for name in names:
        folder = name.rpartition("/")[0]
        while folder:
            if folder in names:
                raise Invalid(f"“{folder[:100]}” is a file and a folder at once.")
            folder = folder.rpartition("/")[0]
    return list(entries)


def _shorter(entries: list[Entry]) -> list[Entry]:
    """Archives often hold one folder with everything in it: then what is in it is meant."""
    tops = {entry.name.partition("/")[0] for entry in entries}
    if len(tops) != 1 or any("/" not in entry.name for entry in entries):
        return entries
    start = len(tops.pop()) + 1
    return [replace(entry, name=entry.name[start:]) for entry in entries]


def _too_many() -> Invalid:
    return Invalid(f"More than {MOST_FILES:,} files are too many.")
