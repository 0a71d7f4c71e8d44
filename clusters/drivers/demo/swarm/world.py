"""The Swarm: its nodes, services and tasks, beside what the engine of the first manager has itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clusters.drivers.base import About, Call, LogSource
from clusters.drivers.demo.fault import Fault
from clusters.drivers.demo.host import engine, info, networks
from clusters.drivers.demo.host.containers import Program
from clusters.drivers.demo.host.world import DAY, HostWorld
from clusters.drivers.demo.swarm import calls, faults, life, objects, services, tasks
from clusters.drivers.demo.swarm.apps import APPS, BY_SERVICE, MACHINES, NETWORKS, App
from clusters.drivers.demo.voice import Life, Speaker
from clusters.drivers.demo.world import Object
from clusters.errors import Missing

LAST_WORDS = {  # by the code with which a program ends
    1: ("ERROR cannot go on: connection to db was reset", "exit status 1"),
    3: ("ERROR cannot read /etc/app/settings.toml: unknown key “cache.tier”", "exit status 3"),
}
SERVICE, TASK = "com.docker.swarm.service.name", "com.docker.swarm.task.id"


class SwarmWorld(HostWorld):
    """A Swarm of three machines. ``calm`` leaves out what would happen by itself, for tests of one thing."""

    faults: tuple[Fault[Any], ...] = faults.FAULTS
    most_copies = calls.MOST_COPIES

    def furnish(self) -> None:
        """What is there, from the beginning on: machines, networks, secrets, and the services one after the other."""
        self.began: dict[str, float] = {}  # tasks
        self.over: dict[str, float] = {}
        self.rollout: dict[str, float] = {}  # when the rollout of a service began, while it goes on
        self.auto_lock = False
        for number, machine in enumerate(MACHINES, start=1):
            node = objects.node(machine, number, self.now)
            self.put("nodes", node["ID"], node)
        for name in networks.PREDEFINED:
            networks.make(self, name)
        for number, name in enumerate(("ingress", *NETWORKS)):
            one = objects.network(name, self.now, number)
            self.put("networks", one["Id"], one)
        for thing in (
            objects.secret("shop_db_password", self.now),
            objects.config("shop_web_conf", "worker_processes 2;\n", self.now),
        ):
            self.put("secrets" if "Data" not in thing["Spec"] else "configs", thing["ID"], thing)
        self.tell_swarm()
        for app in APPS:
            self.after(self.between(60, 9 * DAY), lambda app=app: self._deploy(app))  # type: ignore[misc]
        self.after(11.9 * DAY, lambda: life.stumble(self, "shop_worker"))

    def lives(self) -> None:
        """What happens by itself."""
        life.begin(self)

    def _deploy(self, app: App) -> None:
        service = objects.service(app, self.now)
        self.put("services", service["ID"], service)
        services.keep(self, service)

    # Objects -----------------------------------------------------------------------------------------------------

    def new_id(self, what: str) -> str:
        """The id of something new."""
        return objects.uid(f"{what} {self.new_uid()}")

    def service(self, name: str) -> Object:
        """By name or id. Raises Missing."""
        return calls.find(self, "services", name)

    def node(self, name: str) -> Object:
        """By the name of its machine, or by id. Raises Missing."""
        return calls.find(self, "nodes", name)

    def touch(self, service: str) -> None:
        """Something of its copies changed: what is counted of them is another number."""
        if (there := self.get("services", service)) is not None:
            self.put("services", service, there)

    def tell_swarm(self) -> None:
        """What the first manager's engine says of the Swarm, and of its own part in it."""
        nodes = self.all("nodes")
        managers = [one for one in nodes if one["Spec"]["Role"] == "manager"]
        swarm = {
            "NodeID": nodes[0]["ID"],
            "NodeAddr": nodes[0]["Status"]["Addr"],
            "LocalNodeState": "active",
            "ControlAvailable": True,
            "Error": "",
            "RemoteManagers": [{"NodeID": one["ID"], "Addr": f"{one['Status']['Addr']}:2377"} for one in managers],
            "Nodes": len(nodes),
            "Managers": len(managers),
            "Cluster": calls.cluster(self, nodes[0]["CreatedAt"]),
        }
        self.put("swarm", swarm["NodeID"], swarm)
        host = {**info.info(self), "Name": nodes[0]["Description"]["Hostname"], "Swarm": swarm}
        self.put("info", host["ID"], host)

    # Containers of the first machine -----------------------------------------------------------------------------

    def run_container(self, task: Object) -> str:
        """The container of a task, where it is on the first machine; its id, wherever it is."""
        if task["NodeID"] != self.all("nodes")[0]["ID"]:
            return f"{self.chance.getrandbits(256):064x}"
        service = self.get("services", task["ServiceID"]) or {"Spec": {"Name": "gone"}}
        name, image = service["Spec"]["Name"], task["Spec"]["ContainerSpec"]["Image"].partition("@")[0]
        place = task.get("Slot") or task["NodeID"]
        program = replace(_app(name, image).program, name=f"{name}.{place}.{task['ID']}", image=image)
        thing = self.make(program)
        labels = {SERVICE: name, TASK: task["ID"], "com.docker.swarm.service.id": task["ServiceID"]}
        thing["Config"]["Labels"] = {**labels, **(task["Spec"]["ContainerSpec"].get("Labels") or {})}
        engine.start(self, thing)
        return str(thing["Id"])

    def stop_container(self, task: Object) -> None:
        """It goes with its task."""
        uid = (task["Status"].get("ContainerStatus") or {}).get("ContainerID", "")
        if (thing := self.get("containers", uid)) is not None:
            engine.remove(self, thing)

    def save(self, thing: Object) -> None:
        """Store a container; what its task makes of it is the Swarm's."""
        super().save(thing)
        if thing["State"]["Status"] in ("exited", "dead"):
            tasks.container_ended(self, thing)

    def _program(self, thing: Object) -> Program:
        name = thing["Config"]["Labels"].get(SERVICE)
        if name is None:
            return super()._program(thing)
        return replace(_app(name, thing["Config"]["Image"]).program, image=thing["Config"]["Image"])

    # What is asked of it -----------------------------------------------------------------------------------------

    def about(self) -> About:
        """What it pretends to be."""
        nodes = self.all("nodes")
        about = super().about()
        facts = {**about.facts, "Nodes": str(len(nodes))}
        return replace(about, platform="swarm", uid=f"demo-swarm-{self.seed}", facts=facts)

    def shown(self, collection: str, thing: Object) -> Object:
        """As the real driver reads it; of a service with how many of its copies run."""
        found = super().shown(collection, thing)
        return {**found, "ServiceStatus": calls.status(self, thing)} if collection == "services" else found

    def answer(self, call: Call) -> Any:
        """Carry out a request."""
        return calls.answer(self, call)

    def speaker(self, source: LogSource) -> Speaker:
        """Whose log lines these are: a task's, wherever it ran, or a container's."""
        task = self.get("tasks", source.resource.uid)
        if task is None:
            return super().speaker(source)
        began = self.began.get(task["ID"], 0.0)
        if not began:
            raise Missing("This task never ran, so it has no log.")
        service = self.get("services", task["ServiceID"]) or {"Spec": {"Name": "gone"}}
        image = task["Spec"]["ContainerSpec"]["Image"].partition("@")[0]
        app, version = _app(service["Spec"]["Name"], image), image.rpartition(":")[2]
        code = (task["Status"].get("ContainerStatus") or {}).get("ExitCode", 0)
        now = Life(began, self.over.get(task["ID"], 0.0), LAST_WORDS.get(code, ()))
        return Speaker(task["ID"], app.voice, now, None, "", app.pace, {"app": app.name, "version": version})


def _app(service: str, image: str) -> App:
    """What is known of a service; one that a person made prints plain lines."""
    return BY_SERVICE.get(service) or App(service, image, voice="plain")
