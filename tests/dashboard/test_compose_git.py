"""A project from git, with a real git server and a real engine: deployed on change, by a call that is signed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters import actors
from clusters.compose import hooks
from clusters.drivers.base import Call
from clusters.models import AuditEntry, Cluster, ComposeSource, ComposeVersion, Grant, Job
from dashboard.engine import engine
from dashboard.topics.git import GitTopic
from tests.clusters.docker_engine import unix
from tests.clusters.git_server import Repository, Server, served, why_not
from tests.dashboard.test_compose import HTMX, containers, ended, host, name
from tests.dashboard.test_compose_change import seen

__all__ = ["host", "name"]  # the fixtures
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
ClientFor = Callable[[User], AsyncClient]
CANARY = "hunter22-canary"


def text(seconds: int, more: str = "") -> str:
    return (
        f"services:\n  web:\n    image: busybox:latest\n    command: sleep {seconds}\n    init: true\n"
        f"    stop_grace_period: 0s\n    environment: [STORE_PASSWORD]\n{more}"
    )


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[Server]:
    settings.DATA = tmp_path / "data"
    (tmp_path / "served").mkdir()
    hooks.taken.clear()
    hooks.wrong.clear()
    with served(tmp_path / "served") as one:
        settings.GIT_HOSTS = [one.url]
        yield one


async def looked_at(pk: int) -> ComposeSource:
    async with asyncio.timeout(20):
        while engine.follower.looks_at(pk):
            await asyncio.sleep(0.02)
    row = await ComposeSource.objects.select_related("job").aget(pk=pk)
    if row.job:
        await ended(row.job.key)
    return await ComposeSource.objects.select_related("job").aget(pk=pk)


async def kept(client: AsyncClient, host: Cluster, name: str, server: Server, **more: str) -> tuple[ComposeSource, str]:
    """It is set up; and the page that says so."""
    given = {"cluster": str(host.pk), "name": name, "url": f"{server.url}/shop.git", "branch": "main", **more}
    answer = await client.post("/compose/source/", given, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200, page
    return await looked_at((await ComposeSource.objects.aget()).pk), page


def signed(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def called(hook: str, body: bytes, **headers: str) -> int:
    client = AsyncClient(headers={"host": "127.0.0.1:8000"}, enforce_csrf_checks=True)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await client.post(f"/hooks/compose/{hook}/", body, content_type="application/json", headers=named)
    return int(answer.status_code)


async def test_it_is_deployed_on_a_signed_call_once_and_as_who_set_it_up(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, server: Server, docker_socket: str
) -> None:
    client, driver = async_client_for(ada), unix(docker_socket)
    repository = Repository(server.folder / "shop.git")
    first = repository.commit(**{"deploy__compose.yaml": text(1000)})
    more = {"path": "deploy/compose.yaml", "values": f"STORE_PASSWORD={CANARY}", "hook": "1"}
    row, page = await kept(client, host, name, server, **more)
    assert (row.state, row.commit, row.words) == ("deployed", first, "")
    assert row.job
    assert row.job.state == "done"
    (one,) = await containers(driver, name)
    assert one["Command"] == "sleep 1000"
    inside = await driver.call(Call("GET", ("containers", one["Id"], "json")))
    assert f"STORE_PASSWORD={CANARY}" in inside["Config"]["Env"]
    secret = re.search(r"\b[0-9a-f]{64}\b", page)
    assert secret, "the secret of the webhook is shown once"
    opened = (await client.get(f"/compose/source/?cluster=host&name={name}")).content.decode()
    assert secret[0] not in opened
    assert "/compose/versions/" in opened

    news = list[int]()
    topic = GitTopic(await actors.actor_for(ada.pk), {"cluster": host.slug, "name": name}, lambda: news.append(1))
    await topic.open()
    assert topic.take() is not None
    news.clear()

    await seen(host, name)
    down = await client.get(f"/act/?verb=down&rows={host.pk}~project~{name}", headers={"HX-Request": "true"})
    assert "the next commit brings it back" in down.content.decode()

    body = json.dumps({"ref": "refs/heads/main", "after": "1"}).encode()
    second = repository.commit(deploy__x="1", **{"deploy__compose.yaml": text(2000)})
    assert await called(row.hook, body) == 403
    assert await called(row.hook, body, X_Hub_Signature_256=signed("wrong", body)) == 403
    assert await called(row.hook, body, X_Hub_Signature_256=signed(secret[0], body + b" ")) == 403
    assert await called("f" * 32, body, X_Hub_Signature_256=signed(secret[0], body)) == 404
    other = json.dumps({"ref": "refs/heads/other"}).encode()
    assert await called(row.hook, other, X_Hub_Signature_256=signed(secret[0], other)) == 202
    assert await called(row.hook, b"{", X_Hub_Signature_256=signed(secret[0], b"{")) == 400
    assert (await looked_at(row.pk)).commit == first, "what was refused, or is about another branch, is not looked at"
    right = {"X_Hub_Signature_256": signed(secret[0], body), "X_GitHub_Delivery": "a"}
    assert await called(row.hook, body, **right) == 202
    assert await called(row.hook, body, **{**right, "X_GitHub_Delivery": "b"}) == 409, "its id is not signed"
    assert await called(row.hook, b"{}", X_Gitlab_Token=secret[0], X_Gitlab_Event_UUID="c") == 202
    assert await called(row.hook, b"{ }", X_Gitlab_Token=secret[0], X_Gitlab_Event_UUID="c") == 409
    row = await looked_at(row.pk)
    assert len(news) >= 3, "its page hears that it is looked at, what came of it, and that its job has ended"
    await topic.close()
    assert (row.commit, row.job.state if row.job else "") == (second, "done")
    assert {one["Command"] for one in await containers(driver, name)} == {"sleep 2000"}
    notes = [one async for one in ComposeVersion.objects.values_list("note", "by__username")]
    assert notes == [(f"From git, commit {commit[:8]}", "ada") for commit in (second, first)]

    # A text that is wrong is tried once, and said with its line.
    third = repository.commit(**{"deploy__compose.yaml": text(1, "    xinit: 1\n")})
    for _ in range(2):
        engine.follower.soon(row.pk)
        row = await looked_at(row.pk)
        assert (row.commit, row.state) == (third, "wrong")
        assert "Line 8: “xinit” is not known here" in row.words
    assert await Job.objects.acount() == 2
    state = (await client.get(f"/compose/source/state/?cluster=host&name={name}")).content.decode()
    assert "“xinit” is not known here" in state
    kept_texts = [page, state, str(row.words), *[str(entry.detail) async for entry in AuditEntry.objects.all()]]
    assert not any(CANARY in one for one in kept_texts)
    for _ in range(hooks.OF_ONE):
        hooks.taken.count(row.hook)
    assert await called(row.hook, b"[]", X_Gitlab_Token=secret[0]) == 429
    await driver.close()


async def test_who_lost_the_right_deploys_nothing_more_and_it_is_said(
    ada: User, nora: User, host: Cluster, name: str, async_client_for: ClientFor, server: Server
) -> None:
    grant = await Grant.objects.acreate(user=nora, role=2, cluster=host, namespaces=[name], rights=["compose"])
    client, repository = async_client_for(nora), Repository(server.folder / "shop.git")
    repository.commit(**{"compose.yaml": text(1000, "    privileged: true\n")})
    row, page = await kept(client, host, name, server, token="robot:s3cret", minutes="5")
    assert "/compose/versions/" not in page, "there are none"
    assert (row.state, row.minutes) == ("wrong", 5)
    assert "Only administrators may do that" in row.words
    assert not await Job.objects.aexists()

    # Her token goes to her server only: who gives another address gives another token.
    other = {"cluster": str(host.pk), "name": name, "url": f"{server.url}/other.git", "branch": "main"}
    await async_client_for(ada).post("/compose/source/", other, headers=HTMX)
    server.signed_in.clear()
    row = await looked_at(row.pk)
    assert "no repository" in row.words
    assert set(server.signed_in) <= {""}

    await ComposeSource.objects.aupdate(sealed=b"of another key")  # then all of it is filled in again
    await kept(client, host, name, server)
    await grant.adelete()
    engine.follower.soon(row.pk, forced=True)
    row = await looked_at(row.pk)
    assert "nora, who set this up, may not deploy it any more" in row.words
    nora.is_active = False
    await nora.asave()
    engine.follower.soon(row.pk, forced=True)
    assert "no account any more" in (await looked_at(row.pk)).words
    assert (await client.get(f"/compose/source/?cluster=host&name={name}")).status_code in (302, 404)


async def test_what_is_filled_in_wrongly_is_said_at_its_field(
    ada: User, host: Cluster, async_client_for: ClientFor, server: Server
) -> None:
    client = async_client_for(ada)
    given = {"cluster": str(host.pk), "name": "shop", "url": f"{server.url}/shop.git"}
    for wrong, words in (
        ({"url": "git@git.example.com:shop.git"}, "Git over SSH is not fetched"),
        ({"url": f"{server.url}/shop.git#main"}, "has a field of its own"),
        ({"branch": "a..b"}, "not the name of a branch"),
        ({"branch": "0" * 40}, "a commit never changes"),
        ({"path": "../compose.yaml"}, "not the path of a file"),
        ({"values": "PATH=/"}, "a setting of the program itself"),
        ({"values": "nothing"}, "not like NAME=value"),
        ({"minutes": "0"}, "at least 1"),
        ({"name": "My Shop"}, "cannot be the name of a project"),
    ):
        answer = await client.post("/compose/source/", {**given, **wrong}, headers=HTMX)
        assert (answer.status_code, words in answer.content.decode()) == (422, True), wrong
    assert not await ComposeSource.objects.aexists()
