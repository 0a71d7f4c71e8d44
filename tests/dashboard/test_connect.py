"""Connecting clusters: tested before they are kept, explained when it fails, with secrets that stay secret."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.connect.secrets import read_secret, write_secret
from clusters.models import AuditEntry, Cluster
from dashboard.engine import engine

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[User], AsyncClient]
CANARY = "canary-7d1f0a"
DEMO = {"driver": "demo", "name": "Show", "shape": "docker", "seed": "3", "colour": "blue"}


@pytest_asyncio.fixture
async def as_ada(async_client_for: ClientFor, ada: User) -> AsyncIterator[AsyncClient]:
    yield async_client_for(ada)
    await engine.supervisor.close()


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
        assert b"notice" in answer.content
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


async def test_a_real_engine_is_connected_and_the_same_one_is_not_connected_twice(
    as_ada: AsyncClient, docker_socket: str
) -> None:
    given = {"driver": "docker", "name": "Here", "address": f"unix://{docker_socket}"}
    assert (await as_ada.post("/clusters/connect/", given)).status_code == 302
    again = await as_ada.post("/clusters/connect/", {**given, "name": "Again"})
    assert again.status_code == 422
    assert b"connected already, as Here" in again.content


async def test_what_was_found_is_offered_and_connected_by_a_click(as_ada: AsyncClient, docker_socket: str) -> None:
    page = (await as_ada.get("/clusters/connect/")).content.decode()
    assert not await Cluster.objects.aexists()
    key = page.split('name="offer" value="')[1].split('"')[0]
    assert (await as_ada.post("/clusters/connect/take/", {"offer": key})).status_code == 302
    assert (await Cluster.objects.aget()).driver == "docker"
    assert (await as_ada.post("/clusters/connect/take/", {"offer": "0" * 32})).status_code == 404


async def stored(**settings: str) -> Cluster:
    one = await Cluster.objects.acreate(
        name="Far",
        slug="far",
        driver="docker",
        platform="docker",
        settings={"address": "tcp://192.0.2.1:2376", "certificate": "C", **settings},
    )
    write_secret(one, {"key": CANARY})
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


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: good
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", extra: 1}}]
users: [{name: u, user: {token: %s}}, {name: e, user: {%s}}]
contexts: [{name: good, context: {cluster: c, user: u}}, {name: evil, context: {cluster: c, user: e}}]
"""


@pytest.mark.parametrize(
    "evil",
    [
        "exec: {apiVersion: v1, command: touch, args: [/tmp/pwned]}",
        "auth-provider: {name: gcp, config: {cmd-path: id}}",
        "tokenFile: /etc/passwd",
        "client-certificate: /proc/self/environ, client-key: x",
        "as: admin",
        "username: a, password: b",
    ],
)
async def test_a_pasted_kubeconfig_runs_and_reads_nothing_and_says_what_is_refused(
    as_ada: AsyncClient, evil: str
) -> None:
    seen: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}:
            seen.append(event)
        if watching and event == "open" and str(arguments[0]) in {"/etc/passwd", "/proc/self/environ"}:
            seen.append(str(arguments[0]))

    sys.addaudithook(watch)
    text = KUBECONFIG % (CANARY, evil)
    page = (await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text})).content.decode()
    answer = await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text, "context": "evil"})
    watching = False
    assert seen == []
    assert 'value="good"' in page
    assert 'value="evil"' not in page
    assert "is not allowed" in page
    assert "Left out: extra of good" in page
    assert answer.status_code == 422
    assert not await Cluster.objects.aexists()
    assert CANARY not in str([row async for row in AuditEntry.objects.values()])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[1,2",
        "a: &a [*a]",
        "!!python/object/apply:os.system ['id']",
        "kind: Config",
        "apiVersion: v1\nkind: Pod",
        "a: 1\n" * 60_000,
    ],
)
async def test_what_is_no_kubeconfig_is_said(as_ada: AsyncClient, text: str) -> None:
    answer = await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text})
    assert answer.status_code == 422
    assert b"notice" in answer.content


async def test_a_real_cluster_is_connected_by_what_was_pasted(as_ada: AsyncClient, kubeconfig: Path) -> None:
    text = await asyncio.to_thread(kubeconfig.read_text)
    page = (await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text})).content.decode()
    context = page.split('name="context" value="')[1].split('"')[0]
    answer = await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text, "context": context})
    assert answer.status_code == 302
    one = await Cluster.objects.aget()
    assert (one.platform, one.driver) == ("kubernetes", "kubernetes")
    assert await asyncio.to_thread(read_secret, one) != {}
