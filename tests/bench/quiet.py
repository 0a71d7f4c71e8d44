"""Nobody looks: what is asked of the clusters then? Everything goes through proxies that keep each request's line.

Somebody looked at Home before, because an open Home lets usage be measured: closing it must end that.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.bench import world
from tests.bench.figures import Figure, LeftOut, at_most, count
from tests.bench.kube import api
from tests.bench.recorder import Recorder
from tests.server import Server

ONE_CONTAINER = re.compile(r"/containers/[0-9a-f]{64}/json")
USAGE = re.compile(r"/stats|metrics\.k8s\.io")
HOME = 30  # seconds
SETTLE, LISTEN = 10, 75  # seconds: longer than the minute after which a list is checked while somebody looks


def measure() -> Iterator[Figure]:
    """Every request that is no event stream and no watch, in a while without a tab."""
    with ExitStack() as things:
        recorders: dict[str, Recorder] = {}
        try:
            path = Path(things.enter_context(tempfile.TemporaryDirectory())) / "engine.sock"
            recorders["Docker"] = things.enter_context(Recorder(f"unix://{world.docker_socket()}", path))
        except LeftOut as why:
            yield Figure(what="nobody looks: Docker", measured="left out", target=str(why))
        try:
            cluster = api(world.kubeconfig())
            recorders["Kubernetes"] = things.enter_context(Recorder(cluster.server, tls=cluster.context))
        except LeftOut as why:
            yield Figure(what="nobody looks: Kubernetes", measured="left out", target=str(why))
        connect = {"Docker": lambda at: world.docker(at), "Kubernetes": lambda at: world.kubernetes(at)}
        clusters = {name.lower(): connect[name](recorder.address) for name, recorder in recorders.items()}
        server = things.enter_context(world.server(**clusters))
        time.sleep(SETTLE)
        yield from _with_home_open(server, recorders)
        time.sleep(SETTLE)
        _forget(recorders)
        time.sleep(LISTEN)
        for name, recorder in recorders.items():
            other = _unasked(recorder)
            yield at_most(f"nobody looks, {LISTEN} s: calls to {name} beside streams", len(other), 0, count)
            for line in sorted(set(other)):
                yield Figure(what=f"  {line[:60]}", measured="asked")


def _with_home_open(server: Server, recorders: Mapping[str, Recorder]) -> Iterator[Figure]:
    """What one open Home asks for, counted; it is measured at all."""
    with world.window() as window:
        tab = window.tab(server, "/")
        tab.locator("#number-cpu .value").filter(has_text="%").wait_for()
        _forget(recorders)
        time.sleep(HOME)
        for name, recorder in recorders.items():
            usage = [line for line in recorder.requests if USAGE.search(line)]
            yield Figure(what=f"Home open, {HOME} s: calls to {name} for usage", measured=count(len(usage)))


def _forget(recorders: Mapping[str, Recorder]) -> None:
    for recorder in recorders.values():
        recorder.requests.clear()
        recorder.events = 0


def _unasked(recorder: Recorder) -> list[str]:
    """What is neither a stream nor the one look at a container that each of the engine's events asks for."""
    calls = [line for line in recorder.requests if "/events" not in line and "watch=1" not in line]
    looks = [line for line in calls if ONE_CONTAINER.search(line)]
    return [line for line in calls if line not in looks] + looks[recorder.events :]
