"""What can be done to a container."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.kinds.base import Action, Field
from clusters.kinds.docker.container_model import Container

_GRACE = 10  # seconds the program gets to end by itself
# The engine waits for the grace before it answers.
_PATIENCE = _GRACE + 30.0


def _post(container: Container, verb: str, **query: str) -> Call:
    return Call(method="POST", path=("containers", container.uid, verb), query=query, timeout=_PATIENCE)


async def _start(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    await driver.call(_post(container, "start"))
    return f"{container.name} is started."


async def _stop(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    await driver.call(_post(container, "stop", t=str(_GRACE)))
    return f"{container.name} is stopped."


async def _restart(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    await driver.call(_post(container, "restart", t=str(_GRACE)))
    return f"{container.name} is restarted."


async def _pause(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    await driver.call(_post(container, "pause"))
    return f"{container.name} is paused."


async def _unpause(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    await driver.call(_post(container, "unpause"))
    return f"{container.name} goes on."


async def _remove(driver: Driver, container: Container, values: Mapping[str, Any]) -> str:
    query = {name: "true" for name, field in (("v", "volumes"), ("force", "force")) if values.get(field)}
    await driver.call(Call(method="DELETE", path=("containers", container.uid), query=query, timeout=_PATIENCE))
    return f"{container.name} is removed."


def _line(verb: str, *flags: str) -> Any:
    def line(container: Container, values: Mapping[str, Any]) -> str:
        return shlex.join(["docker", verb, *flags, container.name])

    return line


def _remove_line(container: Container, values: Mapping[str, Any]) -> str:
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
    run=_start,
    refuse=_not_started,
    confirm=False,
    undo=lambda one, values: ("stop", {}),
    line=_line("start"),
)
STOP: Action[Container] = Action(
    verb="stop",
    label="Stop",
    icon="circle-stop",
    effect=_after_stop,
    stays=lambda one: "" if one.host_config.auto_remove else "Its files and volumes stay.",
    run=_stop,
    refuse=_not_stopped,
    undo=lambda one, values: ("start", {}),
    line=_line("stop"),
)
RESTART: Action[Container] = Action(
    verb="restart",
    label="Restart",
    icon="rotate-cw",
    effect=lambda one: f"Stops {one.name} and starts it again. It does not answer for a moment.",
    stays=lambda one: "Its files and volumes stay.",
    run=_restart,
    refuse=_not_restarted,
    line=_line("restart"),
)
PAUSE: Action[Container] = Action(
    verb="pause",
    label="Pause",
    icon="pause",
    effect=lambda one: f"Freezes {one.name}: it keeps its memory but answers nothing.",
    run=_pause,
    refuse=lambda one: "" if _is(one, "running") else "Only what runs can be paused.",
    undo=lambda one, values: ("unpause", {}),
    line=_line("pause"),
)
UNPAUSE: Action[Container] = Action(
    verb="unpause",
    label="Go on",
    icon="play",
    effect=lambda one: f"Lets {one.name} go on where it was paused.",
    run=_unpause,
    refuse=lambda one: "" if _is(one, "paused") else "It is not paused.",
    confirm=False,
    undo=lambda one, values: ("pause", {}),
    line=_line("unpause"),
)
REMOVE: Action[Container] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_remove_effect,
    stays=_remove_stays,
    run=_remove,
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
ACTIONS = (START, STOP, RESTART, PAUSE, UNPAUSE, REMOVE)
