"""What makes a container again: the line and the Compose file, taken at their word by the programs themselves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from clusters.drivers.docker import DockerDriver
from clusters.kinds.docker.container_again import again, compose_file
from clusters.kinds.docker.container_inside import changes, processes
from clusters.kinds.docker.origin import load_origin
from clusters.kinds.docker.run_read import read_form
from tests.clusters.docker_engine import made, unix


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


@pytest.mark.docker
async def test_secrets_are_hidden_unless_they_are_asked_for(driver: DockerDriver) -> None:
    async with made(driver, Env=["DB_PASSWORD=hunter2", "SECRET_TEXT=one\ntwo"]) as one:
        origin = await load_origin(driver, one)
        hidden, shown = again(origin, hidden=True), again(origin, hidden=False)
        assert "hunter2" not in str(hidden)
        assert "two" not in str(hidden)
        assert hidden["hidden"]
        assert "DB_PASSWORD=hunter2" in shown["line"]
        assert "DB_PASSWORD=hunter2" in shown["compose"]
        assert not shown["hidden"]


def test_a_compose_file_is_what_compose_understands() -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker program")
    form = read_form(
        {
            "image": "busybox:latest",
            "name": "web",
            "command": "sh -c 'echo $HOME; sleep 1000'",
            "entrypoint": "",
            "ports": "127.0.0.1:8080:80\n53:53/udp",
            "environment": "PRICE=5$\nNO=no\nNUMBER=012",
            "volumes": "data:/data:ro\n/srv:/srv",
            "tmpfs": "/run:size=64m",
            "networks": "front web www\nback",
            "restart": "on-failure",
            "retries": 3,
            "memory": "64m",
            "cpus": "0.5",
            "health_command": "test -d /data",
            "health_interval": "30s",
            "stop_timeout": 3,
            "labels": "colour=dark green",
            "log_driver": "json-file",
            "log_options": "max-size=10m",
            "cap_drop": "ALL",
            "devices": "/dev/null",
        }
    )
    done = subprocess.run(
        ["docker", "compose", "--file", "-", "config", "--format", "json"],
        input=compose_file(form),
        text=True,
        capture_output=True,
        check=False,
    )
    if "compose" in done.stderr and "not a docker command" in done.stderr:
        pytest.skip("no compose")
    assert done.returncode == 0, done.stderr
    import json

    service = json.loads(done.stdout)["services"]["web"]
    assert service["command"] == ["sh", "-c", "echo $$HOME; sleep 1000"]
    assert service["environment"] == {"PRICE": "5$$", "NO": "no", "NUMBER": "012"}
    assert service["networks"]["front"]["aliases"] == ["web", "www"]
    assert service["mem_limit"] == str(64 << 20)
    assert service["cpus"] == 0.5
    assert service["restart"] == "on-failure:3"
    assert service["stop_grace_period"] == "3s"
    assert {one["published"] for one in service["ports"]} == {"8080", "53"}


def test_folders_that_changed_only_for_what_is_in_them_are_left_out() -> None:
    found = [
        {"Path": "/a", "Kind": 0},
        {"Path": "/a-b", "Kind": 1},
        {"Path": "/a/b", "Kind": 0},
        {"Path": "/a/b/c", "Kind": 1},
        {"Path": "/gone", "Kind": 2},
    ]
    assert [(one["path"], one["what"]) for one in changes(found)] == [
        ("/a-b", "added"),
        ("/a/b/c", "added"),
        ("/gone", "removed"),
    ]
    assert changes(None) == []


def test_passwords_on_command_lines_of_processes_are_hidden() -> None:
    found = {"Titles": ["PID", "COMMAND"], "Processes": [["1", "app --password hunter2 --port 80"]]}
    shown = processes(found)
    assert "hunter2" not in str(shown)
    assert "--port 80" in shown["rows"][0][1]
    assert processes(None)["rows"] == []
