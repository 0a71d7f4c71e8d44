"""Files of a pod's container, through the tar in it: hostile names, links, users who may not, images without tar."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from clusters.drivers.base import LogSource
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes import exec as protocol
from clusters.errors import Conflict, Invalid, Missing, Refused, Unsupported
from clusters.kinds.files import Listing, Preview
from clusters.kinds.kubernetes import files as module
from clusters.kinds.kubernetes.files import OF_POD, PodFiles
from clusters.kinds.kubernetes.pod import POD
from tests.clusters.real_cluster import (  # noqa: F401 - fixtures
    BUSY,
    Live,
    driver,
    live,
    named,
    namespace,
    run_pod,
)
from tests.clusters.test_docker_files import SCRIPT as HOSTILE

# No program but one: what is in /bin of its image is hidden behind an empty folder.
BARE = {
    "name": "bare", "command": ["/tools/sleep", "1000"], **BUSY,
    "volumeMounts": [{"name": "tools", "mountPath": "/tools"}, {"name": "nothing", "mountPath": "/bin"}],
}  # fmt: skip
TOOLS = {
    "name": "tools", "command": ["sh", "-c", "cp $(readlink -f /proc/self/exe) /tools/sleep; echo x > /room/closed; chmod 600 /room/closed"], **BUSY,
    "volumeMounts": [{"name": "tools", "mountPath": "/tools"}, {"name": "room", "mountPath": "/room"}],
}  # fmt: skip
NARROW = {
    "name": "narrow", "command": ["sleep", "1000"], **BUSY,
    "securityContext": {"runAsUser": 1234, "readOnlyRootFilesystem": True},
    "volumeMounts": [{"name": "room", "mountPath": "/room"}],
}  # fmt: skip
SCRIPT = HOSTILE.replace("sleep 1000", "touch -- /w/-rf; mkdir /w/empty; echo mine > /w/mine; chown 7:8 /w/mine; chmod 640 /w/mine; touch /w/ready; exec sleep 1000")  # fmt: skip


@pytest.fixture
async def pod(driver: KubernetesDriver, live: Live, namespace: str) -> Any:
    """A pod with three containers: one full of hostile names, one without any program, one whose user may little."""
    containers = [{"name": "main", "command": ["sh", "-c", SCRIPT], **BUSY}, BARE, NARROW]
    volumes: list[dict[str, Any]] = [{"name": one, "emptyDir": {}} for one in ("room", "tools", "nothing")]
    name = await run_pod(driver, namespace, containers=containers, initContainers=[TOOLS], volumes=volumes)
    return await live.until(POD, named(name, "Running"))


def of(driver: KubernetesDriver, pod: Any, container: str = "main") -> PodFiles:
    return PodFiles(driver, LogSource(pod, "pod", container))


async def ready(files: PodFiles) -> PodFiles:
    while True:
        with suppress(Missing):
            if "ready" in await names(files, "/w"):
                return files


async def names(files: PodFiles, path: str) -> dict[str, str]:
    found = await files.look(path)
    assert isinstance(found, Listing)
    return {one.name: one.kind for one in found.entries}


async def text(files: PodFiles, path: str) -> str:
    found = await files.look(path)
    assert isinstance(found, Preview)
    return found.text if found.text is not None else found.why


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


async def test_folders_files_and_links_are_shown_whatever_they_are_called(
    driver: KubernetesDriver, pod: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = await ready(of(driver, pod))
    asked = await names(files, "/w")
    assert {asked[name] for name in ("plain.txt", "deep", "near", "pipe", "-rf")} == {"file", "folder", "link", "pipe"}
    assert {"new\nline", "n" * 250, '"><img src=x>'} <= set(asked)
    assert "er" not in asked
    assert {"bin", "w", "proc"} <= set(await names(files, "/"))
    assert await names(files, "/w/empty") == {}
    assert await names(files, "/w/deep") == {"er": "folder"}
    assert await names(files, "/w/folder-link") == {"er": "folder"}

    assert (
        await text(files, "/w/plain.txt") == await text(files, "/w/near") == await text(files, "/w/second") == "hello\n"
    )
    assert await text(files, "/w/escape.txt") == "a␛[31mred␛[0m\n"
    assert await text(files, "/w/-rf") == ""
    assert await text(files, "/w/new\nline") == "n\n"
    assert await text(files, "/../../w/../w/out") == f"{pod.name}\n"  # its own, not the node's
    assert [word in await text(files, f"/w/{name}") for name, word in (("big", "too large"), ("binary", "not text"), ("pipe", "a pipe"))]  # fmt: skip
    with pytest.raises(Conflict, match="circle"):
        await files.look("/w/circle1")
    for path in ("/nothing", "/w/plain.txt/x", "/nothing/x"):
        with pytest.raises((Missing, Invalid)):
            await files.look(path)

    monkeypatch.setattr(PodFiles, "inside", _cannot)  # an image without find or stat
    assert await names(files, "/w") == asked | {"second": "file"}


async def _cannot(*_: Any) -> None:
    return None


async def test_files_and_folders_come_out_whole(driver: KubernetesDriver, pod: Any) -> None:
    files = await ready(of(driver, pod))
    entry, content = await files.open_file("/w/big")
    assert (entry.size, len(b"".join([piece async for piece in content]))) == (3 << 20, 3 << 20)
    _, content = await files.open_file("/w/deep")
    with tarfile.open(fileobj=io.BytesIO(b"".join([piece async for piece in content]))) as archive:
        assert archive.extractfile("./deep/er/file").read() == b"deep\n"  # type: ignore[union-attr]
    with pytest.raises(Unsupported):
        await files.open_file("/w/pipe")


@pytest.mark.parametrize("protocols", [protocol.PROTOCOLS, protocol.PROTOCOLS[1:]])
async def test_a_file_is_put_in_and_one_that_it_replaces_keeps_its_owner_and_mode(
    driver: KubernetesDriver, pod: Any, protocols: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PROTOCOLS", protocols)  # the older one cannot say that its input is over
    files = await ready(of(driver, pod))
    data = os.urandom(700_001)
    for name in ("näme with space.bin", "-x", "l" * 200):
        await files.put_file("/w/empty", name, len(data), pieces(data))
        _, content = await files.open_file(f"/w/empty/{name}")
        assert b"".join([piece async for piece in content]) == data
    await files.put_file("/w", "mine", 3, pieces(b"new"))
    entry, _ = await files.open_file("/w/mine")
    assert (entry.owner, entry.mode, entry.size) == ((7, 8), 0o640, 3)
    with pytest.raises(Conflict, match="folder called deep"):
        await files.put_file("/w", "deep", 3, pieces(b"new"))
    with pytest.raises(Missing):
        await files.put_file("/nowhere", "x", 3, pieces(b"new"))
    for name in ("../x", "a/b", "..", "", "n\n"):
        with pytest.raises(Invalid):
            await files.put_file("/w", name, 1, pieces(b"x"))
    with pytest.raises(Unsupported, match="changed while"):
        await files.put_file("/w/empty", "short", 10, pieces(b"x"))


async def test_what_its_user_may_not_and_where_nothing_can_be_written_is_said(
    driver: KubernetesDriver, pod: Any
) -> None:
    await ready(of(driver, pod))
    narrow = of(driver, pod, "narrow")
    with pytest.raises(Refused, match="user that it runs as"):
        await narrow.look("/room/closed")
    with pytest.raises(Refused):
        await narrow.put_file("/etc", "x", 1, pieces(b"x"))
    await narrow.put_file("/room", "x", 1, pieces(b"x"))
    assert await text(narrow, "/room/x") == "x"


async def test_an_image_without_tar_is_told_with_what_can_be_done(driver: KubernetesDriver, pod: Any) -> None:
    with pytest.raises(Unsupported) as caught:
        await of(driver, pod, "bare").look("/")
    assert caught.value.hint == module.NO_TAR
    with pytest.raises(Unsupported):
        await of(driver, pod, "bare").put_file("/", "x", 1, pieces(b"x"))


async def test_only_containers_that_run_have_files(driver: KubernetesDriver, pod: Any) -> None:
    assert set(OF_POD.containers(pod)) == {"main", "narrow", "bare"}
    with pytest.raises(Missing, match="does not run"):
        async with OF_POD.way(driver, pod, "gone", False):
            pass
