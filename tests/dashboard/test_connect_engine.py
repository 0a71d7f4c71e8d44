"""Connecting an engine: over a socket, TLS and SSH, with what is found on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from django.test import AsyncClient

from clusters.connect import cluster as domain
from clusters.drivers.base import About
from clusters.errors import Refused
from clusters.models import Cluster
from tests.dashboard.connecting import CANARY, as_ada, beside  # noqa: F401
from tests.real import listens, need

pytestmark = pytest.mark.django_db(transaction=True)


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
