"""Logs of several things of several clusters on one page: named by its address, kept by name, each for its owner only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.models import Cluster, Grant, LogSearch
from dashboard.engine import engine
from tests.clusters.docker_things import until

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]


@pytest_asyncio.fixture
async def both(shop: Cluster, vault: Cluster) -> AsyncIterator[tuple[str, str]]:
    """A deployment of the shop and a container of the vault, as the address names them."""
    await engine.start()
    deployments = engine.supervisor.connections[shop.pk].stores["deployment"]
    containers = engine.supervisor.connections[vault.pk].stores["container"]
    await until(lambda: deployments.resources and containers.resources)
    one = next(iter(deployments.resources.values()))
    other = next(one for one in containers.resources.values() if one.name == "proxy" or not one.namespace)
    yield (
        f"shop/deployment/{deployments.kind.key(one)}",
        f"vault/container/{containers.kind.key(other)}",
    )
    await engine.stop()


def row_ids(names: tuple[str, str]) -> str:
    """The same as a list knows them."""
    found = []
    for name in names:
        slug, kind, key = name.split("/", 2)
        connection = engine.supervisor.by_slug(slug)
        assert connection is not None
        resource = connection.stores[kind].find(key)
        assert resource is not None
        found.append(f"{connection.cluster.id}~{kind}~{resource.uid}")
    return ",".join(found)


async def test_a_selection_of_a_list_becomes_an_address_of_names(
    both: tuple[str, str], ada: User, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    answer = await client.get("/logs/", {"rows": row_ids(both), "q": "pay", "level": "error"})
    assert answer.status_code == 302
    page = await client.get(answer["Location"])
    text = page.content.decode()
    assert text.count('<li class="tag"') == 2
    assert f'data-row="{row_ids(both).replace(",", " ")}"' in text
    assert "q=pay" in answer["Location"]
    assert "~" not in answer["Location"]


async def test_what_is_not_shared_or_not_there_is_left_out_alike_and_the_rest_is_shown(
    both: tuple[str, str], vera: User, async_client_for: ClientFor
) -> None:
    answer = await async_client_for(vera).get("/logs/", {"of": [*both, "vault/container/never-was", "x", "shop/pod/"]})
    text = answer.content.decode()
    assert f'data-row="{row_ids(both).split(",")[0]}"' in text
    assert text.count("not there now") == 4
    assert "Vault" not in text


async def test_rows_that_are_not_shared_lead_nowhere(
    both: tuple[str, str], nora: User, async_client_for: ClientFor
) -> None:
    assert (await async_client_for(nora).get("/logs/", {"rows": row_ids(both)})).status_code == 404


async def test_a_search_is_kept_with_all_its_state_and_found_again(
    both: tuple[str, str], ada: User, async_client_for: ClientFor
) -> None:
    client = async_client_for(ada)
    shown = f"http://127.0.0.1:8000/logs/?of={both[0]}&of={both[1]}&q=%2Fpay.*%2F&level=warn&range=1h&evil=1"
    for _ in range(2):  # of the same name: replaced
        answer = await client.post("/logs/keep/", {"name": "  Lost   money "}, headers={"referer": shown})
        assert answer.status_code == 302
    kept = await LogSearch.objects.aget()
    assert kept.name == "Lost money"
    assert kept.address == answer["Location"]
    assert "q=%2Fpay" in kept.address
    assert "level=warn&range=1h" in kept.address
    assert "evil" not in kept.address
    text = (await client.get("/logs/")).content.decode()
    assert "Lost money" in text


@pytest.mark.parametrize(
    "sent_from",
    ["", "https://evil.example/", "http://127.0.0.1:8000/jobs/?of=shop/pod/x", "http://127.0.0.1:8000/logs/"],
)
async def test_nothing_is_kept_that_is_no_search(
    sent_from: str, ada: User, both: tuple[str, str], async_client_for: ClientFor
) -> None:
    answer = await async_client_for(ada).post("/logs/keep/", {"name": "x"}, headers={"referer": sent_from})
    assert answer.status_code == 422
    assert not await LogSearch.objects.aexists()


async def test_searches_are_their_owners(
    both: tuple[str, str], ada: User, vera: User, async_client_for: ClientFor
) -> None:
    one = await LogSearch.objects.acreate(user=ada, name="<b>mine</b>", address=f"/logs/?of={both[0]}")
    hers = async_client_for(vera)
    assert "mine" not in (await hers.get("/logs/")).content.decode()
    assert (await hers.post(f"/logs/forget/{one.pk}/")).status_code == 404
    mine = async_client_for(ada)
    assert "<b>mine" not in (await mine.get("/logs/")).content.decode()
    assert (await mine.post(f"/logs/forget/{one.pk}/")).status_code == 302
    assert not await LogSearch.objects.aexists()


async def test_a_list_offers_logs_to_whoever_sees_it(
    both: tuple[str, str], vera: User, async_client_for: ClientFor
) -> None:
    assert await Grant.objects.filter(user=vera).acount() == 1
    text = (await async_client_for(vera).get("/list/pod/")).content.decode()
    assert '"page": "/logs/"' in text
    assert '"page": "/logs/"' not in (await async_client_for(vera).get("/list/node/")).content.decode()
