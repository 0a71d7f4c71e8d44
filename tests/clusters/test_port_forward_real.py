"""A connection to a port of a real pod through its cluster: bytes both ways, and words where nothing answers."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from clusters.drivers.base import Call, Wire
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Missing, Refused, Unreachable
from clusters.kinds.kubernetes.pod import POD
from clusters.permissions import refusal
from tests.clusters.real_cluster import (  # noqa: F401 - fixtures
    Live,
    driver,
    driver_of,
    live,
    named,
    namespace,
    run_pod,
)

ECHO = ["sh", "-c", "trap 'exit 0' TERM; nc -ll -p 7000 -e cat & nc -ll -p 7001 -e echo bye & wait"]


async def echoing(driver: KubernetesDriver, live: Live, namespace: str) -> Any:
    name = await run_pod(driver, namespace, container={"command": ECHO})
    return await live.until(POD, named(name, "Running"))


async def read(wire: Wire, size: int) -> bytes:
    """That many bytes of it, or all until the other side closes."""
    came = b""
    async with asyncio.timeout(20), aclosing(wire.received()) as received:  # type: ignore[type-var]
        async for data in received:
            came += data
            if len(came) >= size:
                break
    return came


async def listening(driver: KubernetesDriver, pod: Any, port: int) -> Wire:
    """A wire to it, once its program listens."""
    async with asyncio.timeout(20):
        while True:
            wire = await driver.dial(pod, port)
            try:
                await wire.write(b"?")
                await read(wire, 1)
                return wire
            except (Missing, Unreachable):  # refused after, or while, something is written
                await wire.close()


async def test_bytes_go_both_ways_and_the_end_of_the_other_side_is_the_end(
    driver: KubernetesDriver, live: Live, namespace: str
) -> None:
    pod = await echoing(driver, live, namespace)
    sent = os.urandom(1 << 20)
    wire = await listening(driver, pod, 7000)
    writing = asyncio.create_task(wire.write(sent))
    assert hashlib.sha256(await read(wire, len(sent))).digest() == hashlib.sha256(sent).digest()
    await writing
    await wire.close()
    short = await driver.dial(pod, 7001)
    assert await read(short, 99) == b"bye\n"
    await short.close()

    silent = await driver.dial(pod, 81)
    with pytest.raises(Missing, match=f"Nothing answers on port 81 of {pod.name}") as caught:
        await read(silent, 1)
    assert "refused" in caught.value.detail
    await silent.close()


async def test_a_pod_that_is_gone_is_told(driver: KubernetesDriver, live: Live, namespace: str) -> None:
    pod = await echoing(driver, live, namespace)
    path = ("api", "v1", "namespaces", namespace, "pods", pod.name)
    await driver.call(Call("DELETE", path, {"gracePeriodSeconds": "0"}))
    await live.gone(POD, pod.uid)
    with pytest.raises(Missing):
        await driver.dial(pod, 7000)


async def test_an_account_that_may_not_forward_is_told_so_beforehand_and_by_the_cluster(
    driver: KubernetesDriver, live: Live, namespace: str, kubeconfig: Path
) -> None:
    pod = await echoing(driver, live, namespace)
    assert POD.forwarding is not None
    permissions = POD.forwarding.permissions
    assert await refusal(driver, POD, pod, permissions, within=5) == ""
    narrow = driver_of(kubeconfig.parent / "viewer.yaml")
    try:
        why = await refusal(narrow, POD, pod, permissions, within=5)
        assert why == f"This cluster's account may not open ports of pods in {namespace}."
        with pytest.raises(Refused):
            await narrow.dial(pod, 7000)
    finally:
        await narrow.close()
