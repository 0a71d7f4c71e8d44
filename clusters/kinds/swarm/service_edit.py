"""Changes a service: the form filled in from what it is now, what differs shown, written with its version.

Only the fields that were changed are written. Entries that no form can say, and options of those that stay, stay.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Missing
from clusters.fields import NotFilledIn
from clusters.kinds.base import JSON, Says
from clusters.kinds.docker.run_form import BUILT_IN
from clusters.kinds.docker.run_hidden import hide, unhide
from clusters.kinds.makers import Ended, Like, Maker, Remark
from clusters.kinds.preview import LONGEST, NOTHING, Difference
from clusters.kinds.swarm.base import STACK, TRIES, Tree, as_its_text_says, read_spec, too_many
from clusters.kinds.swarm.images import pinned
from clusters.kinds.swarm.service_create import fits, taken
from clusters.kinds.swarm.service_fields import COPIES_KEPT, EDIT_FIELDS
from clusters.kinds.swarm.service_form import ServiceForm
from clusters.kinds.swarm.service_like import values_of
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.service_power import hidden_powers, network_targets, spec_powers
from clusters.kinds.swarm.service_read import read_service
from clusters.kinds.swarm.service_rollout import until_well
from clusters.kinds.swarm.service_spec import given_of, mount_of, write
from clusters.kinds.swarm.service_things import give, ids_of, names_of
from clusters.kinds.swarm.service_update_line import update_line
from clusters.registries.reference import read_reference

CHANGED = "Somebody changed it since this form was opened."
_TOGETHER: tuple[frozenset[str], ...] = (  # fields that are read with each other
    frozenset(f"health_{one}" for one in ("command", "interval", "timeout", "start", "retries")),
    frozenset({"ports", "endpoint"}),
    frozenset({"memory", "memory_kept"}),
    frozenset({"cpus", "cpus_kept"}),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A service as it was when somebody was shown it."""

    uid: str
    name: str
    spec: Tree
    networks: Mapping[str, str] = field(default_factory=dict)  # names of those that it is on, by id

    @property
    def values(self) -> dict[str, JSON]:
        """The form as it would be filled in, with secrets."""
        return values_of(self.spec, self.networks)

    @property
    def seal(self) -> str:
        """Of exactly what was asked for then."""
        return hashlib.sha256(msgspec.json.encode(self.spec, order="deterministic")).hexdigest()


@dataclass(frozen=True, slots=True)
class Edit:
    """What of it becomes another one."""

    origin: Origin
    form: ServiceForm
    changed: frozenset[str]  # the fields that are another one
    given: Mapping[str, JSON] = field(repr=False)  # as it was filled in

    @property
    def spec(self) -> Tree:
        """As it would be; a new image as it was typed, new secrets and configs without their ids."""
        spec = copy.deepcopy(self.origin.spec)
        write(spec, self.form, self.changed, self.origin.networks)
        container = spec["TaskTemplate"]["ContainerSpec"]
        if "image" in self.changed:
            container["Image"] = self.form.image
        return spec


async def load_origin(driver: Driver, one: Service) -> Origin:
    """Ask the Swarm. Raises Missing when it is gone."""
    spec, _ = await read_spec(driver, "services", one.uid)
    return Origin(one.uid, one.name, spec, await names_of(driver, network_targets(spec)))


def read_edit(values: Mapping[str, JSON], origin: Origin) -> Edit:
    """What was changed. Raises NotFilledIn, and Conflict when somebody else changed it meanwhile."""
    if values.get("seen") not in (None, "", origin.seal):
        raise Conflict(CHANGED, hint="Open it again.")
    real = origin.values
    given = unhide({name: value for name, value in values.items() if name in real}, real)
    changed = frozenset(name for name, value in given.items() if _same_text(value) != _same_text(real[name]))
    if "copies" in changed and (why := _not_so_many(origin.spec, given["copies"])):
        raise NotFilledIn({"copies": why})
    asked = changed.union(*(group for group in _TOGETHER if group & changed))
    return Edit(origin, read_service({**real, **given}, asked), changed, {**real, **given})


def _not_so_many(spec: Tree, copies: JSON) -> str:
    if "Replicated" not in (spec.get("Mode") or {}):
        return f"It runs one copy on each node. {COPIES_KEPT}"
    return "" if copies is not None else "How many? 0 stops it."


def _same_text(value: JSON) -> JSON:
    """Lines without what a text area makes of them; nothing is nothing, however it is said."""
    if isinstance(value, str):
        return "\n".join(line.strip() for line in value.splitlines() if line.strip())
    return "" if value is None else value


async def edit_service(driver: Driver, edit: Edit, says: Says) -> Ended:
    """Carry it out; how it ended. Raises Conflict when it is another one by now, NotWell when it does not come up."""
    name = edit.origin.name
    says.say(update_line(edit, hidden=True))
    if not edit.changed:
        return Ended(name, f"Nothing of {name} was changed")
    spec, registry = edit.spec, ""
    container = spec["TaskTemplate"]["ContainerSpec"]
    for network in await _without(driver, edit):
        raise Missing(f"There is no network {network} in this Swarm.", hint="Make it first.")
    for place, kind, wanted in (("secrets", "Secret", edit.form.secrets), ("configs", "Config", edit.form.configs)):
        if place in edit.changed:
            await give(driver, container, kind, wanted)
    if "image" in edit.changed:
        registry = read_reference(edit.form.image).host
        fixed = await pinned(driver, edit.form.image)
        container["Image"] = fixed.image
        if fixed.loose:
            says.say(fixed.loose, "warning")
    await _update(driver, edit.origin, spec, registry)
    says.say(f"{name} is changed; its copies are replaced where that is needed.")
    try:
        stand = await until_well(driver, edit.origin.uid, name, says)
    except asyncio.CancelledError:
        says.say(f"Nobody watches any more. {name} is changed, and the Swarm goes on with it.", "warning")
        raise
    says.say(f"{name}: {stand.words}")
    return Ended(name, f"{name} is changed and well" if stand.is_well else f"{name} is changed. {stand.words}")


async def _update(driver: Driver, origin: Origin, spec: Tree, registry: str) -> None:
    """Its version changes by itself, too (how far an update is); what was asked for must be what was shown."""
    for left in reversed(range(TRIES)):
        now, version = await read_spec(driver, "services", origin.uid)
        if now != origin.spec:
            raise Conflict("Somebody changed it meanwhile: nothing was done.", hint="Open it again.")
        asked = {"version": str(version)}
        try:
            await driver.call(Call("POST", ("services", origin.uid, "update"), asked, body=spec, registry=registry))
            return
        except Conflict:
            if not left:
                raise


def differs(edit: Edit) -> list[Difference]:
    """Field by field what becomes another one; of lines only those that go and come. What is secret stays hidden."""
    real, given = edit.origin.values, edit.given
    return [
        Difference(
            f"{one.group} › {one.label}" if one.group else one.label,
            *_apart(one.name, real[one.name], given[one.name], lines=one.type == "lines"),
        )
        for one in EDIT_FIELDS
        if one.name in edit.changed
    ]


def _apart(name: str, now: JSON, then: JSON, *, lines: bool) -> tuple[str, str]:
    before, after = (str(_same_text(one) or "").splitlines() for one in (now, then))
    if lines:
        before, after = [one for one in before if one not in after], [one for one in after if one not in before]
    old, new = (_shown(name, "\n".join(one)) for one in (before, after))
    return old, f"{new} (another)" if old == new and old != NOTHING else new


def _shown(name: str, text: str) -> str:
    hidden = str(hide({name: text})[name])
    return ", ".join(hidden.splitlines())[:LONGEST] or NOTHING


def beyond(edit: Edit) -> list[str]:
    """What it would newly use that may be another stack's: for who may run on all of the Swarm."""
    container = edit.origin.spec["TaskTemplate"].get("ContainerSpec") or {}
    found = []
    for place, kind, wanted in (("secrets", "Secret", edit.form.secrets), ("configs", "Config", edit.form.configs)):
        known = {one.name for one in map(given_of(kind), container.get(f"{kind}s") or ()) if one}
        if place in edit.changed:
            found += [f"uses the {kind.lower()} {one.name}" for one in wanted if one.name not in known]
    volumes = {getattr(one, "source", "") for one in map(mount_of, container.get("Mounts") or ())}
    if "volumes" in edit.changed:
        new = [one for one in edit.form.mounts if one.source and one.source not in volumes]
        found += [f"mounts {one.source}" for one in new]
    return [*found, *(f"uses the network {one}" for one in _new_networks(edit))]


def _new_networks(edit: Edit) -> list[str]:
    """By name, those that it is not on yet."""
    known = set(edit.origin.networks.values())
    wanted = [one.network for one in edit.form.networks] if "networks" in edit.changed else []
    return [one for one in wanted if one not in known]


async def _without(driver: Driver, edit: Edit) -> list[str]:
    """Networks that it would be on, and that are not there."""
    new = [one for one in _new_networks(edit) if one not in BUILT_IN]
    there = await ids_of(driver, "networks", new)
    return [one for one in new if one not in there]


async def _check(driver: Driver, edit: Edit, services: Sequence[Service]) -> list[Remark]:
    if not edit.changed:
        return [Remark("Nothing is changed yet.")]
    found = [Remark("Its copies are replaced by new ones, as “How it changes” says.")] if _restarts(edit) else []
    if words := as_its_text_says(edit.origin.spec.get("Labels", {}).get(STACK, "")):
        found.append(Remark(words, "warn"))
    if words := too_many(driver, edit.form.copies):
        found.append(Remark(words, "stop", "copies"))
    if "ports" in edit.changed:
        found += taken(edit.form, [one for one in services if one.uid != edit.origin.uid])
    missing = await _without(driver, edit)
    return [*found, *(Remark(f"There is no network {one} in this Swarm yet.", "stop", "networks") for one in missing)]


def _restarts(edit: Edit) -> bool:
    return edit.spec.get("TaskTemplate") != edit.origin.spec.get("TaskTemplate") or "ports" in edit.changed


def _no_edit(one: Service) -> str:
    if one.is_job:
        return "It is a job: what it does is said when it is made."
    return "" if one.template.container.image else "It runs no container."


def _read_new(values: Mapping[str, JSON]) -> Any:
    raise Missing("Which service?")


EDIT: Maker[Service] = Maker(
    label="Edit",
    icon="sliders-horizontal",
    verb="edit",
    button="Change it",
    fields=EDIT_FIELDS,
    fits=fits,
    read=_read_new,
    line=lambda edit: update_line(edit, hidden=True),
    record=lambda edit: update_line(edit, hidden=True),
    title=lambda edit: f"Edit {edit.origin.name}",
    run=edit_service,
    powers=lambda edit: spec_powers(edit.spec),
    hidden_powers=lambda driver, edit: hidden_powers(driver, edit.spec),
    check=_check,
    like=Like(
        load=load_origin,
        values=lambda origin: {**hide(origin.values), "seen": origin.seal},
        read=read_edit,
        refuse=_no_edit,
    ),
    differences=differs,
    reaches_out=beyond,
    long=True,
)
