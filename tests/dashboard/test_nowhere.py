"""What somebody may do nowhere: its button is off with the reason, on lists, on pages and in the palette."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.kinds.base import Role
from clusters.models import Cluster, Grant, Registry
from dashboard.engine import engine
from tests.clusters.fakes import FakeDriver
from tests.dashboard.conftest import add

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
TAG = "/registries/ours/tag/shop/web/?tag=1"
# Where each button is, and what of the address it leads to.
BUTTONS = {
    "Run a container": ("/list/container/", "/run/container/"),
    "Create a network": ("/list/network/", "/run/network/"),
    "Pull an image": ("/list/image/", "/images/pull/"),
    "Load from a file": ("/list/image/", "/images/load/"),
    "Deploy a project": ("/list/project/", "/compose/"),
    "Deploy a stack": ("/list/stack/", "/stacks/"),
    "Pull": (TAG, "/images/pull/?image=registry.example"),
}
IN_PALETTE = ("Run a container", "Pull an image", "Deploy a project", "Deploy a stack")


@pytest_asyncio.fixture
async def swarm(transactional_db: None) -> AsyncIterator[Cluster]:
    """A manager of a Swarm, as a real engine is connected."""
    row = await Cluster.objects.acreate(name="Swarm", slug="swarm", driver="docker", platform="swarm", settings={})
    await add(row, FakeDriver(platform="swarm"))
    await Registry.objects.acreate(name="Ours", slug="ours", host="registry.example")
    yield row
    await engine.supervisor.close()


async def shown(client: AsyncClient, address: str) -> str:
    return (await client.get(address)).content.decode()


def is_off(page: str, label: str, reason: str) -> bool:
    off = rf'<button [^>]*disabled title="[^"]*{reason}[^"]*"[^>]*>(?:(?!</button>).)*{label}</button>'
    return bool(re.search(off, page, re.DOTALL))


async def found(client: AsyncClient, label: str) -> str:
    """The line of the palette of that name."""
    answer = (await client.get("/palette/", {"q": label.casefold()})).content.decode()
    lines = re.findall(r'<div role="option".*?</div>', answer, re.DOTALL)
    return next((one for one in lines if label in one), "")


async def test_what_may_be_done_nowhere_is_off_with_the_reason(
    swarm: Cluster, nora: User, async_client_for: ClientFor
) -> None:
    grant = await Grant.objects.acreate(user=nora, cluster=swarm, role=Role.VIEWER)
    client = async_client_for(nora)
    for label, (address, href) in BUTTONS.items():
        page = await shown(client, address)
        assert is_off(page, label, "needs the role operator"), label
        assert f'="{href}' not in page, label
    page = await shown(client, "/clusters/swarm/")
    assert is_off(page, "Deploy a project", "role operator")
    assert is_off(page, "Deploy a stack", "role operator")
    for label in IN_PALETTE:
        assert 'aria-disabled="true" title="This needs the role operator.' in await found(client, label), label
    grant.role, grant.rights, grant.namespaces = Role.OPERATOR, ["run", "compose"], ["shop"]
    await grant.asave()
    assert is_off(await shown(client, "/list/container/"), "Run a container", "shared with you as a whole")
    assert is_off(await shown(client, TAG), "Pull", "shared with you as a whole")
    assert '"/stacks/"' in await shown(client, "/list/stack/"), "a stack of that name may be deployed"


async def test_who_may_finds_them_on(swarm: Cluster, ada: User, async_client_for: ClientFor) -> None:
    client = async_client_for(ada)
    for label, (address, href) in BUTTONS.items():
        page = await shown(client, address)
        assert f'="{href}' in page, label
        assert not is_off(page, label, ""), label
    assert "/compose/?cluster=swarm" in await shown(client, "/clusters/swarm/")
    for label in IN_PALETTE:
        assert "aria-disabled" not in (line := await found(client, label)), label
        assert label in line
    await Cluster.objects.filter(pk=swarm.pk).aupdate(read_only=True)
    await engine.supervisor.remove(swarm.pk)
    await add(await Cluster.objects.aget(pk=swarm.pk), FakeDriver(platform="swarm"))
    assert is_off(await shown(client, "/list/stack/"), "Deploy a stack", "set to read-only")


async def test_without_a_host_nothing_is_deployed_and_a_tag_says_what_pulling_takes(
    shop: Cluster, vera: User, nora: User, async_client_for: ClientFor
) -> None:
    await engine.connect(shop)
    await Registry.objects.acreate(name="Ours", slug="ours", host="registry.example")
    viewer = async_client_for(vera)
    assert is_off(await shown(viewer, TAG), "Pull", "no Docker host on which you may do this")
    assert await found(viewer, "Deploy a project") == ""
    assert await found(async_client_for(nora), "Run a container") == ""
    await engine.supervisor.close()
