"""The files of a container through the engine's archive: nothing runs inside but for the list of a large folder
(``files_inside.py``)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Unreachable
from clusters.kinds import files
from clusters.kinds.docker.files_inside import list_inside
from clusters.kinds.docker.volume_files import ROOT, way_into
from clusters.kinds.files import Files, Listing, Preview, check_upload, clean_path
from clusters.kinds.filing import Filing
from clusters.kinds.tar import Entry, one_file


@dataclass(frozen=True, slots=True)
class ContainerFiles:
    """Those of a container. ``root`` is where a volume is in it, whose files are meant."""

    driver: Driver
    uid: str
    root: str = ""
    asks_first = False

    def pack(self, path: str) -> AsyncGenerator[bytes, None]:
        """The engine's archive of it."""
        return self.driver.download(Call("GET", ("containers", self.uid, "archive"), {"path": path}))

    async def inside(self, path: str) -> tuple[list[Entry], bool] | None:
        """What the container itself says is in a folder."""
        return await list_inside(self.driver, self.uid, path)

    async def look(self, path: str) -> Listing | Preview:
        """A folder's list, or a file as text."""
        return await files.look(self, path, self.root)

    async def open_file(self, path: str) -> tuple[Entry, AsyncIterator[bytes]]:
        """A file, or a folder as the archive it comes in."""
        return await files.open_file(self, self.root + clean_path(path))

    async def put_file(self, folder: str, name: str, size: int, data: AsyncIterator[bytes]) -> None:
        """Put a file into a folder; one of that name is replaced, and its owner and mode stay."""
        check_upload(name, size)
        folder = self.root + clean_path(folder)
        before = await files.there(self, f"{folder.rstrip('/')}/{name}")
        query = {"path": folder, "noOverwriteDirNonDir": "1"}
        call = Call(
            "PUT",
            ("containers", self.uid, "archive"),
            query,
            content_type="application/x-tar",
            timeout=600.0,
            data=one_file(name, size, data, before if before and before.kind == "file" else None),
        )
        try:
            async for _ in self.driver.stream(call):
                pass
        except Unreachable as error:
            if not error.sent:
                raise
            hint = "Look at it, and put it there again when the engine answers."
            words = "The engine was lost in the middle: the file may be there in part."
            raise Unreachable(words, hint=hint) from error


@asynccontextmanager
async def _of_container(driver: Driver, one: Any, container: str, write: bool) -> AsyncIterator[Files]:
    """The files of a container."""
    yield ContainerFiles(driver, one.uid)


@asynccontextmanager
async def _of_volume(driver: Driver, one: Any, container: str, write: bool) -> AsyncIterator[Files]:
    """The files of a volume, through a container that is made for it and gone afterwards."""
    async with way_into(driver, one.name, write=write) as name:
        yield ContainerFiles(driver, name, ROOT)


OF_CONTAINER: Filing[Any] = Filing(way=_of_container)
OF_VOLUME: Filing[Any] = Filing(way=_of_volume)
