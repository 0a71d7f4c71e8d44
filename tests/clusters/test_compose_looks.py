"""When a project from git is looked at, and what is said of it: nobody waits for strangers, and nothing old is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from clusters.access import Actor
from clusters.compose import deploy, following, turns
from clusters.compose.following import Follower
from clusters.compose.problem import Problem, Wrong
from clusters.compose.source import Source, keep_source
from clusters.errors import ClusterError, Conflict, Unreachable
from clusters.gateway import Gateway
from clusters.live.cluster import ClusterInfo
from clusters.models import AuditEntry, Cluster, ComposeSource, Grant, Job
from dashboard.engine import info

pytestmark = pytest.mark.django_db(transaction=True)


class Git:
    """What a git server and an engine say: a commit, and what is wrong with asking, with the text, with deploying."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commit = "a" * 40
        self.down: ClusterError | None = None
        self.wrong: ClusterError | None = None
        self.busy: ClusterError | None = None
        self.meanwhile: Callable[[], Any] | None = None
        self.deployed: list[str] = []
        monkeypatch.setattr(following, "newest", self._newest)
        monkeypatch.setattr(following, "_text", self._text)
        monkeypatch.setattr(following, "check", self._check)
        monkeypatch.setattr(deploy, "begin", self._begin)

    async def _newest(self, *_: Any) -> str:
        if self.down:
            raise self.down
        return self.commit

    async def _text(self, source: Source) -> tuple[str, str]:
        if self.meanwhile:
            await self.meanwhile()
        return source.path, self.commit

    async def _check(self, text: str, *_: Any, stored: Any = ()) -> str:
        if self.wrong:
            raise self.wrong
        return text

    async def _begin(self, gateway: object, actor: Actor, cluster: int, asked: str, how: object) -> str:
        if self.busy:
            raise self.busy
        self.deployed.append(asked)
        job = await Job.objects.acreate(key=f"job {len(self.deployed)}", title="x", verb="deploy")
        return job.key


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> Git:
    return Git(monkeypatch)


async def followed(user: User, **more: Any) -> tuple[Follower, ComposeSource]:
    host = await Cluster.objects.acreate(name="Host", slug="host", driver="docker", platform="docker")
    row = await keep_source(actor(user), host.pk, "shop", Source(url="https://git.test/a.git", **more))

    def cluster(_: int) -> ClusterInfo:
        return info(host)

    return Follower(cast(Gateway, SimpleNamespace(connections=SimpleNamespace(cluster=cluster)))), row


def actor(user: User) -> Actor:
    return Actor(user.pk, user.username)


async def state(follower: Follower, row: ComposeSource) -> tuple[str, str]:
    """After a look."""
    await follower.look(row.pk)
    await row.arefresh_from_db()
    return row.state, row.words


async def test_what_is_said_is_of_the_last_look_and_what_is_wrong_is_not_forgotten(ada: User, git: Git) -> None:
    follower, row = await followed(ada)
    assert await state(follower, row) == ("deployed", "")
    git.down = Unreachable("No answer.")
    assert await state(follower, row) == ("failed", "No answer.")
    git.down = None
    assert await state(follower, row) == ("same", ""), "it answers again, and all is as it was"
    git.commit, git.wrong = "b" * 40, Wrong([Problem(1, "nonsense.")])
    for _ in range(2):
        said, words = await state(follower, row)
        assert (said, "nonsense" in words, row.commit) == ("wrong", True, git.commit)
    git.down = Unreachable("No answer.")
    assert await state(follower, row) == ("failed", "No answer.")
    git.down = None
    assert (await state(follower, row))[0] == "wrong", "it was never deployed"
    assert len(git.deployed) == 1
    await follower.stop()


async def test_what_is_kept_or_forgotten_during_a_look_counts(ada: User, git: Git) -> None:
    follower, row = await followed(ada)

    async def kept_anew() -> None:
        git.meanwhile = None
        await keep_source(actor(ada), row.cluster_id, "shop", Source(url=row.url, path="other.yaml"))

    git.meanwhile = kept_anew
    assert (await state(follower, row))[0] == "", "the look that was on its way says nothing of it"
    assert (await state(follower, row))[0] == "deployed"
    assert git.deployed == ["other.yaml"]
    git.commit, git.meanwhile = "b" * 40, ComposeSource.objects.all().adelete
    await follower.look(row.pk)
    assert git.deployed == ["other.yaml"]
    await follower.stop()


async def test_what_somebody_asked_for_is_done_after_what_is_in_the_way(
    ada: User, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "FIRST_REST", 0.02)
    follower, row = await followed(ada)
    assert (await state(follower, row))[0] == "deployed"
    git.busy = Conflict("shop is being deployed already.")
    follower.soon(row.pk, forced=True)
    async with asyncio.timeout(5):
        while follower.looks_at(row.pk):
            await asyncio.sleep(0.002)
        git.busy = None
        while len(git.deployed) < 2:
            await asyncio.sleep(0.01)
    await follower.stop()


async def test_who_may_no_longer_deploy_it_is_recorded_once_and_may_again(ada: User, nora: User, git: Git) -> None:
    follower, row = await followed(nora)
    for _ in range(3):
        said, words = await state(follower, row)
        assert said == "failed"
        assert words.startswith("nora, who set this up, may not deploy it any more")
    assert await AuditEntry.objects.filter(stage="denied").acount() == 1
    await Grant.objects.acreate(user=nora, role=2, cluster_id=row.cluster_id, namespaces=["shop"], rights=["compose"])
    assert await state(follower, row) == ("deployed", "")
    await Grant.objects.filter(user=nora).adelete()
    await state(follower, row)
    assert await AuditEntry.objects.filter(stage="denied").acount() == 2, "it is another time"
    await follower.stop()


async def test_the_clock_leaves_what_fails_in_peace_longer_each_time(
    ada: User, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, row = await followed(ada, minutes=1)
    git.down = Unreachable("No answer.")
    rests = []
    for _ in range(8):
        await follower.look(row.pk)
        rests.append(follower._rests.minutes(row.pk))
    assert rests == [1, 2, 4, 8, 16, 30, 30, 30]
    assert follower.rest_of(row) == 30
    long_ago = timezone.now() - timedelta(hours=1)
    await ComposeSource.objects.aupdate(checked=long_ago)
    assert await following._due(follower._is_left_alone, first=False) == []
    await row.arefresh_from_db()
    assert row.checked == long_ago, "nobody looked"
    git.down = None
    assert (await state(follower, row))[0] == "deployed"
    await ComposeSource.objects.aupdate(checked=long_ago)
    assert await following._due(follower._is_left_alone, first=False) == [row.pk]
    await follower.stop()


async def test_what_a_webhook_said_while_nobody_heard_it_is_looked_at_after_a_start(ada: User, git: Git) -> None:
    follower, row = await followed(ada, hook="a" * 32)
    assert (await state(follower, row))[0] == "deployed"
    assert await following._due(follower._is_left_alone, first=False) == []
    assert await following._due(follower._is_left_alone, first=True) == [row.pk]
    await follower.stop()


async def test_a_deployment_that_a_stop_cut_off_is_done_again_and_a_cancelled_one_is_not(ada: User, git: Git) -> None:
    follower, row = await followed(ada)
    assert (await state(follower, row))[0] == "deployed"
    for end, deployed in (("cancelled", 1), ("failed", 1), ("interrupted", 2)):
        await Job.objects.aupdate(state=end)
        due = await following._due(follower._is_left_alone, first=True)
        assert (due == [row.pk]) == (end == "interrupted")
        await follower.look(row.pk)
        assert len(git.deployed) == deployed
    await follower.stop()


async def test_a_slow_server_and_a_person_with_many_projects_keep_nobody_else_waiting() -> None:
    mine, begun, slow = turns.Turns(), list[tuple[str, int]](), asyncio.Event()

    async def look(host: str, person: int) -> None:
        async with mine.of(host, person):
            begun.append((host, person))
            await slow.wait()

    asked = [("slow", 1), ("slow", 1), ("slower", 1), ("slowest", 1)]  # two at once, and one at each server
    asked += [("slow", person) for person in range(2, 9)]  # four at once at that server
    asked += [("quick", 9), ("quick", 10)]
    tasks = [asyncio.create_task(look(*one)) for one in asked]
    await asyncio.sleep(0.02)
    assert sum(person == 1 for _, person in begun) == 2
    assert sum(host == "slow" for host, _ in begun) == 4
    assert {("quick", 9), ("quick", 10)} <= set(begun)
    slow.set()
    await asyncio.gather(*tasks)
    assert len(begun) == len(asked), "everybody had a turn"
