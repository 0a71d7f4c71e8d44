"""Connecting engines: what was found is offered and asked, what is typed is read strictly."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from clusters.connect import docker
from clusters.drivers.docker.endpoint import read_endpoint
from clusters.errors import Invalid
from tests.clusters.docker_engine import PONG, Pretender, http


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/var/run/docker.sock",
        "http://docker:2375",
        "npipe:////./pipe/docker_engine",
        "unix://var/run/docker.sock",
        "unix:///var/run/../../etc/x.sock",
        "unix:///var/run/docker.sock?x=1",
        "unix:///",
        "ssh://-oProxyCommand=id@host",
        "ssh://-oProxyCommand=id",
        "ssh://root@-oProxyCommand=id",
        "ssh://root:secret@host",
        "ssh://host",
        "ssh://root@host/path",
        "ssh://root@host#fragment",
        "ssh://a@b@host",
        "ssh://root@ho st",
        "ssh://root@host%20x",
        "ssh://root@host\nx",
        "tcp://user@host:2376",
        "tcp://host:99999",
        "tcp://host:0",
        "tcp://host:2376/v1.41",
        "tcp://host\\@evil:2376",
        "tcp://169.254.169.254:2376",
        "tcp://[fe80::1]:2376",
        "tcp://0.0.0.0:2376",
        "tcp://host..name:2376",
        "tcp://hoﬆ:2376",
    ],
)
def test_an_odd_address_is_refused_with_words(address: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_endpoint({"address": address}, {})
    assert raised.value.message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"address": "unix:///var/run/docker.sock"}, "unix:///var/run/docker.sock"),
        ({"address": "tcp://docker.example.com"}, "tcp://docker.example.com:2376"),
        ({"address": "tcp://[::1]:2375", "plain": True}, "tcp://[::1]:2375"),
        ({"address": "ssh://admin@10.0.0.1:2222"}, "ssh://admin@10.0.0.1:2222"),
    ],
)
def test_a_good_address_is_read(settings: dict[str, Any], words: str) -> None:
    assert read_endpoint(settings, {}).words == words


def test_without_tls_is_for_this_machine_unless_the_risk_is_accepted() -> None:
    settings = {"address": "tcp://docker.example.com:2375", "plain": True}
    with pytest.raises(Invalid, match="Without TLS"):
        read_endpoint(settings, {})
    assert not read_endpoint({**settings, "accept_risk": True}, {}).tls


def test_keys_are_never_shown() -> None:
    endpoint = read_endpoint({"address": "tcp://host", "certificate": "x"}, {"key": "very secret"})
    assert "very secret" not in repr(endpoint)


def test_only_the_usual_sockets_and_those_an_administrator_named_may_be_connected(settings: Any) -> None:
    settings.DOCKER_SOCKETS = ["/srv/engine.sock"]
    docker.check({"address": "unix:///var/run/docker.sock"}, {})
    docker.check({"address": "unix:///srv/engine.sock"}, {})
    with pytest.raises(Invalid, match="may not be connected") as raised:
        docker.check({"address": "unix:///run/containerd/containerd.sock"}, {})
    assert "PILOTHOUSE_DOCKER_SOCKETS" in raised.value.hint


async def test_sockets_are_offered_with_what_answers_there(settings: Any, tmp_path: Path) -> None:
    info = {"ID": "1", "ServerVersion": "29.0.1", "OperatingSystem": "Debian", "NCPU": 2, "MemTotal": 1 << 30}
    dead = tmp_path / "dead.sock"
    answers = {"/_ping": PONG, "/info": http(200, json.dumps(info).encode())}
    async with Pretender(tmp_path / "live.sock", answers) as live, Pretender(dead, {"/_ping": http(200, b"hello")}):
        settings.DOCKER_SOCKETS = [str(live.path), str(dead), str(tmp_path / "none.sock")]
        offers = {offer.settings["address"]: offer for offer in await docker.found()}
    assert offers[f"unix://{live.path}"].problem == ""
    assert "Docker 29.0.1" in offers[f"unix://{live.path}"].words
    assert "not Docker" in offers[f"unix://{dead}"].problem
    assert f"unix://{tmp_path / 'none.sock'}" not in offers


async def test_contexts_are_offered_with_their_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    _context(tmp_path, "prod", "tcp://127.0.0.1:1")
    _context(tmp_path, "far", "ssh://root@host")
    _context(tmp_path, "odd", "ssh://-oProxyCommand=id")
    offers = {offer.name: offer for offer in await docker.found()}
    assert "refuses" in offers["prod"].problem
    assert "private key" in offers["far"].missing
    assert offers["far"].problem == ""
    assert offers["odd"].problem


def _context(folder: Path, name: str, host: str) -> None:
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    place.mkdir(parents=True)
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False}}}
    (place / "meta.json").write_text(json.dumps(meta))
