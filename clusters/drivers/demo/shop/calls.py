"""The part of the Kubernetes API that the shop understands: the requests that our own actions and panels send."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.patches import patched
from clusters.drivers.demo.shop import jobs, objects, pods
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid, Missing, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

MOST_COPIES = 1000  # of one app: far more than its machines have room for


@dataclass(frozen=True, slots=True)
class Where:
    """What a path points at. ``name`` "" is the whole collection."""

    collection: str
    namespace: str
    name: str
    sub: str


def answer(world: ShopWorld, call: Call) -> Any:
    """Carry out one request. Raises Missing, Conflict, Invalid or Unsupported."""
    if call.method == "GET" and call.path == ("version",):
        return {"gitVersion": world.about().version, "platform": "linux/amd64"}
    if call.method == "GET" and len(call.path) == (2 if call.path[:1] == ("api",) else 3):
        return _known(world, call.path[1:])
    where = _parse(call.path)
    if where.collection not in world.collections:
        raise Unsupported("The demonstration has no such things.", hint="Connect a real cluster to see them.")
    if not where.name:
        if call.method == "GET":
            return _list(world, where, call)
        if (call.method, where.collection) == ("POST", "batch/v1/jobs"):
            return copy.deepcopy(jobs.create(world, call.body, where.namespace))
        raise Unsupported("The demonstration cannot make new things.", hint="Connect a real cluster to try this.")
    if call.method == "PATCH" and "apply" in call.content_type and not _is_there(world, where):
        raise Unsupported("The demonstration cannot make new things.", hint="Connect a real cluster to try this.")
    thing = world.named(where.collection, where.namespace, where.name)
    known = {
        ("GET", ""): _get,
        ("GET", "scale"): _scale_now,
        ("PATCH", ""): _patch,
        ("PUT", ""): _put,
        ("PATCH", "scale"): _scale,
        ("PUT", "scale"): _scale,
        ("DELETE", ""): _delete,
        ("POST", "eviction"): _delete,
        ("PATCH", "ephemeralcontainers"): _put_beside,
    }
    act = known.get((call.method, where.sub))
    if act is None:
        raise Unsupported("The demonstration cannot do that.", hint="Connect a real cluster to try this.")
    return act(world, thing, call)


def _known(world: ShopWorld, version: tuple[str, ...]) -> Object:
    """What one version of a group has, as discovery tells it."""
    verbs = ["get", "list", "watch", "patch", "update", "delete"]
    found = [
        {"name": api.rpartition("/")[2], "kind": kind, "namespaced": inside, "verbs": verbs}
        for api, (kind, inside) in world.collections.items()
        if api.rpartition("/")[0] == "/".join(version)
    ]
    if not found:
        raise Missing("The demonstration has no such things.")
    return {"kind": "APIResourceList", "resources": found}


def _is_there(world: ShopWorld, where: Where) -> bool:
    return any(
        (thing["metadata"]["name"], thing["metadata"].get("namespace", "")) == (where.name, where.namespace)
        for thing in world.all(where.collection)
    )


def _parse(path: tuple[str, ...]) -> Where:
    parts = list(path)
    if parts[:1] == ["api"] and len(parts) > 2:
        group, parts = parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, parts = f"{parts[1]}/{parts[2]}", parts[3:]
    else:
        return Where("", "", "", "")
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = parts[1], parts[2:]
    plural, name, sub = (*parts, "", "")[:3]
    return Where(f"{group}/{plural}", namespace, name, sub)


def _list(world: ShopWorld, where: Where, call: Call) -> Object:
    found = [
        thing
        for thing in world.all(where.collection)
        if (not where.namespace or thing["metadata"].get("namespace") == where.namespace)
        and _selected(thing, call.query.get("fieldSelector", ""))
        and _labelled(thing, call.query.get("labelSelector", ""))
    ]
    limit = call.query.get("limit", "")
    return copy.deepcopy(
        {
            "kind": f"{world.collections[where.collection][0]}List",
            "metadata": {"resourceVersion": "0"},
            "items": found[: int(limit)] if limit.isdigit() and int(limit) else found,
        }
    )


def _selected(thing: Object, selector: str) -> bool:
    for term in filter(None, selector.split(",")):
        path, _, value = term.replace("==", "=").partition("=")
        found: Any = thing
        for part in path.split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        if str(found) != value:
            return False
    return True


def _labelled(thing: Object, selector: str) -> bool:
    labels = thing["metadata"]["labels"]
    return all(
        labels.get(term.partition("=")[0]) == term.replace("==", "=").partition("=")[2]
        for term in filter(None, selector.split(","))
    )


def _get(world: ShopWorld, thing: Object, call: Call) -> Object:
    return copy.deepcopy(thing)


def _patch(world: ShopWorld, thing: Object, call: Call) -> Object:
    return _replace(world, thing, patched(thing, call.body, call.content_type), call)


def _put(world: ShopWorld, thing: Object, call: Call) -> Object:
    if not isinstance(call.body, dict) or not isinstance(call.body.get("metadata"), dict):
        raise Invalid("That is not a whole object.")
    return _replace(world, thing, {**copy.deepcopy(call.body), "status": thing["status"]}, call)


def _replace(world: ShopWorld, thing: Object, new: Object, call: Call) -> Object:
    meta = thing["metadata"]
    if new["metadata"].get("resourceVersion", meta["resourceVersion"]) != meta["resourceVersion"]:
        raise Conflict(f"Somebody else changed {meta['name']} first.", hint="Look at it as it is now and try again.")
    if new["metadata"].get("uid", meta["uid"]) != meta["uid"]:
        raise Conflict(f"{meta['name']} is another one by now.", hint="Look at it as it is now and try again.")
    if new["metadata"].get("name") != meta["name"]:
        raise Invalid("The name of an object cannot be changed.")
    new = {**new, "metadata": {**new["metadata"], "uid": meta["uid"]}}
    if "replicas" in new.get("spec", {}):
        _check_copies(new["spec"]["replicas"])
    if thing["kind"] == "Deployment" and not new["spec"]["template"]["spec"]["containers"]:
        raise Invalid("A deployment needs at least one container.")
    if new.get("spec") != thing.get("spec"):
        new["metadata"]["generation"] = meta["generation"] + 1
    if "dryRun" not in call.query:
        world.save(new)
    return copy.deepcopy(new)


def _check_copies(wanted: Any) -> None:
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted <= MOST_COPIES:
        raise Invalid(f"The demonstration runs 0 to {MOST_COPIES} copies of an app.")


def _put_beside(world: ShopWorld, thing: Object, call: Call) -> Object:
    """A debug container, which runs at once."""
    new = patched(thing, call.body, call.content_type)
    state = {"running": {"startedAt": objects.when(world.now)}}
    beside = [
        {"name": one["name"], "image": one["image"], "ready": False, "restartCount": 0, "state": state, "lastState": {}}
        for one in new["spec"]["ephemeralContainers"]
    ]
    new["status"] = {**new["status"], "ephemeralContainerStatuses": beside}
    return _replace(world, thing, new, call)


def _scale_now(world: ShopWorld, thing: Object, call: Call) -> Object:
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": copy.deepcopy(thing["metadata"]),
        "spec": {"replicas": thing["spec"]["replicas"]},
        "status": {"replicas": thing["status"].get("replicas", 0)},
    }


def _scale(world: ShopWorld, thing: Object, call: Call) -> Object:
    if "replicas" not in thing["spec"]:
        raise Missing("This has no number of copies.")
    scale = patched(_scale_now(world, thing, call), call.body, call.content_type)
    given = (call.body.get("metadata") or {}).get("resourceVersion") if isinstance(call.body, dict) else None
    if given and given != thing["metadata"]["resourceVersion"]:
        raise Conflict(f"Somebody else changed {thing['metadata']['name']} first.")
    new = {**thing, "spec": {**thing["spec"], "replicas": scale["spec"].get("replicas")}}
    return _scale_now(world, _replace(world, thing, {**new, "metadata": dict(thing["metadata"])}, call), call)


def _delete(world: ShopWorld, thing: Object, call: Call) -> Object:
    options = call.body if isinstance(call.body, dict) else {}
    options = options.get("deleteOptions") or options
    wanted = (options.get("preconditions") or {}).get("uid", thing["metadata"]["uid"])
    if wanted != thing["metadata"]["uid"]:
        raise Conflict(f"{thing['metadata']['name']} is another one by now.")
    if "dryRun" in call.query or options.get("dryRun"):
        return copy.deepcopy(thing)
    if thing["kind"] == "Pod":
        grace = options.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds", 30))
        pods.delete(world, thing, float(grace))
    elif thing["kind"] in ("Node", "Event"):
        raise Unsupported("The demonstration does not delete these.")
    else:
        _delete_with_what_it_owns(world, thing)
    return {"kind": "Status", "status": "Success"}


def _delete_with_what_it_owns(world: ShopWorld, thing: Object) -> None:
    uid = thing["metadata"]["uid"]
    world.forget(thing)
    for collection in ("apps/v1/replicasets", "batch/v1/jobs"):
        for owned in world.owned(collection, uid):
            _delete_with_what_it_owns(world, owned)
    for pod in world.owned("v1/pods", uid):
        pods.delete(world, pod)
