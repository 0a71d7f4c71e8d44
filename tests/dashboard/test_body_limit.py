"""What is larger than anything we take is refused before it is read, or cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient

from clusters.models import AuditEntry, Cluster, Grant
from dashboard.body_limit import ACCOUNT, LIMIT, limited
from dashboard.engine import engine


async def ask(
    headers: list[tuple[bytes, bytes]], *pieces: int, path: str = "/x/", query: str = ""
) -> tuple[list[int], int]:
    """The statuses that were answered, and how many bytes the application got."""
    left, sent, got = list(pieces), list[int](), 0

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        if "status" in message:
            sent.append(message["status"])

    async def application(_: Any, receive: Any, send: Any) -> None:
        nonlocal got
        while (message := await receive())["type"] == "http.request":
            got += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    scope = {"type": "http", "method": "POST", "path": path, "query_string": query.encode(), "headers": headers}
    await limited(application, scope, receive, send)
    return sent, got


async def test_a_large_body_is_refused_before_it_is_read() -> None:
    for length in (str(LIMIT + 1), "9" * 30, "-1", "x"):
        assert await ask([(b"content-length", length.encode())], 10) == ([413], 0)


async def test_a_body_that_does_not_say_its_size_is_cut_off() -> None:
    sent, got = await ask([], *[1 << 20] * 40)
    assert sent == []
    assert got <= LIMIT


async def test_the_forms_of_an_account_take_little_also_from_who_does_not_say_how_much_comes() -> None:
    login = "/account/login/"
    assert await ask([(b"content-length", str(ACCOUNT + 1).encode())], 10, path=login) == ([413], 0)
    sent, got = await ask([], *[16 << 10] * 40, path=login)
    assert sent == []
    assert got <= ACCOUNT


async def test_what_is_small_enough_passes() -> None:
    assert await ask([(b"content-length", b"20")], 10, 10) == ([200], 20)


def _asked(path: str, session: str = "", row: str = "", size: int = 10, **more: str) -> Any:
    query = urlencode({"row": row, **more})
    return ask(
        [(b"content-length", str(size).encode()), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode())],
        10,
        path=path,
        query=query,
    )


@pytest_asyncio.fixture
async def shop(db: None) -> AsyncIterator[Cluster]:
    """A demonstration: a host with containers."""
    cluster = await Cluster.objects.acreate(
        name="Host", slug="host", driver="demo", platform="docker", settings={"shape": "docker", "seed": 9}
    )
    await engine.start()
    store = engine.supervisor.connections[cluster.pk].stores["container"]
    async with asyncio.timeout(10):
        while not store.resources:
            await asyncio.sleep(0.02)
    yield cluster
    await engine.stop()


@pytest.mark.django_db(transaction=True)
async def test_a_file_is_taken_only_from_who_may_put_it_there_and_refused_before_it_is_read(
    async_client_for: Callable[[User], AsyncClient], ada: User, otto: User, nora: User, shop: Cluster
) -> None:
    def session(user: User) -> str:
        return async_client_for(user).cookies[settings.SESSION_COOKIE_NAME].value

    uid = next(iter(engine.supervisor.connections[shop.pk].stores["container"].resources))
    row, path, large = f"{shop.pk}~container~{uid}", "/files/upload/", LIMIT * 20
    for stranger in ("", "x", "\xff; x"):
        assert await _asked(path, stranger, row, large) == ([401], 0)
    assert await _asked(path, session(ada), row, large) == ([200], 10)
    assert await _asked(path, session(ada), row + "x", large) == ([404], 0)
    assert await _asked(path, session(ada), row, 1 << 40) == ([413], 0)
    assert await _asked("/x/", session(ada), row, large) == ([413], 0)
    assert await _asked(path, session(nora), row) == ([404], 0)
    grant = await Grant.objects.acreate(user=nora, role=2, cluster=shop, rights=["exec"])
    assert await _asked(path, session(nora), row) == ([403], 0)
    assert await AuditEntry.objects.filter(verb="upload files", stage="denied").aexists()
    assert await _asked("/builds/files/", session(nora)) == ([403], 0)
    assert await _asked("/images/load/piece/", session(nora), cluster=str(shop.pk)) == ([403], 0)
    grant.rights = ["exec", "files"]
    await grant.asave()
    assert await _asked(path, session(nora), row) == ([200], 10)
    await Session.objects.all().adelete()
    assert await _asked(path, session(ada) + "x", row) == ([401], 0)
