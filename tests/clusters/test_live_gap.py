"""A cluster that was lost is live again only when all that is shown of it is of after the gap."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from clusters.errors import Refused, Unreachable
from clusters.live.connection import Connection
from clusters.live.resource import Alive, Broken, Changed, FeedItem, Listed, Remembered
from tests.clusters.test_live_contact import NOW, ScriptedDriver, connect


class Told(ScriptedDriver):
    """Says of each kind what the test tells it to, by the kind's name."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, asyncio.Queue[FeedItem]] = defaultdict(asyncio.Queue)

    async def watch(self, kind: Any, namespaces: Any = None) -> AsyncIterator[FeedItem]:
        while True:
            yield await self.of[kind.name].get()

    async def tell(self, item: FeedItem, *kinds: str) -> None:
        for kind in kinds:
            self.of[kind].put_nowait(item)
        await asyncio.sleep(0.02)


CUT = Broken(Unreachable("The engine closed the connection."), 1.0)


@asynccontextmanager
async def lost() -> AsyncIterator[tuple[Told, Connection]]:
    """An engine of which two kinds were listed, and which was lost after that."""
    driver = Told()
    connection = connect(driver)
    connection.start()
    with connection.wanted("container", "network"):
        await driver.tell(Listed([]), "container", "network")
        assert connection.contact.state(time.time()) == "live"
        await driver.tell(CUT, "container", "network")
        assert connection.contact.state(time.time()) == "down"
        yield driver, connection
    await connection.close()


async def test_an_engine_that_was_lost_is_live_only_when_all_that_is_shown_is_of_after_the_gap() -> None:
    async with lost() as (driver, connection):
        await driver.tell(Listed([]), "network")
        await connection.line.ping()
        assert connection.contact.state(time.time()) == "down", "its containers are still those of before"
        await driver.tell(Listed([]), "container")
        assert connection.contact.state(time.time()) == "live"
        await driver.tell(CUT, "container")
        await connection.line.ping()
        assert connection.contact.state(time.time()) == "live", "one kind alone makes no cluster sick"


async def test_a_kind_that_goes_on_failing_alone_is_not_waited_for_and_says_of_when_it_is() -> None:
    async with lost() as (driver, connection):
        containers = connection.stores["container"]
        since = containers.as_of
        assert time.time() - since < 5
        await driver.tell(CUT, "container")
        await driver.tell(Listed([]), "network")
        await connection.line.ping()
        assert connection.contact.state(time.time()) == "down"
        for _ in range(3):
            await driver.tell(CUT, "container")
            await connection.line.ping()
            assert connection.contact.state(time.time()) == "live"
            assert containers.as_of == since
            assert not containers.is_known
        await driver.tell(Alive(), "container")
        assert containers.as_of == 0.0
        assert containers.is_known


async def test_a_kind_of_which_some_namespaces_are_still_silent_is_waited_for_and_one_that_is_refused_there_is_not() -> (
    None
):
    silent, refused = Unreachable("It does not answer."), Refused("You may not list containers.")
    async with lost() as (driver, connection):
        containers = connection.stores["container"]
        await driver.tell(Listed([]), "network")
        await driver.tell(Changed(trouble=silent, hidden=frozenset({"b"})), "container")
        await connection.line.ping()
        assert connection.contact.state(time.time()) == "down"
        assert containers.as_of
        await driver.tell(Changed(trouble=refused, hidden=frozenset({"b"})), "container")
        await connection.line.ping()
        assert connection.contact.state(time.time()) == "live"
        assert not containers.as_of


async def test_kubernetes_is_live_only_when_each_of_its_watches_goes_on() -> None:
    driver = Told()
    driver.platform = "kubernetes"
    connection = connect(driver)
    connection.start()
    with connection.wanted("pod", "service"):
        kinds = [name for name in connection.stores if name in connection.feeds]
        await driver.tell(Listed([]), *kinds)
        await driver.tell(CUT, *kinds)
        for one in kinds:
            assert connection.contact.state(time.time()) == "down", one
            await driver.tell(Alive(), one)
            await connection.line.ping()
        assert connection.contact.state(time.time()) == "live"
    await connection.close()


async def test_what_says_of_when_it_is_or_that_we_may_not_see_it_is_not_waited_for() -> None:
    for last in (Remembered([], NOW), Broken(Refused("You may not list containers."), 30.0)):
        async with lost() as (driver, connection):
            await driver.tell(Listed([]), "network")
            await driver.tell(last, "container")
            await connection.line.ping()
            assert connection.contact.state(time.time()) == "live"
