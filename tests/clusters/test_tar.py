"""Headers of an archive that are made to keep us busy or to fill our memory."""

from __future__ import annotations

import tarfile
import time
from collections.abc import AsyncIterator

import pytest

from clusters.errors import Unsupported
from clusters.kinds.tar import MOST_EXTENSION, TarReader


def header(data: bytes) -> bytes:
    """A header that goes on, with that in it."""
    info = tarfile.TarInfo("more")
    info.type, info.size = tarfile.XHDTYPE, len(data)
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def reader(*parts: bytes) -> TarReader:
    async def pieces() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return TarReader(pieces())


FILE = tarfile.TarInfo("plain").tobuf(tarfile.USTAR_FORMAT)


async def test_what_headers_say_of_a_file_counts_and_all_else_is_passed_over() -> None:
    entry = await reader(header(b"9 x=what\n12 path=abc\n11 uid=123\n"), FILE).entry()
    assert entry is not None
    assert (entry.name, entry.owner) == ("abc", (123, 0))


async def test_a_header_of_many_small_records_is_read_in_no_time() -> None:
    data = b"5 a=\n" * (MOST_EXTENSION // 5)
    began = time.process_time()
    entry = await reader(*[header(data)] * 8, FILE).entry()
    assert entry is not None
    assert entry.name == "plain"
    assert time.process_time() - began < 2


@pytest.mark.parametrize("headers", [[header(bytes(MOST_EXTENSION + 1))], [header(b"12 path=abc\n")] * 9])
async def test_headers_that_are_too_large_or_too_many_are_refused(headers: list[bytes]) -> None:
    with pytest.raises(Unsupported, match="larger than any real"):
        await reader(*headers, FILE).entry()
