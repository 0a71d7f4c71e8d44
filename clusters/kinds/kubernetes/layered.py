"""The layers of an app on Kubernetes: from its ingress down to the nodes that its pods were placed on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.node import Node
from clusters.kinds.kubernetes.owners import KIND_NAMES, LONGEST
from clusters.kinds.kubernetes.pod_crashes import crashed
from clusters.kinds.kubernetes.pod_health import NOT_READY, waiting_health
from clusters.kinds.kubernetes.pod_model import Container, ContainerStatus, Pod
from clusters.kinds.kubernetes.service_model import Service, matches
from clusters.kinds.layered import App, Layered, LayerName, Sight, Thing

ROUTES = ("http-route", "grpc-route", "tls-route", "tcp-route")
KINDS = ("service", "ingress", *ROUTES, "pod", "replica-set", "job", "node", "persistent-volume-claim")
DOCKER = "docker://"  # before the id of a container whose engine is Docker's
UNTOLD = "Cannot be told."
_EMPTY: dict[LayerName, str] = {
    "people": "Nobody from outside: only other apps in its cluster can call it.",
    "entry": "None: nothing leads to it from outside its cluster.",
    "service": "None: no service sends requests to it.",
    "workload": "Nobody keeps it: when it ends, it is not made again.",
    "copy": "No copies.",
    "container": "No containers.",
}
_RUNS = Health(Level.HEALTHY, "Running")
_KEPT_FOR_READING = ("job", "cron-job", "pod")  # kinds of which a pod that ended is still a copy


def keeps_pods(kind_name: str) -> Layered[Any]:
    """The layers of what keeps pods."""

    def tell(sight: Sight, one: Any) -> App:
        pods = sight.below(one, "pod")
        if kind_name not in _KEPT_FOR_READING:
            pods = [pod for pod in pods if pod.status.phase not in OVER]
        return _Telling(sight).app_of(kind_name, one, pods)

    return Layered(kinds=KINDS, tell=tell)


def of_pod(sight: Sight, pod: Pod) -> App:
    """The layers of one copy, below what keeps it."""
    kind_name, top = "", None
    one: Any = pod
    for _ in range(LONGEST):
        above = one.controller
        name = KIND_NAMES.get(above.kind, "") if above else ""
        found = sight.find(name, f"{pod.namespace}/{above.name}") if above and name else None
        if found is None or found.uid != above.uid:
            break
        kind_name, top, one = name, found, found
    return _Telling(sight).app_of(kind_name, top, [pod])


OF_POD: Layered[Pod] = Layered(kinds=KINDS, tell=of_pod)


@dataclass(slots=True)
class _Telling:
    """Tells of one app."""

    sight: Sight
    app: App = field(default_factory=lambda: App(titles={"copy": "Pods"}, empty=dict(_EMPTY)))
    machines: dict[str, str] = field(default_factory=dict)  # id of each node, by its name
    engines: dict[str, Thing] = field(default_factory=dict)  # what runs the containers of each, by its own word

    def app_of(self, kind_name: str, one: Any | None, pods: Sequence[Pod]) -> App:
        """Of what keeps these pods; of a pod alone where nothing keeps it."""
        app = self.app
        kept = app.add("workload", self.sight.thing(kind_name, one, _wanted(one))) if one is not None else ""
        first = one if one is not None else pods[0]
        app.lists["copy"] = ("pod", {"namespace": first.namespace, "q": first.name})
        for pod in sorted(pods, key=lambda pod: pod.name):
            self._copy(pod, kept)
        if one is not None and not pods:
            app.add_image(self.sight, _image(one), kept)
        self._above(first.namespace, _labels(one, pods), [kept] if kept else list(app.things.get("copy", ())))
        return app

    def _copy(self, pod: Pod, kept: str) -> None:
        """One pod with its containers, where it was placed, and what it keeps its data on."""
        machine = self._machine(pod.spec.node_name) if pod.spec.node_name else ""
        thing = self.sight.thing("pod", pod)
        copy = self.app.add("copy", thing, *filter(None, (kept,)), machine=machine)
        statuses = {each.name: each for each in pod.statuses}
        for asked in pod.containers:
            self._container(pod, asked, statuses.get(asked.name), thing, machine, kept or copy)
        for name in pod.claims:
            if claim := self.sight.find("persistent-volume-claim", f"{pod.namespace}/{name}"):
                self.app.add("volume", self.sight.thing("persistent-volume-claim", claim), copy)

    def _container(
        self, pod: Pod, asked: Container, one: ContainerStatus | None, copy: Thing, machine: str, kept: str
    ) -> None:
        """Where its engine is connected, too, it is that engine's container: the same thing, shown once."""
        app, same = self.app, None
        engine = self.engines.get(machine)
        if one and one.container_id.startswith(DOCKER):
            same = self.sight.elsewhere(one.container_id.removeprefix(DOCKER))
        if same is not None:
            here, engine = app.add("container", same.thing, copy.id, machine=machine), same.engine
        else:
            name, page = f"container {copy.id} {asked.name}", f"{copy.href}?panel=logs"
            state = app.told_of(machine, _state(pod, asked, one))
            said = Thing(name, asked.name, "container", "Container", f"in {pod.name}", state, page)
            here = app.add("container", said, copy.id, machine=machine)
        below = app.add("engine", engine, here, machine=machine) if engine else here
        if machine:
            app.links[below, machine] = None
        app.add_image(self.sight, asked.image, kept, same.image if same else None)

    def _machine(self, name: str) -> str:
        """Its node, with its engine; by its name alone, which the pod says, where this person may not see nodes."""
        if name in self.machines:
            return self.machines[name]
        node: Node | None = self.sight.find("node", name)
        thing = Thing(f"machine {name}", name, "server", "Node")
        if node is not None:
            thing = self.sight.thing("node", node, node.status.node_info.os_image)
        machine = self.machines[name] = self.app.add("machine", thing)
        self.app.machines[machine] = machine
        program, _, version = node.status.node_info.container_runtime_version.partition("://") if node else ("", "", "")
        if program:
            engine = Thing(f"engine {machine}", program, "cpu", "Engine", version, None, thing.href)
            self.engines[machine] = engine
        return machine

    def _above(self, inside: str, labels: Sequence[dict[str, str]], below: Sequence[str]) -> None:
        """Its services, and what leads to these from outside."""
        names: dict[str, str] = {}
        outside: list[str] = []
        for service in self.sight.all("service", inside):
            if service.selects and any(matches(service.spec.selector or {}, one) for one in labels):
                thing = self.sight.thing("service", service, _ports(service))
                names[service.name] = self.app.add("service", thing)
                self.app.links |= {(thing.id, one): None for one in below}
                outside += self._open(service, thing)
        for ingress in self.sight.all("ingress", inside) if names else ():
            leads = [route.backend.service.name for route in ingress.routes if route.backend.service]
            outside += self._entry("ingress", ingress, [names[name] for name in leads if name in names])
        for kind_name in ROUTES if names else ():
            for route in self.sight.all(kind_name):
                outside += self._entry(
                    kind_name, route, [names[name] for name in _backends(route, inside) if name in names]
                )
        self.app.add_people(outside)
        for kind_name, layer in (("ingress", "entry"), ("service", "service")):
            if why := self.sight.unseen(kind_name):
                self.app.notes.append(why)
                self.app.empty |= {layer: UNTOLD, "people": UNTOLD, "entry": UNTOLD}  # type: ignore[dict-item]

    def _entry(self, kind_name: str, one: Any, below: Sequence[str]) -> list[str]:
        if not below:
            return []
        hosts = ["any address" if host == "*" else host for host in one.hosts]
        more = f" and {len(hosts) - 2} more" if len(hosts) > 2 else ""
        thing = self.sight.thing(kind_name, one)
        words = f"{thing.what}: {', '.join(hosts[:2])}{more}"
        entry = self.app.add("entry", msgspec.structs.replace(thing, words=words))
        self.app.links |= {(entry, each): None for each in below}
        return hosts

    def _open(self, service: Service, thing: Thing) -> list[str]:
        """The addresses and ports outside that a service has by itself."""
        ways = [(where, "") for where in service.status.addresses]
        ways += [(f"port {port.node_port}", "of every node") for port in service.ports if port.node_port]
        for where, words in ways:
            entry = Thing(
                f"entry {thing.id} {where}",
                where,
                "log-in",
                "Entry point",
                words or "Outside address",
                None,
                thing.href,
            )
            self.app.links[self.app.add("entry", entry), thing.id] = None
        return [f"{where} {words}".strip() for where, words in ways]


def _backends(route: Any, inside: str) -> list[str]:
    """The services of that namespace that a route leads to."""
    ways = [way.backend for way in route.ways if way.backend and way.backend.backend.service]
    return [each.name for each in ways if (each.namespace or route.namespace) == inside]


def _wanted(one: Any) -> str:
    wanted = getattr(one.spec, "replicas", None)
    return f"{count(wanted, 'copy', 'copies')} asked for" if isinstance(wanted, int) else ""


def _image(one: Any) -> str:
    return str(getattr(getattr(one.spec, "template", None), "image", ""))


def _state(pod: Pod, asked: Container, one: ContainerStatus | None) -> Health:
    if one is None:
        return Health(Level.CHANGING, "Not made yet")
    now = time.time()
    if one.state.waiting and (said := waiting_health(asked, one, one.state.waiting, now, pod)):
        return said
    if said := crashed(asked, one, pod.spec.restart_policy, now):
        return said
    if one.state.terminated:
        return Health(Level.STOPPED, "Ended")
    if one.state.running and not one.ready:
        return Health(Level.AT_RISK, NOT_READY, "It runs, but its own check says that it cannot take work.")
    return _RUNS if one.state.running else Health(Level.CHANGING, "Starting")


def _labels(one: Any | None, pods: Sequence[Pod]) -> list[dict[str, str]]:
    """The labels of its copies, each set once; of those it would have, where it has none."""
    same = {id(labels): labels for pod in pods if (labels := pod.metadata.labels)}  # mostly one object for all of them
    found = {tuple(sorted(labels.items())): labels for labels in same.values()}
    selector = getattr(getattr(one, "spec", None), "selector", None)
    asked = getattr(selector, "match_labels", None)
    return list(found.values()) or ([asked] if asked else [])


def _ports(service: Service) -> str:
    shown = [
        f"{port.port} → {port.target}" if port.target != port.port else f"{port.port}" for port in service.ports[:3]
    ]
    return f"port {', '.join(shown)}" if shown else ""
