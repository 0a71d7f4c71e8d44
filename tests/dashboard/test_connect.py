"""Connecting clusters: tested before they are kept, explained when it fails, with secrets that stay secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.connect.secrets import read_secret, write_secret
from clusters.models import AuditEntry, Cluster
from dashboard.engine import engine
from tests.dashboard.connecting import CANARY, ClientFor, as_ada, beside  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

DEMO = {"driver": "demo", "name": "Show", "shape": "docker", "seed": "3", "colour": "blue"}


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_a_cluster_is_kept_recorded_and_connected(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/clusters/connect/", DEMO)
    assert answer["Location"] == "/clusters/show/"
    one = await Cluster.objects.aget()
    assert (one.name, one.platform, one.colour, one.settings["shape"]) == ("Show", "docker", "blue", "docker")
    assert one.pk in engine.supervisor.connections
    assert await AuditEntry.objects.filter(verb="connect", cluster="Show").aexists()


async def test_a_test_keeps_nothing(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/clusters/connect/", {**DEMO, "test": "1"})
    assert answer.status_code == 200
    assert b"It answers" in answer.content
    assert not await Cluster.objects.aexists()


async def test_what_is_wrong_is_said_in_words_and_nothing_is_kept(as_ada: AsyncClient, closed_port: int) -> None:
    wrong = {"driver": "docker", "name": "X", "address": f"tcp://127.0.0.1:{closed_port}", "plain": "1"}
    for more in ({"test": "1"}, {}):
        answer = await as_ada.post("/clusters/connect/", {**wrong, **more})
        assert answer.status_code == 422
        assert b"Traceback" not in answer.content
        assert beside(answer.content, "address").startswith(f"tcp://127.0.0.1:{closed_port} refuses the connection.")
    assert not await Cluster.objects.aexists()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "file:///etc/passwd",
        "http://127.0.0.1:2375",
        "unix:///etc/../var/run/docker.sock",
        "unix://etc/x",
        "tcp://169.254.169.254:2375",
        "tcp://user:pass@host:2376",
        "tcp://host:2376/path",
        "tcp://host:2376?x=1",
        "ssh://-oProxyCommand=id@host",
        "ssh://-oProxyCommand=id",
        "ssh://host -- id",
        "tcp://①②⑦.0.0.1:2375",
        "tcp://\nhost",
        "unix:///tmp/other.sock",
        "unix:///proc/1/root/run/docker.sock",
        "tcp://example.test:2375#x",
    ],
)
async def test_addresses_that_must_not_be_opened_are_refused(as_ada: AsyncClient, address: str) -> None:
    answer = await as_ada.post("/clusters/connect/", {"driver": "docker", "name": "X", "address": address})
    assert answer.status_code == 422
    assert not await Cluster.objects.aexists()


async def test_without_tls_another_machine_is_only_reached_when_the_risk_is_accepted(as_ada: AsyncClient) -> None:
    given = {"driver": "docker", "name": "X", "address": "tcp://192.0.2.1:2375", "plain": "1"}
    answer = await as_ada.post("/clusters/connect/", given)
    assert "accept the risk" in answer.content.decode()


async def stored(**settings: str) -> Cluster:
    one = await Cluster.objects.acreate(
        name="Far",
        slug="far",
        driver="docker",
        platform="docker",
        settings={"address": "tcp://192.0.2.1:2376", "certificate": "C", **settings},
    )
    await sync_to_async(write_secret)(one, {"key": CANARY})
    await one.asave()
    return one


async def test_a_changed_address_asks_for_the_stored_secret_again(as_ada: AsyncClient) -> None:
    await stored()
    moved = {"name": "Far", "address": "tcp://198.51.100.7:2376", "certificate": "C"}
    for more in ({}, {"key": ""}, {"key": "   "}, {"test": "1"}):
        answer = await as_ada.post("/clusters/far/edit/", {**moved, **more})
        assert answer.status_code == 422
        assert b"enter \xe2\x80\x9cKey of the certificate (key.pem)\xe2\x80\x9d again" in answer.content
    one = await Cluster.objects.aget()
    assert one.settings["address"] == "tcp://192.0.2.1:2376"
    assert read_secret(one) == {"key": CANARY}


async def test_a_stored_secret_is_in_no_page_and_no_audit_row(as_ada: AsyncClient) -> None:
    await stored()
    page = (await as_ada.get("/clusters/far/edit/")).content.decode()
    assert CANARY not in page
    assert "Stored. Leave it empty to keep it." in page
    answer = await as_ada.post(
        "/clusters/connect/",
        {
            "driver": "docker",
            "name": "X",
            "address": "tcp://host:2376",
            "certificate": "x",
            "key": CANARY + "-typed",
            "test": "1",
        },
    )
    assert CANARY not in answer.content.decode()
    assert CANARY not in str([row async for row in AuditEntry.objects.values()])


async def test_a_cluster_is_changed_and_removed(as_ada: AsyncClient) -> None:
    await as_ada.post("/clusters/connect/", DEMO)
    answer = await as_ada.post("/clusters/show/edit/", {**DEMO, "name": "Shown", "read_only": "on", "production": "on"})
    assert answer["Location"] == "/clusters/show/"
    one = await Cluster.objects.aget()
    assert (one.name, one.read_only, engine.supervisor.cluster(one.pk).read_only) == ("Shown", True, True)
    assert (await as_ada.post("/clusters/show/remove/")).status_code == 422
    assert (await as_ada.post("/clusters/show/remove/", {"typed": "Shown"})).status_code == 302
    assert not await Cluster.objects.aexists()
    assert engine.supervisor.connections == {}
    verbs = [row.verb async for row in AuditEntry.objects.filter(kind="cluster").order_by("id")]
    assert verbs == ["connect", "change", "disconnect"]


async def test_two_clusters_of_one_name_and_names_that_are_pages_are_handled(as_ada: AsyncClient) -> None:
    assert (await as_ada.post("/clusters/connect/", DEMO)).status_code == 302
    answer = await as_ada.post("/clusters/connect/", {**DEMO, "seed": "4"})
    assert answer.status_code == 422
    assert (await as_ada.post("/clusters/connect/", {**DEMO, "name": "Connect", "seed": "5"})).status_code == 302
    assert await Cluster.objects.filter(slug="connect-2").aexists()
    assert (await as_ada.post("/clusters/connect/", {**DEMO, "name": "1", "seed": "6"})).status_code == 302
    assert await Cluster.objects.filter(slug="cluster-1").aexists(), "no address is the number of another one"


async def test_only_administrators_connect(async_client_for: ClientFor, vera: User, otto: User, nora: User) -> None:
    for person in (vera, otto, nora):
        client = async_client_for(person)
        for address in (
            "/clusters/connect/",
            "/clusters/shop/edit/",
            "/clusters/shop/remove/",
            "/clusters/connect/take/",
        ):
            assert (await client.post(address, DEMO)).status_code == 403
    assert await Cluster.objects.acount() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"address": "tcp://127.0.0.1:2376", "certificate": "x"}, "key"),
        ({"address": "tcp://127.0.0.1:2376", "key": "x"}, "certificate"),
        ({"address": "tcp://127.0.0.1:2376", "ca": "x"}, "ca"),
        ({"address": "tcp://192.0.2.1:2375", "plain": "1"}, "accept_risk"),
        ({"address": "ssh://admin@127.0.0.1:2222"}, "ssh_key"),
        ({"address": "ssh://admin@127.0.0.1:2222", "ssh_key": "x"}, "ssh_key"),
        ({"address": "ssh://127.0.0.1", "ssh_key": "x"}, "address"),
        ({"address": "unix:///tmp/other.sock"}, "address"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(as_ada: AsyncClient, given: dict[str, str], field: str) -> None:
    page = (await as_ada.post("/clusters/connect/", {"driver": "docker", "name": "X", "test": "1", **given})).content
    assert beside(page, field)
    assert b'class="notice"' not in page


async def test_a_form_that_was_sent_by_the_pages_script_leads_on_too(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/clusters/connect/", {**DEMO, "name": "Twin"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/clusters/twin/"
