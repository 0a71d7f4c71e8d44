"""What an engine that becomes a manager, or ceases to be one, leaves behind: nothing."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from clusters.drivers import docker as module
from clusters.drivers.docker import DockerDriver
from clusters.errors import Unreachable
from clusters.live.resource import Broken
from tests.clusters.swarm_things import named


@pytest.fixture
def driver(tmp_path: Any) -> DockerDriver:
    """Of an engine that is not there."""
    return DockerDriver({"address": f"unix://{tmp_path}/none.sock"}, {})


async def test_the_doubt_about_what_it_is_stays_until_it_has_said_so(
    driver: DockerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.unsure = True
    with pytest.raises(Unreachable):
        await driver.about()
    assert driver.unsure

    async def said(client: Any) -> Any:
        return type("About", (), {"uid": "x"})

    monkeypatch.setattr(module, "say_about", said)
    await driver.about()
    assert not driver.unsure
    await driver.close()


async def test_nothing_is_heard_for_a_polled_list_that_nobody_looks_at(driver: DockerDriver) -> None:
    for _ in range(3):
        async with aclosing(driver.watch(named("task"))) as items:  # type: ignore[type-var]
            assert isinstance(await anext(items), Broken)
    assert driver._events._everybody() == ()
    await driver.close()
