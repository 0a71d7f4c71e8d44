"""The same build through our code and by the docker program: how much longer ours takes.

The program is ``docker compose build``, which brings its own way to speak to BuildKit; both
build eight steps that nobody has cached, in turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from tests.bench import world
from tests.bench.figures import Figure, LeftOut, at_most, percent

if TYPE_CHECKING:
    from clusters.drivers.docker import DockerDriver

TIMES = 7
COMPOSE = (
    "services:\n  one:\n    image: pilothouse-bench/program\n    build:\n      context: .\n      provenance: false\n"
)


class _Silent:
    def say(self, text: str, level: str = "info") -> None:
        """Nobody listens."""

    def progress(self, slot: str, text: str) -> None:
        """Nobody listens."""


def measure() -> Iterator[Figure]:
    """The median of ours over the median of the program's."""
    socket = world.docker_socket()
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        raise LeftOut("there is no docker compose")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    call_command("migrate", verbosity=0)  # a build looks for the sign-ins of its registries
    ours, theirs = asyncio.run(_in_turns(socket))
    share = statistics.median(ours) / statistics.median(theirs) - 1
    yield at_most("a build's time over that of docker compose build", share, 0.05, percent)


async def _in_turns(socket: str) -> tuple[list[float], list[float]]:
    from tests.clusters.docker_engine import unix

    driver = unix(socket)
    ours, theirs = [], []
    for _ in range(TIMES):
        ours.append(await _ours(driver))
        theirs.append(await asyncio.to_thread(_program, socket))
        _forget(socket)  # the next one takes the name, and would leave it without
    await driver.close()
    return ours, theirs


def _forget(socket: str) -> None:
    names = ["pilothouse-bench/ours", "pilothouse-bench/program"]
    command = ["docker", "-H", f"unix://{socket}", "image", "rm", "--force", *names]
    subprocess.run(command, capture_output=True, check=False)


def _dockerfile() -> str:
    nonce = secrets.token_hex(6)
    return "FROM busybox:latest\n" + "".join(f"RUN echo {nonce} {number} && seq 1 500\n" for number in range(8))


async def _ours(driver: DockerDriver) -> float:
    from clusters.build.context import Alone
    from clusters.build.dockerfile import read_dockerfile
    from clusters.build.form import read_form
    from clusters.build.graph import Graph
    from clusters.build.work import build_image

    form = read_form({"tag": "pilothouse-bench/ours"}, _dockerfile())
    began = time.perf_counter()
    await build_image(driver, form, Alone(form.dockerfile), Graph(read_dockerfile(form.dockerfile)), _Silent())
    return time.perf_counter() - began


def _program(socket: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(_dockerfile())
        Path(folder, "compose.yaml").write_text(COMPOSE)
        began = time.perf_counter()
        subprocess.run(
            ["docker", "-H", f"unix://{socket}", "compose", "--progress", "plain", "build"],
            cwd=folder,
            capture_output=True,
            check=True,
        )
        return time.perf_counter() - began
