"""The same name at another digest in its registry: seen, kept for hours, and said when it cannot be told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from clusters.access import Actor, Granted
from clusters.kinds.base import Role
from clusters.models import Registry
from clusters.registries import kept, newer
from tests.clusters.fake_registry import fake_registry
from tests.clusters.real_registry import RealRegistry, find_registry, repository

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    newer._answers.clear()
    yield
    newer._answers.clear()


async def store(registry: RealRegistry) -> Registry:
    return await asyncio.to_thread(kept.add, ADA, kept.read_form(registry.form))


async def test_a_newer_image_is_seen_with_both_digests() -> None:
    real = find_registry()
    await store(real)
    with repository(real) as put:
        old = await asyncio.to_thread(real.put_image, put.name, "1")
        digests = [f"other.test/x@sha256:{'0' * 64}", f"{real.host}/{put.name}@{old['digest']}"]
        found = await newer.compare(put.image("1"), digests)
        assert (found.state, found.here, found.there) == ("same", old["digest"], old["digest"])
        new = await asyncio.to_thread(real.put_image, put.name, "1", labels={"now": "other"})
        again = await newer.compare(put.image("1"), digests)
        assert (again.state, again.at) == ("same", found.at), "it was asked again within six hours"
        asked = await newer.compare(put.image("1"), digests, anew=True)
        assert (asked.state, asked.here, asked.there) == ("newer", old["digest"], new["digest"])
        gone = await newer.compare(put.image("2"), digests)
        assert (gone.state, gone.there) == ("gone", "")
        assert (await newer.compare(put.image("1"), [])).state == "unknown"


async def test_six_hours_later_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = find_registry()
    await store(real)
    with repository(real) as put:
        old = await asyncio.to_thread(real.put_image, put.name, "1")
        digests = [f"{real.host}/{put.name}@{old['digest']}"]
        await newer.compare(put.image("1"), digests)
        await asyncio.to_thread(real.put_image, put.name, "1", labels={"now": "other"})
        monkeypatch.setattr(newer, "KEPT", 0.0)
        assert (await newer.compare(put.image("1"), digests)).state == "newer"


async def test_what_cannot_be_told_is_said_and_asked_again_soon() -> None:
    unknown = await newer.compare("registry.example.test/web:1", [])
    assert (unknown.state, "not among the registries" in unknown.why) == ("unknown", True)
    assert unknown.to_add == "registry.example.test"
    async with fake_registry({}) as fake:
        host = fake.host
    await asyncio.to_thread(kept.add, ADA, kept.read_form({"name": "Gone", "host": host, "plain": "1"}))
    silent = await newer.compare(f"{host}/web:1", [f"{host}/web@sha256:{'0' * 64}"])
    assert (silent.state, "refuses the connection" in silent.why) == ("unknown", True)
    assert newer.AGAIN < newer.KEPT
