"""The same with the pods of the connected cluster, when it has enough of them to mean something."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import world
from tests.bench.figures import Figure, LeftOut
from tests.bench.kube import api
from tests.bench.many_pods import over

ENOUGH = 5_000


def measure() -> Iterator[Figure]:
    """Left out when the cluster is small."""
    path = world.kubeconfig()
    cluster = api(path)
    first = cluster.send("GET", "/api/v1/pods?limit=1")
    pods = 1 + first["metadata"].get("remainingItemCount", 0)
    if pods < ENOUGH:
        raise LeftOut(f"the cluster has {pods} pods; {ENOUGH:,} are needed")
    yield from over("real", cluster, path.read_text(), lambda plain: 1.2 * plain)
