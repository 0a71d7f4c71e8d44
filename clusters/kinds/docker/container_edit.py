"""Edit: make a container again with changed settings. The old one is kept until the new one is well, else put back.

The new one is made beside the old one, so that a mistake in its settings never stops what runs. Then the old one
stops (it holds the ports), gives up its name, and the new one starts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from clusters.drivers.base import Call, Driver, LogOptions, LogSource
from clusters.errors import ClusterError, Conflict, Missing
from clusters.kinds.asked_again import asked_again
from clusters.kinds.base import JSON, Says
from clusters.kinds.docker.container_model import Container, stop_patience
from clusters.kinds.docker.origin import Origin, load_origin
from clusters.kinds.docker.run import create, get_image, join, need_networks, run_container, start
from clusters.kinds.docker.run_check import check
from clusters.kinds.docker.run_fields import FIELDS
from clusters.kinds.docker.run_form import RunForm
from clusters.kinds.docker.run_hidden import hide
from clusters.kinds.docker.run_like import copy_values, read_copy, read_edit, values_of
from clusters.kinds.docker.run_line import docker_line
from clusters.kinds.docker.run_power import powers
from clusters.kinds.docker.run_read import read_form
from clusters.kinds.docker.run_volumes import volume_powers
from clusters.kinds.makers import Like, Maker, Remark

SETTLED = 4.0  # seconds without a health check that it must run to count as well
CHECKED = 180.0  # seconds at most that a health check may take to pass
_LOOK_EVERY = 0.5
_PUT_BACK = 60.0  # seconds in which we try to put the old one back, also when the engine is away


@dataclass(frozen=True, slots=True)
class Edit:
    """The container as it is to be, and which one it takes the place of."""

    form: RunForm
    uid: str
    name: str  # the old one's
    running: bool
    patience: float  # seconds in which the old one has stopped


async def edit_container(driver: Driver, edit: Edit, says: Says) -> str:
    """Carry it out; the new one's name. Raises why not; then the old one is as it was, or it is said what is not."""
    form, mark = edit.form, secrets.token_hex(3)
    name = form.name or edit.name
    says.say(docker_line(form, hidden=True))
    await need_networks(driver, form)
    await get_image(driver, form, says)
    uid, old_name = f"{name[:110]}-new-{mark}", f"{edit.name[:110]}-old-{mark}"
    try:
        uid = await create(driver, replace(form, name=uid), says)
        await join(driver, form, uid)
        await _swap(driver, edit, uid, name, old_name, says)
        await _until_well(driver, uid, name, says) if edit.running else None
    except (ClusterError, asyncio.CancelledError) as error:
        if isinstance(error, ClusterError):
            says.say(error.message, "error")
        back = await asyncio.shield(_put_back(driver, edit, uid, says))
        if isinstance(error, ClusterError):
            error.message = f"{error.message} {back}".strip()
        raise
    await _remove_old(driver, edit, old_name, says)
    return name


async def _swap(driver: Driver, edit: Edit, uid: str, name: str, old_name: str, says: Says) -> None:
    if edit.running:
        says.say(f"Stopping the old {edit.name}.")
        await driver.call(Call("POST", ("containers", edit.uid, "stop"), timeout=edit.patience))
    await _rename(driver, edit.uid, old_name)
    says.say(f"The old one is called {old_name} now, and kept.")
    await _rename(driver, uid, name)
    if edit.running:
        says.say(f"Starting the new {name}.")
        await start(driver, edit.form, uid)
    else:
        says.say(f"{name} is made; it is not started, as the old one did not run.")


async def _until_well(driver: Driver, uid: str, name: str, says: Says) -> None:
    """Return when it is well. Raises Conflict with the reason when it is not."""
    clock = asyncio.get_running_loop().time
    began, told = clock(), False
    while True:
        found = await asked_again(lambda: driver.call(Call("GET", ("containers", uid, "json"))), says)
        state = (found.get("State") if isinstance(found, dict) else None) or {}
        check = (state.get("Health") or {}).get("Status") or "none"
        if state.get("Status") != "running" or found.get("RestartCount"):
            raise Conflict(f"The new {name} {_how_ended(state)}.", hint=await _last_words(driver, uid))
        if check == "unhealthy":
            raise Conflict(f"The new {name} is unhealthy.", hint=_probe_words(state))
        if check == "healthy" or (check == "none" and clock() - began > SETTLED):
            says.say(f"The new {name} is well.")
            return
        if check == "starting" and not told:
            told = True
            says.say("Waiting for its health check.")
        if clock() - began > CHECKED:
            raise Conflict(f"The health check of the new {name} did not pass in {CHECKED / 60:g} minutes.")
        await asyncio.sleep(_LOOK_EVERY)


def _how_ended(state: Mapping[str, Any]) -> str:
    """In words. Of what was started again already, an engine tells no code any more."""
    if state.get("Status") == "running":
        return "ended and was started again"
    return f"ended (exit {state.get('ExitCode')})"


async def _last_words(driver: Driver, uid: str) -> str:
    lines: list[str] = []
    with suppress(ClusterError, TimeoutError):
        async with asyncio.timeout(3):
            source = LogSource(resource=Container(id=uid), kind="container")
            async for chunk in driver.logs(source, LogOptions(tail=3, follow=False)):
                lines += [text for _, _, text in chunk.lines]
    return f"Its last words: {' / '.join(lines[-3:])[:300]}" if lines else "It said nothing."


def _probe_words(state: dict[str, Any]) -> str:
    log = (state.get("Health") or {}).get("Log") or []
    return f"Its check says: {str(log[-1].get('Output', ''))[:300]}" if log else ""


async def _put_back(driver: Driver, edit: Edit, uid: str, says: Says) -> str:
    """Everything as it was: words for that. An engine that is away is waited for; what cannot be done is said."""
    steps: list[tuple[str, Call, str]] = [
        ("remove the new one", Call("DELETE", ("containers", uid), {"force": "true"}), "The new one is removed."),
        ("give the old one its name", Call("POST", ("containers", edit.uid, "rename"), {"name": edit.name}), ""),
    ]
    if edit.running:
        begin = Call("POST", ("containers", edit.uid, "start"), timeout=60.0)
        steps.append(("start the old one", begin, f"The old {edit.name} runs again."))
    ends = asyncio.get_running_loop().time() + _PUT_BACK
    for what, call, done in steps:
        while True:
            try:
                if what != "give the old one its name" or not await _is_called(driver, edit.uid, edit.name):
                    await driver.call(call)
            except Missing:
                pass  # removed already
            except ClusterError as error:
                if asyncio.get_running_loop().time() < ends:
                    await asyncio.sleep(1)
                    continue
                words = f"It was not possible to {what}: {error.message} Look after it by hand."
                says.say(words, "error")
                return words
            if done:
                says.say(done, "warning")
            break
    if edit.running:
        return f"The old {edit.name} runs again."
    words = f"The old {edit.name} is as it was."
    says.say(words, "warning")
    return words


async def _is_called(driver: Driver, uid: str, name: str) -> bool:
    found = await driver.call(Call("GET", ("containers", uid, "json")))
    return isinstance(found, dict) and found.get("Name") == f"/{name}"


async def _rename(driver: Driver, uid: str, name: str) -> None:
    await driver.call(Call("POST", ("containers", uid, "rename"), {"name": name}))


async def _remove_old(driver: Driver, edit: Edit, old_name: str, says: Says) -> None:
    try:
        await driver.call(Call("DELETE", ("containers", edit.uid), timeout=60.0))
    except ClusterError as error:
        says.say(f"The old one, {old_name}, could not be removed: {error.message}", "warning")
    else:
        says.say("The old one is removed. Its volumes stay.")


def _read_edit(values: Mapping[str, JSON], origin: Origin) -> Edit:
    running = (origin.container.get("State") or {}).get("Status") in ("running", "restarting")
    patience = stop_patience((origin.container.get("Config") or {}).get("StopTimeout"))
    return Edit(read_edit(values, origin), origin.uid, origin.name, running, patience)


async def _check_edit(driver: Driver, edit: Edit, containers: Sequence[Container]) -> Sequence[Remark]:
    found = list(await check(driver, edit.form, containers, instead_of=edit.uid))
    if edit.running:
        found.append(Remark(f"{edit.name} stops, and the new one starts; if that is not well, the old one comes back."))
    else:
        found = [_once_started(one) for one in found]
    if any(name.startswith("com.docker.compose.project") for name, _ in edit.form.labels):
        found.append(Remark("Compose made it: its next “up” makes it again as its file says.", "warn"))
    return found


def _once_started(remark: Remark) -> Remark:
    """What does not run takes no port now: another one may well run in its place."""
    if remark.field != "ports":
        return remark
    return replace(remark, level="warn", text=f"{remark.text} It cannot be started until that is free.")


def _no_edit(container: Container) -> str:
    if container.state.status in ("removing", "dead"):
        return "It is being removed."
    if container.state.status == "paused":
        return "It is paused: let it go on first."
    if container.host_config.auto_remove:
        return "It removes itself when it stops, so it could not be put back. Duplicate it instead."
    return "Swarm runs it: change its service." if container.label("com.docker.swarm.task.id") else ""


async def _duplicate(driver: Driver, form: RunForm, says: Says) -> str:
    return (await run_container(driver, form, says)).name


EDIT: Maker[Container] = Maker(
    label="Edit",
    icon="sliders-horizontal",
    verb="edit",
    button="Make it again",
    fields=FIELDS,
    read=read_form,
    line=lambda edit: docker_line(edit.form, hidden=True),
    record=lambda edit: docker_line(edit.form, hidden=True),
    title=lambda edit: f"Edit {edit.name}",
    run=edit_container,
    powers=lambda edit: powers(edit.form.body),
    hidden_powers=lambda driver, edit: volume_powers(driver, edit.form.body),
    check=_check_edit,
    like=Like(load=load_origin, values=lambda origin: hide(values_of(origin)), read=_read_edit, refuse=_no_edit),
)
DUPLICATE: Maker[Container] = Maker(
    label="Duplicate",
    icon="copy",
    verb="duplicate",
    fields=FIELDS,
    read=read_form,
    line=lambda form: docker_line(form, hidden=True),
    record=lambda form: docker_line(form, hidden=True),
    title=lambda form: f"Run {form.name or form.image}",
    run=_duplicate,
    powers=lambda form: powers(form.body),
    hidden_powers=lambda driver, form: volume_powers(driver, form.body),
    check=check,
    like=Like(load=load_origin, values=lambda origin: hide(copy_values(origin)), read=read_copy),
)
