"""Runs a container: gets its image when it is missing, makes it, starts it, and leaves nothing half made unsaid."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.base import Says
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.pull import pull
from clusters.kinds.docker.run_check import check
from clusters.kinds.docker.run_fields import FIELDS
from clusters.kinds.docker.run_form import BUILT_IN, RunForm
from clusters.kinds.docker.run_line import docker_line
from clusters.kinds.docker.run_power import powers
from clusters.kinds.docker.run_read import read_form
from clusters.kinds.docker.run_volumes import volume_powers
from clusters.kinds.formats import short_id
from clusters.kinds.makers import Maker


@dataclass(frozen=True, slots=True)
class Made:
    """The container that runs now."""

    uid: str
    name: str


async def run_container(driver: Driver, form: RunForm, says: Says) -> Made:
    """Carry it out. Raises Missing (no such image), Conflict (name or port taken) and what the engine says."""
    says.say(docker_line(form, hidden=True))  # a job's lines are kept, and read by others
    await need_networks(driver, form)
    await get_image(driver, form, says)
    uid = await create(driver, form, says)
    try:
        await join(driver, form, uid)
        await start(driver, form, uid)
    except (ClusterError, asyncio.CancelledError):
        await asyncio.shield(take_back(driver, uid, says))
        raise
    name = form.name or await _name(driver, uid)
    says.say(f"{name} runs.")
    return Made(uid, name)


async def get_image(driver: Driver, form: RunForm, says: Says) -> None:
    """Pull it, unless the engine has it."""
    if not await has_image(driver, form.image):
        says.say(f"Getting {form.image}: it is not on this machine yet.")
        await pull(driver, form.image, says)


async def has_image(driver: Driver, image: str) -> bool:
    """Is it on the engine?"""
    try:
        await driver.call(Call("GET", ("images", *image.split("/"), "json")))
    except Missing:
        return False
    return True


async def need_networks(driver: Driver, form: RunForm) -> None:
    """Raises Missing for a network that is not there: an engine would say so at the start only."""
    for one in form.networks:
        if one.network not in BUILT_IN:
            try:
                await driver.call(Call("GET", ("networks", one.network)))
            except Missing as error:
                raise Missing(f"There is no network {one.network} on this machine.", detail=error.detail) from error


async def create(driver: Driver, form: RunForm, says: Says) -> str:
    """Make it, without starting it; its id."""
    call = Call("POST", ("containers", "create"), query=form.query, body=form.body, timeout=60.0)
    try:
        made = await driver.call(call)
    except Conflict as error:
        hint = "Choose another name, or remove the one that has it."
        raise Conflict(f"There is a container called {form.name} already.", hint=hint, detail=error.detail) from error
    uid = made.get("Id") if isinstance(made, dict) else None
    if not isinstance(uid, str):
        raise ClusterError("The engine did not say what it made.")
    for warning in made.get("Warnings") or []:
        says.say(str(warning)[:300], "warning")
    says.say(f"Made {form.name or short_id(uid)}.")
    return uid


async def join(driver: Driver, form: RunForm, uid: str) -> None:
    """Join its further networks."""
    for one in form.later_networks:
        body = {"Container": uid, "EndpointConfig": form.endpoint(one)}
        await driver.call(Call("POST", ("networks", one.network, "connect"), body=body))


async def start(driver: Driver, form: RunForm, uid: str) -> None:
    """Start it. Raises what stands in the way, in words."""
    try:
        await driver.call(Call("POST", ("containers", uid, "start"), timeout=60.0))
    except ClusterError as error:
        raise _start_error(error, form) from error


async def take_back(driver: Driver, uid: str, says: Says) -> None:
    """Remove what was made in vain, and say so."""
    try:
        await driver.call(Call("DELETE", ("containers", uid), query={"force": "true"}))
    except ClusterError as error:
        says.say(f"It was made but could not be started, and not be removed either: {error.message}", "error")
    else:
        says.say("It could not be started, so it was removed again. Nothing is left of it but its volumes.", "warning")


async def _name(driver: Driver, uid: str) -> str:
    found: Any = None
    with suppress(ClusterError):
        found = await driver.call(Call("GET", ("containers", uid, "json")))
    name = found.get("Name") if isinstance(found, dict) else None
    return name.lstrip("/") if isinstance(name, str) else short_id(uid)


def _start_error(error: ClusterError, form: RunForm) -> ClusterError:
    said = error.detail or error.message
    if "already allocated" in said or "already in use" in said:
        port = next((one for one in form.ports if one.outside and f":{one.outside}" in said), None)
        which = f"Port {port.outside}" if port else "A port"
        return Conflict(
            f"{which} of the machine is taken already.",
            hint="Choose another one, or stop what uses it.",
            detail=said,
        )
    if "executable file not found" in said or "no such file or directory" in said:
        return Invalid("The command is not in the image.", hint="Check its spelling.", detail=said)
    return error


async def _make(driver: Driver, form: RunForm, says: Says) -> str:
    return (await run_container(driver, form, says)).name


RUN: Maker[Container] = Maker(
    label="Run a container",
    icon="plus",
    fields=FIELDS,
    read=read_form,
    line=docker_line,
    record=lambda form: docker_line(form, hidden=True),
    title=lambda form: f"Run {form.name or form.image}",
    run=_make,
    powers=lambda form: powers(form.body),
    hidden_powers=lambda driver, form: volume_powers(driver, form.body),
    check=check,
)
