"""The real things of this machine that tests use: each is found, or the test skips with the reason, or fails when required."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

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


def find_kubeconfig() -> Path:
    """A kubeconfig whose current context may do everything on a real cluster."""
    path = Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    need("kubernetes", path.is_file(), f"{path} is not a file")
    return path
