"""What is sent to the engine: a tar of the Dockerfile alone, or of files that were uploaded or fetched."""

from __future__ import annotations

import io
import tarfile
from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol

PIECE = 256 << 10


class Context(Protocol):
    """What is sent to the engine: a tar with the Dockerfile in it."""

    size: int  # bytes
    alone: bool  # nothing but the Dockerfile
    words: str  # "12 files, 3 MiB"

    def pieces(self) -> AsyncIterable[bytes]:
        """The tar, bit by bit."""


class Alone:
    """Nothing but the Dockerfile."""

    alone = True
    words = "the Dockerfile alone"

    def __init__(self, dockerfile: str) -> None:
        packed = io.BytesIO()
        data = dockerfile.encode()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        self._data = packed.getvalue()
        self.size = len(self._data)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The tar, bit by bit."""
        for at in range(0, self.size, PIECE):
            yield self._data[at : at + PIECE]

    def close(self) -> None:
        """Nothing is kept on the disk."""
