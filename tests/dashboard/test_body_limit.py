"""What is larger than anything we take is refused before it is read, or cut off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import AsyncClient

from dashboard.body_limit import LIMIT, limited


async def ask(headers: list[tuple[bytes, bytes]], *pieces: int, path: str = "/x/") -> tuple[list[int], int]:
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

    await limited(application, {"type": "http", "path": path, "headers": headers}, receive, send)
    return sent, got


async def test_a_large_body_is_refused_before_it_is_read() -> None:
    for length in (str(LIMIT + 1), "9" * 30, "-1", "x"):
        assert await ask([(b"content-length", length.encode())], 10) == ([413], 0)


async def test_a_body_that_does_not_say_its_size_is_cut_off() -> None:
    sent, got = await ask([], *[1 << 20] * 40)
    assert sent == []
    assert got <= LIMIT


async def test_what_is_small_enough_passes() -> None:
    assert await ask([(b"content-length", b"20")], 10, 10) == ([200], 20)


@pytest.mark.django_db(transaction=True)
async def test_what_may_be_larger_is_for_who_is_signed_in_only(
    async_client_for: Callable[[User], AsyncClient], ada: User
) -> None:
    length = (b"content-length", str(LIMIT * 20).encode())
    name = settings.SESSION_COOKIE_NAME
    stranger = [b"", f"{name}=x".encode(), f"{name}=\xff; {name}".encode("latin-1")]
    for cookie in stranger:
        assert await ask([length, (b"cookie", cookie)], 10, path="/files/upload/") == ([413], 0)
    session = async_client_for(ada).cookies[name].value
    signed_in = (b"cookie", f"other=1; {name}={session}".encode())
    assert await ask([length, signed_in], 10, path="/files/upload/") == ([200], 10)
    assert await ask([length, signed_in], 10, path="/x/") == ([413], 0)
    await Session.objects.all().adelete()
    assert await ask([length, signed_in], 10, path="/files/upload/") == ([413], 0)
