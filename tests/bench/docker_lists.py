"""The lists of a host with 500 containers, 300 images and 200 volumes, each opened in a browser that was never here."""

from __future__ import annotations

import io
import secrets
import signal
import statistics
import sys
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.bench import world
from tests.bench.containers import IMAGE, Engine
from tests.bench.figures import Figure, at_most, seconds
from tests.bench.list_page import PAINTED, address_to_rows

MANY = {"container": 500, "image": 300, "volume": 200, "network": 12, "project": 20}
TIMES = 5
AT_ONCE = 8


def _image(engine: Engine, mark: str, number: int) -> str:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        entry = tarfile.TarInfo(f"{mark}-{number}")
        archive.addfile(entry, io.BytesIO(b""))
    name = f"{mark}/image:{number}"
    engine.call("POST", f"/images/create?fromSrc=-&repo={mark}/image&tag={number}", raw=held.getvalue())
    return f"/images/{name}"


def _volume(engine: Engine, mark: str, number: int) -> str:
    engine.call("POST", "/volumes/create", {"Name": f"{mark}-{number}"})
    return f"/volumes/{mark}-{number}"


def _network(engine: Engine, mark: str, number: int) -> str:
    made = engine.call("POST", "/networks/create", {"Name": f"{mark}-{number}"})
    return f"/networks/{made['Id']}"


def _container(engine: Engine, mark: str, number: int) -> str:
    """Made, not started: that is all a list needs."""
    project = f"{mark}-{number % MANY['project']}"
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": f"s{number}"}
    mount = {"Type": "volume", "Source": f"{mark}-{number % MANY['volume']}", "Target": "/data"}
    body: dict[str, Any] = {"Image": IMAGE, "Cmd": ["true"], "Labels": labels, "HostConfig": {"Mounts": [mount]}}
    made = engine.call("POST", f"/containers/create?name={mark}-{number}", body)
    return f"/containers/{made['Id']}?force=1"


@contextmanager
def crowd(engine: Engine) -> Iterator[None]:
    """All of them, removed afterwards whatever happened."""
    mark, made = f"bench-{secrets.token_hex(3)}", list[str]()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stopped from outside, it still removes what it made
    makers: tuple[tuple[str, Callable[[Engine, str, int], str]], ...] = (
        ("image", _image), ("volume", _volume), ("network", _network), ("container", _container),
    )  # fmt: skip
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for kind, make in makers:
                for address in pool.map(lambda number, make=make: make(engine, mark, number), range(MANY[kind])):  # type: ignore[misc]
                    made.append(address)
            yield
        finally:
            # Containers first: what they use cannot go before them.
            containers = [address for address in made if address.startswith("/containers/")]
            for addresses in (containers, [address for address in made if address not in containers]):
                list(pool.map(lambda address: _remove(engine, address), addresses))


def _remove(engine: Engine, address: str) -> None:
    try:
        engine.call("DELETE", address)
    except RuntimeError as error:
        print(f"left behind: {error}")


def measure() -> Iterator[Figure]:
    """Cold each time: a new browser, an empty cache, and kinds that nobody looked at just before."""
    engine = Engine(world.docker_socket())
    with crowd(engine), world.server(box=world.docker()) as server, world.window() as window:
        for kind, number in MANY.items():
            took = []
            for _ in range(TIMES):
                page = window.tab(server)
                page.add_init_script(PAINTED)
                took.append(address_to_rows(page, f"/list/{kind}/"))
                page.context.close()
            what = f"list of {number} {kind}s on a real engine, cold: address to rows, median"
            yield at_most(what, statistics.median(took), 0.5, seconds)
