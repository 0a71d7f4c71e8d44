"""The shop: its objects, and what holds its controllers together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from clusters.drivers.base import About, Call, LogSource, Usage
from clusters.drivers.demo import load
from clusters.drivers.demo.shop import (
    beyond,
    calls,
    deployments,
    faults,
    jobs,
    life,
    network,
    objects,
    pods,
    sets,
    things,
)
from clusters.drivers.demo.shop.apps import APPS, BY_NAME, MACHINES
from clusters.drivers.demo.shop.counting import begin as keep_counts
from clusters.drivers.demo.shop.permissions import add as give_rights
from clusters.drivers.demo.voice import Life, Speaker
from clusters.drivers.demo.world import Object, World
from clusters.errors import Missing
from clusters.kinds.kubernetes.names import collection_of

DAY = 86400.0
EVENTS_KEPT = 300
EVENTS_FOR = 3600.0


class ShopWorld(World):
    """A small Kubernetes. ``calm`` leaves out what would happen by itself, for tests of one thing."""

    faults = faults.FAULTS

    def __init__(self, seed: int, start: float, calm: bool = False) -> None:
        super().__init__(seed, start - 21 * DAY)
        self.lost: set[str] = set()  # nodes that do not answer
        self.lives: dict[str, list[float]] = {}  # pod uid → when its container ended lately
        self.last_words: dict[str, tuple[str, ...]] = {}
        self.rollout_began: dict[str, float] = {}
        self.rollout_seen: dict[str, tuple[Any, float]] = {}
        self.autoscaled = 0
        self.collections: dict[str, tuple[str, bool]] = {}  # what its objects call themselves, are they in namespaces
        self._revision = 1000
        self._pending: set[tuple[str, str, bool]] = set()
        self._tell_past(start)
        if not calm:
            life.begin(self)

    def _tell_past(self, start: float) -> None:
        """Three weeks in which everything was installed and updated once, by the same controllers."""
        for machine in MACHINES:
            self.save(objects.node(self.new_uid(), machine, self.now))
        for name in sorted({app.namespace for app in APPS}):
            self.save(objects.namespace(self.new_uid(), name, self.now))
        for app in APPS:
            first = self.between(60, 10 * DAY)

            def install(app: Any = app) -> None:
                self.save(objects.service(self.new_uid(), app, self.now))
                self.save(objects.deployment(self.new_uid(), app, app.before, self.now))

            def update(app: Any = app) -> None:
                self.release(app.namespace, app.name, app.version)

            self.after(first, install)
            self.after(first + self.between(600, 10 * DAY), update)
        self.run(start - sets.BEFORE)
        things.add(self)
        network.add(self)
        give_rights(self)
        sets.add(self)
        jobs.add(self)
        self.run(start)
        self.objects.pop("v1/events", None)
        beyond.add(self)
        keep_counts(self)

    # Objects -----------------------------------------------------------------------------------------------------

    def save(self, thing: Object) -> None:
        """Store an object under a new version, and let its controller look at it."""
        meta, kind = thing["metadata"], thing["kind"]
        self._revision += 1
        meta["resourceVersion"] = str(self._revision)
        if kind == "Deployment":  # as an API server keeps them: who changed it last, and when
            who = {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": thing["apiVersion"]}
            meta["managedFields"] = [{**who, "time": objects.when(self.now)}]
        collection = collection_of(thing["apiVersion"], kind)
        self.collections[collection] = kind, "namespace" in meta
        self.put(collection, meta["uid"], thing)
        if kind in CONTROLLERS:
            self.soon(kind, meta["uid"])

    def forget(self, thing: Object) -> None:
        """Remove an object."""
        uid = thing["metadata"]["uid"]
        for kept in (self.lives, self.last_words, self.rollout_began, self.rollout_seen):
            kept.pop(uid, None)
        self.drop(collection_of(thing["apiVersion"], thing["kind"]), uid)

    def named(self, collection: str, namespace: str, name: str) -> Object:
        """The object of that name. Raises Missing."""
        for thing in self.all(collection):
            if thing["metadata"]["name"] == name and thing["metadata"].get("namespace", "") == namespace:
                return thing
        raise Missing(f"{name} is not there.")

    def owned(self, collection: str, uid: str) -> list[Object]:
        """What is controlled by the object with that uid."""
        return [
            one
            for one in self.all(collection)
            if any(owner["uid"] == uid for owner in one["metadata"].get("ownerReferences", ()))
        ]

    def crowd(self, node: str) -> int:
        """How many pods a node has."""
        return sum(pod["spec"].get("nodeName") == node for pod in self.all("v1/pods"))

    def digest(self, image: str) -> str:
        """The digest of an image, made from its name."""
        return hashlib.sha256(image.encode()).hexdigest()

    def release(self, namespace: str, name: str, version: str) -> None:
        """Somebody rolls out another version."""
        deployment = self.named("apps/v1/deployments", namespace, name)
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["image"] = f"{container['image'].rpartition(':')[0]}:{version}"
        deployment["metadata"]["generation"] += 1
        self.save(deployment)

    def event(self, about: Object, kind: str, reason: str, message: str, level: str = "Normal") -> None:
        """Write an event; the same one again only counts up."""
        meta = about["metadata"]
        for known in self.all("v1/events"):
            same = (known["reason"], known["message"]) == (reason, message)
            if same and known["involvedObject"]["uid"] == meta["uid"]:
                known["count"] += 1
                known["lastTimestamp"] = objects.when(self.now)
                return self.save(known)
        namespace, uid = meta.get("namespace", "default"), self.new_uid()
        self.save(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "type": level,
                "reason": reason,
                "message": message,
                "count": 1,
                "metadata": objects.metadata(uid, namespace, f"{meta['name']}.{uid[:13]}", self.now, {}),
                "involvedObject": {
                    "kind": kind,
                    "name": meta["name"],
                    "namespace": namespace,
                    "uid": meta["uid"],
                    "apiVersion": about["apiVersion"],
                },
                "firstTimestamp": objects.when(self.now),
                "lastTimestamp": objects.when(self.now),
                "source": {"component": "demonstration"},
                "reportingComponent": "demonstration",
            }
        )
        kept = self.all("v1/events")
        for old in kept[: max(0, len(kept) - EVENTS_KEPT)]:
            self.forget(old)
        for old in kept[:5]:
            if self.now - objects.seconds(old["lastTimestamp"]) > EVENTS_FOR:
                self.forget(old)
        return None

    # Controllers -------------------------------------------------------------------------------------------------

    def soon(self, kind: str, uid: str, delay: float = 0.15) -> None:
        """Let the controller of what keeps copies look at it; asked twice, it looks once."""
        mark = (kind, uid, delay > 1)
        if mark in self._pending:
            return
        self._pending.add(mark)

        def look() -> None:
            self._pending.discard(mark)
            CONTROLLERS[kind](self, uid)

        self.after(delay, look)

    def soon_owner(self, pod: Object) -> None:
        """A pod changed: who keeps it, and who is above that, should know."""
        for owner in pod["metadata"].get("ownerReferences", ()):
            if owner["kind"] in CONTROLLERS and (
                owning := self.get(collection_of(owner["apiVersion"], owner["kind"]), owner["uid"])
            ):
                self.soon(owner["kind"], owner["uid"])
                for above in owning["metadata"].get("ownerReferences", ()):
                    self.soon(above["kind"], above["uid"], 0.3)

    # What is asked of it -----------------------------------------------------------------------------------------

    def about(self) -> About:
        """What it pretends to be."""
        return About(
            "kubernetes",
            "v1.34.2",
            f"{len(MACHINES)} nodes",
            f"demo-shop-{self.seed}",
            {"Nodes": str(len(MACHINES)), "Demonstration": "Nothing here is real"},
        )

    def shown(self, collection: str, thing: Object) -> Object:
        """Lists hold whole objects in Kubernetes."""
        return thing

    def whole(self, collection: str, namespace: str, name: str) -> Object:
        """An object by name."""
        return self.named(collection, namespace, name)

    def answer(self, call: Call) -> Any:
        """Carry out a request."""
        return calls.answer(self, call)

    def speaker(self, source: LogSource) -> Speaker:
        """Whose log lines these are."""
        pod = self.get("v1/pods", source.resource.uid)
        if pod is None or not pod["status"]["containerStatuses"]:
            raise Missing("This copy has not started yet, so it has no log.")
        meta, state = pod["metadata"], pod["status"]["containerStatuses"][0]
        app = BY_NAME.get((meta["namespace"], str(state["name"])))
        facts = {"app": state["name"], "version": state["image"].rpartition(":")[2]}
        lives = _lives(state, self.last_words.get(meta["uid"], ()))
        if not lives:
            raise Missing("This copy has not started yet, so it has no log.")
        return Speaker(
            meta["uid"],
            app.voice if app else "plain",
            lives[0],
            lives[1] if len(lives) > 1 else None,
            "leaking" if pods.leaks(pod) else "",
            app.pace if app else 0.5,
            facts,
        )

    def usage_of(self, uid: str, now: float) -> Usage | None:
        """What a running pod uses, or a node."""
        if (node := self.get("v1/nodes", uid)) is not None:
            return self._usage_of_node(node, now)
        pod = self.get("v1/pods", uid)
        if pod is None or not pod["status"]["containerStatuses"] or pod["spec"].get("nodeName") in self.lost:
            return None
        running = pod["status"]["containerStatuses"][0]["state"].get("running")
        if running is None:
            return None
        resources = pod["spec"]["containers"][0]["resources"]
        ask, most = resources["requests"], resources["limits"]
        age = now - objects.seconds(running["startedAt"])
        cpu, memory = objects.quantity(ask["cpu"]), objects.quantity(ask["memory"])
        used = load.usage(
            uid,
            now,
            cpu=cpu,
            memory=memory,
            cpu_limit=objects.quantity(most["cpu"]),
            memory_limit=objects.quantity(most["memory"]),
            leaking_for=age if pods.leaks(pod) else 0.0,
        )
        return replace(used, cpu_request=cpu, memory_request=memory)

    def surroundings(self, source: LogSource) -> Mapping[str, str]:
        """The environment inside a pod."""
        pod = self.get("v1/pods", source.resource.uid)
        if pod is None or not any("running" in one["state"] for one in pod["status"]["containerStatuses"]):
            raise Missing("This container does not run, so nobody can enter it.")
        container = pod["spec"]["containers"][0]
        values = {one["name"]: one.get("value", "••••••") for one in container.get("env", ())}
        return {
            "HOSTNAME": pod["metadata"]["name"],
            "APP": container["name"],
            **values,
            "KUBERNETES_SERVICE_HOST": "10.43.0.1",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }

    def _usage_of_node(self, node: Object, now: float) -> Usage | None:
        if node["metadata"]["name"] in self.lost:
            return None
        here = [
            self.usage_of(pod["metadata"]["uid"], now)
            for pod in self.all("v1/pods")
            if pod["spec"].get("nodeName") == node["metadata"]["name"]
        ]
        room = node["status"]["allocatable"]
        return Usage(
            at=now,
            cpu=0.3 + sum(one.cpu or 0.0 for one in here if one),
            memory=1.2 * objects.GIB + sum(one.memory or 0.0 for one in here if one),
            cpu_limit=objects.quantity(room["cpu"]),
            memory_limit=objects.quantity(room["memory"]),
        )


def _lives(state: Object, last_words: tuple[str, ...]) -> list[Life]:
    """The run a log shows first, and the one before it."""
    found = []
    if running := state["state"].get("running"):
        found.append(Life(objects.seconds(running["startedAt"])))
    for ended in (state["state"].get("terminated"), state["lastState"].get("terminated")):
        if ended:
            life = Life(objects.seconds(ended["startedAt"]), objects.seconds(ended["finishedAt"]), last_words)
            if life not in found:
                found.append(life)
    return found


CONTROLLERS: dict[str, Callable[[ShopWorld, str], None]] = {
    "Deployment": deployments.reconcile,
    "ReplicaSet": deployments.reconcile_set,
    "StatefulSet": sets.reconcile_stateful,
    "DaemonSet": sets.reconcile_daemon,
    "Job": jobs.reconcile,
    "CronJob": jobs.reconcile_cron,
}
