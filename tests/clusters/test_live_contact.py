"""What the screen says about the line to a cluster: never old data shown as live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from clusters.drivers.base import About, Platform
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import Refused, Unreachable
from clusters.live import line_check, supervisor
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.contact import Contact
from clusters.live.resource import Broken, FeedItem, Listed
from tests.clusters.docker_things import shop_web
from tests.clusters.swarm_things import named, told

NOW = 1_000_000.0


def heard(seconds_ago: float, looked_at_since: float = 0.0) -> Contact:
    contact = Contact()
    contact.hear(NOW - seconds_ago)
    contact.looked_at_since = looked_at_since
    return contact


def test_a_cluster_never_heard_is_connecting() -> None:
    assert Contact().state(NOW) == "connecting"


@pytest.mark.parametrize(("silence", "state"), [(0, "live"), (15, "live"), (16, "stale"), (60, "stale"), (61, "down")])
def test_silence_while_somebody_looks_makes_it_stale_then_down(silence: float, state: str) -> None:
    assert heard(silence, looked_at_since=NOW - 300).state(NOW) == state


def test_the_first_look_after_a_long_time_is_connecting_until_the_first_answer() -> None:
    assert heard(3600, looked_at_since=NOW - 1).state(NOW) == "connecting"


def test_a_first_look_that_gets_no_answer_is_not_called_live() -> None:
    assert heard(3600, looked_at_since=NOW - 16).state(NOW) == "down"


def test_a_broken_line_is_down_at_once_and_a_refusal_is_refused() -> None:
    contact = heard(1)
    contact.lose(Unreachable("Nobody answers."))
    assert contact.state(NOW) == "down"
    contact.lose(Refused("The token is not valid."))
    assert contact.state(NOW) == "refused"


def test_an_answer_heals_it() -> None:
    contact = heard(1)
    contact.lose(Unreachable("Nobody answers."))
    contact.hear(NOW)
    assert contact.state(NOW) == "live"


class ScriptedDriver(OnlyOurKinds):
    """Says what the test tells it to, and counts what it was asked."""

    platform = "docker"

    def __init__(self) -> None:
        self.items: asyncio.Queue[FeedItem] = asyncio.Queue()
        self.pings = 0
        self.answers = True

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        while True:
            yield await self.items.get()

    async def about(self) -> About:
        return About("docker", "29")

    async def ping(self) -> None:
        self.pings += 1
        if not self.answers:
            await asyncio.sleep(3600)

    async def close(self) -> None:
        return None


def connect(driver: ScriptedDriver) -> Connection:
    cluster = ClusterInfo(id=1, name="host", slug="host", driver="docker", platform="docker")
    return Connection(cluster, driver, lambda _: None)  # type: ignore[arg-type]


async def test_nobody_looks_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_check, "PING_EVERY", 0.0)
    driver = ScriptedDriver()
    connection = connect(driver)
    connection.start()
    await asyncio.sleep(0.05)
    assert driver.pings == 0
    with connection.wanted():
        await asyncio.sleep(0.05)
    assert driver.pings > 0
    await connection.close()


async def test_a_cluster_that_was_let_go_of_is_asked_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_check, "PING_EVERY", 0.0)
    driver = ScriptedDriver()
    connection = connect(driver)
    connection.start()
    await asyncio.sleep(0)
    await connection.close()
    with connection.wanted("container"):  # a page that was opened at that moment
        connection.retry()
        await asyncio.sleep(0.05)
        assert all(task.done() for task in [*connection.feeds.tasks, *connection.line.tasks])
    assert driver.pings == 0


async def test_a_refused_kind_leaves_the_cluster_live_when_it_lets_us_in() -> None:
    driver = ScriptedDriver()
    connection = connect(driver)
    connection.start()
    driver.items.put_nowait(Broken(Refused("You may not list containers."), 1.0))
    await asyncio.sleep(0.05)
    store = connection.stores["container"]
    assert store.trouble is not None
    assert connection.contact.error is None
    await connection.close()


async def test_a_broken_watch_makes_the_cluster_down_and_the_next_list_live_again() -> None:
    driver = ScriptedDriver()
    connection = connect(driver)
    connection.start()
    driver.items.put_nowait(Listed([]))
    driver.items.put_nowait(Broken(Unreachable("The engine closed the connection."), 1.0))
    await asyncio.sleep(0.05)
    assert connection.contact.state(time.time()) == "down"
    driver.items.put_nowait(Listed([]))
    await asyncio.sleep(0.05)
    assert connection.contact.state(time.time()) == "live"
    await connection.close()


class Resumed(ScriptedDriver):
    """Is silent when the test tells it to, and counts how often it was told that its cluster answers again."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    async def ping(self) -> None:
        if not self.answers:
            raise Unreachable("Nobody answers.")

    def answers_again(self) -> None:
        self.told += 1


async def test_a_driver_is_told_once_that_its_cluster_answers_again() -> None:
    driver = Resumed()
    connection = connect(driver)
    told = []
    for driver.answers in (True, False, False, True, True):
        await connection.line.ping()
        told.append(driver.told)
    assert told == [0, 0, 0, 1, 1]


async def test_what_is_known_and_what_runs_goes_on_when_it_turns_into_another_platform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An engine that becomes a Swarm's manager has its containers still: no page of one may say that it is gone."""
    driver = ScriptedDriver()
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    monkeypatch.setattr(driver, "close", close)
    monkeypatch.setattr(supervisor, "make_driver", lambda *_: driver)
    one = supervisor.Supervisor(lambda row: "/")
    box = ClusterInfo(id=1, name="Box", slug="box", driver="docker", platform="docker")
    connection = one.add(box, {})
    connection.stores["container"].apply(Listed([shop_web("29")]))
    there = f"1~container~{shop_web('29').uid}"
    with connection.wanted("swarm-service"):  # a page of before, or an address that somebody kept
        one.turn(replace(box, platform="swarm"), "swarm")
        assert one.row(there) is not None
        assert one.connections[1] is connection
        assert "watch box swarm-service" in {task.get_name() for task in asyncio.all_tasks()}
        one.turn(box, "docker")
    assert "swarm-service" not in connection.stores
    assert one.row(there) is not None
    assert not closed
    await one.close()
    assert closed == [True]


async def test_a_swarms_tasks_are_those_of_its_services_also_when_it_turned_twice() -> None:
    connection, service = connect(ScriptedDriver()), told(named("task"))[0].service_id
    turns: tuple[Platform, ...] = ("swarm", "docker", "swarm")
    for platform in turns:
        connection.become(connection.cluster, platform)
        if platform == "swarm":
            connection.stores["task"].apply(Listed(told(named("task"))))
            assert list(connection.families.below(service, "task"))
    await connection.close()
