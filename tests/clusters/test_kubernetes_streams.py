"""Logs and terminals of pods on a real cluster."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

import pytest

from clusters.drivers.base import Call, LogOptions
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.exec import run
from clusters.errors import Missing, Unsupported
from clusters.kinds.kubernetes.pod import POD
from tests.clusters.real_cluster import (  # noqa: F401
    PATIENCE,
    Live,
    driver,
    live,
    named,
    namespace,
    run_pod,
)

pytestmark = pytest.mark.kubernetes


async def test_lines_of_a_pod_are_followed_until_it_ends(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    lines = ["sh", "-c", "for i in $(seq 1 20); do echo line $i; done; sleep 2; echo last"]
    name = await run_pod(driver, namespace, restartPolicy="Never", container={"command": lines})
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    await asyncio.sleep(0.7)  # the lines are there before we look back
    heard: list[tuple[float, str, str]] = []
    async with asyncio.timeout(PATIENCE):
        async for chunk in driver.logs(POD.logs(pod)[0], LogOptions(tail=5)):
            heard += chunk.lines
    assert [text for _, _, text in heard] == ["line 16", "line 17", "line 18", "line 19", "line 20", "last"]
    assert heard[-1][0] - heard[0][0] > 1.5


async def test_a_flood_of_lines_is_never_behind_and_says_what_was_left_out(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace, container={"command": ["sh", "-c", "yes the quick brown fox"]})
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    shown = skipped = 0
    lag = 0.0
    ends = time.monotonic() + 4
    async with aclosing(driver.logs(POD.logs(pod)[0], LogOptions(tail=10))) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            shown, skipped = shown + len(chunk.lines), skipped + chunk.skipped
            if chunk.lines:
                lag = time.time() - chunk.lines[-1][0]
            if time.monotonic() > ends:
                break
    print(f"shown {shown}, skipped {skipped}, last line {lag:.2f} s old")
    await driver.call(Call("DELETE", ("api", "v1", "namespaces", namespace, "pods", name)))
    assert skipped > 0


async def test_there_are_no_lines_of_a_life_that_was_not(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    with pytest.raises(Missing, match="life before"):
        async for _ in driver.logs(POD.logs(pod)[0], LogOptions(previous=True)):
            pass


async def test_a_terminal_finds_its_shell_knows_who_it_is_and_says_how_it_ended(
    live: Live, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    source = POD.logs(pod)[0]
    shell = await driver.shell(source)
    assert (shell.program, shell.user) == ("/bin/ash", "root")
    heard = b""
    async with asyncio.timeout(PATIENCE):
        await shell.resize(123, 45)
        await shell.write(b"stty size; exit 7\n")
        async for data in shell.output():
            heard += data
    assert b"45 123" in heard
    assert await shell.close() == "exit 7"
    with pytest.raises(Missing, match="does not run"):
        await driver.shell(replace(source, container="none-such"))


async def test_an_image_without_a_shell_is_said_so(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    bare = {"image": "docker.io/testbed/pause:1", "imagePullPolicy": "Never", "command": ["/pause"]}
    name = await run_pod(driver, namespace, container=bare)
    pod = await live.until(POD, lambda one: one.name == name and POD.health(one).word in ("Running", "No image"))
    if POD.health(pod).word == "No image":
        pytest.skip("this cluster has no image without a shell")
    assert POD.logs is not None
    with pytest.raises(Unsupported, match="no shell"):
        await driver.shell(POD.logs(pod)[0])


async def test_closing_a_terminal_ends_its_program(live: Live, driver: KubernetesDriver, namespace: str) -> None:
    name = await run_pod(driver, namespace)
    pod = await live.until(POD, named(name, "Running"))
    assert POD.logs is not None
    shell = await driver.shell(POD.logs(pod)[0])
    await shell.write(b"echo ready\n")
    async for data in shell.output():
        if b"ready" in data:
            break
    assert await shell.close()
    said, _ = await run(driver._server, POD.logs(pod)[0], ("ps", "-o", "args"))
    assert b"/bin/ash" not in said
