"""Fifty containers whose usage somebody watches: what it costs the server, in a list and on the page of a project."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench import world
from tests.bench.containers import Engine
from tests.bench.figures import Figure, at_most, percent
from tests.server import Server

CONTAINERS = 50
SETTLE, MEASURE = 10.0, 20.0  # seconds


def measure() -> Iterator[Figure]:
    """In a list each is sampled every five seconds, with its project's page open every second."""
    engine, project = Engine(world.docker_socket()), f"bench{secrets.token_hex(3)}"
    labels = {"com.docker.compose.project": project}
    with ExitStack() as things:
        for number in range(CONTAINERS):
            service = {"com.docker.compose.service": f"s{number}"}
            things.enter_context(engine.container(Labels=labels | service, HostConfig={"NetworkMode": "none"}))
        server = things.enter_context(world.server(box=world.docker()))
        window = things.enter_context(world.window())
        for what, address in (
            ("in a list", f"/list/container/?q={project}"),
            ("on the page of their project, each second", f"/clusters/box/project/{project}/"),
        ):
            tab = window.tab(server, address)
            time.sleep(SETTLE)
            spent = _processor(server)
            yield at_most(f"usage of {CONTAINERS} containers watched {what}: of a core", spent, 0.10, percent)
            tab.context.close()


def _processor(server: Server) -> float:
    before = server.processor_seconds()
    time.sleep(MEASURE)
    return (server.processor_seconds() - before) / MEASURE
