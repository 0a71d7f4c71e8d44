"""What the database cannot take now is written later: each by itself, once, and what it never takes blocks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.db import DataError, OperationalError

from clusters import owed


@pytest.fixture(autouse=True)
async def quick(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(owed, "EVERY", 0.01)
    yield
    await owed.stop()


class Database:
    """Takes what is written, or says why not."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.why_not: dict[str, Exception] = {}

    def write(self, row: str) -> owed.Write:
        async def work() -> None:
            if row in self.why_not:
                raise self.why_not[row]
            self.rows.append(row)

        return work


async def test_what_cannot_be_written_yet_keeps_nothing_behind_it_from_being_written() -> None:
    database, full = Database(), OperationalError("database or disk is full")
    database.why_not = {"one": full, "two": full}
    assert not await owed.write("one", database.write("one"))
    assert not await owed.write("two", database.write("two"))
    del database.why_not["two"]
    assert not await owed.settle()
    assert database.rows == ["two"]
    del database.why_not["one"]
    assert await owed.settle()
    assert database.rows == ["two", "one"]


async def test_what_the_database_never_takes_is_lost_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    database, lost = Database(), list[str]()
    database.why_not = {"at once": DataError("NUL"), "later": OperationalError("database or disk is full")}
    assert await owed.write("at once", database.write("at once"), lambda: lost.append("at once"))
    assert not await owed.write("later", database.write("later"), lambda: lost.append("later"))
    database.why_not["later"] = DataError("NUL")
    assert await owed.settle()
    assert lost == ["at once", "later"]
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == [
        "at once is lost",
        "later is lost",
    ]


async def test_what_is_being_written_when_pilothouse_stops_is_written_once() -> None:
    rows, begun = list[str](), asyncio.Event()

    async def slow() -> None:
        if not begun.is_set():
            begun.set()
            raise OperationalError("database is locked")
        await asyncio.to_thread(lambda: asyncio.run(asyncio.sleep(0.1)))  # a thread is not stopped with its task
        rows.append("one")

    assert not await owed.write("one", slow)
    await asyncio.sleep(0.05)  # the second try is on its way
    await owed.stop()
    assert rows == ["one"]
