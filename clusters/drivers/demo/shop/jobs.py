"""The shop's cron jobs and batch jobs: work that ends."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.shop.apps import REGISTRY, App
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

REPORT = App("nightly-report", "data", f"{REGISTRY}/shop/nightly-report", "1.3.0", "1.3.0", 1, "plain", cpu=0.2)
SYNC = App("stock-sync", "shop", f"{REGISTRY}/shop/stock-sync", "2.2.4", "2.2.4", 1, "json", cpu=0.1)
SCHEDULES = {"nightly-report": "30 2 * * *", "stock-sync": "*/5 * * * *"}
EVERY = {"nightly-report": 86400.0, "stock-sync": 300.0}
FIRST = {"nightly-report": 2.5 * 3600, "stock-sync": 0.0}  # seconds after midnight
KEPT = 3  # finished jobs of each cron job
MOST = 40  # jobs that people make: a demonstration should not fill the page's machine


def add(world: ShopWorld) -> None:
    """Somebody sets them up: one by night, one every few minutes, and a migration that was done once."""
    world.save(_cron(world, REPORT))
    world.after(EVERY["nightly-report"] - 7200, lambda: world.save(_cron(world, SYNC)))
    migration = App("migrate-orders", "data", f"{REGISTRY}/shop/migrate", "17.2", "17.2", 1, "plain", cpu=0.1)
    world.save(_job(world, "migrate-orders", "data", _spec(migration)))


def create(world: ShopWorld, body: Any, namespace: str) -> Object:
    """Somebody makes a job. Raises Invalid or Conflict."""
    try:
        name, spec, meta = str(body["metadata"]["name"]), copy.deepcopy(body["spec"]), body["metadata"]
        spec["template"]["spec"]["containers"][0]["image"]
    except (KeyError, TypeError, IndexError) as error:
        raise Invalid("That is not a batch job.", detail=str(error)) from error
    there = world.all("batch/v1/jobs")
    if any(one["metadata"]["name"] == name and one["metadata"]["namespace"] == namespace for one in there):
        raise Conflict(f"There is a batch job called {name} already.")
    if len(there) >= MOST:
        raise Invalid(f"The demonstration keeps at most {MOST} batch jobs.", hint="Delete some first.")
    made = _job(world, name, namespace, spec)
    for key in ("ownerReferences", "annotations", "labels"):
        if meta.get(key):
            made["metadata"][key] = copy.deepcopy(meta[key])
    world.save(made)
    return made


def _spec(app: App) -> Object:
    template = objects.template(app, app.version)
    template["spec"]["restartPolicy"] = "Never"
    template["spec"]["containers"][0].pop("readinessProbe")
    return {"parallelism": 1, "completions": 1, "backoffLimit": 3, "suspend": False, "template": template}


def _cron(world: ShopWorld, app: App) -> Object:
    labels = {"app.kubernetes.io/name": app.name}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": objects.metadata(world.new_uid(), app.namespace, app.name, world.now, labels),
        "spec": {
            "schedule": SCHEDULES[app.name],
            "suspend": False,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": KEPT,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {"metadata": {"labels": labels}, "spec": _spec(app)},
        },
        "status": {},
    }


def _job(world: ShopWorld, name: str, namespace: str, spec: Object, owner: Object | None = None) -> Object:
    labels = dict(spec["template"]["metadata"].get("labels") or {})
    meta = objects.metadata(world.new_uid(), namespace, name, world.now, labels, owner, "CronJob")
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec, "status": {}}


def reconcile(world: ShopWorld, uid: str) -> None:
    """Start the copy of a job, and see whether it did its work."""
    job = world.get("batch/v1/jobs", uid)
    if job is None or job["status"].get("completionTime"):
        return None
    active = pods.active(world, job)
    if job["spec"].get("suspend"):
        for pod in active:
            pods.delete(world, pod)
        return _write(world, job, active=0, ready=0)
    if not active:
        pods.create(world, job)
        active = pods.active(world, job)
    ready = pods.ready(world, job)
    began = job["status"].get("startTime") or objects.when(world.now)
    _write(world, job, active=len(active), ready=len(ready), startTime=began)
    if ready:
        world.after(world.between(15.0, 40.0), lambda: _finish(world, uid, ready[0]["metadata"]["uid"]))
    return None


def _finish(world: ShopWorld, uid: str, pod_uid: str) -> None:
    """Its program has done its work and ends."""
    job, pod = world.get("batch/v1/jobs", uid), world.get("v1/pods", pod_uid)
    if job is None or pod is None or job["status"].get("completionTime") or not objects.is_true(pod, "Ready"):
        return
    state = pod["status"]["containerStatuses"][0]
    began, now = state["state"]["running"]["startedAt"], objects.when(world.now)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": began, "finishedAt": now}
    state.update(ready=False, started=False, state={"terminated": ended})
    pod["status"]["phase"] = "Succeeded"
    for kind in ("Ready", "ContainersReady"):
        objects.set_condition(pod["status"], kind, "False", world.now, "PodCompleted")
    world.save(pod)
    objects.set_condition(job["status"], "Complete", "True", world.now, "CompletionsReached")
    _write(world, job, active=0, ready=0, succeeded=1, completionTime=now)
    world.event(job, "Job", "Completed", "Job completed")


def _write(world: ShopWorld, job: Object, **status: object) -> None:
    if {**job["status"], **status} == job["status"]:
        return
    job["status"].update(status)
    world.save(job)
    for owner in job["metadata"].get("ownerReferences", ()):
        world.soon("CronJob", owner["uid"], 0.3)


def reconcile_cron(world: ShopWorld, uid: str) -> None:
    """Start a job when it is due, note how it went, and remove the oldest ones."""
    cron = world.get("batch/v1/cronjobs", uid)
    if cron is None:
        return
    status, meta, before = cron["status"], cron["metadata"], copy.deepcopy(cron["status"])
    due = _last_due(meta["name"], world.now)
    if not cron["spec"].get("suspend") and due > objects.seconds(
        status.get("lastScheduleTime") or meta["creationTimestamp"]
    ):
        spec = copy.deepcopy(cron["spec"]["jobTemplate"]["spec"])
        world.save(_job(world, f"{meta['name']}-{int(due // 60)}", meta["namespace"], spec, cron))
        status["lastScheduleTime"] = objects.when(due)
    mine = world.owned("batch/v1/jobs", uid)
    done = [one for one in mine if one["status"].get("completionTime")]
    status["active"] = [
        {"kind": "Job", "name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
        for one in mine
        if one not in done
    ]
    if done:
        status["lastSuccessfulTime"] = max(one["status"]["completionTime"] for one in done)
    for old in sorted(done, key=lambda one: str(one["status"]["completionTime"]))[:-KEPT]:
        world.forget(old)
        for pod in world.owned("v1/pods", old["metadata"]["uid"]):
            pods.delete(world, pod, 0)
    if status != before:
        world.save(cron)
    world.soon("CronJob", uid, max(1.5, _last_due(meta["name"], world.now) + EVERY[meta["name"]] - world.now))


def _last_due(name: str, now: float) -> float:
    """When it was due the last time. ``name`` is one of ours: the demonstration makes no others."""
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    first, every = midnight - 86400 + FIRST[name], EVERY[name]
    return first + (now - first) // every * every
