"""The layers of an app on a Swarm: from its open ports down to the nodes that its tasks were placed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.formats import short_id
from clusters.kinds.layered import App, Layered, LayerName, Sight, Thing
from clusters.kinds.swarm.node_model import Node
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.stack_model import Stack
from clusters.kinds.swarm.task_model import Task

KINDS = ("swarm-service", "task", "swarm-node", "container", "volume", "image")
_EMPTY: dict[LayerName, str] = {
    "people": "Nobody from outside: only other apps in its networks can call it.",
    "entry": "None: it publishes no port.",
    "copy": "No copies.",
    "container": "None yet.",
}


def _of_service(sight: Sight, one: Service) -> App:
    return _Telling(sight).app_of([one])


def _of_stack(sight: Sight, one: Stack) -> App:
    return _Telling(sight).app_of(one.services)


def _of_task(sight: Sight, one: Task) -> App:
    service = sight.find("swarm-service", one.service_id)
    return _Telling(sight).app_of([service] if service else [], [one])


OF_SERVICE: Layered[Service] = Layered(kinds=KINDS, tell=_of_service)
OF_STACK: Layered[Stack] = Layered(kinds=KINDS, tell=_of_stack)
OF_TASK: Layered[Task] = Layered(kinds=KINDS, tell=_of_task)


@dataclass(slots=True)
class _Telling:
    """Tells of one app."""

    sight: Sight
    app: App = field(default_factory=lambda: App(titles={"copy": "Tasks"}, empty=dict(_EMPTY)))
    nodes: dict[str, str] = field(default_factory=dict)  # ids of the things, by the ids of the nodes
    outside: list[str] = field(default_factory=list)

    def app_of(self, services: Sequence[Service], only: Sequence[Task] | None = None) -> App:
        """Of these services, with all tasks that are to run or still do, or with these."""
        for service in services:
            self._service(service, self.sight.below(service, "task") if only is None else only)
        self.app.add_people(self.outside)
        if len(services) == 1:
            self.app.lists["copy"] = ("task", {"service": services[0].name, "wanted": "run"})
        return self.app

    def _service(self, service: Service, tasks: Sequence[Task]) -> None:
        """A Swarm's service is both: the name that leads to its copies, and what keeps them running."""
        thing = self.sight.thing("swarm-service", service)
        kept = self.app.add("workload", msgspec.structs.replace(thing, words=service.image))
        mode = service.spec.endpoint_spec.mode if service.spec.endpoint_spec else ""
        how = "its copies take turns" if mode == "dnsrr" else "one address for all copies"
        name = Thing(f"name {kept}", service.name, "waypoints", "Name in its networks", how, None, thing.href)
        self.app.links[self.app.add("service", name), kept] = None
        for port in service.ports:
            self._port(port, name, thing.href)
        running = [task for task in tasks if task.wanted or task.running]
        places = Counter(task.short for task in running)
        for task in sorted(running or tasks[:1], key=lambda task: (task.service, task.slot, task.node)):
            self._task(task, kept, alone=places[task.short] == 1)
        self.app.add_image(self.sight, service.image, kept)

    def _port(self, port: Any, below: Thing, href: str) -> None:
        where = f"port {port.published_port}"
        words = "of the nodes it runs on" if port.publish_mode == "host" else "of every node"
        self.outside.append(f"{where} {words}")
        entry = Thing(
            f"entry {below.id} {port.published_port}/{port.protocol}", where, "log-in", "Open port", words, None, href
        )
        self.app.links[self.app.add("entry", entry), below.id] = None

    def _task(self, task: Task, kept: str, *, alone: bool) -> None:
        """Where one place of a service moves, another task has it: to people it is the same copy."""
        machine = self._node(task) if task.node_id else ""
        thing = self.sight.thing("task", task, name=task.short)
        if alone:
            thing = msgspec.structs.replace(thing, id=f"place {kept} {task.short}")
        copy = self.app.add("copy", thing, kept, machine=machine)
        below = copy
        if uid := task.container_id:
            same = self.sight.elsewhere(uid)
            name, words = short_id(uid), f"of {task.short}"
            state = self.app.told_of(machine, _state(task))
            said = Thing(f"container {uid}", name, "container", "Container", words, state, thing.href)
            if same:  # its engine calls it by the place and the whole id of its task, too long to be read here
                said = msgspec.structs.replace(same.thing, name=name, words=words)
            below = self.app.add("container", said, copy, machine=machine)
            if same:
                self.app.add("engine", same.engine, below, machine=machine)
                below = same.engine.id
        if machine:
            below = self._engine(task, machine, below)
            self.app.links[below, machine] = None
        self._volumes(task, copy)

    def _node(self, task: Task) -> str:
        """Its node; by its name alone, which the task says, where nodes are not this person's to see."""
        if task.node_id not in self.nodes:
            node: Node | None = self.sight.find("swarm-node", task.node_id)
            thing = Thing(f"machine {task.node_id}", task.node or task.node_id[:12], "server", "Node")
            if node:
                words = "manages the Swarm" if node.manages else "works in the Swarm"
                thing = self.sight.thing("swarm-node", node, words)
            self.nodes[task.node_id] = self.app.add("machine", thing)
            self.app.machines[thing.id] = thing.id
        return self.nodes[task.node_id]

    def _engine(self, task: Task, machine: str, above: str) -> str:
        """The engine of a node, where it is not connected itself, by the node's word."""
        node: Node | None = self.sight.find("swarm-node", task.node_id)
        if above in self.app.things.get("engine", ()) or node is None:
            return above
        version = node.description.engine.engine_version
        href = self.app.things["machine"][machine].href
        return self.app.add(
            "engine", Thing(f"engine {machine}", "Docker", "cpu", "Engine", version, None, href), above, machine=machine
        )

    def _volumes(self, task: Task, copy: str) -> None:
        for mount in (task.spec.container.mounts or ()) if task.node_id else ():
            if mount.type == "volume" and mount.source:
                where = task.node or task.node_id[:12]
                volume = Thing(
                    f"volume {task.node_id} {mount.source}", mount.source, "database", "Volume", f"on {where}"
                )
                self.app.add("volume", volume, copy)


def _state(task: Task) -> Health:
    if task.running:
        return Health(Level.HEALTHY, "Running")
    if task.failed:
        return Health(Level.FAILING, "Failed")
    return Health(Level.CHANGING if task.wanted else Level.STOPPED, task.status.state.capitalize())
