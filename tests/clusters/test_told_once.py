"""What several connections tell of, or an engine beside what keeps it, runs once: in counts and in roll-outs."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters.access import Actor
from clusters.errors import Unreachable
from clusters.gateway import Gateway
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.swarm.service import SERVICE
from clusters.kinds.swarm.service_model import Service
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.contact import Contact
from clusters.live.resource import Listed
from clusters.live.store import Store
from clusters.models import Registry
from clusters.registries import where
from clusters.ship.uses import uses_of

IMAGE = "registry.example/shop/web:2"
ADA = Actor(1, "ada")
KINDS = {one.name: one for one in (CONTAINER, SERVICE, POD)}


def container(uid: str, **labels: str) -> Container:
    """One that runs."""
    one = {"Id": uid, "Name": f"/{uid}", "Config": {"Image": IMAGE, "Labels": labels}, "State": {"Status": "running"}}
    return msgspec.convert(one, Container, strict=False)


def service() -> Service:
    one = {"ID": "s1", "Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": IMAGE}}}}
    return msgspec.convert({**one, "ServiceStatus": {"RunningTasks": 2, "DesiredTasks": 2}}, Service, strict=False)


def pod() -> Pod:
    status = {"containerStatuses": [{"name": "web", "state": {"running": {}}}]}
    spec = {"containers": [{"name": "web", "image": IMAGE}]}
    return msgspec.convert({"metadata": {"name": "w", "uid": "p1"}, "spec": spec, "status": status}, Pod, strict=False)


def connected(number: int, **told: list[Any]) -> Connection:
    """One that told of these."""
    stores = {}
    for name, resources in told.items():
        kind = KINDS[name.replace("_", "-")]
        stores[kind.name] = Store(number, kind)
        stores[kind.name].apply(Listed(resources))
    contact = Contact()
    contact.hear(time.time())
    cluster = ClusterInfo(number, f"Engine {number}", f"engine-{number}", "docker", "swarm")
    return cast(Connection, SimpleNamespace(cluster=cluster, stores=stores, contact=contact))


def gateway(*connections: Connection) -> Gateway:
    """Everybody sees everything."""
    by_number = {one.cluster.id: one for one in connections}

    def visible(actor: Actor, number: int, kind: str) -> list[Any]:
        store = by_number[number].stores.get(kind)
        return list(store.resources.values()) if store else []

    return cast(Gateway, SimpleNamespace(visible=visible))


def counted(*connections: Connection) -> list[tuple[str, str, int]]:
    registry = Registry(host="registry.example")
    found = where.find(gateway(*connections), ADA, connections, registry, "shop/web")
    assert not found.more
    return [(one.row.cluster.name, one.row.kind.name, one.copies) for one in found.runs]


def used(*connections: Connection) -> list[tuple[str, str]]:
    return [
        (one.row.cluster.name, one.row.kind.name) for one in uses_of(gateway(*connections), ADA, connections, IMAGE)
    ]


def test_a_service_that_two_managers_tell_of_is_there_once_by_the_one_that_is_heard() -> None:
    first, second = connected(1, swarm_service=[service()]), connected(2, swarm_service=[service()])
    assert used(first, second) == [("Engine 1", "swarm-service")]
    first.contact.lose(Unreachable("It does not answer."))
    assert used(first, second) == [("Engine 2", "swarm-service")]
    assert counted(first, second) == [("Engine 2", "swarm-service", 2)]


def test_the_copies_of_a_service_on_a_connected_worker_are_not_told_again() -> None:
    labels = {"com.docker.swarm.task.id": "t1", "com.docker.swarm.service.id": "s1"}
    worker = connected(1, container=[container("c1", **labels), container("c2")])
    manager = connected(2, swarm_service=[service()])
    assert counted(worker, manager) == [("Engine 1", "container", 1), ("Engine 2", "swarm-service", 2)]
    assert used(worker, manager) == [("Engine 1", "container"), ("Engine 2", "swarm-service")]
    assert counted(worker) == [("Engine 1", "container", 1)] * 2, "nothing else tells of the copy then"


def test_the_containers_of_a_pod_are_told_with_it() -> None:
    engine = connected(1, container=[container("c1", **{"io.kubernetes.pod.uid": "p1"})])
    assert counted(engine, connected(2, pod=[pod()])) == [("Engine 2", "pod", 1)]
    assert used(engine) == []


def test_who_runs_a_content_is_told_once_for_each_of_several() -> None:
    digest, other = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
    running = {"containerStatuses": [{"name": "web", "imageID": f"registry.example/shop/web@{digest}"}]}
    one = msgspec.structs.replace(pod(), status=msgspec.convert(running, type(pod().status), strict=False))
    engine = connected(1, container=[msgspec.structs.replace(container("c1"), image_id=other)])
    connections = (connected(2, pod=[one]), connected(3, pod=[one]), engine)
    found = where.users(gateway(*connections), ADA, connections, [{digest}, {other, digest}, set()])
    assert [sorted(row.cluster.id for row in rows) for rows in found] == [[2], [1, 2], []]


def test_that_not_all_were_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, "MOST", 1)
    one = connected(1, container=[container("c1"), container("c2")])
    found = where.find(gateway(one), ADA, [one], Registry(host="registry.example"), "shop/web")
    assert (len(found.runs), found.more) == (1, True)
