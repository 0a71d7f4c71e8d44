"""Kubeconfigs: pasted ones are data and nothing more; found ones are offered, with their files read as data."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.connect import kubeconfig as reader
from clusters.connect.kubeconfig import Context, read_found, read_pasted
from clusters.drivers.kubernetes.addresses import check_server
from clusters.errors import Invalid

CERT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
# What a program, a file or a socket would be seen by.
WATCHED = ("subprocess.", "os.exec", "os.posix_", "os.system", "os.fork", "os.listdir", "open", "socket.", "import")
_seen: list[str] = []
_watching = [False]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching[0] and event.startswith(WATCHED):
        _seen.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_hook)


@contextmanager
def nothing_touched() -> Iterator[None]:
    """No process, file, module or socket within this block."""
    _seen.clear()
    _watching[0] = True
    try:
        yield
    finally:
        _watching[0] = False
    assert _seen == []


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, **top: Any) -> str:
    """A good kubeconfig, with what a test changes about it."""
    made = {
        "apiVersion": "v1", "kind": "Config", "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": "https://10.1.2.3:6443"} | (cluster or {})}],
        "users": [{"name": "u", "user": {"token": "abc.def"} if user is None else user}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
    } | top  # fmt: skip
    return yaml.safe_dump(made)


def pasted(text: str) -> Context:
    """The only context of it, read without touching anything."""
    with nothing_touched():
        return read_pasted(text).contexts[0]


def refusal(text: str) -> str:
    """Why it was refused, as a whole or its context."""
    with nothing_touched():
        try:
            one = read_pasted(text).contexts[0]
        except Invalid as error:
            return error.message
    assert not one.settings
    assert not one.secret
    return one.problem


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    read_pasted(config())  # what Python itself loads at the first use is not what these tests are about


def test_a_good_one_becomes_an_address_and_a_secret() -> None:
    user = {"client-certificate-data": encoded(CERT), "client-key-data": encoded(KEY)}
    one = pasted(config(user, {"certificate-authority-data": encoded(CERT), "tls-server-name": "kube"}))
    assert one.problem == ""
    assert one.settings == {
        "server": "https://10.1.2.3:6443", "ca_data": CERT, "cert_data": CERT, "tls_server_name": "kube",
        "insecure": False, "context": "prod",
    }  # fmt: skip
    assert one.secret == {"key_data": KEY}
    assert KEY not in repr(one)


def test_json_is_yaml_too() -> None:
    assert pasted(json.dumps(yaml.safe_load(config()))).secret == {"token": "abc.def"}


EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./evil", "args": ["-c", "touch /tmp/x"]}


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ({"exec": EXEC}, "exec"),
        ({"exec": EXEC | {"apiVersion": "client.authentication.k8s.io/v1beta1", "installHint": "x"}}, "exec"),
        ({"exec": None}, "exec"),
        ({"token": "t", "exec": EXEC}, "exec"),
        *(({"auth-provider": {"name": name, "config": {"cmd-path": "/bin/sh"}}}, "auth-provider")
          for name in ("gcp", "azure", "oidc", "openstack")),
        ({"tokenFile": "/proc/self/environ"}, "tokenFile"),
        ({"client-certificate": "~/.ssh/id", "client-key": "/etc/shadow"}, "client-certificate"),
        ({"token": "t", "client-key": "\\\\unc\\share"}, "client-key"),
        ({"token": "t", "as": "system:admin"}, "as"),
        ({"token": "t", "as-groups": ["system:masters"]}, "as-groups"),
        ({"token": "t", "as-uid": "0"}, "as-uid"),
        ({"username": "root"}, "username"),
        ({"token": "t", "password": "secret"}, "password"),
    ],
)  # fmt: skip
def test_a_user_that_runs_reads_or_pretends_is_refused(user: dict[str, Any], named: str) -> None:  # S1 S2 S3 S4
    assert f"“{named}” is not allowed" in refusal(config(user))


@pytest.mark.parametrize("key", ["certificate-authority", "proxy-url"])
def test_a_cluster_that_reads_files_or_uses_a_proxy_is_refused(key: str) -> None:  # S3 S4
    assert f"“{key}” is not allowed" in refusal(config(cluster={key: "/etc/passwd"}))


@pytest.mark.parametrize(
    "server",
    [
        "file:///etc/passwd", "unix:///var/run/docker.sock", "ftp://host", "", "10.1.2.3:6443", "//host",
        "https://user:pass@10.1.2.3", "https://user@10.1.2.3", "https://@10.1.2.3", "https://10.1.2.3/#frag",
        "https://10.1.2.3/?x=1", "https://10.1.2.3#", "https://10.1.2.3/..", "https://10.1.2.3/%2e%2e/",
        "https://10.1.2.3/a b", "https://10.1.2.3\n", "https://exämple", "https://10.1.2.3:99999", "https://:6443",
        "http://10.1.2.3:8080", "http://169.254.169.254/latest", "https://169.254.169.254", "https://[fe80::1]:6443",
        "https://[::ffff:169.254.169.254]", "https://[64:ff9b::a9fe:a9fe]", "https://[2002:a9fe:a9fe::1]",
        "https://[fd00:ec2::254]", "https://0.0.0.0", "https://[::]:6443", "https://224.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_is_refused(server: str) -> None:  # S5 S9
    with pytest.raises(Invalid):
        check_server(server)
    assert refusal(config(cluster={"server": server}))


@pytest.mark.parametrize(
    "server",
    ["https://10.1.2.3:6443", "https://kube.example.com", "https://host/k8s/clusters/c-x1:y", "http://127.0.0.1:8001",
     "http://localhost:8001/", "https://[::1]:6443", "https://[2001:db8::1]"],
)  # fmt: skip
def test_an_ordinary_address_is_taken(server: str) -> None:
    assert check_server(server) == server.rstrip("/")


def test_a_certificate_that_is_not_checked_is_flagged() -> None:  # S6
    one = pasted(config(cluster={"insecure-skip-tls-verify": True}))
    assert one.insecure
    assert one.settings["insecure"] is True
    assert pasted(config(cluster={"insecure-skip-tls-verify": "true"})).insecure is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("!!python/object/apply:os.system ['touch /tmp/x']", "Tags"),
        (config() + "\nextra: !!binary aGk=\n", "Tags"),
        ("a: &x [1]\nb: *x\n", "Anchors"),
        ("a: &a {k: v}\nb:\n  <<: *a\n", "Anchors"),
        (config() + "\nkind: Config\n", "stands twice"),
        (config().replace("token: abc.def", "token: abc.def\n    token: other"), "stands twice"),
        ("[" * 100 + "]" * 100, "nested"),
        ("{" * 3000, "nested"),
        ("\t: :", "cannot be read"),
        ("a: [", "cannot be read"),
        ("", "not a kubeconfig"),
        ("just text", "not a kubeconfig"),
        ("kind: Secret\nclusters: []\n", "not a kubeconfig"),
        ("? [a, b]\n: c\n", "plain text"),
        (config() + "#" * (256 << 10), "too large"),
        (config(contexts=[]), "no contexts"),
        (config(contexts=[{"name": f"c{n}", "context": {"cluster": "c"}} for n in range(1001)]), "more than 1000"),
        (config(contexts=[{"name": "x", "context": {}}, {"name": "x", "context": {}}]), "two entries named x"),
        (config(users=["text"]), "right form"),
        (config(clusters={"a": 1}), "right form"),
        (config(contexts=[{"name": "x", "context": {"cluster": "other", "user": "u"}}]), "not in this kubeconfig"),
        (config({"token": 5}), "is not text"),
        (config({"token": "a b\nc"}), "characters that no token has"),
        (config({"client-certificate-data": encoded(CERT)}), "belong together"),
        (config({"client-certificate-data": "%%%", "client-key-data": "x"}), "damaged"),
        (config(cluster={"certificate-authority-data": encoded("/etc/passwd")}), "not in PEM form"),
    ],
)  # fmt: skip
def test_what_is_strange_is_refused_with_words(text: str, words: str) -> None:  # S7
    assert words in refusal(text)


def test_what_is_unknown_is_left_out_and_said() -> None:  # S4
    text = config(
        {"token": "t", "invented": 1}, {"extensions": [{"name": "minikube"}]}, preferences={"colors": True}, plugins=[]
    )
    with nothing_touched():
        imported = read_pasted(text)
    assert imported.current == "prod"
    assert imported.dropped == ("plugins (unknown)", "preferences", "extensions of prod", "invented of prod")
    assert "invented" not in imported.contexts[0].settings


def test_one_bad_context_does_not_spoil_the_others() -> None:
    contexts = [
        {"name": "good", "context": {"cluster": "c", "user": "u"}},
        {"name": "bad", "context": {"cluster": "c", "user": "runs"}},
    ]
    users = [{"name": "u", "user": {"token": "t"}}, {"name": "runs", "user": {"exec": EXEC}}]
    with nothing_touched():
        good, bad = read_pasted(config(contexts=contexts, users=users)).contexts
    assert good.problem == ""
    assert "exec" in bad.problem
    assert "service account" in bad.problem


# --- Found on this machine ------------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config"
        path.write_text(text)
        monkeypatch.setenv("KUBECONFIG", str(path))
        return path

    return write


def test_files_that_our_own_kubeconfig_names_become_data(written: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERT)
    (tmp_path / "token").write_text("secret.token\n")
    (offer,) = read_found(written(config({"tokenFile": "token"}, {"certificate-authority": "ca.pem"})))
    assert offer.problem == ""
    assert offer.settings["ca_data"] == CERT
    assert offer.secret == {"token": "secret.token"}


def test_a_file_that_is_not_there_is_named(written: Callable[[str], Path]) -> None:
    (offer,) = read_found(written(config(cluster={"certificate-authority": "gone.pem"})))
    assert "“certificate-authority” is not there" in offer.problem


def test_programs_are_not_run_for_our_own_kubeconfig_either(written: Callable[[str], Path], tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (offer,) = read_found(written(config({"exec": {"command": "/bin/touch", "args": [str(marker)]}})))
    assert "“exec” is not allowed" in offer.problem
    assert not marker.exists()


async def test_the_context_in_use_is_offered_first(written: Callable[[str], Path]) -> None:
    contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("dev", "prod")]
    written(config(contexts=contexts))
    assert [offer.name for offer in await reader.found()] == ["prod", "dev"]


async def test_a_broken_kubeconfig_is_offered_with_its_problem(written: Callable[[str], Path]) -> None:
    written("a: [")
    (offer,) = await reader.found()
    assert "cannot be read" in offer.problem


async def test_without_a_kubeconfig_there_is_nothing_to_offer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await reader.found() == []
