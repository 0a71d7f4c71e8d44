"""In whose name a project from git is deployed: nothing that others gave goes on with the rights of who set it up."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from django.contrib.auth.models import User

from clusters.access import Actor
from clusters.compose import deploy, following, source
from clusters.compose.check import Checked
from clusters.compose.following import Follower
from clusters.compose.program import find_program
from clusters.compose.source import Source, keep_source, let_go, read_source
from clusters.compose.versions import keep
from clusters.errors import Conflict
from clusters.gateway import Gateway
from clusters.models import Cluster, ComposeVersion, Job
from tests.real import need

HARMLESS = "services:\n  web:\n    image: busybox\n    labels: ['where=${DATA_DIR}']\n"
MOUNTS = "services:\n  web:\n    image: busybox\n    volumes: ['${DATA_DIR:-/srv/shop}:/data']\n"
GIVEN = {"url": "https://git.test/shop.git", "branch": "main", "path": "", "token": "", "ca": "", "values": ""}
GIVEN |= {"minutes": "", "hook": "", "new_secret": ""}


@pytest.fixture
def host(transactional_db: None) -> Cluster:
    return Cluster.objects.create(name="Host", slug="host", driver="docker", platform="docker")


async def kept(user: User, host: Cluster, text: str, values: dict[str, str], scale: dict[str, int]) -> None:
    job = await Job.objects.acreate(
        key=f"{user.pk}{len(text)}{scale}{values}"[:32], title="x", verb="deploy", actor=user
    )
    await keep(job, host.pk, "shop", text, values, scale=scale)


async def test_values_and_copies_that_others_deployed_are_not_deployed_as_who_set_git_up(
    ada: User, otto: User, host: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await find_program()
    need("compose", not found.why_not, found.why_not)
    asked: list[Checked] = []

    async def begin(gateway: object, actor: object, cluster: int, checked: Checked, how: object) -> str:
        asked.append(checked)
        raise Conflict("This far and no further.")

    async def fetched(*_: Any) -> Any:
        return MOUNTS, "c" * 40

    monkeypatch.setattr(following, "newest", lambda *_: fetched())
    monkeypatch.setattr(following, "_text", fetched)
    monkeypatch.setattr(deploy, "begin", begin)
    follower = Follower(cast(Gateway, None))
    monkeypatch.setattr(follower, "_actor", lambda row: fetched())
    row = await keep_source(Actor(ada.pk, "ada"), host.pk, "shop", Source(url=GIVEN["url"]))

    await kept(ada, host, MOUNTS, {}, {"web": 2})
    await kept(otto, host, HARMLESS, {"DATA_DIR": "/"}, {"web": 100})
    await follower.look(row.pk)
    # She scales his text: now a version of her own has the value that he chose.
    await kept(ada, host, HARMLESS, {"DATA_DIR": "/"}, {"web": 3})
    await follower.look(row.pk)
    assert [one.variables[0].secret for one in asked] == [False, False]
    # What was a secret's in a version stays one, whatever the file in git does with it now.
    await kept(ada, host, f"{HARMLESS}secrets: {{s: {{environment: DATA_DIR}}}}\n", {"DATA_DIR": "/"}, {"web": 4})
    await follower.look(row.pk)
    assert asked.pop().variables[0].secret
    mounted = [one.project["services"]["web"]["volumes"][0]["source"] for one in asked]
    assert mounted == ["/srv/shop", "/srv/shop"]
    assert [dict(one.scale) for one in asked] == [{"web": 2}, {"web": 3}]
    # Where her newest version cannot be read any more, the copies are those of the file.
    await ComposeVersion.objects.filter(number=4).aupdate(sealed=b"with a key that is lost")
    job = await Job.objects.acreate(key="of-git", title="x", verb="deploy", actor=ada, state="done")

    async def begun(gateway: object, actor: object, cluster: int, checked: Checked, how: deploy.How) -> str:
        asked.append(checked)
        assert how.note == "From git, commit cccccccc, with as many copies as the file says"
        return job.key

    monkeypatch.setattr(deploy, "begin", begun)
    await follower.look(row.pk)
    assert dict(asked.pop().scale) == {}
    monkeypatch.setattr(following, "newest", lambda *_: asyncio.sleep(0, "c" * 40))
    for state in ("deployed", "same"):  # it stays said when the next look finds nothing new
        await row.arefresh_from_db()
        assert row.state == state
        assert "version 4, which may have had others, cannot be read any more" in row.words
        await follower.look(row.pk)
    await follower.stop()


@pytest.mark.parametrize(
    ("changed", "same_person", "stays"),
    [
        ({}, True, {"token", "values"}),
        ({"branch": "next", "path": "b.yaml"}, True, {"token", "values"}),
        ({"ca": "another"}, True, {"values"}),
        ({"url": "https://git.test/other.git"}, True, set()),
        ({}, False, set()),
        ({"path": "secrets.yaml"}, False, set()),
    ],
)
def test_what_is_secret_stays_for_who_gave_it_and_where_it_was_given_for(
    changed: dict[str, str], same_person: bool, stays: set[str]
) -> None:
    old = Source(url=GIVEN["url"], token="robot:s3cret", values={"A": "1"}, ca="one")
    new = read_source({**GIVEN, "ca": "one", **changed}, old, same_person=same_person)
    assert {name for name in ("token", "values") if getattr(new, name)} == stays
    assert len(let_go(old, new)) == 2 - len(stays), "what did not stay is said"
    given = read_source({**GIVEN, **changed, "token": "mine", "values": "A=2"}, old, same_person=same_person)
    assert (given.token, given.values, let_go(old, given)) == ("mine", {"A": "2"}, [])


async def test_so_many_projects_are_followed_as_one_person_and_each_may_still_be_changed(
    ada: User, otto: User, host: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST", 1)
    mine, one = Actor(ada.pk, "ada"), Source(url=GIVEN["url"])
    await keep_source(mine, host.pk, "shop", one)
    await keep_source(mine, host.pk, "shop", one)
    with pytest.raises(Conflict, match="as you already"):
        await keep_source(mine, host.pk, "store", one)
    await keep_source(Actor(otto.pk, "otto"), host.pk, "store", one)
