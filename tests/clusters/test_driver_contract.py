"""What every driver promises (clusters/drivers/base.py), asked of all: a real engine, a real cluster, the demo."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call, Driver, LogOptions
from clusters.errors import Invalid, Missing
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
    assert about.platform == stage.driver.platform
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
