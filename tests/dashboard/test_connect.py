"""Connecting clusters: tested before they are kept, explained when it fails, with secrets that stay secret."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters.connect import cluster as domain
from clusters.connect.secrets import read_secret, write_secret
from clusters.drivers.base import About
from clusters.errors import Refused
from clusters.models import AuditEntry, Cluster
from dashboard.engine import engine
from tests.real import listens, need

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


def beside(page: bytes, field: str) -> str:
    """What is said to be wrong beside that field, "" when nothing is."""
    after = page.decode().split(f'id="field-{field}"', 1)[1].split('<div class="form-field', 1)[0]
    found = re.search(r'role="alert".*?<span>(.*?)</span>', after, re.DOTALL)
    return found[1] if found else ""


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


async def test_of_a_real_engine_over_tls_the_wrong_ca_is_said_beside_the_ca(
    as_ada: AsyncClient, docker_tls: Path
) -> None:
    given = {"driver": "docker", "name": "X", "address": "tcp://127.0.0.1:2376"}
    texts = {
        name: await asyncio.to_thread((docker_tls / f"{file}.pem").read_text)
        for name, file in (("ca", "ca"), ("certificate", "cert"), ("key", "key"))
    }
    right = await as_ada.post("/clusters/connect/", {**given, **texts, "test": "1"})
    assert b"It answers" in right.content
    without_ca = await as_ada.post("/clusters/connect/", {**given, **texts, "ca": "", "test": "1"})
    assert "a CA that this machine does not trust" in beside(without_ca.content, "ca")
    nobody = await as_ada.post("/clusters/connect/", {**given, "ca": texts["ca"], "test": "1"})
    assert "client certificate" in beside(nobody.content, "certificate")


async def test_what_is_not_for_the_address_is_not_kept(as_ada: AsyncClient, docker_socket: str) -> None:
    left = {"ca": "left over", "ssh_key": CANARY, "known_hosts": "left over", "key": CANARY}
    given = {"driver": "docker", "name": "Here", "address": f"unix://{docker_socket}", **left}
    assert (await as_ada.post("/clusters/connect/", given)).status_code == 302
    one = await Cluster.objects.aget()
    assert (one.settings.get("ca"), one.settings.get("known_hosts"), bytes(one.secret)) == (None, None, b"")


async def test_the_host_key_of_a_machine_is_shown_to_be_copied_and_what_is_needed_is_not_called_optional(
    as_ada: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "[127.0.0.1]:2222 ssh-ed25519 AAAA<b>"

    async def refused(to: domain.Reach, *by: object) -> About:
        raise Refused("Shows a key.", hint="Compare SHA256:abc.", field="known_hosts", copy=line)

    monkeypatch.setattr(domain, "test", refused)
    given = {"driver": "docker", "name": "X", "test": "1", "address": "ssh://admin@127.0.0.1:2222", "ssh_key": "x"}
    page = (await as_ada.post("/clusters/connect/", given)).content.decode()
    assert beside(page.encode(), "known_hosts") == "Shows a key. Compare SHA256:abc."
    assert "[127.0.0.1]:2222 ssh-ed25519 AAAA&lt;b&gt;</pre>" in page
    assert '<copy-button data-from="#field-known_hosts-copy">' in page
    for name, optional in (("ssh_key", False), ("known_hosts", False), ("remote_socket", True), ("ca", True)):
        label = page.split(f'<label for="field-{name}">', 1)[1].split("</label>", 1)[0]
        assert ("optional" in label) is optional, name


async def test_an_ssh_context_is_offered_with_what_is_missing_and_fills_the_form_in(
    as_ada: AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    place = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    place.mkdir(parents=True)
    (tmp_path / "config.json").write_text("{}")
    meta = {
        "Name": "far",
        "Metadata": {},
        "Endpoints": {"docker": {"Host": "ssh://admin@far.test", "SkipTLSVerify": False}},
    }
    (place / "meta.json").write_text(json.dumps(meta))
    page = (await as_ada.get("/clusters/connect/")).content.decode()
    offer = page.split("Needs a private key made for Pilothouse")[1]
    link = re.search(r'href="(\?driver=docker&amp;offer=[0-9a-f]{32})', offer)
    assert link is not None
    filled = (await as_ada.get("/clusters/connect/" + link[1].replace("&amp;", "&"))).content.decode()
    assert 'value="ssh://admin@far.test"' in filled
    assert 'value="far"' in filled
    taken = await as_ada.post("/clusters/connect/take/", {"offer": link[1].rpartition("=")[2]})
    assert taken.status_code == 404
    assert not await Cluster.objects.aexists()


@pytest.fixture
def docker_tls() -> Path:
    """The folder of certificates of a real engine that speaks TLS at 127.0.0.1:2376."""
    folder = Path(os.environ.get("TESTBED", "/nowhere")) / "docker-tls"
    there = (folder / "key.pem").is_file() and listens(("127.0.0.1", 2376))
    need("docker", there, "no engine with TLS at 127.0.0.1:2376")
    return folder


async def test_a_form_that_was_sent_by_the_pages_script_leads_on_too(as_ada: AsyncClient) -> None:
    answer = await as_ada.post("/clusters/connect/", {**DEMO, "name": "Twin"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/clusters/twin/"
