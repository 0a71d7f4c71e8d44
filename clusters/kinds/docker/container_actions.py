"""What can be done to a container."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, docker_line, one_call
from clusters.kinds.base import Action
from clusters.kinds.docker.container_changes import COMMIT, KILL, LIMITS, RENAME
from clusters.kinds.docker.container_model import Container
from clusters.kinds.field import Field


def _post(verb: str) -> Callable[[Container, Values], Call]:
    """How long its program gets to end by itself is for the container to say: the engine knows, and waits."""
    return lambda one, values: Call("POST", ("containers", one.uid, verb), timeout=one.patience)


def _removal(container: Container, values: Values) -> Call:
    query = {name: "true" for name, field in (("v", "volumes"), ("force", "force")) if values.get(field)}
    return Call("DELETE", ("containers", container.uid), query, timeout=container.patience)


def _remove_line(container: Container, values: Values) -> str:
    flags = [flag for flag, field in (("--volumes", "volumes"), ("--force", "force")) if values.get(field)]
    return shlex.join(["docker", "rm", *flags, container.name])


def _is(container: Container, *states: str) -> bool:
    return container.state.status in states


def _not_started(container: Container) -> str:
    if _is(container, "paused"):
        return "It is paused: let it go on instead."
    if _is(container, "running", "restarting"):
        return "It runs already."
    return "It is being removed." if _is(container, "removing", "dead") else ""


def _not_stopped(container: Container) -> str:
    return "" if _is(container, "running", "restarting", "paused") else "It does not run."


def _not_restarted(container: Container) -> str:
    return "It is being removed." if _is(container, "removing", "dead") else ""


def _not_removed(container: Container) -> str:
    return "It is being removed already." if _is(container, "removing") else ""


def _after_stop(container: Container) -> str:
    if container.host_config.auto_remove:
        return f"Stops {container.name}, which then removes itself (--rm)."
    return f"Stops {container.name}. It does not answer until it is started again."


def _remove_effect(container: Container) -> str:
    stop = "Stops and removes" if container.running else "Removes"
    return f"{stop} {container.name}, with all files that were changed inside it."


def _remove_stays(container: Container) -> str:
    volumes = [mount.name for mount in container.mounts or () if mount.type == "volume" and mount.name]
    folders = [mount.source for mount in container.mounts or () if mount.type == "bind" and mount.source]
    kept = [*(f"the volume {name[:40]}" for name in volumes), *(f"the folder {path}" for path in folders)]
    stays = f"{', '.join(kept[:4])}{' and more' if len(kept) > 4 else ''} and the image {container.image}"
    return f"{stays[0].upper()}{stays[1:]} stay." if kept else f"The image {container.image} stays."


def _must_force(container: Container) -> bool:
    return container.running or container.state.status == "restarting"


START: Action[Container] = Action(
    verb="start",
    label="Start",
    icon="play",
    effect=lambda one: f"Starts {one.name} as it was made.",
    run=one_call(_post("start"), "{name} is started."),
    refuse=_not_started,
    confirm=False,
    undo=lambda one, values: ("stop", {}),
    line=docker_line("start"),
)
STOP: Action[Container] = Action(
    verb="stop",
    label="Stop",
    icon="circle-stop",
    effect=_after_stop,
    stays=lambda one: "" if one.host_config.auto_remove else "Its files and volumes stay.",
    run=one_call(_post("stop"), "{name} is stopped."),
    refuse=_not_stopped,
    undo=lambda one, values: ("start", {}),
    line=docker_line("stop"),
)
RESTART: Action[Container] = Action(
    verb="restart",
    label="Restart",
    icon="rotate-cw",
    effect=lambda one: f"Stops {one.name} and starts it again. It does not answer for a moment.",
    stays=lambda one: "Its files and volumes stay.",
    run=one_call(_post("restart"), "{name} is restarted."),
    refuse=_not_restarted,
    line=docker_line("restart"),
)
PAUSE: Action[Container] = Action(
    verb="pause",
    label="Pause",
    icon="pause",
    effect=lambda one: f"Freezes {one.name}: it keeps its memory but answers nothing.",
    run=one_call(_post("pause"), "{name} is paused."),
    refuse=lambda one: "" if _is(one, "running") else "Only what runs can be paused.",
    undo=lambda one, values: ("unpause", {}),
    line=docker_line("pause"),
)
UNPAUSE: Action[Container] = Action(
    verb="unpause",
    label="Go on",
    icon="play",
    effect=lambda one: f"Lets {one.name} go on where it was paused.",
    run=one_call(_post("unpause"), "{name} goes on."),
    refuse=lambda one: "" if _is(one, "paused") else "It is not paused.",
    confirm=False,
    undo=lambda one, values: ("pause", {}),
    line=docker_line("unpause"),
)
REMOVE: Action[Container] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_remove_effect,
    stays=_remove_stays,
    run=one_call(_removal, "{name} is removed."),
    refuse=_not_removed,
    danger=True,
    fields=(
        Field(
            name="volumes",
            label="Remove its unnamed volumes too",
            type="flag",
            required=False,
            help="Data in volumes that have no name of their own is lost.",
        ),
        Field(
            name="force",
            label="Remove it even while it runs",
            type="flag",
            required=False,
            initial=_must_force,
            help="It is killed without being asked to stop first.",
        ),
    ),
    line=_remove_line,
)
ACTIONS = (START, STOP, RESTART, PAUSE, UNPAUSE, KILL, RENAME, LIMITS, COMMIT, REMOVE)
