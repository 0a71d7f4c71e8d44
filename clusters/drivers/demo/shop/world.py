"""The shop: its objects, and what holds its controllers together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from clusters.drivers.base import About, Call, LogSource, Usage
from clusters.drivers.demo.shop import (
    beyond,
    calls,
    deployments,
    faults,
    inside,
    jobs,
    life,
    network,
    objects,
    scheduler,
    sets,
    things,
)
from clusters.drivers.demo.shop.apps import APPS, MACHINES
from clusters.drivers.demo.shop.counting import begin as keep_counts
from clusters.drivers.demo.shop.permissions import add as give_rights
from clusters.drivers.demo.voice import Speaker
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
        self.unplaced: dict[str, None] = {}  # uids of pods that wait for a node, those that wait longest first
        self.lives: dict[str, list[float]] = {}  # pod uid → when its container ended lately
        self.last_words: dict[str, tuple[str, ...]] = {}
        self.rollout_began: dict[str, float] = {}
        self.rollout_seen: dict[str, tuple[Any, float]] = {}
        self.autoscaled = 0
        self.collections: dict[str, tuple[str, bool]] = {}  # what its objects call themselves, are they in namespaces
        self._revision = 1000
        self._pending: set[tuple[str, str, bool]] = set()
        self._owned: dict[tuple[str, str], dict[str, None]] = {}  # (collection, owner's uid) → uids, oldest first
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
        for owner in meta.get("ownerReferences", ()):
            self._owned.setdefault((collection, owner["uid"]), {})[meta["uid"]] = None
        self.put(collection, meta["uid"], thing)
        if kind in CONTROLLERS:
            self.soon(kind, meta["uid"])

    def forget(self, thing: Object) -> None:
        """Remove an object."""
        uid = thing["metadata"]["uid"]
        for kept in (self.lives, self.last_words, self.rollout_began, self.rollout_seen):
            kept.pop(uid, None)
        collection = collection_of(thing["apiVersion"], thing["kind"])
        for owner in thing["metadata"].get("ownerReferences", ()):
            self._owned.get((collection, owner["uid"]), {}).pop(uid, None)
        self.drop(collection, uid)

    def named(self, collection: str, namespace: str, name: str) -> Object:
        """The object of that name. Raises Missing."""
        for thing in self.all(collection):
            if thing["metadata"]["name"] == name and thing["metadata"].get("namespace", "") == namespace:
                return thing
        raise Missing(f"{name} is not there.")

    def owned(self, collection: str, uid: str) -> list[Object]:
        """What is controlled by the object with that uid, oldest first."""
        found = (self.get(collection, one) for one in self._owned.get((collection, uid), ()))
        return [one for one in found if one is not None]

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
        return inside.speaker(self, source)

    def usage_of(self, uid: str, now: float) -> Usage | None:
        """What a running pod uses, or a node."""
        return inside.usage_of(self, uid, now)

    def surroundings(self, source: LogSource) -> Mapping[str, str]:
        """The environment inside a pod."""
        return inside.surroundings(self, source)


CONTROLLERS: dict[str, Callable[[ShopWorld, str], None]] = {
    "Deployment": deployments.reconcile,
    "ReplicaSet": deployments.reconcile_set,
    "StatefulSet": sets.reconcile_stateful,
    "DaemonSet": sets.reconcile_daemon,
    "Job": jobs.reconcile,
    "CronJob": jobs.reconcile_cron,
    "Scheduler": scheduler.place_all,
}
