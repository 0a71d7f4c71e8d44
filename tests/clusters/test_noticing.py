"""A service that selects nothing is found while nobody looks at services: soon, cheaply, and only when it lasts."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from clusters.errors import Refused
from clusters.kinds import KINDS
from clusters.kinds.base import Level
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.selecting_nothing import SELECTS_NOTHING
from clusters.kinds.kubernetes.service_model import Service
from clusters.live import noticer
from clusters.live.noticer import Noticer
from clusters.live.resource import Broken, Changed, Listed
from clusters.live.store import Store
from clusters.triage.engine import find
from clusters.triage.symptoms import Heard
from tests.clusters.docker_things import until

OLD = "2026-01-01T00:00:00Z"


def _made(model: Any, name: str, namespace: str = "shop", labels: Any = None, **rest: Any) -> Any:
    meta = {"name": name, "namespace": namespace, "uid": f"{namespace}-{name}", "creationTimestamp": OLD}
    meta["resourceVersion"] = f"{rest}"
    return msgspec.convert({"metadata": {**meta, "labels": labels or {}}, **rest}, model)


def service(name: str, app: str = "", **spec: Any) -> Any:
    return _made(Service, name, spec={"selector": {"app": app or name}, "ports": [{"port": 80}], **spec})


def pod(name: str, app: str, phase: str = "Running", namespace: str = "shop", beat: int = 0) -> Any:
    status = {"phase": phase, "message": str(beat)}
    return _made(Pod, name, namespace, {"app": app}, status=status)


def deployment(name: str, replicas: int) -> Any:
    return _made(Deployment, name, spec={"replicas": replicas, "selector": {"matchLabels": {"app": name}}})


class Scene:
    """The stores of a cluster, and who notices."""

    def __init__(self) -> None:
        self.stores = {kind.name: Store(1, kind) for kind in KINDS["kubernetes"]}
        self.told = Store(1, self.stores["service"].kind)
        self.noticer = Noticer(self.told, self.stores, SELECTS_NOTHING)
        self.looks = 0
        looked = self.noticer._find

        async def counted() -> Any:
            self.looks += 1
            return await looked()

        self.noticer._find = counted  # type: ignore[method-assign]

    def hear(self, services: Any = (), pods: Any = (), deployments: Any = ()) -> None:
        self.told.apply(Listed(list(services)))
        self.stores["pod"].apply(Listed(list(pods)))
        self.stores["deployment"].apply(Listed(list(deployments)))
        self.stores["stateful-set"].apply(Listed([]))

    @property
    def found(self) -> list[str]:
        return sorted(one.name for one in self.noticer.found.resources.values())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundredths of the seconds."""
    for name, value in (("SOON", 0.0), ("PACE", 0.03), ("LASTS", 0.1)):
        monkeypatch.setattr(noticer, name, value)


async def test_what_selects_nothing_for_a_while_is_found_and_is_over_when_it_answers(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    scene.hear([service("web", "wbe"), service("cart")], [pod("a", "web"), pod("b", "cart")])
    await asyncio.sleep(0.06)
    assert scene.looks
    assert scene.found == []  # an address is often made before what answers on it
    await until(lambda: scene.found == ["web"])
    (one,) = scene.noticer.found.resources.values()
    assert "The nearest: a has app=web." in scene.noticer.found.health[one.uid].reason
    scene.stores["pod"].apply(Changed([pod("c", "wbe")]))
    await until(lambda: scene.found == [])
    scene.noticer.stop()


async def test_what_is_switched_off_over_or_somebody_elses_is_no_fault_of_its_own(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    services = [
        service("off"),
        service("outside", type="ExternalName"),
        _made(Service, "given", spec={"ports": [{"port": 80}]}),
        service("ended"),
        service("elsewhere"),
    ]
    pods = [pod("x", "ended", "Succeeded"), pod("y", "elsewhere", namespace="other")]
    scene.hear(services, pods, [deployment("off", 0)])
    await until(lambda: scene.found == ["elsewhere", "ended"])
    scene.noticer.stop()


async def test_it_looks_again_only_when_something_changed_that_may_matter(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    scene.hear([service("web")], [pod("a", "web")])
    await until(lambda: scene.looks)
    await asyncio.sleep(0.1)
    before = scene.looks
    for beat in range(1, 20):  # pods report how they are all the time
        scene.stores["pod"].apply(Changed([pod("a", "web", beat=beat)]))
    await asyncio.sleep(0.1)
    assert scene.looks == before
    scene.stores["pod"].apply(Changed([pod("a", "other", beat=20)]))
    await until(lambda: scene.found == ["web"])
    scene.noticer.stop()
    assert not scene.stores["pod"]._listeners


async def test_where_something_cannot_be_seen_nothing_is_called_missing(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    scene.told.apply(Listed([service("web")]))
    scene.stores["pod"].apply(Broken(Refused("Our account may not."), 1.0))
    await asyncio.sleep(0.3)
    assert scene.found == []
    scene.hear([service("web")])
    await until(lambda: scene.found == ["web"])
    scene.noticer.stop()


async def test_where_pods_of_one_of_several_namespaces_cannot_be_seen_nothing_is_called_missing(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    scene.hear([service("web")], [pod("a", "other")])
    scene.stores["pod"].apply(Broken(Refused("Our account may not."), 1.0))
    await asyncio.sleep(0.3)
    assert (scene.looks, scene.found) == (1, [])
    scene.stores["pod"].apply(Changed([pod("b", "other")]))  # all of them can be seen again
    await until(lambda: scene.found == ["web"])
    scene.noticer.stop()


async def test_what_a_cluster_makes_for_parts_it_does_not_run_is_no_fault_unless_it_is_mistyped() -> None:
    def of_system(name: str) -> Any:
        return _made(Service, name, "kube-system", spec={"selector": {"app": name}, "ports": [{"port": 80}]})

    nothing = {"deployment": (), "stateful-set": ()}
    services = [of_system("kube-scheduler"), of_system("core-dns"), service("nightly")]
    pods = [pod("a", "core-dsn", namespace="kube-system"), pod("b", "nightly", "Succeeded")]
    found = await SELECTS_NOTHING.find(services, {"pod": pods, **nothing})
    assert [(one.name, bool(one.answers.nearest)) for one in found] == [("core-dns", True), ("nightly", False)]


def test_it_is_a_finding_for_whoever_sees_its_namespace() -> None:
    found = Store(1, KINDS["kubernetes"][[kind.name for kind in KINDS["kubernetes"]].index("service")])
    found.apply(Listed([service("web")]))
    stores = {kind.name: Store(1, kind) for kind in KINDS["kubernetes"]}
    heard = Heard(1, "Shop", "kubernetes", "live", stores, noticed=[found])
    (one,) = find([heard], {1: None}, 1_800_000_000.0, bad={})
    assert (one.title, one.level, one.kind, one.key) == ("web: nobody answers", Level.AT_RISK, "service", "shop/web")
    assert "its selector matches nothing (app=web)" in one.cause
    assert find([heard], {1: frozenset({"other"})}, 1_800_000_000.0, bad={}) == []


async def test_a_namespace_of_which_pods_are_hidden_is_left_out_and_the_others_are_told(quick: None) -> None:
    scene = Scene()
    scene.noticer.start()
    hidden = _made(Service, "dark", "data", spec={"selector": {"app": "dark"}, "ports": [{"port": 80}]})
    scene.hear([service("web"), hidden], [])
    scene.stores["pod"].apply(Broken(Refused("May not."), 30.0, frozenset({"data"})))
    await until(lambda: scene.found == ["web"])
    scene.noticer.stop()
