"""From a build onward: run and push what was built, find the build of an image, begin one from the palette."""

from __future__ import annotations

import asyncio

import pytest
from django.contrib.auth.models import User

from clusters.kinds.base import Role
from clusters.models import Build, Cluster, Grant
from tests.dashboard.test_build import ClientFor, begun, ended, host, key_of

__all__ = ["host"]  # the fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]


async def test_what_was_built_is_run_and_pushed_with_its_name_filled_in(
    ada: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    address = await begun(client, host, "FROM busybox\nLABEL one=1\n")
    await ended(key_of(address))
    one = await Build.objects.aget()
    page = (await client.get(address)).content.decode()
    quoted = one.tag.replace("/", "%2F").replace(":", "%3A")
    for form in (f"/run/container/?cluster={host.pk}&amp;image={quoted}", f"/images/push/?cluster={host.pk}&amp;image={quoted}"):  # fmt: skip
        assert f'hx-get="{form}"' in page
        opened = (await client.get(form.replace("&amp;", "&"))).content.decode()
        assert f'value="{one.tag}"' in opened


async def test_an_images_page_leads_to_the_build_that_made_it_and_only_for_who_may_see_that(
    ada: User, nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    address = await begun(client, host, "FROM busybox\nLABEL one=2\n")
    await ended(key_of(address))
    one = await Build.objects.aget()
    assert f'href="/clusters/host/image/{one.tag}/"' in (await client.get(address)).content.decode()
    async with asyncio.timeout(10):  # the engine's list of images follows a moment later
        while (shown := await client.get(f"/clusters/host/image/{one.tag}/")).status_code == 404:
            await asyncio.sleep(0.1)
    assert f'href="{address}"' in shown.content.decode()
    await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=host)
    assert f"/run/container/?cluster={host.pk}" not in (await async_client_for(nora).get(address)).content.decode()


async def test_the_palette_begins_a_build_for_who_may_build(
    ada: User, nora: User, host: Cluster, async_client_for: ClientFor
) -> None:
    found = (await async_client_for(ada).get("/palette/?q=build+image")).content.decode()
    assert "Build an image" in found
    assert 'href="/builds/new/"' in found
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=host, rights=["run"])
    assert "Build an image" not in (await async_client_for(nora).get("/palette/?q=build+image")).content.decode()
