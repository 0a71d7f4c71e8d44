"""What is looked at again by itself, and whose call is one too many; the rest of it is in tests/dashboard."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from clusters.calls import Calls
from clusters.compose import hooks, turns
from clusters.compose.following import Follower
from clusters.compose.source import Source
from clusters.errors import ClusterError, Conflict, Invalid, Refused, Unreachable
from clusters.gateway import Gateway
from clusters.models import Cluster, ComposeSource


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("fault", "looks"),
    [(Conflict("It is being deployed."), 2), (Unreachable("No answer."), 2), (Refused("No."), 1)],
)
async def test_what_is_only_in_the_way_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, fault: ClusterError, looks: int
) -> None:
    host = await Cluster.objects.acreate(name="Host", slug="host", driver="docker", platform="docker")
    row = await ComposeSource.objects.acreate(cluster=host, project="shop", url="https://git.test/a.git", path="a")
    monkeypatch.setattr(turns, "FIRST_REST", 0.01)
    follower, seen = Follower(cast(Gateway, None)), list[str]()

    async def deployed(row: ComposeSource, **_: Any) -> None:
        seen.append(row.state)
        if len(seen) == 1:
            raise fault
        row.state = "deployed"

    monkeypatch.setattr(follower, "_deployed", deployed)
    follower.soon(row.pk)
    async with asyncio.timeout(5):
        while len(seen) < looks or follower.looks_at(row.pk):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    await row.arefresh_from_db()
    assert (len(seen), row.state) == (looks, "deployed" if looks == 2 else "failed")
    assert row.words == (fault.message if looks == 1 else row.words)
    await follower.stop()


def test_too_many_calls_are_refused_and_others_are_not() -> None:
    calls = Calls(3, keys=2)
    for key, full in (("a", False), ("a", False), ("a", False), ("a", True), ("b", False)):
        assert calls.full(key) == full
        calls.count(key)
    calls.count("c")
    assert not calls.full("a"), "it was counted longest ago"
    for _ in range(3):
        calls.count("b")
    calls.count("d")
    assert calls.full("b"), "many others make nobody forget what was counted just now"


def test_json_without_bottom_is_said_in_words() -> None:
    with pytest.raises(Invalid, match="nested too deeply"):
        hooks.is_about(Source(url=""), b"[" * 1_000_000)


def test_without_a_secret_nobody_is_let_in() -> None:
    for signs, token in (("", ""), ("s3cret", ""), ("s3cret", "s3creT")):
        with pytest.raises(Refused):
            hooks.check_signed(Source(url="", signs=signs), {"X-Gitlab-Token": token}, b"{}")
    hooks.check_signed(Source(url="", signs="s3cret"), {"X-Gitlab-Token": "s3cret"}, b"{}")


def test_a_call_is_about_a_branch_unless_it_names_another() -> None:
    source = Source(url="", branch="main")
    for body, right in (
        (b'{"ref": "refs/heads/main"}', True),
        (b'{"ref": "refs/tags/main"}', True),
        (b'{"ref": "refs/heads/other"}', False),
        (b'{"ref": 1}', True),
        (b"[]", True),
    ):
        assert hooks.is_about(source, body) == right, body
    assert hooks.is_about(Source(url=""), b'{"ref": "refs/heads/any"}')
    with pytest.raises(Invalid):
        hooks.is_about(source, b"payload=%7B%7D")
