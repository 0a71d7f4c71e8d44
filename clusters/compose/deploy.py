"""Deploying a project: what would happen, then the work as a job; decided, recorded, carried out by the program."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clusters.access import Actor, Need
from clusters.compose.check import Checked
from clusters.compose.engine import compose_engine, way_to
from clusters.compose.power import mounted_volumes, of_others, project_powers, reaches_out
from clusters.compose.program import environment, private_folder, run, the_program
from clusters.compose.progress import Effect, Event, Heard, effects
from clusters.compose.versions import keep
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Conflict, Missing
from clusters.gateway import Denied, Gateway
from clusters.jobs import Made, Reporter
from clusters.kinds.base import Role, Says
from clusters.kinds.docker.run_volumes import volume_powers
from clusters.kinds.formats import count
from clusters.registries.reference import HUB, read_reference
from clusters.registries.sign_in import credentials
from clusters.shells import in_time

NEED = Need(Role.OPERATOR, "compose")
LOOK, WORK = 90.0, 3600.0  # seconds
_UP = ("up", "--detach", "--remove-orphans", "--no-build")
_running: set[tuple[int, str]] = set()  # one deployment of a project at a time


@dataclass(frozen=True, slots=True)
class Ahead:
    """What would happen, and what is worth knowing before."""

    effects: Sequence[Effect]
    warnings: Sequence[str]
    remarks: Sequence[str]


async def look_ahead(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked) -> Ahead:
    """Let the program say what it would do. Nothing is changed. Raises Denied, and what is wrong."""
    powers = await _allow(gateway, actor, cluster_id, asked)
    warnings: list[str] = []
    heard = Heard(lambda event: None, warnings.append, asked.hide)
    await _up(gateway.driver(actor, cluster_id), asked, heard, LOOK, "--dry-run")
    told = [f"For administrators only: it {why}." for why in powers]
    return Ahead(effects(heard.events), list(dict.fromkeys(warnings)), told)


async def begin(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked) -> str:
    """Begin the job; its key. Raises Denied, with what it is that only others may ask for."""
    await _allow(gateway, actor, cluster_id, asked)
    compose_engine(gateway.driver(actor, cluster_id))
    mine = (cluster_id, asked.name)
    if mine in _running:
        raise Conflict(f"{asked.name} is being deployed already.", hint="Wait until that has ended, or cancel it.")
    _running.add(mine)  # at once: whoever asks while this one is being recorded is the second

    async def work(driver: Driver, reporter: Reporter) -> Made:
        try:
            number = await keep(reporter.job, cluster_id, asked.name, asked.text, asked.values)
            reporter.say(f"This is version {number} of {asked.name}, with {count(len(asked.services), 'service')}.")
            return await _work(driver, asked, reporter)
        finally:
            _running.discard(mine)

    try:
        return await gateway.begin(
            actor,
            cluster_id,
            NEED,
            "deploy",
            f"Deploy {asked.name}",
            work,
            namespace=asked.name,
            detail={"services": asked.services, "images": [asked.hide(one) for one in images_of(asked)]},
            about=("project", asked.name),
        )
    except BaseException:
        _running.discard(mine)  # it never began
        raise


async def _work(driver: Driver, asked: Checked, says: Says) -> Made:
    def tell(event: Event) -> None:
        if event.part:
            return
        says.progress(f"{event.sort} {event.name}", event.words)

    heard = Heard(tell, lambda words: says.say(words, "warning"), asked.hide)
    try:
        await _up(driver, asked, heard, WORK)
    except asyncio.CancelledError:
        says.say(f"Stopped. {_half(heard)}", "warning")
        raise
    except ClusterError as error:
        error.hint = f"{error.hint} {_half(heard)}".strip()
        raise
    return Made(f"{asked.name} was deployed: {_sum(effects(heard.events))}.", "project", asked.name)


async def _up(driver: Driver, asked: Checked, heard: Heard, within: float, *more: str) -> None:
    program = await the_program()
    async with private_folder() as folder, way_to(driver, folder) as socket:
        await sign_in(folder, images_of(asked))
        words = ("--progress", "json", "--project-directory", str(folder), "--project-name", asked.name)
        env = environment(folder, asked.values, socket)
        text = asked.rebuilt
        ended = await run(
            program, (*words, "--file", "-", *_UP, *more), env, folder, text, within=within, heard=heard.take
        )
    if ended.code:
        raise _failed(heard)


def images_of(asked: Checked) -> list[str]:
    """The images of its services, each once."""
    named = (str(one.get("image") or "") for one in asked.project.get("services", {}).values())
    return sorted({one for one in named if one})


async def sign_in(folder: Path, images: Sequence[str]) -> None:
    """The stored sign-ins of the registries that these images are from, in a file that only we can read."""
    auths: dict[str, Mapping[str, str]] = {}
    for host in {read_reference(one).host for one in images}:
        if found := await credentials(host):
            server = "https://index.docker.io/v1/" if host == HUB else host
            auths[server] = {"auth": base64.b64encode(":".join(found).encode()).decode()}
    handle = os.open(folder / "config.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"auths": auths}, file)


async def _allow(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked) -> list[str]:
    """Return what power it gives when this person may deploy that there. Raises Denied."""
    await gateway.see(actor, cluster_id, asked.name, NEED, verb="deploy", kind="project", name=asked.name)
    hide, powers = asked.hide, project_powers(asked.project)
    driver = gateway.driver(actor, cluster_id)
    powers += await in_time(volume_powers(driver, mounted_volumes(asked.project)), 8.0)
    outside = reaches_out(asked.name, asked.project)
    outside += await in_time(of_others(driver, asked.name, asked.project), 8.0)
    powers, outside = ([hide(why) for why in dict.fromkeys(one)] for one in (powers, outside))
    try:
        if powers:
            need = Need(Role.ADMIN, NEED.right)
            await gateway.see(actor, cluster_id, None, need, verb="deploy", kind="project", name=asked.name)
        elif outside:
            await gateway.see(actor, cluster_id, None, NEED, verb="deploy", kind="project", name=asked.name)
    except Denied as error:
        who = "Only administrators may" if powers else "Only who may deploy on all of that host may"
        raise Denied(f"{who} do that: it {', it '.join(powers or outside)}.", known=True) from error
    return powers


def _failed(heard: Heard) -> ClusterError:
    said = heard.error.removeprefix("Error response from daemon: ")
    low = said.casefold()
    if "port is already allocated" in low or "address already in use" in low:
        return Conflict("A port that it publishes is taken on that machine.", hint="Choose another one.", detail=said)
    if ("not found" in low and "resolve reference" in low) or "manifest unknown" in low:
        names = [one.name for one in heard.events if one.failed and one.sort == "Image"]
        return Missing(
            f"There is no image {names[0] if names else 'of that name'} where it is fetched from.", detail=said
        )
    if "no such image" in low:
        return Missing("An image is not on that machine.", detail=said)
    if "is already in use by container" in low:
        return Conflict("A container of that name is there already, and not of this project.", detail=said)
    if "cannot connect to the docker daemon" in low or "eof" in low.split():
        return ClusterError("The engine was lost in the middle.", hint="Deploy again when it answers.", detail=said)
    first = said.strip().splitlines()[0][:300] if said.strip() else "The program ended without saying why."
    return ClusterError(first, detail=said)


def _half(heard: Heard) -> str:
    """What is there although it was not brought to its end."""
    done = [one for one in effects(heard.events) if one.what not in ("failed", "pulled")]
    if not done:
        return "Nothing of the project was changed."
    return f"By then: {_sum(done)}. That stays; deploy again to go on."


def _sum(found: Sequence[Effect]) -> str:
    parts = []
    for sort in ("Container", "Network", "Volume", "Image"):
        for what in ("created", "re-created", "started", "left", "removed", "pulled"):
            many = sum(one.sort == sort and one.what == what for one in found)
            if many:
                parts.append(f"{count(many, sort.lower())} {what}")
    return ", ".join(parts) or "nothing to do"
