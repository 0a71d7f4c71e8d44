"""A build from a git address, from the page to the image, with a real git server and a real engine."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from clusters.models import AuditEntry, Build, Cluster
from tests.clusters.git_server import Repository, Server, served, why_not
from tests.dashboard.test_build import HTMX, ClientFor, begun, ended, form, host, key_of

__all__ = ["host"]  # the fixture
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[Server]:
    settings.DATA = tmp_path / "data"
    (tmp_path / "served").mkdir()
    with served(tmp_path / "served") as one:
        settings.GIT_HOSTS = [one.url]
        yield one


async def test_the_commit_that_was_built_is_shown_and_the_token_is_nowhere(
    ada: User, host: Cluster, async_client_for: ClientFor, server: Server
) -> None:
    client = async_client_for(ada)
    text = f"FROM busybox\nCOPY . /here\nRUN cat /here/greeting; : {secrets.token_hex(4)}\n"
    commit = Repository(server.folder / "shop.git").commit(web__Dockerfile=text, web__greeting="hello from git\n")
    server.password = "Basic " + base64.b64encode(b"robot:s3cret-token").decode()
    address = f"{server.url}/shop.git#main:web"
    page = await begun(client, host, "", **{"from": "git"}, git=address, token="robot:s3cret-token")
    job = await ended(key_of(page))
    assert job.state == "done", (job.reason, job.result)
    one = await Build.objects.aget()
    assert one.settings["commit"] == commit
    assert one.dockerfile == text
    assert one.steps[0]["name"] == f"Fetch {address}"
    assert one.steps[0]["state"] == "done"
    assert "hello from git" in str(one.output)
    assert commit in (await client.get(page)).content.decode()
    assert f"commit {commit[:8]}" in (await client.get("/builds/")).content.decode()
    again = (await client.get(f"/builds/new/?repeat={job.key}")).content.decode()
    assert f'value="{address}"' in again
    kept = [job.title, job.reason, str(job.result), *[line.text async for line in job.lines.all()], again]
    kept += [str(entry.detail) async for entry in AuditEntry.objects.all()]
    kept += [json.dumps([one.settings, one.steps, one.output, one.failure, one.warnings])]
    assert not any("s3cret" in text or server.password[6:] in text for text in kept)
    assert not list((server.folder.parent / "data" / "git").iterdir())


async def test_what_cannot_be_fetched_ends_the_job_with_the_reason(
    ada: User, host: Cluster, async_client_for: ClientFor, server: Server
) -> None:
    client = async_client_for(ada)
    Repository(server.folder / "shop.git").commit(README="nothing to build")
    for behind, words in [("/shop.git", "There is no Dockerfile"), ("/other.git", "There is no repository")]:
        page = await begun(client, host, "", **{"from": "git"}, git=f"{server.url}{behind}")
        job = await ended(key_of(page))
        assert job.state == "failed"
        assert words in job.reason
        assert words in (await client.get(page)).content.decode()


async def test_an_address_of_a_private_network_is_fetched_by_nobody(
    ada: User, host: Cluster, async_client_for: ClientFor, server: Server, settings: Any
) -> None:
    client = async_client_for(ada)
    settings.GIT_HOSTS = []
    given = form(host, "", **{"from": "git"}, git=f"{server.url}/shop.git")
    answer = await client.post("/builds/new/", given, headers=HTMX)
    assert answer.status_code == 422
    assert "Without TLS" in answer.content.decode()
    page = await begun(client, host, "", **{"from": "git"}, git=f"https://localhost:{server.port}/shop.git")
    job = await ended(key_of(page))
    assert job.state == "failed"
    assert "private network" in job.reason
    assert not server.asked
