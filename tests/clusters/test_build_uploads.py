"""What is uploaded for a build: read without being unpacked; what climbs, links or swells is refused by its name."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clusters.build import archive, uploads
from clusters.build.archive import Entry, from_archive, from_index
from clusters.build.sent import Sent, kept
from clusters.errors import ClusterError, Invalid, Missing


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.DATA = tmp_path
    yield tmp_path
    for upload in tuple(uploads._uploads.values()):
        uploads.remove(upload)


def tar_of(path: Path, *members: tuple[str, bytes | None], mode: Any = "w", **more: Any) -> Path:
    with tarfile.open(path, mode) as tar:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            for key, value in more.items():
                setattr(entry, key, value)
            entry.size = entry.size or len(data or b"")
            tar.addfile(entry, io.BytesIO(data or b""))
    return path


def names(entries: list[Entry]) -> list[str]:
    return [entry.name for entry in entries]


def contents(path: Path, entries: list[Entry]) -> dict[str, bytes]:
    data = path.read_bytes()
    return {entry.name: data[entry.offset : entry.offset + entry.size] for entry in entries}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_tar_is_read_where_it_lies(tmp_path: Path, mode: str) -> None:
    path = tar_of(
        tmp_path / "a", ("./Dockerfile", b"FROM x\n"), ("src/é.txt", b"two"), ("src/" + "n" * 200, b"3"), mode=mode
    )
    found = contents(path, from_archive(path))
    assert found == {"Dockerfile": b"FROM x\n", "src/é.txt": b"two", "src/" + "n" * 200: b"3"}


def test_a_zip_of_one_folder_is_what_is_in_the_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("web-main/Dockerfile", "FROM x\n")
        made.writestr("web-main/src/a.txt", "one")
    assert contents(tmp_path / "a", from_archive(tmp_path / "a")) == {"Dockerfile": b"FROM x\n", "src/a.txt": b"one"}


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "..", "C:/x", "\\x", "a\\..\\..\\x", "a\nb", "\x1b[2Jx", "x" * 1100, "/".join("d" * 70)]
)  # fmt: skip
def test_a_name_that_climbs_or_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        from_archive(tar_of(tmp_path / "a", (name, b"x")))
    with pytest.raises(Invalid):
        from_index([(name, 1)], 1)
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        made.writestr(zipfile.ZipInfo(name), "x")
    if "\0" not in name:
        with pytest.raises(Invalid):
            from_archive(tmp_path / "z")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused_by_name(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(Invalid, match="evil-thing"):
        from_archive(tar_of(tmp_path / "a", ("evil-thing", None), type=kind, linkname="/etc/passwd"))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    with pytest.raises(Invalid, match="link"):
        from_archive(tmp_path / "z")


def test_the_same_name_twice_and_a_file_that_is_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="twice"):
        from_archive(tar_of(tmp_path / "a", ("x", b"1"), ("./x", b"2")))
    with pytest.raises(Invalid, match="file and a folder"):
        from_archive(tar_of(tmp_path / "b", ("x/a", b"1"), ("x", b"2"), ("y", b"")))


def test_bombs_are_refused_before_they_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = b"\0" * (40 << 20)
    (tmp_path / "gz").write_bytes(gzip.compress(zeros))
    with pytest.raises(Invalid, match="far larger"):
        from_archive(tmp_path / "gz")
    with zipfile.ZipFile(tmp_path / "zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros", zeros)
    with pytest.raises(Invalid, match="far larger"):
        from_archive(tmp_path / "zip")
    assert [one for one in tmp_path.iterdir() if one.suffix == ".files"] == []
    monkeypatch.setattr(archive, "MOST_FILES", 10)
    with pytest.raises(Invalid, match="many"):
        from_archive(tar_of(tmp_path / "many", *((f"f{number}", b"") for number in range(20))))


def test_an_extended_header_of_gigabytes_is_never_read(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = tarfile.XHDTYPE, 2 << 20
    (tmp_path / "a").write_bytes(entry.tobuf() + b"9" * (2 << 20) + b"\0" * 1024)
    with pytest.raises(Invalid, match="headers"):
        from_archive(tmp_path / "a")


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04rest", b"\x1f\x8brest", b"\x80" * 2000, b"x" * 512 * 9])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    try:
        assert from_archive(tmp_path / "a") == []
    except Invalid:
        pass


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", ["Dockerfile", "a.log", "node_modules/x/y.js", "src/a.log", "src/deep/node_modules/z.js", "src/main.py"]),
        ("*.log", ["Dockerfile", "node_modules/x/y.js", "src/a.log", "src/deep/node_modules/z.js", "src/main.py"]),
        ("**/*.log\nnode_modules", ["Dockerfile", "src/deep/node_modules/z.js", "src/main.py"]),
        ("**/node_modules\n# a comment\n", ["Dockerfile", "a.log", "src/a.log", "src/main.py"]),
        ("*\n!src/main.py", ["src/main.py"]),
        ("src\n!src/a.log", ["Dockerfile", "a.log", "node_modules/x/y.js", "src/a.log"]),
        ("/src/", ["Dockerfile", "a.log", "node_modules/x/y.js"]),
    ],
)
def test_dockerignore_leaves_out_what_docker_leaves_out(ignore: str, left: list[str]) -> None:
    every = ["Dockerfile", "a.log", "node_modules/x/y.js", "src/a.log", "src/deep/node_modules/z.js", "src/main.py"]
    assert names(kept([Entry(name, 0, 0) for name in every], ignore)) == left


def test_an_entangled_dockerignore_is_refused() -> None:
    with pytest.raises(Invalid):
        kept([Entry("a", 0, 0)], "*a" * 20)


async def test_the_tar_that_is_sent_has_the_files_and_the_dockerfile_of_the_form() -> None:
    upload = uploads.open_upload(1)
    await uploads.append(upload, 0, b"OLD")
    await uploads.append(upload, 3, b"one*.tmp\nx")
    await uploads.finish(upload, [("Dockerfile", 3), ("a b/1", 3), (".dockerignore", 6), ("z.tmp", 1)])
    sent = Sent(upload, "FROM new\n", "Dockerfile")
    data = b"".join([piece async for piece in sent.pieces()])
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        found = {member.name: tar.extractfile(member).read() for member in tar}
    assert found == {"Dockerfile": b"FROM new\n", "a b/1": b"one", ".dockerignore": b"*.tmp\n"}
    assert sent.left_out == 1


async def test_an_upload_is_its_owners_and_its_pieces_fit() -> None:
    upload = uploads.open_upload(1)
    await uploads.append(upload, 0, b"12345")
    for user, token in ((2, upload.token), (1, "0" * 32), (1, "../x")):
        with pytest.raises(Missing):
            uploads.find(token, user)
    with pytest.raises(ClusterError):
        await uploads.append(upload, 3, b"x")
    with pytest.raises(Invalid):
        await uploads.finish(upload, [("a", 4)])
    assert not upload.path.exists()


async def test_too_much_is_refused_and_old_uploads_make_room() -> None:
    first = uploads.open_upload(1, largest=10)
    with pytest.raises(Invalid):
        await uploads.append(first, 0, b"x" * 11)
    for _ in range(uploads.OF_ONE_PERSON):
        uploads.open_upload(1)
    with pytest.raises(Missing):
        uploads.find(first.token, 1)
    assert not first.path.exists()
