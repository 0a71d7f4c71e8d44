"""What can be done to a Compose project as a whole: container by container, in the order of their needs."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.actions import Values
from clusters.kinds.base import Action
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.project_down import DOWN, DOWN_WITH_VOLUMES
from clusters.kinds.docker.project_model import Project, in_order
from clusters.kinds.formats import count

_SHOWN = 12  # names that are listed one by one


def _to_start(one: Project) -> list[Container]:
    return [container for container in one.containers if container.state.status in ("created", "exited")]


def _to_stop(one: Project) -> list[Container]:
    return [container for container in one.containers if container.state.status in ("running", "restarting", "paused")]


def _names(containers: Sequence[Container]) -> str:
    shown = ", ".join(container.name for container in containers[:_SHOWN])
    return f"{shown} and {len(containers) - _SHOWN} more" if len(containers) > _SHOWN else shown


async def _each(driver: Driver, steps: Sequence[Sequence[Container]], verb: str, done: str, one: Project) -> str:
    """One step after the other, all of a step together. What failed is said; the rest is done all the same."""
    failed: list[tuple[str, ClusterError]] = []

    async def post(container: Container) -> None:
        try:
            await driver.call(Call("POST", ("containers", container.uid, verb), timeout=container.patience))
        except ClusterError as error:
            failed.append((container.name, error))

    total = sum(map(len, steps))
    for step in steps:
        await asyncio.gather(*(post(container) for container in step))
    if failed:
        name, error = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        words = f"{total - len(failed)} of {count(total, 'container')} {done}. {name}{more}: {error.message}"
        raise ClusterError(words, hint=error.hint, detail=error.detail) from error
    return f"{count(total, 'container')} of {one.name} {'is' if total == 1 else 'are'} {done}."


async def _start(driver: Driver, one: Project, values: Values) -> str:
    return await _each(driver, in_order(_to_start(one)), "start", "started", one)


async def _stop(driver: Driver, one: Project, values: Values) -> str:
    return await _each(driver, list(reversed(in_order(_to_stop(one)))), "stop", "stopped", one)


async def _restart(driver: Driver, one: Project, values: Values) -> str:
    return await _each(driver, in_order(_to_stop(one)), "restart", "restarted", one)


def _started(one: Project) -> str:
    wanted = _to_start(one)
    return f"Starts {count(len(wanted), 'container')}, those first that others need: {_names(wanted)}."


def _stopped(one: Project) -> str:
    running = _to_stop(one)
    named = f"Stops {count(len(running), 'container')}: {_names(running)}."
    return f"{named} Nothing of it answers until it is started again."


def _restarted(one: Project) -> str:
    running = _to_stop(one)
    named = f"Stops and starts {count(len(running), 'container')}: {_names(running)}."
    return f"{named} They do not answer for a moment."


def _line(verb: str) -> Callable[[Project, Values], str]:
    return lambda one, values: shlex.join(["docker", "compose", "--project-name", one.name, verb])


START: Action[Project] = Action(
    verb="start",
    label="Start",
    icon="play",
    effect=_started,
    stays=lambda one: "What runs already is left alone.",
    run=_start,
    refuse=lambda one: "" if _to_start(one) else "There is no stopped container in it.",
    line=_line("start"),
)
STOP: Action[Project] = Action(
    verb="stop",
    label="Stop",
    icon="circle-stop",
    effect=_stopped,
    stays=lambda one: "Containers, networks and volumes stay.",
    run=_stop,
    refuse=lambda one: "" if _to_stop(one) else "Nothing of it runs.",
    line=_line("stop"),
)
RESTART: Action[Project] = Action(
    verb="restart",
    label="Restart",
    icon="rotate-cw",
    effect=_restarted,
    stays=lambda one: "What is stopped now is left alone; networks and volumes stay.",
    run=_restart,
    refuse=lambda one: "" if _to_stop(one) else "Nothing of it runs.",
    line=_line("restart"),
)
ACTIONS = (START, STOP, RESTART, DOWN, DOWN_WITH_VOLUMES)
