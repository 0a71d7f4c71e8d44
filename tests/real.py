"""The real things of this machine that tests use: each is found, or the test skips with the reason, or fails when required."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from clusters.compose.program import find_program

REQUIRED = {name.strip() for name in os.environ.get("PILOTHOUSE_REQUIRE", "").split(",") if name.strip()}


def need(name: str, there: bool, how: str) -> None:
    """Go on when it is there."""
    if not there:
        (pytest.fail if name in REQUIRED else pytest.skip)(f"no {name}: {how}")


def listens(address: str | Path | tuple[str, int]) -> bool:
    """Whether anybody takes connections there: a socket file may outlive the program that made it."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    with socket.socket(family) as line:
        line.settimeout(2)
        return line.connect_ex(str(address) if isinstance(address, Path) else address) == 0


def find_docker_socket() -> str:
    """The path of a real engine's socket."""
    path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    need("docker", listens(path), f"nothing listens at {path}")
    return path


def find_old_docker_socket() -> str:
    """The path of the socket of a Docker 20.10."""
    path = os.environ.get("PILOTHOUSE_OLD_DOCKER", "")
    need("docker-old", bool(path) and listens(path), "set PILOTHOUSE_OLD_DOCKER to the socket of a Docker 20.10")
    return path


def find_swarm_manager() -> str:
    """The path of the socket of an engine that manages a Swarm."""
    path = find_docker_socket()
    need("swarm", _swarm_of(path).get("ControlAvailable") is True, f"the engine at {path} manages no Swarm")
    return path


def find_swarm_worker() -> str:
    """The path of the socket of an engine that works in a Swarm of others."""
    path = str(Path(os.environ.get("TESTBED_RUN", "/nowhere")) / "docker-3.sock")
    works = listens(path) and _swarm_of(path).get("LocalNodeState") == "active"
    need("swarm", works, "start the part “swarm” of the testbed")
    return path


def _swarm_of(path: str) -> dict[str, Any]:
    """What an engine says of its part in a Swarm."""
    line = HTTPConnection("docker", timeout=5)
    line.sock = socket.socket(socket.AF_UNIX)
    line.sock.connect(path)
    line.request("GET", "/info")
    found: dict[str, Any] = json.loads(line.getresponse().read()).get("Swarm") or {}
    line.close()
    return found


def find_compose() -> str:
    """The path of the program that deploys Compose projects."""
    found = asyncio.run(find_program())
    need("compose", not found.why_not, f"{found.why_not} {found.install}")
    return found.path


def find_kubeconfig() -> Path:
    """A kubeconfig whose current context may do everything on a real cluster."""
    path = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    need("kubernetes", path.is_file(), f"{path} is not a file")
    return path
