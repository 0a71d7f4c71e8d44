"""A real container, converted: well on a real cluster of Kubernetes and on a real Swarm, as the programs take it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from clusters.drivers.docker import DockerDriver
from clusters.kinds.docker.origin import load_origin
from clusters.ship.app import App, part_of
from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import stack
from tests.clusters.apply_real import OneCluster, cluster, do, kept  # noqa: F401
from tests.clusters.docker_engine import a_name, made, unix
from tests.clusters.real_cluster import driver, kubectl, namespace  # noqa: F401
from tests.real import find_swarm_manager

pytestmark = [pytest.mark.docker, pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
SERVE = "trap exit TERM; mkdir -p /www; echo $COLOUR > /www/up; httpd -p 8080 -h /www; while true; do sleep 1; done"
CHECK = {"Test": ["CMD-SHELL", "wget -q -O - http://127.0.0.1:8080/up"], "Interval": 10**9, "Timeout": 2 * 10**9}
HOST = {
    "Memory": 64 << 20,
    "NanoCpus": 500_000_000,
    "Mounts": [{"Type": "volume", "Target": "/data"}],
    "Tmpfs": {"/run": "size=1m"},
    "ExtraHosts": ["db.test:10.0.0.5"],
    "RestartPolicy": {"Name": "unless-stopped"},
}
ENV = ["COLOUR=dark $green", "DB_PASSWORD=hunter2"]


@pytest_asyncio.fixture
async def app(docker_socket: str) -> AsyncIterator[App]:
    engine: DockerDriver = unix(docker_socket)
    body = {
        "Image": "busybox:1.35",
        "Env": ENV,
        "Healthcheck": CHECK,
        "HostConfig": HOST,
        "ExposedPorts": {"8080/tcp": {}},
    }
    async with made(engine, ("sh", "-c", SERVE), **body) as one:
        yield App(name=one.name, parts=[part_of(await load_origin(engine, one))])
    await engine.close()


async def test_kubernetes_runs_it_with_its_check_its_secret_and_its_limits(
    app: App,
    cluster: OneCluster,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    secret = app.secrets[0]
    done = await do(cluster, manifests(app, {secret.key: secret.value}).text, namespace=namespace)
    assert [one.state for one in done.results] == ["done"] * 3, [one.words for one in done.results]
    rollout = ["kubectl", "rollout", "status", f"deployment/{app.name}", "-n", namespace, "--timeout=60s"]
    subprocess.run(rollout, check=True, capture_output=True)
    pod = kubectl("get", "pods", "-n", namespace)["items"][0]
    assert pod["status"]["containerStatuses"][0]["ready"]
    ask = "cat /www/up; echo $DB_PASSWORD; grep db.test /etc/hosts; ls -d /data; env | grep -c _SERVICE_HOST"
    said = subprocess.run(
        ["kubectl", "exec", "-n", namespace, pod["metadata"]["name"], "--", "sh", "-c", ask],
        capture_output=True,
        text=True,
    ).stdout
    assert said.split() == ["dark", "$green", "hunter2", "10.0.0.5", "db.test", "/data", "1"]


def test_a_swarm_runs_it_as_its_stack(app: App) -> None:
    name = a_name()
    text = stack(app).text
    service = f"{name}_{next(iter(yaml.safe_load(text)['services']))}"
    manager = {**os.environ, "DOCKER_HOST": f"unix://{find_swarm_manager()}", "DB_PASSWORD": "hunter2"}

    def docker(*words: str, given: str | None = None) -> str:
        ran = subprocess.run(["docker", *words], env=manager, input=given, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    try:
        docker("stack", "deploy", "--detach=true", "--compose-file", "-", name, given=text)
        ends = time.monotonic() + 60
        while "Running" not in (states := docker("service", "ps", "--format", "{{.CurrentState}}", service)):
            assert time.monotonic() < ends, states
            time.sleep(0.3)
        spec = docker("service", "inspect", "--format", "{{json .Spec.TaskTemplate}}", service)
        assert "dark $green" in spec
        assert "DB_PASSWORD=hunter2" in spec
    finally:
        docker("stack", "rm", name)


def test_a_stack_asks_for_a_value_that_is_not_there(app: App) -> None:
    without = {name: value for name, value in os.environ.items() if name != "DB_PASSWORD"}
    words = ["docker", "stack", "config", "--compose-file", "-"]
    ran = subprocess.run(words, env=without, input=stack(app).text, capture_output=True, text=True, cwd=Path("/"))
    assert ran.returncode
    assert "DB_PASSWORD" in ran.stderr
