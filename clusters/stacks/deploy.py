"""Deploying a stack: what would happen, then the work as a job; decided, recorded, carried out by the program."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clusters.access import Actor
from clusters.compose.beyond import see_beyond
from clusters.compose.deploy import NEED, images_of, sign_in
from clusters.compose.engine import compose_engine, way_to
from clusters.compose.plain_secrets import plain_secrets
from clusters.compose.power import reaches_out
from clusters.compose.program import Ended, environment, private_folder, run
from clusters.compose.versions import keep
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Unsupported
from clusters.gateway import Gateway
from clusters.jobs import Made, Reporter
from clusters.kinds.asked_again import asked_again
from clusters.kinds.formats import count, listed, one_spelling
from clusters.kinds.swarm.service_power import hidden_powers, spec_powers
from clusters.kinds.swarm.service_rollout import NotUpYet, NotWell, Stand, until_all_well
from clusters.long_work import LongWork
from clusters.shells import in_time
from clusters.stacks.ahead import Effect, There, effects, kept_secrets, ports_taken, stuck, taken, there_now
from clusters.stacks.copies import services_of
from clusters.stacks.dry_run import Sent, dry_engine
from clusters.stacks.others import of_others, volumes_of_others
from clusters.stacks.program import the_docker
from clusters.stacks.text import StackText, write_files
from clusters.stacks.turns import turn

LOOK, WORK = 90.0, 900.0  # seconds
_DRIVERS = {"", "overlay"}  # of networks
_PORT = re.compile(r"port '?(\d{1,5})'? is already in use by service")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What would happen, and what is worth knowing before; ``held`` is why it cannot be begun."""

    effects: Sequence[Effect]
    warnings: Sequence[str]
    remarks: Sequence[str]
    held: str = ""


@dataclass(frozen=True, slots=True)
class _Played:
    """What the program would send, and what is there now."""

    sent: Sequence[Sent]
    there: There
    said: str


def versions_name(name: str) -> str:
    """What the versions of a stack are kept under: no project can have that name."""
    return f":{name}"


async def look_ahead(gateway: Gateway, actor: Actor, cluster_id: int, asked: StackText) -> Ahead:
    """Let the program say what it would do. Nothing is changed. Raises Denied, and what is wrong."""
    checked = asked.checked
    played, powers = await _allow(gateway, actor, cluster_id, asked)
    remarks = [f"For administrators only: it {why}." for why in powers]
    remarks += [checked.hide(why) for why in plain_secrets(checked.text)]
    if known := kept_secrets(played.sent, played.there):
        again = "then give it another name, or rotate it"
        remarks.append(f"A Swarm changes no secret. Should {listed(known)} hold something else now, it fails: {again}.")
    held = ""
    if names := list(stuck(played.sent, played.there)):
        held = f"A Swarm changes no config: give {listed(names)} another name (with “name:”), or remove it."
    elif names := list(taken(played.sent, played.there)):
        held = f"{listed(names)} is there already, and not of this stack: choose another name."
    elif ports := ports_taken(played.sent, played.there):
        held = (
            f"{'Port' if len(ports) == 1 else 'Ports'} {listed(ports)}: taken by another service. Choose another one."
        )
    told = effects(played.sent, played.there, checked.name, checked.hide)
    return Ahead(told, _warnings(checked.hide(played.said)), remarks, held)


async def begin(
    gateway: Gateway, actor: Actor, cluster_id: int, asked: StackText, note: str = "", title: str = ""
) -> str:
    """Begin the job; its key. ``note``: of the version. Raises Denied, with what only others may ask for."""
    checked = asked.checked
    played, _ = await _allow(gateway, actor, cluster_id, asked)
    if [*stuck(played.sent, played.there), *taken(played.sent, played.there)]:
        raise Conflict("Something of that name is there, and cannot be changed.", hint="Look again: it says what.")

    async def work(driver: Driver, reporter: Reporter) -> Made:
        kept = (cluster_id, versions_name(checked.name), checked.text, checked.values)
        number = await keep(reporter.job, *kept, scale=checked.scale, secret=checked.secret, note=note)
        reporter.say(f"This is version {number} of {checked.name}, with {count(len(checked.services), 'service')}.")
        return await _work(driver, asked, reporter)

    deployment = LongWork(
        need=NEED,
        verb="deploy",
        title=title or f"Deploy {checked.name}",
        run=work,
        namespace=checked.name,
        detail={
            "services": checked.services,
            "images": [checked.hide(one) for one in images_of(checked)],
            "copies": dict(checked.scale),
        },
        about=("stack", checked.name),
        alone="deployed",
    )
    return await gateway.begin(actor, cluster_id, deployment)


async def _work(driver: Driver, asked: StackText, says: Reporter) -> Made:
    checked = asked.checked
    async with private_folder() as folder, way_to(driver, folder) as socket:
        ended = await _stack_deploy(asked, folder, socket, WORK)
    done = [checked.hide(one.strip()) for one in ended.printed.splitlines() if one.strip()]
    for line in done[: len(done) - bool(ended.code)]:
        says.say(line)
    for line in _warnings(checked.hide(ended.said)) if not ended.code else ():
        says.say(line, "warning")
    if ended.code:
        raise _failed(checked.hide(ended.said), done[:-1])
    return await _until_all_well(driver, checked.name, says)


async def _until_all_well(driver: Driver, name: str, says: Reporter) -> Made:
    """Each of its services is watched until it is well, or it is known why it is not."""
    try:
        found = await asked_again(lambda: services_of(driver, name), says)
        services = {one.uid: one.name for one in found}
        ends = await until_all_well(driver, services, says)
    except asyncio.CancelledError:
        says.say(f"Nobody watches any more. {name} is deployed, and the Swarm goes on with it.", "warning")
        raise
    except ClusterError as error:
        words = f"{name} was deployed. Whether its services come up is not known: {error.message}"
        raise ClusterError(words, hint=error.hint, detail=error.detail) from error
    bad = [one for one in ends.values() if isinstance(one, ClusterError)]
    for one in bad:
        says.say(f"{one.message} {one.hint}".strip(), "error")
    some = f"{name} was deployed; {len(bad)} of {count(len(services), 'service')}"
    if bad and all(isinstance(one, NotUpYet) for one in bad):
        raise NotUpYet(f"{some} not up yet: {bad[0].message}", hint="The Swarm goes on with it by itself.")
    if bad:
        words = f"{some} do not come up: {bad[0].message}"
        raise NotWell(
            words, hint="It stays as it is. Mend the text and deploy again, or go back to the version before."
        )
    stands = [one for one in ends.values() if isinstance(one, Stand)]
    return Made(f"{name} was deployed: {count(len(services), 'service')}, {_how(stands)}.", "stack", name)


def _how(stands: Sequence[Stand]) -> str:
    """ "all well", or which of them do not run, since none of their copies were asked for."""
    still = [one.service.name for one in stands if not one.is_well]
    if not still:
        return "all well"
    well = len(stands) - len(still)
    return f"{well} well; {listed(still)} {'is' if len(still) == 1 else 'are'} stopped"


async def _stack_deploy(asked: StackText, folder: Path, socket: Path, within: float) -> Ended:
    program = await the_docker()
    write_files(folder, asked)
    await sign_in(folder, images_of(asked.checked))
    words = (
        "stack",
        "deploy",
        "--compose-file",
        "-",
        "--detach=true",
        "--prune",
        "--with-registry-auth",
        asked.checked.name,
    )
    env = environment(folder, asked.values, socket)
    return await run(program, words, env, folder, asked.text, within=within)


async def _play(driver: Driver, asked: StackText) -> _Played:
    async with private_folder() as folder, dry_engine(driver, folder) as (played, socket):
        there = await there_now(driver)
        ended = await _stack_deploy(asked, folder, socket, LOOK)
    if ended.code:
        raise _failed(asked.checked.hide(ended.said), ())
    return _Played(played.sent, there, ended.said)


async def _allow(gateway: Gateway, actor: Actor, cluster_id: int, asked: StackText) -> tuple[_Played, list[str]]:
    """What would be sent, and what power it gives, when this person may deploy that there. Raises Denied."""
    checked = asked.checked
    await gateway.see(actor, cluster_id, checked.name, NEED, verb="deploy", kind="stack", name=checked.name)
    driver = gateway.driver(actor, cluster_id)
    if driver.platform != "swarm":
        raise Unsupported("Stacks are deployed to a Swarm only.", hint="Choose a connected manager of a Swarm.")
    compose_engine(driver)
    async with turn(actor.user_id):
        played = await _play(driver, asked)
    powers = await in_time(_powers(driver, played.sent), 20.0)
    outside = [*reaches_out(checked.name, checked.project), *of_others(played.sent, played.there, checked.name)]
    outside += await in_time(volumes_of_others(driver, played.sent, played.there, checked.name), 8.0)
    powers, outside = ([checked.hide(why) for why in dict.fromkeys(one)] for one in (powers, outside))
    await see_beyond(gateway, actor, cluster_id, NEED, ("stack", checked.name), powers, outside, "that Swarm")
    return played, powers


async def _powers(driver: Driver, sent: Sequence[Sent]) -> list[str]:
    """What in all that would be sent is for administrators only."""
    found: list[str] = []
    made = {str(one.body.get("Name")) for one in sent if one.path == ("networks", "create")}
    for one in sent:
        if one.collection == "services" and one.body:
            found += [*spec_powers(one.body), *await hidden_powers(driver, one.body, made)]
        if one.collection in ("secrets", "configs") and one.body and one.body.get("Driver"):
            found.append(f"makes a {one.collection[:-1]} that another program gives out")
        odd = one.body and (str(one.body.get("Driver") or "") not in _DRIVERS or one.body.get("Options"))
        if one.collection == "networks" and odd:
            found.append("makes a network that reaches beyond the Swarm")
    return found


def _warnings(said: str) -> list[str]:
    """What the program remarks, each paragraph of it as a sentence."""
    blocks = (" ".join(block.split()) for block in said.split("\n\n"))
    return list(dict.fromkeys(block[:500] for block in blocks if block))[:20]


def _failed(said: str, done: Sequence[str]) -> ClusterError:
    half = f"By then: {'; '.join(done)}. That stays; deploy again to go on." if done else ""
    told = " ".join(said.split())
    if match := _PORT.search(told):
        words = f"Port {match[1]}, which it publishes, is taken by another service."
        return Conflict(words, hint=half or "Choose another one.", detail=said)
    if "only updates to Labels are allowed" in told:
        words = "A Swarm changes no secret and no config: give it another name."
        return Conflict(words, hint=half, detail=said)
    if "declared as external, but could not be found" in told:
        return Missing("A network that it names as “external” is not there.", hint=half, detail=said)
    if "secret not found" in told or "config not found" in told:
        return Missing("A secret or config that it names as “external” is not there.", hint=half, detail=said)
    if "does not have a leader" in told:
        words = "The Swarm cannot decide: its managers have lost their majority."
        return Unsupported(words, hint=half or "Bring managers back until more than half of them answer.", detail=said)
    last = one_spelling(told.rpartition("desc = ")[2] or told)
    return Invalid(last[:300] or "The program ended without saying why.", hint=half, detail=said)
