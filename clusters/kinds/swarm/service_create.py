"""Makes a service: its image pinned, what it needs looked for before, and watched until it is well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Missing
from clusters.fields import NotFilledIn
from clusters.kinds.base import Says
from clusters.kinds.docker.network_model import Network
from clusters.kinds.field import Field
from clusters.kinds.makers import Ended, Maker, Remark
from clusters.kinds.swarm import service_secrets
from clusters.kinds.swarm.base import Tree, too_many
from clusters.kinds.swarm.images import pinned
from clusters.kinds.swarm.service_fields import FIELDS
from clusters.kinds.swarm.service_form import ServiceForm
from clusters.kinds.swarm.service_line import create_line
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.service_power import hidden_powers, spec_powers
from clusters.kinds.swarm.service_rollout import until_well
from clusters.kinds.swarm.service_spec import write
from clusters.kinds.swarm.service_things import WORDS, give, ids_of, missing
from clusters.kinds.variables import FILE, PLAIN, SECRET, parts_with
from clusters.registries.reference import read_reference

_NAMES = frozenset(one.name for one in FIELDS)


def spec_of(form: ServiceForm) -> Tree:
    """The spec of a new service, but for its secrets and configs, which are known by ids."""
    empty = ServiceForm(image="")
    spec: Tree = {"Name": form.name, "TaskTemplate": {"ContainerSpec": {"Image": form.image}}}
    write(spec, form, _NAMES - set(_unsaid(form, empty)))
    return spec


def _unsaid(form: ServiceForm, empty: ServiceForm) -> Iterator[str]:
    """Fields in which nothing was said: the Swarm's own rule counts for them, and is not written out."""
    again = form.again
    said: dict[str, Any] = {
        "again": again.condition,
        "again_delay": again.delay,
        "again_attempts": again.attempts is not None,
        "again_window": again.window,
        "endpoint": form.endpoint,
        "ports": form.ports,
        "labels": form.labels,
        "networks": form.networks,
    }
    for prefix, rollout in (("", form.rollout), ("back_", form.back)):
        said[f"{prefix}at_once"] = rollout.at_once is not None
        said |= {f"{prefix}{name}": getattr(rollout, name) for name in ("delay", "order", "failure", "watched")}
    yield from (name for name, value in said.items() if not value)


async def create_service(driver: Driver, form: ServiceForm, says: Says) -> Ended:
    """Carry it out; how it ended. Raises Missing and Conflict, and then nothing is left of it; NotWell after."""
    says.say(create_line(form, hidden=True))  # a job's lines are kept, and read by others
    for collection, name in await missing(driver, form):
        raise Missing(f"There is no {WORDS[collection]} {name} in this Swarm.", hint="Make it first.")
    spec = spec_of(form)
    container = spec["TaskTemplate"]["ContainerSpec"]
    await give(driver, container, "Config", form.configs)
    fixed = await pinned(driver, form.image)
    container["Image"] = fixed.image
    if fixed.loose:
        says.say(fixed.loose, "warning")
    made = await service_secrets.make(driver, form)
    try:
        await give(driver, container, "Secret", (*form.secrets, *(one.given for one in form.typed)))
        uid = await _create(driver, form, spec, says)
    except BaseException:
        await asyncio.shield(service_secrets.take_back(driver, made))
        raise
    if made:
        says.say(f"What is secret is in {', '.join(made)}.")
    says.say(f"The service {form.name} is made.")
    try:
        stand = await until_well(driver, uid, form.name, says)
    except asyncio.CancelledError:
        says.say(f"Nobody watches any more. {form.name} is made, and the Swarm goes on with it.", "warning")
        raise
    says.say(f"{form.name}: {stand.words}")
    return Ended(form.name, f"{form.name} is well" if stand.is_well else f"{form.name} is made. {stand.words}")


async def _create(driver: Driver, form: ServiceForm, spec: Tree, says: Says) -> str:
    call = Call("POST", ("services", "create"), body=spec, timeout=60.0, registry=read_reference(form.image).host)
    try:
        made = await driver.call(call)
    except ClusterError as error:
        raise _why_not(error, form) from error
    if not isinstance(made, dict) or not isinstance(made.get("ID"), str):
        raise ClusterError("The Swarm did not say what it made.")
    for warning in made.get("Warnings") or ():
        says.say(str(warning)[:300], "warning")
    return str(made["ID"])


def _why_not(error: ClusterError, form: ServiceForm) -> ClusterError:
    said = f"{error.message} {error.detail}"
    if "already in use by service" in said and "port" in said:
        taken = next((one.outside for one in form.ports if f"'{one.outside}'" in said), 0)
        which = f"Port {taken}" if taken else "A port"
        return Conflict(f"{which} of the Swarm is taken by another service.", hint="Choose another one.", detail=said)
    if "name conflicts" in said or "already exists" in said:
        return Conflict(f"There is a service called {form.name} already.", hint="Choose another name.", detail=said)
    return error


async def check(driver: Driver, form: ServiceForm, services: Sequence[Service]) -> Sequence[Remark]:
    """What is worth knowing before it is made."""
    found = list(taken(form, services))
    # Asked also for its answer: that a Swarm cannot decide is to be known before the form is gone.
    if await ids_of(driver, "services", [form.name]) and not any(one.name == form.name for one in services):
        found.append(Remark(f"There is a service called {form.name} already.", "stop", "name"))
    if words := too_many(driver, form.copies):
        found.append(Remark(words, "stop", "copies"))
    for one in await service_secrets.taken(driver, form):
        found.append(Remark(f"There is a secret {one} already.", "stop", "environment"))
    for collection, name in await missing(driver, form):
        words = f"There is no {WORDS[collection]} {name} in this Swarm yet."
        found.append(Remark(words, "stop", collection))
    return [*found, *remarks(form)]


def taken(form: ServiceForm, services: Sequence[Service]) -> Iterator[Remark]:
    """What others have. A port of every node is there once; the scheduler keeps those of nodes with a copy apart."""
    for one in services:
        if one.name == form.name:
            yield Remark(f"There is a service called {form.name} already.", "stop", "name")
        for port in form.ports:
            same = [their for their in one.ports if (port.outside, port.protocol) == _outside(their)]
            if not port.outside or not same:
                continue
            if not port.host or any(their.publish_mode != "host" for their in same):
                yield Remark(f"Port {port.outside} is taken by {one.name}.", "stop", "ports")
            else:
                words = f"Copies of {one.name} take port {port.outside} of their nodes: no copy of this one runs there."
                yield Remark(words, "warn", "ports")


def _outside(port: Any) -> tuple[int, str]:
    return port.published_port, port.protocol


def remarks(form: ServiceForm) -> Iterator[Remark]:
    """What follows from the form alone."""
    yield from service_secrets.remarks(form)
    many = form.copies is None or form.copies > 1
    named = [one.source for one in form.mounts if one.source and not one.is_folder]
    if named and many:
        yield Remark(f"Each node has a volume {named[0]} of its own: copies on different nodes do not share it.")
    for folder in (one.source for one in form.mounts if one.is_folder):
        yield Remark(f"A Swarm makes no folders: without {folder} on a node, copies fail there.")
    if many and any(one.host and one.outside for one in form.ports):
        yield Remark(
            "Of a port on nodes with a copy, each node can have one copy: more copies than nodes find no place."
        )
    if form.check and form.rollout.failure == "continue":
        yield Remark("New copies that fail their health check do not stop the update.", "warn")


def fits(one: Any) -> bool:
    """Of networks only those of the whole Swarm that services can be on."""
    return not isinstance(one, Network) or (one.scope == "swarm" and one.name != "ingress")


def _with_switch(environment: Field) -> Field:
    return replace(
        environment,
        notation="One a line: NAME=value; file: NAME=value keeps it in a secret, whose file NAME_FILE tells the image; "
        "secret: NAME=value is a variable that is shown nowhere, plain: NAME=value only looks secret.",
        parts=parts_with((FILE, "Secret file"), (SECRET, "Secret"), (PLAIN, "Always plain")),
    )


def read_new(values: Any) -> ServiceForm:
    """The form of a new one. Raises NotFilledIn."""
    form = service_secrets.read_with_secrets(values)
    if not form.name:
        raise NotFilledIn({"name": "Name is missing."})
    return form


CREATE: Maker[Service] = Maker(
    label="Create a service",
    icon="plus",
    fields=tuple(_with_switch(one) if one.name == "environment" else one for one in FIELDS),
    read=read_new,
    line=create_line,
    record=lambda form: create_line(form, hidden=True),
    title=lambda form: f"Create {form.name}",
    run=create_service,
    button="Create",
    long=True,
    fits=fits,
    powers=lambda form: spec_powers(spec_of(form)),
    hidden_powers=lambda driver, form: hidden_powers(driver, spec_of(form)),
    check=check,
)
