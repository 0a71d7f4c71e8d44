"""Newer images of a project on a real engine: seen in a private registry, pulled, rolled out by its text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.access import Actor
from clusters.compose.versions import way_back
from clusters.drivers.base import Call
from clusters.models import Cluster, Job
from clusters.registries import kept
from dashboard.engine import engine
from tests.clusters.docker_engine import unix
from tests.clusters.real_registry import find_private_registry, repository
from tests.dashboard.test_compose import HTMX, containers, deployed, form, host, name
from tests.dashboard.test_compose_change import TEXT, begun, begun_at, row, seen

__all__ = ["host", "name"]  # the fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.docker]
ClientFor = Callable[[User], AsyncClient]


async def test_newer_images_of_a_private_registry_are_seen_and_the_services_made_anew_from_them(
    ada: User, host: Cluster, name: str, async_client_for: ClientFor, docker_socket: str
) -> None:
    real = find_private_registry()
    client, driver = async_client_for(ada), unix(docker_socket)
    await asyncio.to_thread(kept.add, Actor(ada.pk, "ada"), kept.read_form(real.form))
    with repository(real) as put:
        image = put.image("1")
        named = dict(zip(("repo", "tag"), image.rsplit(":", 1), strict=True))
        there = ("images", *named["repo"].split("/"))

        async def pushed() -> None:
            """Away from the engine, too: it has to be pulled, and that takes signing in."""
            call = Call("POST", (*there, "push"), {"tag": "1"}, registry=real.host)
            async for news in driver.stream(call):
                assert "error" not in news, news
            await driver.call(Call("DELETE", ("images", *image.split("/"))))

        await driver.call(Call("POST", ("images", "busybox:latest", "tag"), named))
        await pushed()
        text = TEXT.replace("busybox:latest", image)
        assert (await deployed(client, form(host, name, text))).state == "done"
        await seen(host, name)
        page = (await client.get(f"/compose/images/?row={row(host, name)}", headers=HTMX)).content.decode()
        assert "The same" in page, page
        (old,) = await containers(driver, name)
        await driver.call(Call("POST", ("commit",), {"container": old["Id"], "repo": "newer", "tag": name}, body={}))
        await driver.call(Call("DELETE", ("images", *image.split("/"))))
        await driver.call(Call("POST", ("images", f"newer:{name}", "tag"), named))
        new = await driver.call(Call("GET", ("images", f"newer:{name}", "json")))
        await pushed()
        await driver.call(Call("DELETE", ("images", f"newer:{name}")))
        await driver.call(Call("POST", ("images", old["ImageID"], "tag"), named))  # as it was before: the old one
        page = (await client.get(f"/compose/images/?anew=1&row={row(host, name)}", headers=HTMX)).content.decode()
        assert "Newer there" in page, page
        assert "Newer there" in (await client.get(f"/clusters/host/project/{name}/")).content.decode()
        assert real.password not in page
        asked = {"row": row(host, name)}
        nothing = await client.post("/compose/update/", asked, headers=HTMX)
        assert "Choose at least one service" in nothing.content.decode()
        job = await begun(await client.post("/compose/update/", {**asked, "service": "web"}, headers=HTMX))
        assert (job.state, job.title) == ("done", f"Update images of {name}")
        assert "1 container re-created" in job.result["words"]
        (now,) = await containers(driver, name)
        assert now["Id"] != old["Id"]
        assert now["ImageID"] == new["Id"]

        # Rolled out under another tag, its text is a new version; the one before is what it goes back to.
        better = f"{named['repo']}:2"
        await driver.call(Call("POST", ("images", *image.split("/"), "tag"), {"repo": named["repo"], "tag": "2"}))
        job = await rolled_out(client, host, name, f"{host.pk}~image~{now['ImageID']}", better)
        assert job.state == "done", (job.reason, [one.text async for one in job.lines.all()])
        (rolled,) = await containers(driver, name)
        assert (rolled["Image"], rolled["Id"] != now["Id"]) == (better, True)
        version = (await client.get(f"/compose/?cluster=host&name={name}&version=3")).content.decode()
        assert f"image: {better}" in version
        back = await way_back(host.pk, name)
        assert back is not None
        assert (back.newest, back.to) == (3, 2)
        await driver.call(Call("DELETE", ("containers", rolled["Id"]), {"force": "1"}))
        for one in (image, better):
            await driver.call(Call("DELETE", ("images", *one.split("/")), {"force": "1"}))
    await driver.close()


async def rolled_out(client: AsyncClient, host: Cluster, name: str, image_row: str, image: str) -> Job:
    """By the page that lists where an image runs: the project is one place, whose text differs in one line."""
    connection = engine.supervisor.connections[host.pk]
    asked = {"row": image_row, "image": image}
    with connection.wanted("image", "container"):
        async with asyncio.timeout(10):
            while f"{name}~2" not in (page := (await client.get("/images/roll-out/", asked)).content.decode()):
                await asyncio.sleep(0.1)
        assert f"{host.pk}~container~" not in page, "its containers do not change by themselves"
        assert "is deployed as version 3: Go back leads to version 2" in page
        place = {**asked, "place": f"{row(host, name)}~2"}
        text = (await client.get("/images/roll-out/text/", place, headers=HTMX)).content.decode()
        assert re.search(rf"<td>\+</td><td> +image: {re.escape(image)}</td>", text), text
        assert "Re-created" in text
        gone = await client.post("/images/roll-out/", {**place, "place": f"{row(host, name)}~1"})
        assert "are not there any more" in gone.content.decode(), "another text was looked at"
        return await begun_at((await client.post("/images/roll-out/", place))["Location"])
