"""The host: its containers and images, and what their engine must remember."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clusters.drivers.base import About, Call, LogSource, Usage
from clusters.drivers.demo import load
from clusters.drivers.demo.fault import Fault
from clusters.drivers.demo.host import calls, engine, faults, images, info, life, networks, objects, volumes
from clusters.drivers.demo.host.containers import BY_NAME, PROGRAMS, Program
from clusters.drivers.demo.voice import Life, Speaker
from clusters.drivers.demo.world import Object, World
from clusters.errors import Missing

DAY = 86400.0
NEED_DATABASE = {
    "/shop-api-1",
    "/shop-worker-1",
    "/shop-web-1",
}  # what complains while the database of the shop is away


class HostWorld(World):
    """A Docker host. ``calm`` leaves out what would happen by itself, for tests of one thing."""

    faults: tuple[Fault[Any], ...] = faults.FAULTS

    def __init__(self, seed: int, start: float, calm: bool = False) -> None:
        super().__init__(seed, start - 12 * DAY)
        self.disk_full: bool = False
        self.stuck: set[str] = set()  # containers whose health check fails
        self.stopped_by_hand: set[str] = set()
        self.quick: dict[str, int] = {}  # how often one ended soon after it began
        self.previous: dict[str, tuple[float, float]] = {}  # the run before: from, until
        self.files: dict[str, dict[str, bytes]] = {}  # put in, by container, image or "volume:name"
        self.last_words: dict[str, tuple[str, ...]] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self.put("info", self.about().uid, info.info(self))
        self.furnish()
        self.run(start)
        if not calm:
            self.lives()

    def furnish(self) -> None:
        """What is there, from the beginning on."""
        for name in networks.PREDEFINED:
            networks.make(self, name)
        for program in PROGRAMS:
            self.after(self.between(60, 11 * DAY), lambda program=program: self._install(program))  # type: ignore[misc]
        self.after(3 * DAY, lambda: volumes.leave_one(self))
        self.after(4 * DAY, lambda: images.leave_one(self))

    def lives(self) -> None:
        """What happens by itself."""
        life.begin(self)

    def _install(self, program: Program) -> None:
        engine.start(self, self.make(program))

    # Objects -----------------------------------------------------------------------------------------------------

    def make(self, program: Program) -> Object:
        """Create a container, and its image if it is not there."""
        image_id = self.add_image(program.image)
        if program.project:
            networks.make(self, f"{program.project}_default", program.project)
        if program.volume:
            volumes.make(self, program.volume, volumes.of_project(program.project, program.volume))
        thing = objects.container(f"{self.chance.getrandbits(256):064x}", image_id, program, self.now)
        self.save(thing)
        return thing

    def add_image(self, name: str) -> str:
        """Have an image. Returns its id, made from its name."""
        if there := next((one for one in self.all("images") if name in one["RepoTags"]), None):
            return str(there["Id"])
        image_id = f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
        if self.get("images", image_id) is None:
            size = 20_000_000 + int(image_id[7:13], 16) * 12
            self.put(
                "images",
                image_id,
                {
                    "Id": image_id,
                    "RepoTags": [name],
                    "RepoDigests": [f"{name.rpartition(':')[0]}@{image_id}"],
                    "Created": int(self.now),
                    "Size": size,
                    "SharedSize": -1,
                    "Containers": -1,
                    "Labels": {},
                    "ParentId": "",
                },
            )
        return image_id

    def save(self, thing: Object) -> None:
        """Store a container and tell who watches."""
        self.put("containers", thing["Id"], thing)

    def put(self, collection: str, uid: str, thing: Object) -> None:
        """Every change has a number, as the real driver gives each state one."""
        self._revisions[collection, uid] = self._revisions.get((collection, uid), 0) + 1
        super().put(collection, uid, thing)

    def container(self, reference: str) -> Object:
        """A container by id, part of an id, or name. Raises Missing."""
        for thing in self.all("containers"):
            if reference in (thing["Id"], thing["Name"][1:]) or (
                len(reference) >= 8 and thing["Id"].startswith(reference)
            ):
                return thing
        raise Missing(f"There is no container {reference[:80]}.")

    def _database_runs(self) -> bool:
        found = [one for one in self.all("containers") if self.writes_much(one)]
        return any(one["State"]["Status"] == "running" for one in found)

    def inspected(self, thing: Object) -> Object:
        """A container as it is now: the runs of a check that passes change nothing, and are reckoned when asked for."""
        shown = copy.deepcopy(thing)
        health = shown["State"].get("Health")
        if health and health["Status"] == "healthy" and shown["State"]["Status"] == "running":
            health["Log"] = objects.passed_checks(thing, self.passes(thing), self.now)
        return shown

    def passes(self, thing: Object) -> str:
        """What its health check prints when all is well."""
        return self._program(thing).passes

    def writes_much(self, thing: Object) -> bool:
        """Whether it is the one that a full disk stops."""
        return bool(thing["Name"] == "/shop-db-1")

    # What is asked of it -----------------------------------------------------------------------------------------

    def about(self) -> About:
        """What it pretends to be."""
        return About(
            "docker",
            "29.0.1",
            "4 processors · 16 GiB",
            f"demo-host-{self.seed}",
            {"Containers": str(len(self.all("containers"))), "Demonstration": "Nothing here is real"},
            cores=4.0,
            memory=16.0 * 1024**3,
        )

    def shown(self, collection: str, thing: Object) -> Object:
        """As the real driver reads it, with what changes at every change."""
        uid = str(thing.get("Id") or thing.get("ID") or thing.get("NodeID") or thing.get("Name"))
        return {**thing, "Revision": str(self._revisions[collection, uid])}

    def whole(self, collection: str, namespace: str, name: str) -> Object:
        """An object by name."""
        if collection == "containers":
            return self.inspected(self.container(name))
        found: Object = calls.answer(self, Call("GET", calls.path_of(collection, name)))
        return found

    def answer(self, call: Call) -> Any:
        """Carry out a request."""
        return calls.answer(self, call)

    def speaker(self, source: LogSource) -> Speaker:
        """Whose log lines these are."""
        thing = self.container(source.resource.uid)
        program, state = self._program(thing), thing["State"]
        words = self.last_words.get(thing["Id"], ())
        began, ended = objects.seconds(state["StartedAt"]), objects.seconds(state["FinishedAt"])
        if not began:
            raise Missing("This container never ran, so it has no log.")
        runs = state["Running"] and not state["Restarting"]
        now = Life(began, 0.0 if runs else max(ended, began), () if runs else words)
        before = self.previous.get(thing["Id"])
        mood = "stuck" if thing["Id"] in self.stuck else ""
        if self.disk_full and self.writes_much(thing):
            mood = "disk full"
        elif thing["Name"] in NEED_DATABASE and not self._database_runs():
            mood = "no database"
        facts = {"app": program.name, "version": program.image.rpartition(":")[2]}
        return Speaker(
            thing["Id"], program.voice, now, Life(*before, words) if before else None, mood, program.pace, facts
        )

    def usage_of(self, uid: str, now: float) -> Usage | None:
        """What a running container uses."""
        thing = self.get("containers", uid)
        if thing is None or not thing["State"]["Running"] or thing["State"]["Restarting"]:
            return None
        program = self._program(thing)
        busy = 0.0 if thing["State"]["Paused"] else program.cpu
        return load.usage(
            uid,
            now,
            cpu=busy,
            memory=program.memory * load.MIB,
            cpu_limit=0.0,
            memory_limit=float(thing["HostConfig"].get("Memory") or 0),
        )

    def surroundings(self, source: LogSource) -> Mapping[str, str]:
        """The environment inside a container."""
        thing = self.container(source.resource.uid)
        if not thing["State"]["Running"] or thing["State"]["Restarting"]:
            raise Missing("This container does not run, so nobody can enter it.")
        pairs = (text.partition("=") for text in thing["Config"].get("Env") or ())
        values = {name: "••••••" if "PASSWORD" in name else value for name, _, value in pairs}
        return {"HOSTNAME": thing["Id"][:12], "APP": self._program(thing).service, **values}

    def _program(self, thing: Object) -> Program:
        name, image = thing["Name"][1:], thing["Config"]["Image"]
        known = BY_NAME.get(name)
        return replace(known, image=image) if known else Program(name, image, voice="plain")
