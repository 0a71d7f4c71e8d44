"""Deploying a project: what would happen, then the work as a job; decided, recorded, carried out by the program."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clusters.access import Actor, Need
from clusters.compose.beyond import see_beyond
from clusters.compose.carry import WORK, Errand, carry, listener, so_far, sum_of, write_sign_ins
from clusters.compose.check import Checked
from clusters.compose.copies import taken, too_many, words
from clusters.compose.differs import say_differences
from clusters.compose.engine import compose_engine
from clusters.compose.plain_secrets import plain_secrets
from clusters.compose.power import mounted_volumes, of_others, project_powers, reaches_out
from clusters.compose.progress import Effect, Heard, effects
from clusters.compose.stays import check_stays
from clusters.compose.versions import keep
from clusters.connections import sees
from clusters.drivers.base import Driver
from clusters.errors import ClusterError, Invalid
from clusters.gateway import Gateway
from clusters.jobs import Made, Reporter
from clusters.kinds.base import Role, Says
from clusters.kinds.docker.run_volumes import volume_powers
from clusters.kinds.formats import count
from clusters.long_work import LongWork
from clusters.registries.reference import HUB, read_reference
from clusters.registries.sign_in import credentials
from clusters.shells import in_time

NEED = Need(Role.OPERATOR, "compose")
LOOK = 90.0  # seconds
_UP = ("up", "--detach", "--remove-orphans", "--no-build")
_MORE = ("up", "--detach", "--no-build", "--no-recreate", "--no-deps")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What would happen, and what is worth knowing before."""

    effects: Sequence[Effect]
    warnings: Sequence[str]
    remarks: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """In which way a project comes to be as it is written."""

    verb: str = "deploy"
    doing: str = "deployed"  # after "is being"
    title: str = ""  # of the job
    done: str = "was deployed"
    note: str = ""  # of the version
    only: str = ""  # a service: nothing but the number of its copies is changed
    pull: Sequence[str] = ()  # services whose images are fetched first

    def told(self, scale: Mapping[str, int]) -> tuple[str, ...]:
        """The words for the program. Where it is about one service, it knows of no other one and its number."""
        if self.only:
            return (*_MORE, *words({self.only: scale[self.only]}), self.only)
        return (*_UP, *words(scale))


DEPLOY = How()


def scaling(asked: Checked, service: str, number: int) -> tuple[Checked, How]:
    """The same project with that many copies of a service. Raises Invalid where they cannot run."""
    more = replace(asked, scale={**asked.scale, service: number})
    if service not in asked.services:
        raise Invalid(f"There is no service {service[:60]} in the text of {asked.name}.")
    if why := too_many({"services": {service: asked.project["services"][service]}}, {service: number}):
        raise Invalid(why[0], field="copies")
    copies = f"{number} cop{'y' if number == 1 else 'ies'}"
    title = f"Scale {service} of {asked.name} to {copies}"
    return more, How(
        verb="scale", doing="scaled", title=title, done=f"has {copies} of {service}", note=title, only=service
    )


def updating(asked: Checked, services: Sequence[str]) -> How:
    """Fetches what is newer under the names of these services' images, and makes anew what is from the old ones."""
    found = [one for one in asked.services if one in services]
    if not found:
        raise Invalid("Choose at least one service.")
    note = f"Newer images of {', '.join(found)}"
    title = f"Update images of {asked.name}"
    return How(verb="update", doing="updated", title=title, done="was updated", note=note, pull=found)


async def look_ahead(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked) -> Ahead:
    """Let the program say what it would do. Nothing is changed. Raises Denied, and what is wrong."""
    powers = await _allow(gateway, actor, cluster_id, asked)
    warnings: list[str] = []
    heard = Heard(lambda event: None, warnings.append, asked.hide)
    driver = gateway.driver(actor, cluster_id)
    await _run(driver, asked, heard, (*DEPLOY.told(asked.scale), "--dry-run"), LOOK)
    told = [f"For administrators only: it {why}." for why in powers]
    told += [asked.hide(why) for why in plain_secrets(asked.text)]
    told += [asked.hide(why) for why in too_many(asked.project, asked.scale)]
    told += [asked.hide(why) for why in await ports_taken(gateway, actor, cluster_id, asked)]
    became, untold = await say_differences(driver, cluster_id, asked, effects(heard.events))
    return Ahead(became, [*dict.fromkeys(warnings), *untold], told)


async def ports_taken(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked, service: str = "") -> list[str]:
    """Ports that it needs, or that one service of it needs, and others have: in words that this person may hear."""
    driver, services = gateway.driver(actor, cluster_id), asked.project.get("services") or {}
    part = {"services": {service: services[service]} if service else services}
    return await in_time(taken(driver, asked.name, part, sees(gateway.connections, actor, cluster_id)), 8.0)


async def begin(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked, how: How = DEPLOY) -> str:
    """Begin the job; its key. Raises Denied, with what it is that only others may ask for."""
    await _allow(gateway, actor, cluster_id, asked)
    compose_engine(gateway.driver(actor, cluster_id))

    async def work(driver: Driver, reporter: Reporter) -> Made:
        kept = (cluster_id, asked.name, asked.text, asked.values)
        number = await keep(reporter.job, *kept, scale=asked.scale, secret=asked.secret, note=how.note)
        reporter.say(f"This is version {number} of {asked.name}, with {count(len(asked.services), 'service')}.")
        return await _work(driver, asked, how, reporter)

    deployment = LongWork(
        need=NEED,
        verb=how.verb,
        title=how.title or f"Deploy {asked.name}",
        run=work,
        namespace=asked.name,
        detail=_detail(asked, how),
        about=("project", asked.name),
        alone=how.doing,
    )
    return await gateway.begin(actor, cluster_id, deployment)


def _detail(asked: Checked, how: How) -> dict[str, Any]:
    """For the audit."""
    images = [asked.hide(one) for one in images_of(asked)]
    return {"services": asked.services, "images": images, "copies": dict(asked.scale), "pulled": list(how.pull)}


async def _work(driver: Driver, asked: Checked, how: How, says: Says) -> Made:
    heard = listener(says, asked.hide)
    try:
        if how.pull:
            await _run(driver, asked, heard, ("pull", *how.pull), WORK)
        await _run(driver, asked, heard, how.told(asked.scale), WORK)
    except asyncio.CancelledError:
        says.say(f"Stopped. {so_far(heard)}", "warning")
        raise
    except ClusterError as error:
        error.hint = f"{error.hint} {so_far(heard)}".strip()
        raise
    became = effects(heard.events)
    done = f"{how.done}: {sum_of(became)}"
    left = [one.name for one in became if (one.sort, one.what) == ("Container", "left")]
    unknown = await check_stays(driver, asked.name, done, says, service=how.only, left=left)
    return Made(f"{asked.name} {done}. {unknown}".strip(), "project", asked.name)


async def _run(driver: Driver, asked: Checked, heard: Heard, told: Sequence[str], within: float) -> None:
    errand = Errand(
        project=asked.name,
        words=told,
        text=asked.rebuilt,
        values=asked.values,
        auths=await sign_ins(images_of(asked)),
    )
    await carry(driver, errand, heard, within)


def images_of(asked: Checked) -> list[str]:
    """The images of its services, each once."""
    named = (str(one.get("image") or "") for one in asked.project.get("services", {}).values())
    return sorted({one for one in named if one})


async def sign_ins(images: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """The stored sign-ins of the registries that these images are from, as the program reads them."""
    auths: dict[str, Mapping[str, str]] = {}
    for host in {read_reference(one).host for one in images}:
        if found := await credentials(host):
            server = "https://index.docker.io/v1/" if host == HUB else host
            auths[server] = {"auth": base64.b64encode(":".join(found).encode()).decode()}
    return auths


async def sign_in(folder: Path, images: Sequence[str]) -> None:
    """The same in a file that only we can read, for a program of its own."""
    write_sign_ins(folder, await sign_ins(images))


async def _allow(gateway: Gateway, actor: Actor, cluster_id: int, asked: Checked) -> list[str]:
    """Return what power it gives when this person may deploy that there. Raises Denied."""
    await gateway.see(actor, cluster_id, asked.name, NEED, verb="deploy", kind="project", name=asked.name)
    hide, powers = asked.hide, project_powers(asked.project)
    driver = gateway.driver(actor, cluster_id)
    powers += await in_time(volume_powers(driver, mounted_volumes(asked.project)), 8.0)
    outside = reaches_out(asked.name, asked.project)
    outside += await in_time(of_others(driver, asked.name, asked.project), 8.0)
    powers, outside = ([hide(why) for why in dict.fromkeys(one)] for one in (powers, outside))
    await see_beyond(gateway, actor, cluster_id, NEED, ("project", asked.name), powers, outside, "that host")
    return powers
