"""What a real engine and a real cluster accept as names, labels, notes and lines is text in every tab."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator

import docker
import pytest
from playwright.sync_api import Page, expect

from tests.attacks.hostile import LINES, SCRIPTS
from tests.attacks.inert import careful, unharmed  # noqa: F401
from tests.real import find_docker_socket, find_kubeconfig
from tests.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def hostile_container() -> Iterator[str]:
    """A real container with every hostile word that the engine accepts."""
    client = docker.DockerClient(base_url=f"unix://{find_docker_socket()}")
    labels = {text: text for text in SCRIPTS} | {"pilothouse.test": "1"}
    lines = json.dumps("\n".join(LINES).replace("\x00", ""))
    made = client.containers.run(
        "busybox:latest", ["sh", "-c", f"printf '%b\\n' {lines!r}; echo '{SCRIPTS[1].replace(chr(39), chr(34))}'; sleep 300"],
        detach=True, name=f"pilothouse-hostile-{time.time_ns() % 10**8}", labels=labels, init=True,
        environment=[f"A{number}={text}" for number, text in enumerate(SCRIPTS)],
    )  # fmt: skip
    yield str(made.name)
    made.remove(force=True)
    client.close()


@pytest.mark.docker
@pytest.mark.kubernetes
def test_a_real_engine_with_hostile_labels_and_lines(
    real_server: Server, careful: Callable[[Server], Page], hostile_container: str
) -> None:
    page = careful(real_server)
    page.goto(f"/list/container/?q={hostile_container}")
    page.locator("live-table .rows").get_by_role("link", name=hostile_container).click()
    for panel, shown in (("overview", SCRIPTS[0]), ("logs", "onload=__p=1"), ("raw", "</script>")):
        page.goto(f"{page.url.partition('?')[0]}?panel={panel}")
        expect(page.locator("#panel")).to_contain_text(shown)
        unharmed(page)


@pytest.fixture
def hostile_pod() -> Iterator[str]:
    """A pod of a real cluster, and an event about it, as hostile as the cluster lets them be."""
    name = f"pilothouse-hostile-{time.time_ns() % 10**8}"
    kubectl = ["kubectl", "--kubeconfig", str(find_kubeconfig()), "-n", "default"]
    notes = {f"pilothouse.test/a{number}": text for number, text in enumerate(SCRIPTS)}
    about = {"kind": "Pod", "namespace": "default", "name": name, "apiVersion": "v1"}
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"pilothouse.test": "1"}, "annotations": notes},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{
            "name": "main", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", f"echo '{LINES[1]}'; sleep 300"], "env": [{"name": "A", "value": SCRIPTS[0]}],
        }]},
    }  # fmt: skip
    subprocess.run([*kubectl, "apply", "-f", "-"], input=json.dumps(pod), text=True, check=True, capture_output=True)
    uid = subprocess.run(
        [*kubectl, "get", "pod", name, "-o", "jsonpath={.metadata.uid}"], text=True, check=True, capture_output=True
    ).stdout
    event = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.1"}, "involvedObject": about | {"uid": uid},
        "reason": "<img src=x onerror=__p=1>", "message": " ".join(SCRIPTS), "type": "Warning",
        "firstTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "source": {"component": SCRIPTS[0]},
    }  # fmt: skip
    subprocess.run([*kubectl, "create", "-f", "-"], input=json.dumps(event), text=True, check=True, capture_output=True)
    condition = {
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Hostile", "message": SCRIPTS[0]}]}
    }
    subprocess.run(
        [*kubectl, "patch", "pod", name, "--subresource=status", "-p", json.dumps(condition)],
        check=True,
        capture_output=True,
    )
    yield name
    subprocess.run([*kubectl, "delete", "pod", name, "--wait=false"], check=False, capture_output=True)


@pytest.mark.docker
@pytest.mark.kubernetes
def test_a_real_cluster_with_hostile_annotations_and_events(
    real_server: Server, careful: Callable[[Server], Page], hostile_pod: str
) -> None:
    page = careful(real_server)
    page.goto(f"/list/pod/?q={hostile_pod}")
    page.locator("live-table .rows").get_by_role("link", name=hostile_pod).click()
    for panel, shown in (
        ("overview", "A"),
        ("events", "onerror=__p=1"),
        ("conditions", "Ready"),
        ("yaml", "onerror=__p=1"),
        ("logs", "onerror=__p=1"),
    ):
        page.goto(f"{page.url.partition('?')[0]}?panel={panel}")
        expect(page.locator("#panel")).to_contain_text(shown)
        unharmed(page)
