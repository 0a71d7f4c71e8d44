"""The part of a Swarm's API that the demonstration understands: the requests that our own actions and panels send."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.host import calls as host
from clusters.drivers.demo.host.objects import when
from clusters.drivers.demo.swarm import objects, services, tasks
from clusters.drivers.demo.swarm.apps import REPOSITORIES
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid, Missing, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

MOST = 40  # of each sort
MOST_COPIES = 50  # of a service
NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?")
_ROLES = ("Worker", "Manager")
_KEPT = {"secrets": "Secret", "configs": "Config"}
_LISTED = frozenset({"services", "tasks", "nodes", "secrets", "configs"})


def answer(world: SwarmWorld, call: Call) -> Any:
    """Carry out one request. Raises Missing, Conflict, Invalid or Unsupported."""
    body = copy.deepcopy(call.body) if isinstance(call.body, dict) else {}
    match (call.method, *call.path):
        case ("GET", collection) if collection in _LISTED:
            found = [one for one in world.all(collection) if _is_asked(one, call.query.get("filters", ""))]
            return [_told(world, collection, one) for one in found]
        case ("GET", collection, reference) if collection in _LISTED:
            return _told(world, collection, find(world, collection, reference))
        case ("GET", "info"):
            return copy.deepcopy(world.all("info")[0])
        case ("GET", "swarm"):
            return copy.deepcopy(world.all("swarm")[0]["Cluster"]) | {"JoinTokens": _tokens(world)}
        case ("GET", "swarm", "unlockkey"):
            return {"UnlockKey": "SWMKEY-1-demonstration" if world.auto_lock else ""}
        case ("POST", "swarm", "update"):
            return _change_swarm(world, body)
        case ("GET", "distribution", *reference, "json"):
            return _distribution("/".join(reference))
        case ("POST", "services", "create"):
            return _create_service(world, body)
        case ("POST", "services", reference, "update"):
            return _update_service(world, find(world, "services", reference), call, body)
        case ("DELETE", "services", reference):
            return services.remove(world, find(world, "services", reference))
        case ("POST", "nodes", reference, "update"):
            return _update_node(world, find(world, "nodes", reference), call, body)
        case ("DELETE", "nodes", reference):
            return _remove_node(world, find(world, "nodes", reference))
        case ("POST", ("secrets" | "configs") as collection, "create"):
            return _create_kept(world, collection, body)
        case ("DELETE", ("secrets" | "configs") as collection, reference):
            return _remove_kept(world, collection, find(world, collection, reference))
        case ("DELETE", "networks", reference):
            _check_network(world, reference)
    return host.answer(world, call)


def find(world: SwarmWorld, collection: str, reference: str) -> Object:
    """By id or name. Raises Missing."""
    for one in world.all(collection):
        name = one["Spec"].get("Name") or (one.get("Description") or {}).get("Hostname")
        if reference in (one["ID"], name):
            return one
    raise Missing(f"There is no {collection[:-1]} {reference[:80]}.")


def status(world: SwarmWorld, service: Object) -> Object:
    """How many of its copies run, of those that are to run."""
    of = tasks.of(world, service)
    running = [one for one in of if tasks.is_live(one) and one["Status"]["State"] == "running"]
    replicated = service["Spec"]["Mode"].get("Replicated")
    wanted = int(replicated.get("Replicas", 1)) if replicated is not None else sum(map(tasks.is_live, of))
    return {"RunningTasks": len(running), "DesiredTasks": wanted, "CompletedTasks": 0}


def cluster(world: SwarmWorld, made: str) -> Object:
    """What the managers keep of the Swarm itself."""
    return {
        "ID": objects.uid("cluster"),
        "Version": {"Index": 10},
        "CreatedAt": made,
        "UpdatedAt": when(world.now),
        "Spec": {
            "Name": "default",
            "Labels": {},
            "Orchestration": {"TaskHistoryRetentionLimit": tasks.KEPT + 1},
            "CAConfig": {"NodeCertExpiry": 90 * 86_400 * 10**9},
            "EncryptionConfig": {"AutoLockManagers": world.auto_lock},
        },
        "RootRotationInProgress": False,
        "DefaultAddrPool": ["10.0.0.0/8"],
        "SubnetSize": 24,
        "DataPathPort": 4789,
    }


def _told(world: SwarmWorld, collection: str, one: Object) -> Object:
    found = copy.deepcopy(world.shown(collection, one))
    if collection == "secrets":
        found["Spec"].pop("Data", None)
    return found


def _is_asked(one: Object, filters: str) -> bool:
    labels = one["Spec"].get("Labels") or {}
    known = {"id": one["ID"], "service": one.get("ServiceID"), "name": one["Spec"].get("Name")}
    for what, wanted in (json.loads(filters) if filters else {}).items():
        if what == "label":
            if not all(labels.get(text.partition("=")[0]) == text.partition("=")[2] for text in wanted):
                return False
        elif what in known and known[what] not in wanted:
            return False
    return True


def _check_version(one: Object, call: Call) -> None:
    if call.query.get("version") != str(one["Version"]["Index"]):
        raise Conflict("update out of sequence")


def _tokens(world: SwarmWorld) -> Object:
    made = f"{world.seed} {world.all('swarm')[0]['Cluster']['Version']['Index']}"
    secret = {role: f"{objects.uid(made)}{objects.uid(role)}-{objects.uid(role + made)}" for role in _ROLES}
    return {role: f"SWMTKN-1-{token}" for role, token in secret.items()}


def _change_swarm(world: SwarmWorld, body: Object) -> None:
    world.auto_lock = bool((body.get("EncryptionConfig") or {}).get("AutoLockManagers"))
    index = world.all("swarm")[0]["Cluster"]["Version"]["Index"] + 1
    world.tell_swarm()
    world.all("swarm")[0]["Cluster"]["Version"]["Index"] = index


def _distribution(image: str) -> Object:
    if image.rpartition(":")[0] not in REPOSITORIES:
        raise Missing(f"There is no image {image[:200]} in its registry.")
    return {"Descriptor": {"digest": f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"}}


def _checked(world: SwarmWorld, spec: Object) -> Object:
    """A spec with ids of its networks, as a Swarm keeps it. Raises Invalid, Missing and Unsupported."""
    replicated = (spec.get("Mode") or {}).get("Replicated")
    if replicated is not None and int(replicated.get("Replicas") or 0) > MOST_COPIES:
        raise Unsupported(f"This Swarm runs at most {MOST_COPIES} copies of a service.", hint="It is a demonstration.")
    for place in spec.get("TaskTemplate", {}).get("Networks") or ():
        known = {text: one["Id"] for one in world.all("networks") for text in (one["Id"], one["Name"])}
        if place.get("Target") not in known:
            raise Missing(f"network {str(place.get('Target'))[:80]} not found")
        place["Target"] = known[place["Target"]]
    return spec


def _create_service(world: SwarmWorld, spec: Object) -> Object:
    name = str(spec.get("Name") or "")
    if not NAME.fullmatch(name):
        raise Invalid("That cannot be the name of a service.")
    if any(one["Spec"]["Name"] == name for one in world.all("services")):
        raise Conflict(f"service {name} already exists")
    if len(world.all("services")) >= MOST:
        raise Unsupported(f"The demonstration has room for {MOST} services.")
    spec.setdefault("Labels", {})
    spec.setdefault("Mode", {"Replicated": {"Replicas": 1}})
    if not {"Replicated", "Global"} & spec["Mode"].keys():
        raise Unsupported("The demonstration runs no jobs.")
    endpoint = spec.get("EndpointSpec") or {}
    made = objects.kept(f"service {world.new_uid()}", world.now, _checked(world, spec))
    made["Endpoint"] = {"Spec": endpoint, "Ports": list(endpoint.get("Ports") or ())}
    world.put("services", made["ID"], made)
    services.keep(world, made)
    return {"ID": made["ID"], "Warnings": None}


def _update_service(world: SwarmWorld, one: Object, call: Call, spec: Object) -> Object:
    _check_version(one, call)
    if call.query.get("rollback") == "previous":
        if "PreviousSpec" not in one:
            raise Invalid("service does not have a previous spec")
        services.change(world, one, one["PreviousSpec"], back=True)
        return {"Warnings": None}
    if spec.get("Name") != one["Spec"]["Name"]:
        raise Invalid("renaming services is not supported")
    if (spec.get("Mode") or {}).keys() != one["Spec"]["Mode"].keys():
        raise Invalid("service mode change is not allowed")
    services.change(world, one, _checked(world, spec))
    return {"Warnings": None}


def _update_node(world: SwarmWorld, one: Object, call: Call, spec: Object) -> None:
    _check_version(one, call)
    managers = [node for node in world.all("nodes") if node["Spec"]["Role"] == "manager"]
    if one in managers and spec.get("Role") == "worker":
        if one is world.all("nodes")[0] or len(managers) < 2:
            raise Conflict("The manager that the demonstration is connected to stays one.")
        one.pop("ManagerStatus", None)
    if one not in managers and spec.get("Role") == "manager":
        address = f"{one['Status']['Addr']}:2377"
        one["ManagerStatus"] = {"Leader": False, "Reachability": "reachable", "Addr": address}
    one["Spec"] = {**spec, "Labels": spec.get("Labels") or {}}
    one["Version"]["Index"] += 1
    one["UpdatedAt"] = when(world.now)
    world.put("nodes", one["ID"], one)
    world.tell_swarm()
    services.nodes_changed(world)


def _remove_node(world: SwarmWorld, one: Object) -> None:
    if one["Spec"]["Role"] == "manager":
        raise Conflict("It is a manager: demote it first.")
    if one["Status"]["State"] == "ready":
        raise Conflict("node is not down and can't be removed")
    for task in world.all("tasks"):
        if task["NodeID"] == one["ID"]:
            world.drop("tasks", task["ID"])
    world.drop("nodes", one["ID"])
    world.tell_swarm()
    services.nodes_changed(world)


def _create_kept(world: SwarmWorld, collection: str, spec: Object) -> Object:
    name = str(spec.get("Name") or "")
    if any(one["Spec"]["Name"] == name for one in world.all(collection)):
        raise Conflict(f"{collection[:-1]} {name} already exists")
    if len(world.all(collection)) >= MOST:
        raise Unsupported(f"The demonstration has room for {MOST} {collection}.")
    if collection == "secrets":
        spec.pop("Data", None)  # nobody is told it again, so it is not kept either
    made = objects.kept(f"{collection} {world.new_uid()}", world.now, spec)
    world.put(collection, made["ID"], made)
    return {"ID": made["ID"]}


def _remove_kept(world: SwarmWorld, collection: str, one: Object) -> None:
    kind = _KEPT[collection]
    uses: Callable[[Object], bool] = lambda service: any(  # noqa: E731
        each.get(f"{kind}ID") == one["ID"]
        for each in service["Spec"]["TaskTemplate"]["ContainerSpec"].get(f"{kind}s") or ()
    )
    if users := [service["Spec"]["Name"] for service in world.all("services") if uses(service)]:
        raise Conflict(f"{collection[:-1]} '{one['Spec']['Name']}' is in use by the following service: {users[0]}")
    world.drop(collection, one["ID"])


def _check_network(world: SwarmWorld, reference: str) -> None:
    network = next((one for one in world.all("networks") if reference in (one["Id"], one["Name"])), None)
    for service in world.all("services"):
        places = service["Spec"]["TaskTemplate"].get("Networks") or ()
        if network and any(place["Target"] == network["Id"] for place in places):
            raise Conflict(f"network {network['Name']} is in use by service {service['Spec']['Name']}")
