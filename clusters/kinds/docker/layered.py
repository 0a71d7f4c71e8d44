"""The layers of an app on one engine: from its open ports down to the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clusters.kinds.base import Health
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_model import TASK, Container
from clusters.kinds.docker.host_model import Host
from clusters.kinds.docker.project_model import LABEL, Project
from clusters.kinds.docker.project_model import service as service_of
from clusters.kinds.formats import count
from clusters.kinds.layered import App, Layered, LayerName, Sight, Thing

KINDS = ("container", "project", "host", "volume", "image", "task", "swarm-service")
_EMPTY: dict[LayerName, str] = {
    "people": "Nobody from outside: only containers in its networks can call it.",
    "entry": "None: it publishes no port.",
    "workload": "Nobody keeps it: it was run by hand, and only its engine starts it again.",
    "container": "No containers.",
}
_INSIDE_ONLY = {"127.0.0.1", "::1"}


def _of_container(sight: Sight, one: Container) -> App:
    telling = _Telling(sight)
    telling.container(one, telling.keeper(one))
    return telling.done()


def _of_project(sight: Sight, one: Project) -> App:
    telling = _Telling(sight)
    for name, copies in sorted(one.services.items()):
        kept = telling.service(one, name, [state for _, state in copies])
        for container, _ in copies:
            if found := sight.find("container", container.uid):
                telling.container(found, kept)
    telling.app.lists["container"] = ("container", {"project": one.name})
    return telling.done()


OF_CONTAINER: Layered[Container] = Layered(kinds=KINDS, tell=_of_container)
OF_PROJECT: Layered[Project] = Layered(kinds=KINDS, tell=_of_project)


@dataclass(slots=True)
class _Telling:
    """Tells of one app."""

    sight: Sight
    app: App = field(default_factory=lambda: App(empty=dict(_EMPTY)))
    outside: list[str] = field(default_factory=list)
    machine: str = ""

    def done(self) -> App:
        """All that was told."""
        self.app.add_people(self.outside)
        return self.app

    def service(self, project: Project, name: str, states: Sequence[Health]) -> str:
        """One service of a Compose project: what was asked to run, in some copies."""
        page = self.sight.thing("project", project)
        worst = min(states, key=lambda state: state.level)
        words = count(len(states), "container")
        return self.app.add(
            "workload", Thing(f"service {page.id} {name}", name, "boxes", "Compose service", words, worst, page.href)
        )

    def keeper(self, one: Container) -> str:
        """What a container belongs to: a service of its project, or a task of a Swarm."""
        project: Project | None = self.sight.find("project", one.namespace) if one.label(f"{LABEL}service") else None
        if project is not None:
            name = service_of(one)
            states = [state for _, state in project.services.get(name, ())]
            return self.service(project, name, states or [health(one)])
        task = self.sight.find("task", one.label(TASK)) if one.label(TASK) else None
        service = self.sight.find("swarm-service", task.service_id) if task else None
        return self.app.add("workload", self.sight.thing("swarm-service", service)) if service else ""

    def container(self, one: Container, kept: str) -> None:
        """One container, on its engine."""
        machine = self.host()
        here = self.app.add("container", self.sight.thing("container", one), *filter(None, (kept,)), machine=machine)
        if machine:
            self.app.links[here, f"engine {machine}"] = None
        for address, port, inside in one.ports:
            if port:
                self._port(address, port, inside, kept or here, self.app.things["container"][here].href)
        self._image(one, kept or here)
        for mount in one.mounts or ():
            volume = self.sight.find("volume", mount.name) if mount.type == "volume" and mount.name else None
            if volume:
                self.app.add("volume", self.sight.thing("volume", volume, mount.destination), here)

    def _image(self, one: Container, above: str) -> None:
        known = self.sight.find("image", one.image_id)
        named = self.sight.image(one.image)[0].name
        self.app.add_image(
            self.sight, one.image, above, self.sight.thing("image", known, name=named) if known else None
        )

    def _port(self, address: str, port: str, inside: str, below: str, href: str) -> None:
        where = f"{address}:{port}" if address else f"port {port}"
        if address not in _INSIDE_ONLY:
            self.outside.append(where)
        words = "of the machine itself only" if address in _INSIDE_ONLY else f"leads to {inside}"
        entry = Thing(f"entry {where}", where, "log-in", "Open port", words, None, href)
        self.app.links[self.app.add("entry", entry), below] = None

    def host(self) -> str:
        """The machine and its engine, which are one host; nothing where that is not this person's to see."""
        if not self.machine:
            hosts: Sequence[Host] = self.sight.all("host")
            if hosts:
                one = hosts[0]
                thing = self.sight.thing("host", one, one.operating_system)
                self.machine = self.app.add("machine", thing)
                engine = Thing(f"engine {thing.id}", "Docker", "cpu", "Engine", one.server_version, None, thing.href)
                self.app.links[self.app.add("engine", engine), self.machine] = None
                self.app.machines |= {thing.id: thing.id, engine.id: thing.id}
        return self.machine
