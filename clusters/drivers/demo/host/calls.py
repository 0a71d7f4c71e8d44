"""The part of the Docker Engine API that the host understands: the requests that our own actions and panels send."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clusters.drivers.base import Call
from clusters.drivers.demo.host import disk, engine, files, images, info, networks, objects, volumes
from clusters.drivers.demo.host.containers import Program
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid, Unsupported

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")
MOST_CONTAINERS = 60
ENDS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "TERM": 15}  # signals that end the programs of this host


def answer(world: HostWorld, call: Call) -> Any:
    """Carry out one request. Raises Missing, Conflict, Invalid or Unsupported."""
    match (call.method, *call.path):
        case ("GET", "containers", "json"):
            shown = (
                world.all("containers")
                if call.query.get("all") in ("1", "true")
                else [one for one in world.all("containers") if one["State"]["Running"]]
            )
            return [objects.summary(one) for one in shown]
        case ("GET", "version"):
            return {"Version": world.about().version, "ApiVersion": "1.52", "Os": "linux", "Arch": "amd64"}
        case ("GET", "info"):
            return info.info(world)
        case ("POST", "commit"):
            return _commit(world, call)
        case ("POST", "containers", "create"):
            return _create(world, call)
        case (_, "containers", reference, *rest):
            act = ACTS.get((call.method, "/".join(rest)))
            if act is not None:
                return act(world, world.container(reference), call)
        case ("GET", "system", "df"):
            return disk.usage(world)
        case (_, "images", *_):
            return images.answer(world, call)
        case (_, "networks", *_):
            return networks.answer(world, call)
        case (_, "volumes", *_):
            return volumes.answer(world, call)
    raise Unsupported("The demonstration cannot do that.", hint="Connect a real Docker host to try this.")


def path_of(collection: str, name: str) -> tuple[str, ...]:
    """Where one object of a collection is inspected."""
    if collection == "images":
        return ("images", *name.split("/"), "json")
    return ("info",) if collection == "info" else (collection, name)


def _create(world: HostWorld, call: Call) -> Object:
    body = call.body if isinstance(call.body, dict) else {}
    image, name = str(body.get("Image") or ""), call.query.get("name", "")
    if name and not NAME.fullmatch(name):
        raise Invalid("A container's name is made of letters, digits, “_”, “.” and “-”.")
    if any(one["Name"] == f"/{name}" for one in world.all("containers")):
        raise Conflict(f"There is a container named {name} already.")
    if len(world.all("containers")) >= MOST_CONTAINERS:
        raise Unsupported(f"The demonstration runs at most {MOST_CONTAINERS} containers.")
    tagged = images.tagged(image)
    images.find(world, tagged)
    program = replace(Program("", tagged, restart="no", voice="plain"), name=name or f"demo-{world.new_uid()[:8]}")
    thing = world.make(program)
    for part in ("Env", "Cmd", "Labels", "Hostname", "User", "Tty", "WorkingDir", "ExposedPorts"):
        if body.get(part):
            thing["Config"][part] = copy.deepcopy(body[part])
    thing["HostConfig"].update(copy.deepcopy(body.get("HostConfig") or {}))
    thing["HostConfig"]["RestartPolicy"] = {
        "Name": "no",
        "MaximumRetryCount": 0,
        **(thing["HostConfig"].get("RestartPolicy") or {}),
    }
    world.save(thing)
    return {"Id": thing["Id"], "Warnings": []}


def _commit(world: HostWorld, call: Call) -> Object:
    """An image of a container as it is now; a name that another image has goes to this one."""
    thing = world.container(call.query.get("container", ""))
    uid = world.add_image(f"commit-{world.new_uid()}")
    image = world.get("images", uid)
    assert image is not None
    world.put("images", uid, {**image, "RepoTags": [], "RepoDigests": []})
    if call.query.get("repo"):
        images.tag(
            world,
            {**image, "RepoTags": [], "RepoDigests": []},
            f"{call.query['repo']}:{call.query.get('tag') or 'latest'}",
        )
    files.keep_in_image(world, thing, uid)
    return {"Id": uid}


def _start(world: HostWorld, thing: Object, call: Call) -> None:
    if thing["State"]["Paused"]:
        raise Conflict(f"{thing['Name'][1:]} is paused.", hint="Let it go on instead.")
    world.stopped_by_hand.discard(thing["Id"])
    engine.start(world, thing)


def _stop(world: HostWorld, thing: Object, call: Call) -> None:
    engine.stop(world, thing)


def _kill(world: HostWorld, thing: Object, call: Call) -> None:
    if not thing["State"]["Running"]:
        raise Conflict(f"{thing['Name'][1:]} does not run.")
    signal = call.query.get("signal", "SIGKILL").removeprefix("SIG")
    if signal in ENDS:
        engine.stop(world, thing, code=128 + ENDS[signal], after=0.1)


def _restart(world: HostWorld, thing: Object, call: Call) -> None:
    engine.restart(world, thing)


def _pause(world: HostWorld, thing: Object, call: Call) -> None:
    if thing["State"]["Status"] != "running":
        raise Conflict(f"{thing['Name'][1:]} does not run.")
    engine.pause(world, thing, True)


def _unpause(world: HostWorld, thing: Object, call: Call) -> None:
    if not thing["State"]["Paused"]:
        raise Conflict(f"{thing['Name'][1:]} is not paused.")
    engine.pause(world, thing, False)


def _rename(world: HostWorld, thing: Object, call: Call) -> None:
    name = call.query.get("name", "")
    if not NAME.fullmatch(name):
        raise Invalid("A container's name is made of letters, digits, “_”, “.” and “-”.")
    if any(one["Name"] == f"/{name}" for one in world.all("containers")):
        raise Conflict(f"There is a container named {name} already.")
    thing["Name"] = f"/{name}"
    world.save(thing)


def _update(world: HostWorld, thing: Object, call: Call) -> Object:
    body = call.body if isinstance(call.body, dict) else {}
    for part in ("Memory", "NanoCpus", "RestartPolicy"):
        if part in body:
            thing["HostConfig"][part] = copy.deepcopy(body[part])
    world.save(thing)
    return {"Warnings": []}


def _remove(world: HostWorld, thing: Object, call: Call) -> None:
    if thing["State"]["Running"] and call.query.get("force") not in ("1", "true"):
        raise Conflict(f"{thing['Name'][1:]} still runs.", hint="Stop it first.")
    engine.remove(world, thing)


def _inspect(world: HostWorld, thing: Object, call: Call) -> Object:
    return world.inspected(thing)


def _changes(world: HostWorld, thing: Object, call: Call) -> list[Object]:
    return [{"Path": path, "Kind": 1} for path in files.added(world, thing)]


def _top(world: HostWorld, thing: Object, call: Call) -> Object:
    if not thing["State"]["Running"]:
        raise Conflict(f"{thing['Name'][1:]} does not run.")
    command = " ".join([thing["Path"], *thing["Args"]])
    return {
        "Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
        "Processes": [["root", str(thing["State"]["Pid"]), "1", "0", "00:00", "?", "00:00:04", command]],
    }


ACTS: dict[tuple[str, str], Callable[[HostWorld, Object, Call], Any]] = {
    ("GET", "json"): _inspect,
    ("GET", "changes"): _changes,
    ("GET", "top"): _top,
    ("POST", "start"): _start,
    ("POST", "stop"): _stop,
    ("POST", "kill"): _kill,
    ("POST", "restart"): _restart,
    ("POST", "pause"): _pause,
    ("POST", "unpause"): _unpause,
    ("POST", "rename"): _rename,
    ("POST", "update"): _update,
    ("DELETE", ""): _remove,
}
