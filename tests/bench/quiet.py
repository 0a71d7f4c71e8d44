"""Nobody looks: what is asked of the clusters then? Everything goes through proxies that keep each request's line."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench import world
from tests.bench.figures import Figure, LeftOut, at_most, count
from tests.bench.kube import api
from tests.bench.recorder import Recorder

ONE_CONTAINER = re.compile(r"/containers/[0-9a-f]{64}/json")
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
        things.enter_context(world.server(**clusters))
        time.sleep(SETTLE)
        for recorder in recorders.values():
            recorder.requests.clear()
            recorder.events = 0
        time.sleep(LISTEN)
        for name, recorder in recorders.items():
            other = _unasked(recorder)
            yield at_most(f"nobody looks, {LISTEN} s: calls to {name} beside streams", len(other), 0, count)
            for line in sorted(set(other)):
                yield Figure(what=f"  {line[:60]}", measured="asked")


def _unasked(recorder: Recorder) -> list[str]:
    """What is neither a stream nor the one look at a container that each of the engine's events asks for."""
    calls = [line for line in recorder.requests if "/events" not in line and "watch=1" not in line]
    looks = [line for line in calls if ONE_CONTAINER.search(line)]
    return [line for line in calls if line not in looks] + looks[recorder.events :]
