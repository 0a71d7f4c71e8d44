"""People act as themselves in a real cluster: its audit names them, and they see what it lets them see."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters import narrowing
from clusters.connect.kubeconfig import read_found
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant
from clusters.triage.live import counted
from dashboard.engine import engine

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ClientFor = Callable[[User], AsyncClient]
SLEEP = ["--image=busybox:latest", "--image-pull-policy=IfNotPresent", "--", "sleep", "600"]


def kubectl(*words: str) -> None:
    subprocess.run(["kubectl", *words], check=True, capture_output=True)


def may(user: str, verb: str, kind: str, namespace: str) -> bool:
    """What the cluster decides. It hears of its own bindings a moment after they are made."""
    words = ["kubectl", "auth", "can-i", verb, kind, "-n", namespace, f"--as={user}"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[str, str]]:
    """Two namespaces of ours with a pod each. Their name is also what stands before people's names."""
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    for one in (f"{name}-a", f"{name}-b"):
        kubectl("create", "namespace", one)
        kubectl("run", "web", "-n", one, *SLEEP)
    yield f"{name}-a", f"{name}-b"
    kubectl("delete", "namespace", f"{name}-a", f"{name}-b", "--wait=false")


def prefix_of(places: tuple[str, str]) -> str:
    return f"{places[0]}:"


@pytest_asyncio.fixture
async def as_ada(async_client_for: ClientFor, ada: User) -> AsyncIterator[AsyncClient]:
    await engine.start()
    yield async_client_for(ada)
    await engine.stop()


async def connected(client: AsyncClient, kubeconfig: Path, user: str, **more: str) -> Any:
    """That user's kubeconfig, in the form, with people acting as themselves."""
    offer = read_found(kubeconfig.parent / f"{user}.yaml")[0]
    form = {name: value for name, value in {**offer.settings, **offer.secret}.items() if value}
    form |= {"driver": "kubernetes", "name": "Real", "colour": "grey", "impersonate": "on", **more}
    return await client.post("/clusters/connect/", form)


async def until(what: Callable[[], Any], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def words(client: AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address)
    assert answer.status_code == status, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("&#x27;", "'")


async def rows_of(client: AsyncClient, kind: str) -> list[dict[str, Any]]:
    html = (await client.get(f"/list/{kind}/")).content.decode()
    found = re.search(r'<script id="table-snapshot" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    rows: list[dict[str, Any]] = json.loads(found[1])["rows"]
    return rows


def audited(since: int) -> list[dict[str, Any]]:
    with (Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log").open() as lines:
        lines.seek(since)
        return [json.loads(line) for line in lines if line.endswith("\n")]


async def test_somebody_sees_and_does_what_the_cluster_gives_them_and_its_audit_names_them(
    as_ada: AsyncClient, async_client_for: ClientFor, otto: User, kubeconfig: Path, places: tuple[str, str]
) -> None:
    mine, other = places
    prefix, since = prefix_of(places), (Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log").stat().st_size
    kubectl("create", "rolebinding", "otto", "-n", mine, "--clusterrole=view", f"--user={prefix}otto")
    await until(lambda: may(f"{prefix}otto", "list", "pods", mine))
    answer = await connected(as_ada, kubeconfig, "admin", impersonate_prefix=prefix)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    cluster = await Cluster.objects.aget(driver="kubernetes")
    grant = sync_to_async(Grant.objects.create)
    await grant(user=otto, role=Role.OPERATOR, cluster=cluster, rights=["exec", "apply", "reveal"])
    stores = engine.supervisor.connections[cluster.pk].stores
    await until(lambda: sum(one.namespace in places for one in stores["pod"].resources.values()) == 2)
    await until(lambda: stores["namespace"].listed)
    as_otto = async_client_for(otto)

    # Lists, counts, search, pages: his own namespace alone. A busy cluster takes its time to say what he may.
    async with asyncio.timeout(30):
        while not await rows_of(as_otto, "pod"):
            engine.gateway.narrowing._answers.clear()
            await asyncio.sleep(0.5)
    assert {row["href"].split("/")[4] for row in await rows_of(as_otto, "pod")} == {mine}
    page = f"/clusters/{cluster.slug}/pod/{mine}/web/"
    elsewhere = page.replace(mine, other)
    assert "Real itself lets" in await words(as_otto, "/list/pod/")
    assert f"list pods in {mine} only." in await words(as_otto, "/list/pod/")
    assert await rows_of(as_otto, "secret") == []
    assert f"does not let “{prefix}otto” list secrets" in await words(as_otto, "/list/secret/")
    assert await rows_of(as_otto, "node") == []
    await words(as_otto, elsewhere, 404)
    found = await words(as_otto, "/palette/?q=web")
    assert mine in found
    assert other not in found
    cluster_page = await words(as_otto, f"/clusters/{cluster.slug}/")
    assert f"goes to the cluster as {prefix}otto" in cluster_page

    # What he reads on demand goes under his name.
    assert "busybox" in await words(as_otto, f"{page}?panel=yaml")
    assert f"“{prefix}otto” may not delete pods in {mine}." in (await as_otto.get(page)).content.decode()
    row = next(uid for uid, one in stores["pod"].resources.items() if one.namespace == mine)
    act = {"verb": "delete", "rows": f"{cluster.pk}~pod~{row}"}
    assert (await as_otto.post("/act/", act, headers={"HX-Request": "true"})).status_code == 403
    assert [one.stage async for one in AuditEntry.objects.filter(verb="delete")] == ["denied"]

    # What he may there, he does as himself; what may be seen is asked again after a minute.
    kubectl("create", "rolebinding", "otto-edits", "-n", mine, "--clusterrole=edit", f"--user={prefix}otto")
    await until(lambda: may(f"{prefix}otto", "delete", "pods", mine))
    assert (await as_otto.post("/act/", act, headers={"HX-Request": "true"})).status_code == 204
    kubectl("delete", "rolebinding", "otto", "otto-edits", "-n", mine)
    await until(lambda: not may(f"{prefix}otto", "list", "pods", mine))
    engine.gateway.narrowing._clock = lambda: 10**9 + narrowing.KEPT
    try:
        assert await rows_of(as_otto, "pod") == []
        assert "Nothing can be seen" in await words(as_otto, "/")
        await words(as_otto, page, 404)
    finally:
        import time

        engine.gateway.narrowing._clock = time.monotonic

    def of_otto(verb: str, resource: str) -> list[dict[str, Any]]:
        calls = [one for one in audited(since) if one.get("impersonatedUser", {}).get("username") == f"{prefix}otto"]
        return [one for one in calls if (one["verb"], one.get("objectRef", {}).get("resource")) == (verb, resource)]

    await until(lambda: of_otto("delete", "pods"))
    assert [one["user"]["username"] for one in of_otto("delete", "pods")] == ["admin"]
    assert of_otto("delete", "pods")[0]["responseStatus"]["code"] == 200
    assert of_otto("get", "pods")
    assert not of_otto("watch", "pods")
    watches = [one for one in audited(since) if one["verb"] == "watch" and one["userAgent"] == "pilothouse"]
    assert not [one for one in watches if "impersonatedUser" in one]
    assert counted(stores["pod"], None) >= 1


async def test_an_account_that_may_not_speak_for_others_says_so_when_it_is_switched_on(
    as_ada: AsyncClient, kubeconfig: Path
) -> None:
    answer = await connected(as_ada, kubeconfig, "operator")
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "account may not act as somebody else: impersonate users (pilothouse:ada)." in html.replace("&#x27;", "'")
    assert "--verb=impersonate" in html
    assert not await Cluster.objects.filter(driver="kubernetes").aexists()


async def test_administrators_see_what_the_cluster_gives_them_too_and_can_switch_it_off(
    as_ada: AsyncClient, kubeconfig: Path, places: tuple[str, str]
) -> None:
    assert (await connected(as_ada, kubeconfig, "admin", impersonate_prefix=prefix_of(places))).status_code == 302
    cluster = await Cluster.objects.aget(driver="kubernetes")
    stores = lambda: engine.supervisor.connections[cluster.pk].stores  # noqa: E731
    await until(lambda: stores()["pod"].listed)
    assert await rows_of(as_ada, "pod") == []
    assert "does not let" in await words(as_ada, "/")
    form = {name: value for name, value in cluster.settings.items() if name not in ("impersonate",) and value}
    answer = await as_ada.post(f"/clusters/{cluster.slug}/edit/", {**form, "name": "Real", "colour": "grey"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    await until(lambda: stores()["pod"].listed)
    assert len(await rows_of(as_ada, "pod")) >= 2
