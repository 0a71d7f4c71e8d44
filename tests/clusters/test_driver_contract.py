"""What every driver promises (clusters/drivers/base.py), asked of all: a real engine, a real cluster, the demo."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import ENGINES, Call, Driver, LogOptions
from clusters.errors import Invalid, Missing, Unsupported
from clusters.kinds import kind_named
from clusters.kinds.base import Kind
from clusters.live.resource import Changed, Listed, Resource
from clusters.live.supervisor import make_driver

LOOP = "while true; do echo tick; sleep 0.2; done"
PATIENCE = 60


@dataclass
class Stage:
    """A driver, one running thing on it that prints lines, and how to take that thing away behind its back."""

    driver: Driver
    kind: Kind[Any]
    resource: Resource
    remove: Callable[[], Awaitable[Any]]


async def _first(driver: Driver, kind: Kind[Any], wanted: Callable[[Resource], bool]) -> Resource:
    """The first resource that fits, as the watch tells it."""
    async with asyncio.timeout(PATIENCE), aclosing(driver.watch(kind)) as feed:  # type: ignore[type-var]
        async for item in feed:
            heard = item.resources if isinstance(item, Listed) else item.upserts if isinstance(item, Changed) else ()
            for resource in heard:
                if wanted(resource):
                    return resource
    raise AssertionError("the watch ended")


async def _demo() -> AsyncIterator[Stage]:
    driver = make_driver("demo", {"shape": "kubernetes", "seed": 7}, {})
    kind = kind_named("kubernetes", "pod")
    assert kind is not None
    pod = await _first(driver, kind, lambda one: kind.health(one).word == "Running")
    remove = Call("DELETE", ("api", "v1", "namespaces", pod.namespace, "pods", pod.name))
    yield Stage(driver, kind, pod, lambda: driver.call(remove))
    await driver.close()


async def _docker(socket: str) -> AsyncIterator[Stage]:
    driver = make_driver("docker", {"address": f"unix://{socket}"}, {})
    kind = kind_named("docker", "container")
    assert kind is not None
    name = f"pilothouse-contract-{secrets.token_hex(4)}"
    body = {"Image": "busybox:latest", "Cmd": ["sh", "-c", LOOP], "Labels": {"pilothouse.test": "1"}}
    made = await driver.call(Call("POST", ("containers", "create"), {"name": name}, body))
    remove = Call("DELETE", ("containers", made["Id"]), {"force": "1"})
    try:
        await driver.call(Call("POST", ("containers", made["Id"], "start")))
        container = await _first(driver, kind, lambda one: one.name == name and kind.health(one).word == "Running")
        yield Stage(driver, kind, container, lambda: driver.call(remove))
    finally:
        try:
            await driver.call(remove)
        except Missing:
            pass
        await driver.close()


async def _kubernetes(kubeconfig: Path) -> AsyncIterator[Stage]:
    from clusters.connect.kubeconfig import read_found

    connection = next(iter(read_found(kubeconfig)))
    driver = make_driver("kubernetes", connection.settings, connection.secret)
    kind = kind_named("kubernetes", "pod")
    assert kind is not None
    name = f"pilothouse-contract-{secrets.token_hex(4)}"
    spec = {
        "containers": [
            {
                "name": "main",
                "image": "busybox:latest",
                "imagePullPolicy": "IfNotPresent",
                "command": ["sh", "-c", LOOP],
            }
        ],
        "terminationGracePeriodSeconds": 0,
    }
    pods = ("api", "v1", "namespaces", "default", "pods")
    await driver.call(Call("POST", pods, body={"metadata": {"name": name}, "spec": spec}))
    remove = Call("DELETE", (*pods, name))
    try:
        pod = await _first(driver, kind, lambda one: one.name == name and kind.health(one).word == "Running")
        yield Stage(driver, kind, pod, lambda: driver.call(remove))
    finally:
        try:
            await driver.call(remove)
        except Missing:
            pass
        await driver.close()


@pytest_asyncio.fixture(params=["demo", "docker", "kubernetes"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    match request.param:
        case "demo":
            made = _demo()
        case "docker":
            made = _docker(request.getfixturevalue("docker_socket"))
        case _:
            made = _kubernetes(request.getfixturevalue("kubeconfig"))
    async with aclosing(made):  # type: ignore[type-var]
        async for one in made:
            yield one


async def test_it_says_what_it_is_and_that_it_answers(stage: Stage) -> None:
    about = await stage.driver.about()
    # An engine may manage a Swarm: whoever connects it is told, and gives it the kinds of one.
    assert about.platform == stage.driver.platform or {about.platform, stage.driver.platform} <= ENGINES
    assert about.version
    await stage.driver.ping()


async def test_a_watch_begins_with_the_whole_list_and_tells_what_goes(stage: Stage) -> None:
    async with asyncio.timeout(PATIENCE), aclosing(stage.driver.watch(stage.kind)) as feed:  # type: ignore[type-var]
        first = await anext(feed)
        assert isinstance(first, Listed)
        assert stage.resource.uid in {resource.uid for resource in first.resources}
        await stage.remove()
        async for item in feed:
            if isinstance(item, Changed) and stage.resource.uid in item.deletes:
                break


async def test_two_watches_of_a_kind_hear_the_same(stage: Stage) -> None:
    heard = await asyncio.gather(
        *(_first(stage.driver, stage.kind, lambda one: one.uid == stage.resource.uid) for _ in range(2))
    )
    assert {one.uid for one in heard} == {stage.resource.uid}


async def test_the_whole_object_is_there_and_what_is_not_there_is_missing(stage: Stage) -> None:
    whole = await stage.driver.get(stage.kind, stage.resource.namespace, stage.resource.name)
    assert stage.resource.name in str(whole)
    with pytest.raises(Missing):
        await stage.driver.get(stage.kind, stage.resource.namespace, "there-is-no-such-thing")


@pytest.mark.parametrize("segment", ["..", ".", "", "a/b", "a\\b", "%2e%2e", "a\nb", "a?b", "a#b"])
async def test_a_hostile_segment_never_becomes_a_request(stage: Stage, segment: str) -> None:
    with pytest.raises(Invalid):
        await stage.driver.call(Call("GET", ("containers", segment, "json")))


async def test_its_lines_are_told_in_order_and_followed(stage: Stage) -> None:
    assert stage.kind.logs is not None
    source = stage.kind.logs(stage.resource)[0]
    lines: list[tuple[float, str, str]] = []
    async with asyncio.timeout(PATIENCE), aclosing(stage.driver.logs(source, LogOptions(tail=5))) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            lines += chunk.lines
            if len(lines) > 7:
                break
    assert [at for at, _, _ in lines] == sorted(at for at, _, _ in lines)
    assert all(at > 0 and which in {"out", "err"} for at, which, _ in lines)


async def test_a_terminal_answers_and_says_how_it_ended(stage: Stage) -> None:
    assert stage.kind.logs is not None
    shell = await stage.driver.shell(stage.kind.logs(stage.resource)[0])
    assert shell.program
    heard = b""
    async with asyncio.timeout(PATIENCE):
        await shell.resize(100, 30)
        await shell.write(b"echo pilot''house\n")
        async for data in shell.output():
            heard += data
            if b"pilothouse" in heard:
                break
    assert await shell.close()


async def test_usage_is_measured_or_left_out_but_never_nought_for_nothing(stage: Stage) -> None:
    usage = await asyncio.wait_for(stage.driver.usage(stage.kind, [stage.resource]), 10)
    for sample in usage.values():
        assert sample.at > 0
        assert sample.cpu is None or sample.cpu >= 0
        assert sample.memory is None or sample.memory > 0


async def _bytes(driver: Driver, call: Call) -> bytes:
    async with aclosing(driver.download(call)) as pieces:
        return b"".join([piece async for piece in pieces])


async def test_files_come_out_as_bytes_or_it_is_said_in_words_why_not(stage: Stage) -> None:
    call = Call("GET", ("containers", stage.resource.uid, "archive"), {"path": "/etc/passwd"})
    if stage.kind.platform == "docker":
        assert b"root:x:0:0" in await _bytes(stage.driver, call)
        with pytest.raises(Missing):
            await _bytes(stage.driver, Call("GET", call.path, {"path": "/there-is-no-such-file"}))
        return
    with pytest.raises(Unsupported) as refused:
        await _bytes(stage.driver, call)
    assert refused.value.message.endswith(".")
    assert "archive" not in refused.value.message


async def test_a_body_is_sent_bit_by_bit_or_it_is_said_in_words_why_not(stage: Stage) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        with tarfile.open(fileobj=(whole := io.BytesIO()), mode="w") as archive:
            info = tarfile.TarInfo("sent")
            info.size = 5
            archive.addfile(info, io.BytesIO(b"hello"))
        for start in range(0, whole.tell(), 700):
            yield whole.getvalue()[start : start + 700]

    call = Call(
        "PUT",
        ("containers", stage.resource.uid, "archive"),
        {"path": "/tmp"},  # noqa: S108 - inside of the container
        content_type="application/x-tar",
        data=pieces(),
    )
    if stage.kind.platform == "docker":
        async for _ in stage.driver.stream(call):
            pass
        there = Call("GET", call.path, {"path": "/tmp/sent"})  # noqa: S108
        assert b"hello" in await _bytes(stage.driver, there)
        return
    with pytest.raises(Unsupported) as refused:
        async for _ in stage.driver.stream(call):
            pass
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("segment", ["..", "", "a/b", "a\nb", "a?b"])
async def test_a_hostile_segment_is_neither_streamed_nor_downloaded(stage: Stage, segment: str) -> None:
    call = Call("GET", ("containers", segment, "archive"))
    with pytest.raises((Invalid, Unsupported)):
        await _bytes(stage.driver, call)
    with pytest.raises((Invalid, Unsupported)):
        async for _ in stage.driver.stream(call):
            pass


async def test_a_stream_is_one_object_after_the_other_and_can_be_left(stage: Stage) -> None:
    match stage.kind.platform:
        case "docker":
            filters = json.dumps({"container": [stage.resource.uid]})
            call = Call("GET", ("events",), {"since": "1", "filters": filters})
        case _:
            path = ("api", "v1", "namespaces", stage.resource.namespace, "pods")
            call = Call("GET", path, {"watch": "true", "timeoutSeconds": "20"})

    async def first() -> str:
        async with asyncio.timeout(PATIENCE), aclosing(stage.driver.stream(call)) as stream:  # type: ignore[type-var]
            return str(await anext(aiter(stream)))

    if type(stage.driver).__name__ == "DemoDriver":
        with pytest.raises(Unsupported, match="demonstration"):  # it streams nothing but its own pulls
            await first()
    else:
        told = await first()
        assert stage.resource.name in told or "object" in told


async def test_what_a_demonstration_cannot_do_is_said_plainly() -> None:
    driver = make_driver("demo", {"shape": "docker", "seed": 7}, {})
    container = kind_named("docker", "container")
    assert container is not None
    try:
        one = await _first(driver, container, lambda one: bool(one.name))
        for work in (
            _bytes(driver, Call("GET", ("containers", one.uid, "export"))),
            driver.call(Call("POST", ("swarm", "init"))),
        ):
            with pytest.raises(Unsupported, match="demonstration") as refused:
                await work
            assert "real Docker host" in refused.value.hint
    finally:
        await driver.close()
