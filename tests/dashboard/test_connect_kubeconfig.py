"""A pasted kubeconfig is data and nothing else; the cluster that we run in is connected with our pod's own account."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from clusters import exec_plugins
from clusters.connect import kubeconfig as found_kubeconfig
from clusters.connect.secrets import read_secret
from clusters.drivers.kubernetes import connection as pod_files
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


async def test_the_whole_command_of_a_listed_program_is_shown_before_it_may_be_run(
    as_ada: AsyncClient, settings: Any
) -> None:
    evil = "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token, --region, a<b]}"
    text = {"kubeconfig": KUBECONFIG % (CANARY, evil)}
    page = (await as_ada.post("/clusters/connect/paste/", text)).content.decode()
    assert "Programs and files that it names are never run or read" in page
    assert "Signs in by running" not in page
    settings.EXEC_PLUGINS = exec_plugins.read("/usr/bin/aws eks get-token [--region]")
    page = (await as_ada.post("/clusters/connect/paste/", text)).content.decode()
    assert "Signs in by running <code>/usr/bin/aws eks get-token --region &#x27;a&lt;b&#x27;</code>" in page
    assert "are never run" not in page
    assert not await AuditEntry.objects.filter(verb="run to sign in").aexists()


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


async def test_what_did_not_connect_says_why_above_all_and_stays_to_be_mended(as_ada: AsyncClient) -> None:
    """Nothing listens at that address: the field that is wrong is far below, and what was pasted is needed again."""
    text = KUBECONFIG % (CANARY, "token: x")
    answer = await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text, "context": "good"})
    page = answer.content.decode()
    assert answer.status_code == 422
    top, _, rest = page.partition("Found on this machine")
    assert "refuses the connection" in top
    assert CANARY in rest
    assert 'value="good"' in rest
    assert 'hx-post="/clusters/connect/"' in rest, "the form below connects, wherever it is shown"
    for address in ("/clusters/connect/paste/", "/clusters/connect/take/"):
        assert (await as_ada.get(address))["Location"].startswith("/clusters/connect/")


async def test_a_context_whose_user_is_not_there_is_not_tried_as_nobody(as_ada: AsyncClient) -> None:
    text = KUBECONFIG.replace("cluster: c, user: e", "cluster: c, user: gone") % (CANARY, "token: x")
    page = (await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text})).content.decode()
    assert "It names a user that is not in this kubeconfig." in page
    assert 'value="evil"' not in page


async def test_a_real_cluster_is_connected_by_what_was_pasted(as_ada: AsyncClient, kubeconfig: Path) -> None:
    text = await asyncio.to_thread(kubeconfig.read_text)
    page = (await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text})).content.decode()
    context = page.split('name="context" value="')[1].split('"')[0]
    answer = await as_ada.post("/clusters/connect/paste/", {"kubeconfig": text, "context": context})
    assert answer.status_code == 302
    one = await Cluster.objects.aget()
    assert (one.platform, one.driver) == ("kubernetes", "kubernetes")
    assert await asyncio.to_thread(read_secret, one) != {}


@pytest.fixture
def service_account(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files and the environment of a pod, with a real token of a service account of the real cluster."""

    def kubectl(*arguments: str) -> str:
        done = subprocess.run(["kubectl", *arguments], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    name = f"accounts-{os.getpid()}"
    kubectl("create", "serviceaccount", name, "-n", "default")
    try:
        kubectl("create", "clusterrolebinding", name, "--clusterrole=view", f"--serviceaccount=default:{name}")
        config = json.loads(kubectl("config", "view", "--raw", "--flatten", "--minify", "-o", "json"))
        cluster = config["clusters"][0]["cluster"]
        (tmp_path / "token").write_text(kubectl("create", "token", name, "-n", "default", "--duration=1h"))
        (tmp_path / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
        server = urlsplit(cluster["server"])
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
        monkeypatch.setattr(pod_files, "SERVICE_ACCOUNT", tmp_path)
        monkeypatch.setattr(found_kubeconfig, "SERVICE_ACCOUNT", tmp_path)
        yield tmp_path
    finally:
        kubectl("delete", "clusterrolebinding", name, "--ignore-not-found")
        kubectl("delete", "serviceaccount", name, "-n", "default", "--ignore-not-found")


async def test_the_cluster_that_we_run_in_is_offered_and_connected_with_our_pods_account(
    as_ada: AsyncClient, service_account: Path
) -> None:
    page = (await as_ada.get("/clusters/connect/")).content.decode()
    offer = page.split("the cluster Pilothouse runs in")[1]
    key = offer.split('name="offer" value="')[1].split('"')[0]
    assert (await as_ada.post("/clusters/connect/take/", {"offer": key})).status_code == 302
    one = await Cluster.objects.aget()
    assert (one.platform, one.settings["in_cluster"], bytes(one.secret)) == ("kubernetes", True, b"")
    store = engine.supervisor.connections[one.pk].stores["deployment"]
    with engine.supervisor.connections[one.pk].wanted("deployment"):
        for _ in range(100):
            if store.listed:
                break
            await asyncio.sleep(0.05)
    assert store.listed, store.trouble
    settings = await as_ada.get(f"/clusters/{one.slug}/edit/")
    assert b"with the account of its own pod" in settings.content
    saved = await as_ada.post(f"/clusters/{one.slug}/edit/", {"name": "Ours", "colour": "green"})
    assert saved.status_code == 302
    await one.arefresh_from_db()
    assert (one.name, one.settings["in_cluster"]) == ("Ours", True)


async def test_with_a_token_that_is_not_believed_the_cluster_that_we_run_in_says_so(
    as_ada: AsyncClient, service_account: Path
) -> None:
    (service_account / "token").write_text("not.a.token")
    page = (await as_ada.get("/clusters/connect/")).content.decode()
    key = page.split("the cluster Pilothouse runs in")[1].split('name="offer" value="')[1].split('"')[0]
    answer = await as_ada.post("/clusters/connect/take/", {"offer": key})
    assert answer.status_code == 422
    assert b"does not know who we are" in answer.content
    assert not await Cluster.objects.aexists()
