"""Converting, the life of an image and running it elsewhere as people meet them: pages, rights, secrets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.actors import actor_for
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Build, Cluster, Grant, Job
from dashboard.engine import engine
from dashboard.topics.uses import UsesTopic

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
IMAGE = "registry.example/library/postgres:17.2"


@pytest_asyncio.fixture
async def host(db: Any) -> AsyncIterator[Cluster]:
    """The demonstration's Docker host, connected."""
    row = await Cluster.objects.acreate(
        name="Host", slug="host", driver="demo", platform="docker", settings={"shape": "docker", "seed": 7}
    )
    await engine.connect(row)
    yield row
    await engine.supervisor.close()


async def row_id(client: AsyncClient, kind: str, key: str) -> str:
    page = (await client.get(f"/clusters/host/{kind}/{key}/")).content.decode()
    return page.split('data-row="', 1)[1].split('"', 1)[0]


async def viewer(user: User, host: Cluster, *rights: str, role: Role = Role.VIEWER) -> None:
    await Grant.objects.acreate(user=user, cluster=host, role=role, rights=list(rights))


async def test_a_container_and_a_project_lead_to_both_texts(
    host: Cluster, shop: Cluster, async_client_for: ClientFor, ada: User
) -> None:
    await engine.connect(shop)
    client = async_client_for(ada)
    for kind, key, part in (("container", "shop/shop-db-1", "db"), ("project", "shop", "web")):
        page = (await client.get(f"/clusters/host/{kind}/{key}/")).content.decode()
        row = await row_id(client, kind, key)
        assert f"/convert/?row={row}" in page
        shown = (await client.get("/convert/", {"row": row})).content.decode()
        assert "What Kubernetes cannot do" in shown
        assert "What a Swarm cannot do" in shown
        assert f"name: {part}" in shown
        assert 'formaction="/clusters/shop/yaml/"' in shown
        file = await client.get("/convert/swarm/", {"row": row})
        assert file.content.decode().startswith("services:")
        assert "attachment" in file["Content-Disposition"]
    assert (await client.get("/convert/nothing/", {"row": row})).status_code == 404
    opened = await client.post("/clusters/shop/yaml/", {"do": "open", "text": "kind: Deployment # mine"})
    assert "kind: Deployment # mine" in opened.content.decode()


async def test_values_of_secrets_are_taken_by_right_only_and_that_is_in_the_audit(
    host: Cluster, async_client_for: ClientFor, ada: User, nora: User
) -> None:
    client = async_client_for(ada)
    row = await row_id(client, "container", "shop/shop-db-1")
    shown = (await client.get("/convert/", {"row": row})).content.decode()
    assert "POSTGRES_PASSWORD" in shown
    assert "kind: Secret" not in shown
    name = "secret-db/POSTGRES_PASSWORD"
    typed = (await client.post("/convert/", {"row": row, name: "typed-here"})).content.decode()
    assert "typed-here" in typed
    assert not await AuditEntry.objects.filter(verb="convert-revealed").aexists()
    taken = (await client.post("/convert/", {"row": row, "take": "1"})).content.decode()
    assert "kind: Secret" in taken
    entry = await AuditEntry.objects.filter(verb="convert-revealed", stage="intent").aget()
    assert entry.detail == {"variables": "db/POSTGRES_PASSWORD"}
    await viewer(nora, host)
    other = async_client_for(nora)
    assert "This needs the right" in (await other.get("/convert/", {"row": row})).content.decode()
    assert (await other.post("/convert/", {"row": row, "take": "1"})).status_code == 403


async def test_what_is_not_shared_is_not_there(
    host: Cluster, async_client_for: ClientFor, ada: User, vera: User
) -> None:
    row = await row_id(async_client_for(ada), "container", "shop/shop-db-1")
    image = await row_id(async_client_for(ada), "image", IMAGE)
    client = async_client_for(vera)
    for where, given in (
        ("/convert/", row),
        ("/convert/swarm/", row),
        ("/images/life/", image),
        ("/images/roll-out/", image),
        ("/images/roll-out/pull/", image),
        ("/images/roll-out/text/", image),
    ):
        assert (await client.get(where, {"row": given})).status_code == 404
        assert (await client.get(where, {"row": "nonsense"})).status_code == 404


async def test_the_life_of_an_image_says_who_built_it_and_what_runs_it(
    host: Cluster, async_client_for: ClientFor, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = async_client_for(ada)
    row = await row_id(client, "image", IMAGE)
    uid = row.split("~", 2)[2]
    other = f"{IMAGE.rpartition(':')[0]}:older"  # a version has a tag of its own
    for number, (tag, image) in enumerate(((other, "sha256:before"), (IMAGE, uid))):
        job = await Job.objects.acreate(
            key=f"{number:032x}", title="Build", verb="build", actor=ada, cluster=host, state="done"
        )
        made = {"git": "https://git.example/shop.git", "commit": f"{number}" * 40}
        await Build.objects.acreate(job=job, tag=tag, dockerfile="", image=image, settings=made)
    pushed = Job(key="a" * 32, title=f"Push {IMAGE}", verb="push", actor=ada, cluster=host, result={"image": IMAGE})
    for state in ("failed", "done"):
        pushed.state = state
        await pushed.asave()
        page = (await client.get(f"/jobs/{pushed.key}/")).content.decode()
        assert ("/ship/?image=registry.example%2Flibrary%2Fpostgres%3A17.2" in page) is (state == "done")
    shown = (await client.get("/images/life/", {"row": row})).content.decode()
    assert "https://git.example/shop.git" in shown
    assert f"/builds/{0:032x}/" in shown  # the version before
    assert f"/jobs/{'a' * 32}/" in shown
    assert "shop/shop-db-1" in shown
    assert "this one" in shown

    # Its page hears when what runs it is another one, or otherwise.
    key = IMAGE if (found := engine.supervisor.row(row)) is None else found.key
    topic = UsesTopic(await actor_for(ada.pk), {"cluster": "host", "kind": "image", "key": key}, lambda: None)
    await topic.open()
    first, grown = topic.take(), list[object]()
    assert first
    monkeypatch.setattr(topic.open_things, "callback", grown.append)
    stopped = await client.post("/act/", {"verb": "stop", "rows": await row_id(client, "container", "shop/shop-db-1")})
    assert stopped.status_code < 400
    async with asyncio.timeout(10):
        while (then := topic.take()) is None:
            await asyncio.sleep(0.05)
    assert then.body["mark"] != first.body["mark"]
    assert not grown, "it keeps nothing of a look, however long its page is open"
    await topic.close()


async def test_an_image_leads_to_every_target_whose_own_form_is_filled_in(
    host: Cluster, shop: Cluster, async_client_for: ClientFor, ada: User, vera: User
) -> None:
    await engine.connect(shop)
    client = async_client_for(ada)
    row = await row_id(client, "image", IMAGE)
    assert "/ship/?row=" in await shown(client, f"/clusters/host/image/{IMAGE}/")
    page = await shown(client, "/ship/", row=row)
    assert "Run on Host" in page
    assert "Deploy to Shop" in page
    assert 'value="postgres"' in page
    given = {"image": IMAGE, "row": row, "name": "store", "ports": "5432:5432", "environment": "COLOUR=dark green"}
    deployed = (await client.post("/ship/", {**given, "to": f"deployment~{shop.pk}"})).content.decode()
    assert "COLOUR=dark green" in deployed
    assert 'value="store"' in deployed
    assert "kind: Deployment" in deployed
    run = (await client.post("/ship/", {**given, "to": f"container~{host.pk}"})).content.decode()
    assert "COLOUR=dark green" in run
    assert 'action="/run/container/"' in run
    there = {"back": "deployment", "image": IMAGE, "name": "store-2", "ports": "5432", "environment": "COLOUR=light"}
    back = (await client.post("/ship/", there)).content.decode()
    assert 'value="store-2"' in back
    assert "COLOUR=light" in back
    assert (await client.post("/ship/", {**given, "to": "container~999"})).status_code == 404
    await viewer(vera, host)
    other = async_client_for(vera)  # sees the shop and the host, and may deploy nothing
    head = await shown(other, f"/clusters/host/image/{IMAGE}/")
    assert re.search(
        r'disabled title="That takes the role operator [^"]*">(?:(?!</button>).)*Run or deploy', head, re.DOTALL
    )
    assert "/ship/?row=" not in head
    assert "There is nothing that you may run it on" in await shown(other, "/ship/", image="nginx:1.29")
    assert (await other.post("/ship/", {**given, "to": f"deployment~{shop.pk}"})).status_code == 404


async def test_a_dry_run_on_each_target_says_what_would_come_of_it(
    host: Cluster, shop: Cluster, async_client_for: ClientFor, ada: User, vera: User
) -> None:
    await engine.connect(shop)
    client = async_client_for(ada)
    page = await shown(client, "/ship/", image=IMAGE)
    assert f'name="namespace-{shop.pk}"' in page
    assert "Build one from a Dockerfile" in page
    given = {"image": IMAGE, "name": "web", "copies": "1", "environment": "secret: PIN=canary-4"}

    async def dry_run(to: str, **more: str) -> str:
        answer = await client.post("/ship/dry-run/", {**given, **more, "to": to})
        assert answer.status_code == 200
        return answer.content.decode()

    on_host, there = f"container~{host.pk}", f"deployment~{shop.pk}"
    well = await dry_run(on_host)
    assert "Nothing in the way" in well
    assert well.count("Whoever may inspect it can read PIN: there are no secrets for variables here.") == 1
    by_name = await dry_run(on_host, environment="secret: DB_PASSWORD=canary-4")
    assert by_name.count("Whoever may inspect it can read DB_PASSWORD: there are no secrets") == 1
    assert "There is a container called shop-db-1 already." in await dry_run(on_host, name="shop-db-1")
    assert "Would be refused" in await dry_run(on_host, name="not a name")
    named = await dry_run(there, **{f"namespace-{shop.pk}": "shop"})
    assert "There is a deployment web in shop already." in named
    assert "canary-4" not in well + named
    await Grant.objects.acreate(user=vera, cluster=host, role=Role.OPERATOR, rights=["run"])
    operator = async_client_for(vera)
    mounted = (await operator.post("/ship/dry-run/", {**given, "volumes": "/etc:/x", "to": on_host})).content.decode()
    assert "Would be refused" in mounted
    assert "For administrators only: it " in mounted
    assert "Nothing in the way" in await dry_run(on_host, volumes="/etc:/x")
    assert (await client.post("/ship/dry-run/", {**given, "to": "container~999"})).status_code == 404
    assert (await async_client_for(vera).post("/ship/dry-run/", {**given, "to": there})).status_code == 404
    assert not await AuditEntry.objects.exclude(verb="sign in").aexists(), "nothing was done"
    opened = (await client.post("/ship/", {**given, "to": there, f"namespace-{shop.pk}": "ops"})).content.decode()
    assert '<option value="ops" selected>' in opened


async def shown(client: AsyncClient, where: str, **asked: str) -> str:
    answer = await client.get(where, asked)
    assert answer.status_code == 200
    return answer.content.decode()
