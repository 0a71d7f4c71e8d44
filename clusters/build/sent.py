"""What is sent to the engine of an upload or a repository: its files, without those that .dockerignore leaves out."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Sequence
from typing import IO

from clusters.build.archive import Entry
from clusters.build.uploads import Upload
from clusters.errors import Invalid
from clusters.kinds.formats import count, size

PIECE = 1 << 20
IGNORE_LIMIT, MOST_PATTERNS = 64 << 10, 500


class Sent:
    """Made for one build. The text of the form takes the place of the Dockerfile that is in the upload."""

    alone = False

    def __init__(self, upload: Upload, dockerfile: str, path: str) -> None:
        self._upload = upload
        self._dockerfile = dockerfile.encode()
        self._path = path
        ignore = upload.read(f"{path}.dockerignore", IGNORE_LIMIT)
        if ignore is None:
            ignore = upload.read(".dockerignore", IGNORE_LIMIT) or ""
        others = [entry for entry in upload.entries or () if entry.name != path]
        self._entries = kept(others, ignore)
        self.left_out = len(others) - len(self._entries)
        self.words = f"{count(len(self._entries), 'file')}, {size(sum(entry.size for entry in self._entries))}"
        if self.left_out:
            self.words += f"; {count(self.left_out, 'file')} left out by .dockerignore"
        self.size = sum(entry.size + 1024 for entry in self._entries) + len(self._dockerfile)
        upload.builds += 1

    async def pieces(self) -> AsyncIterator[bytes]:
        """The tar, bit by bit."""
        yield _header(self._path, len(self._dockerfile)) + _padded(self._dockerfile)
        with self._upload.path.open("rb") as file:
            together: list[bytes] = []
            waiting = 0
            for entry in self._entries:
                together.append(_header(entry.name, entry.size, executable=entry.executable, link=entry.link))
                left, at = entry.size, entry.offset
                while left:
                    data = await asyncio.to_thread(_read, file, at, min(PIECE, left))
                    at, left, waiting = at + len(data), left - len(data), waiting + len(data)
                    together.append(data)
                    if waiting >= PIECE:
                        yield b"".join(together)
                        together, waiting = [], 0
                together.append(b"\0" * (-entry.size % 512))
            yield b"".join([*together, b"\0" * 1024])

    def close(self) -> None:
        """The upload stays for another try; it goes by itself after a while."""
        self._upload.builds -= 1


def kept(entries: Sequence[Entry], ignore: str) -> list[Entry]:
    """The files that a .dockerignore lets through: the last pattern that fits a file or its folder counts."""
    from docker.utils.build import Pattern

    lines = [line.strip() for line in ignore.removeprefix("\ufeff").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) > MOST_PATTERNS or any(len(line) > 500 or line.count("*") > 12 for line in lines):
        raise Invalid("The .dockerignore is longer or more entangled than any real one.")
    patterns = [pattern for pattern in map(Pattern, lines) if pattern.dirs]
    above: dict[str, tuple[bool, ...]] = {"": (False,) * len(patterns)}

    def fits(path: str) -> tuple[bool, ...]:
        folder = path.rpartition("/")[0]
        if folder not in above:
            above[folder] = fits(folder)
        return tuple(inherited or bool(one.match(path)) for inherited, one in zip(above[folder], patterns, strict=True))

    def ignored(path: str) -> bool:
        last = next((one for one, fit in zip(reversed(patterns), reversed(fits(path)), strict=True) if fit), None)
        return last is not None and not last.exclusion

    return [entry for entry in entries if entry.name == ".dockerignore" or not ignored(entry.name)]


def _header(name: str, size: int, *, executable: bool = False, link: str = "") -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o755 if executable else 0o644
    if link:
        entry.type, entry.linkname = tarfile.SYMTYPE, link
    return entry.tobuf(tarfile.PAX_FORMAT)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 512)


def _read(file: IO[bytes], at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size)
    if len(data) != size:
        raise io.UnsupportedOperation("the upload is shorter than it was")
    return data
