"""The pages of registries: added after they answered, changed without giving their password away, looked into, pulled from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient, override_settings

from clusters.access import Actor, Granted
from clusters.connect.secrets import read_secret
from clusters.drivers.base import Call
from clusters.errors import ClusterError, Refused
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Job, Registry
from clusters.registries.kept import way_to
from clusters.registries.removal import delete_tag
from dashboard.engine import engine
from tests.clusters.fake_registry import FakeRegistry, fake_registry, html, json
from tests.clusters.real_registry import Put, RealRegistry, find_private_registry, find_registry, repository
from tests.dashboard.conftest import Fakes

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
ADA = Actor(0, "ada", (Granted(Role.ADMIN),))
CANARY = "canary-90b2e1"
OK = json("{}", Docker_Distribution_Api_Version="registry/2.0")


@pytest.fixture
def as_ada(async_client_for: ClientFor, ada: User) -> AsyncClient:
    return async_client_for(ada)


@pytest_asyncio.fixture
async def there() -> AsyncIterator[FakeRegistry]:
    async with fake_registry({"/v2/": OK}) as made:
        yield made


def filled(there: FakeRegistry, **more: str) -> dict[str, str]:
    return {"name": "Ours", "host": there.host, "user": "robot", "password": CANARY, "plain": "1", **more}


async def test_it_is_kept_when_it_answers_and_its_password_is_nowhere_in_the_open(
    as_ada: AsyncClient, there: FakeRegistry
) -> None:
    answer = await as_ada.post("/registries/add/", filled(there))
    assert answer["Location"] == "/registries/ours/"
    one = await Registry.objects.aget()
    assert (one.name, one.host, one.user) == ("Ours", there.host, "robot")
    assert read_secret(one) == {"password": CANARY}
    assert CANARY.encode() not in bytes(one.secret)
    for address in ("/registries/", "/registries/ours/", "/registries/ours/edit/"):
        assert CANARY not in (await as_ada.get(address)).content.decode()
    assert CANARY not in str([row async for row in AuditEntry.objects.values()])
    assert await AuditEntry.objects.filter(verb="add", kind="registry", name="Ours").aexists()


async def test_a_test_keeps_nothing_and_what_is_wrong_is_said(as_ada: AsyncClient, there: FakeRegistry) -> None:
    answer = await as_ada.post("/registries/add/", filled(there, test="1"))
    assert (answer.status_code, b"It answers" in answer.content) == (200, True)
    there.answers["/v2/"] = html("<h1>Hello</h1>")
    for more in ({"test": "1"}, {}):
        answer = await as_ada.post("/registries/add/", filled(there, **more))
        assert answer.status_code == 422
        assert b"not a registry" in answer.content
        assert CANARY not in answer.content.decode()
    answer = await as_ada.post("/registries/add/", filled(there, host="127.0.0.1:1"))
    beside = answer.content.decode().split('id="field-host"', 1)[1].split('id="field-ca"', 1)[0]
    assert "refuses the connection" in beside
    assert b'class="notice"' not in answer.content, "it is said once"
    assert not await Registry.objects.aexists()


async def test_a_stored_password_is_not_sent_to_another_address(as_ada: AsyncClient, there: FakeRegistry) -> None:
    await as_ada.post("/registries/add/", filled(there))
    async with fake_registry({"/v2/": OK}) as other:
        for more in ({"host": other.host}, {"user": "other"}, {"sign_in_host": other.host}, {"plain": ""}):
            answer = await as_ada.post("/registries/ours/edit/", filled(there, **{"password": "", **more}))
            assert answer.status_code == 422
            assert b"enter the password or token again" in answer.content
        assert other.asked == []
        assert (
            await as_ada.post("/registries/ours/edit/", filled(there, password="", name="Renamed"))
        ).status_code == 302
        one = await Registry.objects.aget()
        assert (one.name, way_to(one).password) == ("Renamed", CANARY)
        moved = await as_ada.post("/registries/ours/edit/", filled(there, host=other.host, password="new"))
        assert moved.status_code == 302
        assert CANARY not in str(other.asked)
    assert way_to(await Registry.objects.aget()).password == "new"


async def test_one_address_is_kept_once(as_ada: AsyncClient, there: FakeRegistry) -> None:
    await as_ada.post("/registries/add/", filled(there))
    answer = await as_ada.post("/registries/add/", filled(there, name="Again"))
    assert (answer.status_code, b"already" in answer.content) == (422, True)


async def test_it_is_forgotten_with_its_password(as_ada: AsyncClient, there: FakeRegistry) -> None:
    await as_ada.post("/registries/add/", filled(there))
    assert (await as_ada.post("/registries/ours/remove/")).status_code == 302
    assert not await Registry.objects.aexists()
    assert await AuditEntry.objects.filter(verb="remove", kind="registry", name="Ours").aexists()


async def test_viewers_look_administrators_manage_and_who_sees_nothing_sees_none(
    fakes: Fakes, as_ada: AsyncClient, async_client_for: ClientFor, there: FakeRegistry, vera: User, nora: User
) -> None:
    await as_ada.post("/registries/add/", filled(there))
    there.answers["/v2/_catalog"] = json('{"repositories": ["shop/web"]}')
    before = len(there.asked)
    for address in ("", "ours/", "ours/state/", "ours/?part=list", "ours/tags/shop/web/?part=list"):
        assert (await async_client_for(nora).get(f"/registries/{address}")).status_code == 403
    assert len(there.asked) == before
    client = async_client_for(vera)
    page = (await client.get("/registries/")).content.decode()
    assert ("Ours" in page, "/registries/add/" in page, "/edit/" in page) == (True, False, False)
    assert "shop/web" in (await client.get("/registries/ours/?part=list")).content.decode()
    assert (await client.post("/registries/ours/delete/shop/web/", {"tag": "1"})).status_code == 403
    assert (await client.get("/registries/ours/edit/")).status_code == 403
    assert "Deletes" not in page
    assert not [one for one in there.asked if one[0] == "DELETE"]


async def test_a_registry_that_lists_nothing_offers_to_open_by_name(as_ada: AsyncClient, there: FakeRegistry) -> None:
    await as_ada.post("/registries/add/", filled(there))
    there.answers["/v2/_catalog"] = json('{"errors": [{"code": "UNAUTHORIZED"}]}', 403)
    page = (await as_ada.get("/registries/ours/?part=list")).content.decode()
    assert "does not list its repositories" in page
    assert "open-name" in page
    answer = await as_ada.get("/registries/ours/?open=shop/web")
    assert answer["Location"] == "/registries/ours/tags/shop/web/"
    assert (await as_ada.get("/registries/ours/?open=../..")).status_code == 404


async def test_names_and_tags_are_searched_and_hostile_ones_are_inert(as_ada: AsyncClient, there: FakeRegistry) -> None:
    await as_ada.post("/registries/add/", filled(there))
    there.answers["/v2/_catalog"] = json(r'{"repositories": ["shop/web", "tools/x", "<script>alert(1)</script>"]}')
    there.answers["/v2/shop/web/tags/list"] = json(r'{"tags": ["1.9", "1.10", "latest", "\u001b]0;x", "\"onload=\""]}')
    there.answers["/v2/shop/web/manifests/1.10"] = json('{"errors": [{"message": "<img src=x onerror=x>"}]}', 500)
    found = (await as_ada.get("/registries/ours/?part=list&q=web")).content.decode()
    assert ("shop/web" in found, "tools/x" in found, "<script>" in found) == (True, False, False)
    assert "1 left out" in found
    tags = (await as_ada.get("/registries/ours/tags/shop/web/?part=list")).content.decode()
    assert tags.index(">latest<") < tags.index(">1.10<") < tags.index(">1.9<")
    assert ("<img" in tags, "\x1b" in tags, '"onload=' in tags) == (False, False, False)
    assert (await as_ada.get("/registries/ours/tags/../../x/")).status_code == 404
    assert (await as_ada.get("/registries/ours/tag/shop/web/?tag=../x")).status_code == 404


async def test_a_tag_is_deleted_after_the_others_that_go_with_it_were_named(as_ada: AsyncClient) -> None:
    real = find_private_registry()
    with repository(real) as put:
        for tag in ("1", "2"):
            await asyncio.to_thread(real.put_image, put.name, tag)
        await asyncio.to_thread(real.put_image, put.name, "3", labels={"other": "content"})
        await as_ada.post("/registries/add/", {**real.form, "name": "Real"})
        address = f"/registries/real/delete/{put.name}/"
        question = await as_ada.get(address, {"tag": "1"})
        assert b"cannot be undone" in question.content
        for wrong in ({}, {"typed": "2"}, {"typed": "1 2", "also": ["2"]}):
            refused = await as_ada.post(address, {"tag": "1", **wrong})
            assert (refused.status_code, b"Type 1 to go on" in refused.content) == (422, True)
        assert not await AuditEntry.objects.filter(verb="delete tag").aexists()
        with override_settings(READ_ONLY=True):
            assert (await as_ada.post(address, {"tag": "1", "typed": "1"})).status_code == 403
            page = (await as_ada.get(f"/registries/real/tags/{put.name}/?part=list")).content.decode()
            assert (">1<" in page, "Delete 1" in page) == (True, False)
            kept = await Registry.objects.aget(slug="real")
            with pytest.raises(Refused, match="read-only"):
                await delete_tag(ADA, kept, put.name, "1", agreed=[])
        assert await AuditEntry.objects.filter(verb="delete tag").acount() == 1
        named = (await as_ada.post(address, {"tag": "1", "typed": "1"})).content.decode()
        assert 'name="also" value="2"' in named
        assert 'value="3"' not in named
        done = await as_ada.post(address, {"tag": "1", "typed": "1", "also": ["2"]})
        assert done["HX-Redirect"] == f"/registries/real/tags/{put.name}/"
        left = (await as_ada.get(f"/registries/real/tags/{put.name}/?part=list")).content.decode()
        assert (">3<" in left, ">1<" in left, ">2<" in left) == (True, False, False)
        results = [row.result async for row in AuditEntry.objects.filter(verb="delete tag", stage="outcome")]
        assert sorted(results) == ["done", "failed"]


@pytest_asyncio.fixture
async def here(docker_socket: str) -> AsyncIterator[Cluster]:
    """The real engine, connected."""
    one = await Cluster.objects.acreate(
        name="Here", slug="here", driver="docker", platform="docker", settings={"address": f"unix://{docker_socket}"}
    )
    await engine.connect(one)
    yield one
    await engine.supervisor.close()


@asynccontextmanager
async def pulled(here: Cluster, registry: RealRegistry) -> AsyncIterator[Put]:
    """A repository; what the engine has of it is removed, however the test ends."""
    with repository(registry) as put:
        try:
            yield put
        finally:
            driver, name = engine.supervisor.driver(here.pk), put.image("1").rpartition(":")[0]
            for filters in ({"reference": [name]}, {"label": [f"of={put.name}"]}, {"label": [f"now={put.name}"]}):
                query = {"filters": msgspec.json.encode(filters).decode()}
                for one in await driver.call(Call("GET", ("images", "json"), query)) or ():
                    with suppress(ClusterError):
                        await driver.call(Call("DELETE", ("images", one["Id"]), {"force": "1"}))


async def forget(here: Cluster, image: str) -> None:
    await engine.supervisor.driver(here.pk).call(Call("DELETE", ("images", *image.split("/"))))


async def ended(key: str) -> Job:
    for _ in range(600):
        job = await Job.objects.aget(key=key)
        if job.state != "running":
            return job
        await asyncio.sleep(0.05)
    raise AssertionError("it never ended")


@pytest.mark.docker
async def test_a_pull_is_a_job_whose_bars_are_found_again(as_ada: AsyncClient, here: Cluster) -> None:
    async with pulled(here, find_registry()) as put:
        await asyncio.to_thread(put.registry.put_image, put.name, "1", layers=(b"a", b"b"))
        answer = await as_ada.post("/images/pull/", {"cluster": str(here.pk), "image": put.image("1")})
        address = answer["HX-Redirect"]
        job = await ended(address.split("/")[2])
        assert (job.state, job.verb) == ("done", "pull")
        assert "with the digest sha256:" in job.result["words"]
        page = (await as_ada.get(address)).content.decode()
        assert page.count("<progress") == 2
        event = await AuditEntry.objects.filter(verb="pull", stage="intent").aget()
        assert event.detail["image"] == put.image("1")


async def test_what_cannot_be_pulled_or_pushed_is_said_before_a_job_begins(as_ada: AsyncClient, here: Cluster) -> None:
    for image in ("", "Upper", "a b", "../x", "-v", "x" * 501):
        answer = await as_ada.post("/images/pull/", {"cluster": str(here.pk), "image": image})
        assert answer.status_code == 422, image
    answer = await as_ada.post("/images/pull/", {"cluster": str(here.pk), "image": "x", "platform": "linux/../x"})
    assert answer.status_code == 422
    answer = await as_ada.post(
        "/images/push/", {"cluster": str(here.pk), "image": "busybox", "name": f"x@sha256:{'0' * 64}"}
    )
    assert answer.status_code == 422
    assert not await Job.objects.aexists()


async def test_operators_push_with_a_stored_password_only_where_that_is_allowed(
    as_ada: AsyncClient, async_client_for: ClientFor, here: Cluster, there: FakeRegistry, nora: User
) -> None:
    await as_ada.post("/registries/add/", filled(there))
    given = {"cluster": str(here.pk), "image": "busybox:latest", "name": f"{there.host}/web:1"}
    client = async_client_for(nora)
    await client.post("/images/push/", given)
    assert not await Job.objects.aexists()
    await Grant.objects.acreate(user=nora, role=2, cluster=here, rights=["run"])
    refused = await client.post("/images/push/", given)
    assert (refused.status_code, b"Only administrators push" in refused.content) == (422, True)
    assert await AuditEntry.objects.filter(verb="push", stage="denied", actor="nora").aexists()
    await as_ada.post("/registries/ours/edit/", filled(there, password="", operators_push="1"))
    begun = await client.post("/images/push/", given)
    assert (await ended(begun["HX-Redirect"].split("/")[2])).state == "failed"
    assert CANARY not in str([row async for row in AuditEntry.objects.values()])
    assert CANARY not in str([row async for row in Job.objects.values()])

    await forget(here, given["name"])
