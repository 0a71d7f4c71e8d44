"""Services of a real Swarm made and changed from the page: what is wrong beside its field, with a trace, until they are well."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.drivers.base import Call
from clusters.errors import Missing
from clusters.kinds.base import Role
from clusters.kinds.masking import MASK
from clusters.kinds.swarm import service_rollout
from clusters.kinds.swarm.base import STACK
from clusters.models import AuditEntry, Cluster, Grant, Job
from dashboard.engine import engine
from tests.clusters.docker_engine import a_name
from tests.dashboard.test_swarm import manager, until

__all__ = ["manager"]
pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]
HTMX = {"HX-Request": "true"}
NEW = "/run/swarm-service/"
SECRET = "hunter22-canary"


@pytest_asyncio.fixture
async def swarm(manager: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cluster]:
    """A connected Swarm whose services count as well as soon as they run."""
    monkeypatch.setattr(service_rollout, "STAYS", 0.3)
    monkeypatch.setattr(service_rollout, "EVERY", 0.2)
    await until(lambda: (found := _store(manager, "swarm-service")) and found.listed)
    before = set(_store(manager, "swarm-service").resources)
    yield manager
    driver = engine.supervisor.driver(manager.pk)
    for one in await driver.call(Call("GET", ("services",))):
        if one["ID"] not in before and one["Spec"]["Name"].startswith("pilothouse-"):
            with suppress(Missing):
                await driver.call(Call("DELETE", ("services", one["ID"])))


def _store(cluster: Cluster, kind: str) -> Any:
    return engine.supervisor.connections[cluster.pk].stores.get(kind)


async def _ended() -> Job:
    async with asyncio.timeout(30):
        while (job := await Job.objects.alatest("id")).state == "running":
            await asyncio.sleep(0.05)
    return job


def _form(swarm: Cluster, name: str, **values: str) -> dict[str, str]:
    given = {
        "cluster": str(swarm.pk),
        "image": "busybox:latest",
        "name": name,
        "mode": "copies",
        "copies": "1",
        "again": "",
    }
    return {**given, "command": "sleep 1000", "endpoint": "dnsrr", "stop_signal": "SIGKILL", **values}


async def test_a_service_is_made_from_a_form_changed_by_it_and_watched_until_it_is_well(
    ada: User, nora: User, swarm: Cluster, async_client_for: ClientFor
) -> None:
    client, name = async_client_for(ada), a_name()
    shown = (await client.get("/services/new/?cluster=box&image=shop/web:2&ports=8080:80")).content.decode()
    assert 'value="shop/web:2"' in shown
    assert ">8080:80</textarea>" in shown
    wrong = (
        await client.post(NEW, _form(swarm, name, ports="eighty", memory="2", whole="1"), headers=HTMX)
    ).content.decode()
    assert len(re.findall("data-error", wrong)) == 2
    assert not await Job.objects.aexists()
    unnamed = await client.post(f"{NEW}?check=1", _form(swarm, "", check="1"))
    assert "Still to be filled in: Name." in unnamed.content.decode()
    checked = await client.post(f"{NEW}?check=1", _form(swarm, name, secrets="nowhere", check="1"))
    assert f"docker service create --name {name}" in checked.content.decode()
    assert "There is no secret nowhere in this Swarm yet." in checked.content.decode()

    await client.post(NEW, _form(swarm, name, environment=f"DB_PASSWORD={SECRET}"), headers=HTMX)
    job = await _ended()
    assert (job.state, job.reason) == ("done", "")
    one: Any = await until(
        lambda: next((o for o in _store(swarm, "swarm-service").resources.values() if o.name == name), None)
    )
    lines = [line.text async for line in job.lines.all()]
    entries = [str(entry.detail) async for entry in AuditEntry.objects.filter(verb="create")]
    assert entries
    assert SECRET not in "".join([*lines, *entries])

    late = await client.post(NEW, _form(swarm, name, networks="nowhere"), headers=HTMX)
    assert late.status_code == 422
    beside = re.findall(r"data-error[^>]*>.*?<span>(.*?)</span>", late.content.decode(), re.DOTALL)
    assert beside == [f"There is a service called {name} already.", "There is no network nowhere in this Swarm yet."]

    row = f"{swarm.pk}~swarm-service~{one.uid}"
    page = (await client.get(f"{NEW}?like={row}&verb=edit")).content.decode()
    assert SECRET not in page
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen
    asked = _form(swarm, name, environment="A=b", image=one.image, like=row, verb="edit", seen=seen[1], whole="1")
    told = (await client.post(f"{NEW}?check=1", {**asked, "check": "1"})).content.decode()
    assert "What differs" in told
    assert "docker service update --env-rm DB_PASSWORD --env-add A=b" in told

    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=swarm, rights=["run"])
    refused = await async_client_for(nora).post(NEW, {**asked, "volumes": "/etc:/etc"}, headers=HTMX)
    assert refused.status_code == 403
    assert "uses the folder /etc of the machine" in refused.content.decode()
    labelled = {**asked, "environment": f"DB_PASSWORD={MASK}", "labels": "a=b"}  # so that no copy is replaced
    labelled |= {"copies": "2", "back_order": "start-first"}
    await client.post(NEW, labelled, headers=HTMX)
    job = await _ended()
    assert (job.state, job.reason) == ("done", "")
    spec = (await engine.supervisor.driver(swarm.pk).call(Call("GET", ("services", one.uid))))["Spec"]
    assert spec["Labels"] == {"a": "b"}
    assert spec["Mode"] == {"Replicated": {"Replicas": 2}}
    assert spec["RollbackConfig"]["Order"] == "start-first"
    assert spec["TaskTemplate"]["ContainerSpec"]["Env"] == [f"DB_PASSWORD={SECRET}"]
    late = await client.post(NEW, asked, headers=HTMX)
    assert late.status_code == 422
    assert "Somebody changed it since this form was opened." in late.content.decode()


async def test_one_that_does_not_come_up_ends_its_job_with_the_reason(
    ada: User, swarm: Cluster, async_client_for: ClientFor
) -> None:
    name = a_name()
    typed = _form(swarm, name, command="no-such-program", environment=f"file: PIN={SECRET}")
    await async_client_for(ada).post(NEW, typed, headers=HTMX)
    job = await _ended()
    assert job.state == "failed"
    driver = engine.supervisor.driver(swarm.pk)
    spec = (await driver.call(Call("GET", ("services", name))))["Spec"]["TaskTemplate"]["ContainerSpec"]
    assert spec["Env"] == ["PIN_FILE=/run/secrets/pin"]
    assert [(one["SecretName"], one["File"]["Name"]) for one in spec["Secrets"]] == [(f"{name}_pin", "pin")]
    assert SECRET not in "".join([line.text async for line in job.lines.all()])
    again = await async_client_for(ada).post(f"{NEW}?check=1", {**typed, "check": "1"})
    assert f"There is a secret {name}_pin already." in again.content.decode()
    await driver.call(Call("DELETE", ("services", name)))
    await driver.call(Call("DELETE", ("secrets", f"{name}_pin")))
    assert f"{name} does not come up" in job.reason
    assert "no-such-program is not in the image" in job.reason
    assert "still there" in job.result["hint"]


async def test_who_may_act_in_one_stack_gives_its_services_nothing_of_others(
    nora: User, swarm: Cluster, async_client_for: ClientFor
) -> None:
    driver, name = engine.supervisor.driver(swarm.pk), a_name()
    spec = {
        "Name": name,
        "Labels": {STACK: "stk-mine"},
        "TaskTemplate": {"ContainerSpec": {"Image": "busybox:latest"}},
        "Mode": {"Replicated": {"Replicas": 0}},
    }
    uid = (await driver.call(Call("POST", ("services", "create"), body=spec)))["ID"]
    await until(lambda: uid in _store(swarm, "swarm-service").resources)
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=swarm, namespaces=["stk-mine"], rights=["run"])
    client = async_client_for(nora)
    asked = {"like": f"{swarm.pk}~swarm-service~{uid}", "verb": "edit", "whole": "1"}
    asked |= {"image": "busybox:latest", "copies": "0"}
    for more in ({"secrets": "of-others"}, {"volumes": "of-others:/data"}):
        refused = await client.post(NEW, {**asked, **more}, headers=HTMX)
        assert refused.status_code == 403
        assert "Only who may do that on all of it may" in refused.content.decode()
    refused = await client.post(NEW, _form(swarm, a_name()), headers=HTMX)
    assert refused.status_code in (403, 422)
    assert not await Job.objects.aexists()
    await client.post(NEW, {**asked, "environment": "A=b"}, headers=HTMX)
    assert (await _ended()).state == "done"
    now = (await driver.call(Call("GET", ("services", uid))))["Spec"]
    assert now["TaskTemplate"]["ContainerSpec"]["Env"] == ["A=b"]
    assert now["Labels"] == {STACK: "stk-mine"}
