"""The webhook without an engine: who may call, how often, and what is written down of it and of the button."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.access import Actor
from clusters.compose import hooks
from clusters.compose.source import Source, forget_source, keep_source, source_of
from clusters.models import AuditEntry, Cluster, ComposeSource
from dashboard.engine import engine
from dashboard.views import compose_source

pytestmark = pytest.mark.django_db(transaction=True)
HOOK, SECRET = "a" * 32, "s3cret"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    hooks.taken.clear()
    hooks.wrong.clear()
    asked: list[bool] = []
    monkeypatch.setattr(engine.follower, "soon", lambda pk, forced=False: asked.append(forced))
    return asked


async def source(by: User) -> ComposeSource:
    host = await Cluster.objects.acreate(name="Host", slug="host", driver="docker", platform="docker")
    given = Source(url="https://git.test/shop.git", branch="main", hook=HOOK, signs=SECRET)
    row = await keep_source(Actor(by.pk, by.username), host.pk, "shop", given)
    return await ComposeSource.objects.select_related("by", "cluster").aget(pk=row.pk)


async def called(body: bytes, secret: str = SECRET, hook: str = HOOK) -> int:
    client = AsyncClient(headers={"host": "127.0.0.1:8000"})
    headers = {"X-Gitlab-Token": secret}
    answer = await client.post(f"/hooks/compose/{hook}/", body, content_type="application/json", headers=headers)
    return int(answer.status_code)


async def test_wrong_and_repeated_calls_use_up_nothing_of_the_right_ones(
    ada: User, looked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    await source(ada)
    monkeypatch.setattr(hooks.wrong, "_most", 3)
    monkeypatch.setattr(hooks.taken, "_most", 3)
    assert await called(b"{}") == 202
    assert [await called(b"{}") for _ in range(5)] == [409] * 5
    assert [await called(b"[]", "wrong") for _ in range(2)] == [403, 403]
    assert [await called(b"[]", hook="b" * 32) for _ in range(2)] == [404, 429]
    assert await called(b"[]", "wrong") == 429, "nobody is told which it was"
    assert [await called(b'{"n": %d}' % n) for n in range(3)] == [202, 202, 429]
    hooks.taken.clear()
    assert await called(b'{"n": 2}') == 202, "what was one too many was not remembered as taken"
    assert await called(b"[" * 100_000) == 400
    assert len(looked) == 4


async def test_what_was_sealed_with_another_key_is_filled_in_again_or_forgotten(ada: User, looked: list[bool]) -> None:
    row = await source(ada)
    await ComposeSource.objects.aupdate(sealed=b"of another key")
    assert await called(b"{}") == 503
    assert await called(b"{}", "wrong") == 503, "and nobody who calls is told why"
    kept = await source_of(row.cluster_id, "shop")
    assert kept
    await forget_source(Actor(ada.pk, "ada"), row.cluster_id, "shop")
    assert await source_of(row.cluster_id, "shop") is None
    assert await compose_source._opened(kept) is None
    assert not looked


async def test_who_asked_for_a_look_is_in_the_audit(ada: User, otto: User, looked: list[bool]) -> None:
    row = await source(ada)
    assert await called(b"{}") == 202
    await engine.follower.ask(Actor(otto.pk, "otto", address="192.0.2.7"), row, forced=True)
    rows = [one async for one in AuditEntry.objects.order_by("id").values_list("actor", "verb", "name", "result")]
    assert rows[1:] == [("git webhook", "look at git", "shop", "done"), ("otto", "look and deploy", "shop", "done")]
    pressed = await AuditEntry.objects.order_by("id").alast()
    assert pressed
    assert (pressed.address, pressed.detail["as"], pressed.cluster) == ("192.0.2.7", "ada", "Host")
    assert looked == [False, True]
