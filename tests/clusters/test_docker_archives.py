"""What an engine sends as the archive of a folder is only ever shown: names, kinds, sizes and ends that lie."""

from __future__ import annotations

import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clusters.drivers.base import Call
from clusters.errors import Conflict, Unsupported
from clusters.kinds import files
from clusters.kinds.docker.files import ContainerFiles
from clusters.kinds.files import Listing
from clusters.kinds.tar import TarReader


def _archive(*infos: tarfile.TarInfo, data: bytes = b"") -> AsyncIterator[bytes]:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info in infos:
            archive.addfile(info, io.BytesIO(data[: info.size]) if info.isreg() else None)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, whole.tell(), 100):
            yield whole.getvalue()[start : start + 100]

    return pieces()


def _info(name: str, **changes: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in changes.items():
        setattr(info, key, value)
    return info


class Hostile:
    """An engine that sends whatever it likes."""

    def __init__(self, *archives: AsyncIterator[bytes]) -> None:
        self.archives = list(archives)
        self.calls: list[Call] = []

    async def call(self, call: Call) -> None:
        raise Conflict("It does not run.")

    def download(self, call: Call) -> AsyncIterator[bytes]:
        self.calls.append(call)
        return self.archives.pop(0)


async def test_hostile_names_and_kinds_are_only_ever_shown() -> None:
    infos = [
        _info("w/", type=tarfile.DIRTYPE),
        _info("w/../../etc/shadow", size=1),
        _info("/etc/passwd", size=1),
        _info("w/\x1b[2J", size=1),
        _info("w/x" + "y" * 3000, size=1),
        _info("w/device", type=tarfile.BLKTYPE, devmajor=8),
        _info("w/hard", type=tarfile.LNKTYPE, linkname="/etc/shadow"),
    ]
    found = await ContainerFiles(Hostile(_archive(*infos, data=b"x")), "a" * 64).look("/w")  # type: ignore[arg-type]
    assert isinstance(found, Listing)
    names = [one.name for one in found.entries]
    assert {"device", "hard", "\x1b[2J", "..", "etc"} <= set(names)
    assert all("/" not in name for name in names)


async def test_a_size_that_lies_is_an_error_and_takes_no_memory() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield _info("w/", type=tarfile.DIRTYPE).tobuf(tarfile.PAX_FORMAT)
        yield _info("w/huge", pax_headers={"size": str(1 << 60)}, size=1).tobuf(tarfile.PAX_FORMAT)
        yield b"x" * 512

    with pytest.raises(Unsupported, match="larger than any real"):
        await ContainerFiles(Hostile(endless()), "a" * 64).look("/w")  # type: ignore[arg-type]


async def test_a_folder_without_an_end_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_PASSED", 10 << 20)
    passed = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal passed
        yield _info("w/", type=tarfile.DIRTYPE).tobuf(tarfile.GNU_FORMAT)
        for number in range(10**6):
            yield _info(f"w/{number:07}/file", size=1 << 16).tobuf(tarfile.GNU_FORMAT)
            yield bytes(1 << 16)
            passed += 1 << 16

    found = await ContainerFiles(Hostile(endless(), endless()), "a" * 64).look("/w")  # type: ignore[arg-type]
    assert isinstance(found, Listing)
    assert found.cut
    assert passed < 2 * 12 << 20


async def test_what_is_no_archive_says_so() -> None:
    async def noise() -> AsyncIterator[bytes]:
        yield b"<html>" * 200

    with pytest.raises(Unsupported, match="not an archive"):
        await TarReader(noise()).entry()


async def test_nothing_is_written_to_our_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    await ContainerFiles(
        Hostile(_archive(_info("w/", type=tarfile.DIRTYPE), _info("w/x", size=1), data=b"x")), "a" * 64
    ).look("/w")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
