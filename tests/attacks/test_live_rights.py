"""Somebody else's things, by every way in: numbers, addresses, bodies, headers; and rights that end in the middle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters import actors, bulk
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Job
from dashboard.engine import engine
from dashboard.views import act
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401
from tests.dashboard.test_run import ended
from tests.faults.proxy import soon

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]
HTMX = {"HX-Request": "true"}


async def ready(fakes: Fakes) -> None:  # noqa: F811
    for cluster in (fakes.shop, fakes.vault):
        connection = engine.supervisor.connections[cluster.pk]
        connection.wanted("app").__enter__()
        await soon(lambda one=connection: one.stores["app"].listed)  # type: ignore[misc]


async def test_only_the_row_that_is_named_counts_whatever_else_names_a_cluster(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    client, vault = async_client_for(otto), fakes.vault.pk
    extra = {"cluster": vault, "cluster_id": vault, "env": vault, "scope": vault, "slug": "vault"}
    headers = {**HTMX, "X-Cluster": str(vault), "X-Env": str(vault)}
    mine = {"rows": fakes.row("shop", "u1"), "verb": "stop", **extra}
    assert (await client.post(f"/act/?cluster={vault}", mine, headers=headers)).status_code == 204
    assert fakes.drivers["vault"].calls == []
    theirs = {"rows": fakes.row("vault", "u1"), "verb": "stop", "cluster": fakes.shop.pk}
    assert (await client.post("/act/", theirs, headers=HTMX)).status_code == 404
    both = {"rows": f"{fakes.row('shop', 'u2')},{fakes.row('vault', 'u1')}", "verb": "stop"}
    assert (await client.post("/act/", both, headers=HTMX)).status_code == 404
    assert fakes.calls == [("stop", "u1")], "one of two was done"


@pytest.mark.parametrize("row", ["{vault}~app~u1", "{vault}~app~nothing", "999~app~u1", "0~app~u1", "-1~app~u1", "١~app~u1",
                                 "{shop}~pod~u1", "{shop}~app~../../u1", "{shop}~app~", "~~", "{shop}~app~u1\0", "9" * 30 + "~app~u1"])  # fmt: skip
async def test_rows_of_others_and_rows_that_are_none_are_the_same_404(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser, row: str  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    client = async_client_for(otto)
    text = row.format(vault=fakes.vault.pk, shop=fakes.shop.pk)
    for method in (client.get, client.post):
        answer = await method("/act/", {"rows": text, "verb": "stop"}, headers=HTMX)
        assert answer.status_code == 404
    assert fakes.calls == []


async def test_numbers_of_people_clusters_and_jobs_that_are_not_mine_do_not_exist(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser, ada: AbstractUser  # noqa: F811
) -> None:  # fmt: skip
    job = await Job.objects.acreate(
        key="f" * 32, title="Secret", verb="x", actor=ada, cluster=fakes.vault, state="done"
    )
    client = async_client_for(otto)
    missing = (await client.get(f"/jobs/{'0' * 32}/")).content
    theirs = await client.get(f"/jobs/{job.key}/")
    assert theirs.status_code == 404
    assert b"Secret" not in theirs.content
    assert len(theirs.content) == len(missing)
    assert (await client.post(f"/jobs/{job.key}/cancel/", headers=HTMX)).status_code == 404
    for path in ("/clusters/vault/", "/clusters/vault/check/", "/clusters/vault/app/front/web/"):
        assert (await client.get(path)).status_code in (404, 405), path
    for number in range(1, 6):
        for path in (f"/people/{number}/", "/people/", "/audit/", "/clusters/shop/edit/", "/clusters/shop/remove/"):
            assert (await client.get(path)).status_code == 403, path
        answer = await client.post(f"/people/{number}/grant/", {"role": "3", "cluster": ""}, headers=HTMX)
        assert answer.status_code == 403
    assert not await Grant.objects.filter(user=otto, role=Role.ADMIN).aexists()


@pytest.mark.parametrize(
    "path",
    [
        "/clusters/shop/pods/exec", "/clusters/shop/proxy/", "/api/v1/namespaces/x/pods/web/exec", "/v1.47/containers/json",
        "/clusters/shop/nodes/node-1/proxy/", "/swarm/unlockkey", "/session", "/grpc", "/plugins", "/commit", "/auth", "/images/load",
        "/clusters/shop/app/front/web/exec", "/clusters/shop/app/front/web/attach", "/clusters/shop/app/front/web/portforward",
        "/clusters/shop/app/..%2f..%2fsecrets/x/", "/clusters/..%2fvault/", "/clusters/shop/../vault/",
    ],
)  # fmt: skip
async def test_no_address_is_passed_through_to_a_cluster(
    fakes: Fakes, async_client_for: ClientFor, ada: AbstractUser, path: str  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    client = async_client_for(ada)
    for method in (client.get, client.post, client.put, client.delete):
        assert (await method(path)).status_code in (301, 403, 404, 405)
    assert not [call for call in fakes.calls if call[0] not in ("panel", "get")]


async def test_a_viewer_reads_and_does_nothing_else(
    fakes: Fakes, async_client_for: ClientFor, vera: AbstractUser  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    client = async_client_for(vera)
    for verb in ("stop", "scale", "wipe", "run", "exec", "attach", "delete", "../stop", "STOP", ""):
        answer = await client.post(
            "/act/", {"rows": fakes.row("shop", "u1"), "verb": verb, "copies": "2"}, headers=HTMX
        )
        assert answer.status_code in (403, 404), verb
    assert fakes.calls == []
    assert not await AuditEntry.objects.filter(stage="intent").aexists()


async def test_a_role_that_is_taken_away_during_a_long_act_ends_what_has_not_begun(
    fakes: Fakes, async_client_for: ClientFor, otto: AbstractUser, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    monkeypatch.setattr(act, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    fakes.drivers["shop"].takes = 0.6
    rows = f"{fakes.row('shop', 'u1')},{fakes.row('shop', 'u2')}"
    await async_client_for(otto).post("/act/", {"rows": rows, "verb": "stop"}, headers=HTMX)
    await soon(lambda: fakes.calls, 5)
    await Grant.objects.filter(user=otto).aupdate(role=Role.VIEWER)
    await sync_to_async(actors.bump)()
    job = await ended(await Job.objects.aget())
    assert fakes.calls == [("stop", "u1")], "the second was done with a right that was gone"
    assert (job.state, job.reason.partition(":")[0]) == ("failed", "1 of 2 failed")
    written = [(one.uid, one.stage, one.result) async for one in AuditEntry.objects.filter(verb="stop").order_by("id")]
    assert written == [("u1", "intent", ""), ("u1", "outcome", "done"), ("u2", "denied", "")]


async def test_a_namespace_that_is_granted_opens_no_other_one(
    fakes: Fakes, async_client_for: ClientFor, nora: AbstractUser, shop: Cluster  # noqa: F811
) -> None:  # fmt: skip
    await ready(fakes)
    await Grant.objects.acreate(user=nora, role=Role.OPERATOR, cluster=shop, namespaces=["front"])
    client = async_client_for(nora)
    for uid in ("u1", "u2"):  # neither: a kind without namespaces is the whole cluster's
        row = fakes.row("shop", uid)
        answer = await client.post("/act/", {"rows": row, "verb": "stop"}, headers=HTMX)
        app = engine.supervisor.row(row)
        assert app is not None
        inside = app.kind.namespaced and app.resource.namespace == "front"
        assert answer.status_code == (204 if inside else 404 if app.kind.namespaced else 403), uid
    listing = (await client.get("/list/app/")).content.decode()
    assert "~u2" not in listing
