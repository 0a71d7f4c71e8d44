"""The pages of jobs: found again by whom they concern, with all their lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import AsyncClient

from clusters import actors, jobs
from clusters.drivers.kubernetes.access import Rule
from clusters.drivers.kubernetes.rights import Rights
from clusters.errors import Missing
from clusters.live.resource import Listed
from clusters.models import Job
from dashboard.engine import engine
from dashboard.topics.build import BuildTopic
from dashboard.topics.job import JobTopic
from dashboard.visible_jobs import visible_jobs
from tests.clusters.fakes import two_apps
from tests.dashboard.conftest import Fakes

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
LIMITS = (Rights((Rule(["*"], ["*"], ["*"]),)),)  # of a cluster that is asked as them, and shows them all


async def begin(user: User, cluster_id: int | None, about: jobs.Made | None = None) -> str:
    async def work(reporter: jobs.Reporter) -> str:
        reporter.say("<b>first line</b>")
        await asyncio.sleep(60)
        return ""

    actor = await actors.actor_for(user.pk)
    assert actor is not None
    key = await jobs.start("Pull busybox", "pull", actor, cluster_id, work, about=about)
    await asyncio.sleep(0.02)
    return key


async def end(key: str) -> Job:
    jobs.cancel(key)
    for _ in range(100):
        if (job := await Job.objects.aget(key=key)).state != "running":
            return job
        await asyncio.sleep(0.02)
    raise AssertionError("it never ended")


async def test_it_is_found_again_with_its_lines_while_it_runs(
    fakes: Fakes, async_client_for: ClientFor, otto: User
) -> None:
    key = await begin(otto, fakes.shop.pk)
    client = async_client_for(otto)
    assert key in (await client.get("/jobs/")).content.decode()
    page = (await client.get(f"/jobs/{key}/", headers={"HX-Request": "true"})).content.decode()
    assert "&lt;b&gt;first line&lt;/b&gt;" in page
    assert 'data-state="running"' in page
    assert (await end(key)).state == "cancelled"
    assert 'data-state="cancelled"' in (await client.get(f"/jobs/{key}/")).content.decode()


async def test_who_began_it_may_cancel_it_and_others_may_not(
    fakes: Fakes, async_client_for: ClientFor, otto: User, vera: User, nora: User
) -> None:
    key = await begin(otto, fakes.shop.pk)
    assert (await async_client_for(vera).get(f"/jobs/{key}/")).status_code == 200
    assert (await async_client_for(nora).get(f"/jobs/{key}/")).status_code == 404
    assert key not in (await async_client_for(nora).get("/jobs/")).content.decode()
    for other in (vera, nora):
        assert (await async_client_for(other).post(f"/jobs/{key}/cancel/")).status_code == 404
    assert (await Job.objects.aget(key=key)).state == "running"
    client = async_client_for(otto)
    assert (await client.post(f"/jobs/{key}/cancel/")).status_code == 302
    assert (await end(key)).state == "cancelled"
    late = await client.post(f"/jobs/{key}/cancel/", follow=True)  # from a page that still showed it running
    assert late.status_code == 200
    assert "It had ended already." in late.content.decode()
    assert 'data-state="cancelled"' in late.content.decode()
    assert (await async_client_for(vera).post(f"/jobs/{key}/cancel/")).status_code == 404


async def test_who_acts_as_themselves_on_its_cluster_follows_no_job_of_somebody_else_live_either(
    fakes: Fakes, otto: User, vera: User
) -> None:
    key = await begin(otto, fakes.shop.pk)
    for user, limits, sees in ((vera, (), True), (vera, LIMITS, False), (otto, LIMITS, True)):
        actor = await actors.actor_for(user.pk)
        assert actor is not None
        actor = replace(actor, limits=tuple((fakes.shop.pk, one) for one in limits))
        assert await visible_jobs(actor).filter(key=key).aexists() is sees  # its page
        for made in (JobTopic, BuildTopic):
            topic = made(actor, {"key": key}, lambda: None)
            if sees:
                await topic.open()
            else:
                with pytest.raises(Missing):
                    await topic.open()
            await topic.close()
    await end(key)


@pytest.mark.parametrize("key", ["x", "0" * 32, "0" * 400])
async def test_what_never_was_is_not_found(fakes: Fakes, async_client_for: ClientFor, otto: User, key: str) -> None:
    assert (await async_client_for(otto).get(f"/jobs/{key}/")).status_code == 404


async def test_it_leads_back_to_what_it_is_about_while_that_is_there(
    fakes: Fakes, async_client_for: ClientFor, otto: User
) -> None:
    store = engine.supervisor.connections[fakes.shop.pk].stores["app"]
    one, other = two_apps().values()
    store.apply(Listed([one, other]))
    key = await begin(otto, fakes.shop.pk, jobs.Made("", "app", one.name, store.kind.key(one)))
    client = async_client_for(otto)
    page = (await client.get(f"/jobs/{key}/")).content.decode()
    assert f'/clusters/{fakes.shop.slug}/app/{store.kind.key(one)}/">' in page
    assert f"Open {one.name}" in page
    assert f"Open {one.name}" in (await client.get(f"/jobs/{(await end(key)).key}/")).content.decode()
    await Job.objects.filter(key=key).aupdate(state="done", verb="remove")
    page = (await client.get(f"/jobs/{key}/")).content.decode()
    assert f"Open {one.name}" not in page, "the list does not say yet that it went"
    await Job.objects.filter(key=key).aupdate(state="failed")
    assert f"Open {one.name}" in (await client.get(f"/jobs/{key}/")).content.decode()
    store.apply(Listed([other]))
    assert f"Open {one.name}" not in (await client.get(f"/jobs/{key}/")).content.decode()


def test_a_page_prints_the_job_of_an_error_only_once_it_is_known_to_be_theirs() -> None:
    error = Missing("Another one is under way.")
    error.job = "a" * 32
    assert error.job not in render_to_string("components/error.html", {"error": error})
    error.shown_job = error.job
    assert f"/jobs/{error.job}/" in render_to_string("components/error.html", {"error": error})
