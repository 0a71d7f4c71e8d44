"""Files on their way into a build or an engine: sent in pieces, kept for a while in a folder of ours, by a token."""

from __future__ import annotations

import asyncio
import posixpath
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from clusters.build.archive import Entry, from_archive, from_index
from clusters.build.form import DOCKERFILE_LIMIT
from clusters.errors import Conflict, Invalid, Missing
from clusters.own_disk import little_room_for_files

LARGEST = 1 << 30  # bytes of one upload
LARGEST_PIECE = 8 << 20
OF_ONE_PERSON = 3
KEPT = 2 * 3600.0  # seconds since it was last used


@dataclass(slots=True)
class Upload:
    """What somebody sends."""

    token: str
    user_id: int
    path: Path
    size: int = 0
    used: float = field(default_factory=time.monotonic)
    entries: list[Entry] | None = None  # None until it is whole
    builds: int = 0  # that read it now
    largest: int = LARGEST

    def read(self, name: str, limit: int) -> str | None:
        """A small text file of it, or the one that a link of that name leads to."""
        entry = self._entry(name)
        if entry and entry.link:
            entry = self._entry(posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.link)))
        if entry is None or entry.link or entry.size > limit:
            return None
        with self.path.open("rb") as file:
            file.seek(entry.offset)
            return file.read(entry.size).decode(errors="replace")

    def _entry(self, name: str) -> Entry | None:
        return next((one for one in self.entries or () if one.name == name), None)

    def dockerfile(self, path: str = "Dockerfile") -> str | None:
        """The Dockerfile in it."""
        return self.read(path, DOCKERFILE_LIMIT)


_uploads: dict[str, Upload] = {}


def open_upload(user_id: int, largest: int = LARGEST) -> Upload:
    """Begin one. The oldest of the same person makes room."""
    _forget()
    mine = [one for one in _uploads.values() if one.user_id == user_id and not one.builds]
    for old in mine[: max(0, len(mine) - OF_ONE_PERSON + 1)]:
        remove(old)
    folder = settings.DATA / "uploads"
    if not _uploads:
        shutil.rmtree(folder, ignore_errors=True)  # what a stopped Pilothouse left
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    upload = _uploads[token] = Upload(token, user_id, folder / token, largest=largest)
    upload.path.touch(mode=0o600)
    return upload


def find(token: str, user_id: int) -> Upload:
    """The upload of that token, of that person. Raises Missing."""
    upload = _uploads.get(token)
    if upload is None or upload.user_id != user_id:
        raise Missing("What was uploaded is not kept any more.", hint="Choose the files again.")
    upload.used = time.monotonic()
    return upload


async def append(upload: Upload, at: int, data: bytes) -> None:
    """The next piece."""
    if upload.entries is not None or at != upload.size:
        raise Conflict("The pieces do not fit together.", hint="Choose the files again.")
    if upload.size + len(data) > upload.largest:
        raise Invalid(f"More than {upload.largest >> 30} GiB are too much.", hint="Leave out what is not needed.")
    if full := little_room_for_files(upload.path.parent, len(data)):
        raise full
    upload.size += len(data)
    await asyncio.to_thread(_write, upload.path, data)


async def finish(upload: Upload, index: Sequence[tuple[str, int]] | None) -> None:
    """It is whole: look through it. Without an index it is an archive. What is wrong with it removes it."""
    try:
        if index is not None:
            upload.entries = await asyncio.to_thread(from_index, index, upload.size)
        else:
            upload.entries = await asyncio.to_thread(from_archive, upload.path)
        if not upload.entries:
            raise Invalid("There is no file in it.")
    except BaseException:
        remove(upload)
        raise


async def pieces_of(upload: Upload, each: int = 1 << 20) -> AsyncIterator[bytes]:
    """All of it, once: it is removed when it was read, or when nobody reads on."""
    try:
        with upload.path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, each):
                yield piece
    finally:
        remove(upload)


def remove(upload: Upload) -> None:
    """Away with it."""
    _uploads.pop(upload.token, None)
    upload.path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _forget() -> None:
    for upload in tuple(_uploads.values()):
        if not upload.builds and time.monotonic() - upload.used > KEPT:
            remove(upload)
