"""What can be done to a service: scale, restart, go on with an update, go back, remove. Its image has an own file."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict
from clusters.kinds.actions import Values, docker_line, one_call
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.preview import MOST, Preview, differences
from clusters.kinds.swarm.base import Tree, as_its_text_says, change_spec, too_many
from clusters.kinds.swarm.service_model import Service, tagged

MOST_COPIES = 1000
SERVICES = "services"
CHANGED = "Somebody changed it meanwhile: it would go back to something else."


def _edit(edit: Callable[[Tree, Values], object], words: Callable[[Service, Values], str]) -> Any:
    """``run`` of an action that changes what was asked for."""

    async def run(driver: Driver, one: Service, values: Values) -> str:
        await change_spec(driver, SERVICES, one.uid, lambda spec: edit(spec, values))
        return words(one, values)

    return run


def _copies(number: int) -> str:
    return count(number, "copy", "copies")


def _scale(spec: Tree, values: Values) -> None:
    mode = spec.get("Mode") or {}
    if "Replicated" not in mode:
        raise Conflict("It has no number of copies any more.", hint="Look at it again.")
    mode["Replicated"] = {**(mode["Replicated"] or {}), "Replicas": int(values["copies"])}


def _not_scaled(one: Service) -> str:
    if one.is_job:
        return "It is a job: how often it runs is said when it is made."
    return "" if one.replicas is not None else "It has one copy on each node that fits."


async def _preview_scale(look: Look, values: Values) -> Preview:
    one: Service = look.resource
    has, wanted = one.replicas or 0, int(values["copies"])
    if wanted == has:
        effect = f"{one.name} has {_copies(has)} already: nothing would change."
    elif not wanted:
        which = "its only copy" if has == 1 else f"all {has} copies"
        effect = f"Ends {which} of {one.name}: nothing serves any longer."
    elif wanted > has:
        more = count(wanted - has, "more copy", "more copies")
        effect = f"Starts {more} of {one.name}: {has} → {wanted}.{await _without_place(look, wanted)}"
    else:
        effect = f"Ends {_copies(has - wanted)} of {one.name}: {has} → {wanted}."
    return Preview(effect=effect, held=too_many(look.driver, wanted))


async def _without_place(look: Look, wanted: int) -> str:
    """Of a port that each copy takes on its node, a node can have one copy only."""
    ports = [str(port.published_port) for port in look.resource.ports if port.publish_mode == "host"]
    seen = await look.related("swarm-node")
    nodes = [one for one in seen if one.ready and one.spec.availability == "active"]
    if not seen or not ports or wanted <= len(nodes):
        return ""
    taking = "1 node takes" if len(nodes) == 1 else f"{len(nodes)} nodes take"
    return f" Each copy takes port {listed(ports)} of its node, and {taking} tasks: the rest finds no place."


def _restart(spec: Tree, values: Values) -> None:
    template = spec.setdefault("TaskTemplate", {})
    template["ForceUpdate"] = int(template.get("ForceUpdate") or 0) + 1


def _no_restart(one: Service) -> str:
    if one.is_job:
        return ""
    return "" if one.desired else "It has no copies. Scale it up instead."


def _how(one: Service) -> str:
    config = one.spec.update_config
    if config is not None and not config.parallelism:
        return "all at once"
    some = count(config.parallelism if config else 1, "copy", "copies")
    first = ", the new ones first" if config and config.order == "start-first" else ""
    return f"{some} at a time{first}"


def _digest(tree: Tree) -> str:
    """Of what is asked for now and of what was before: how far an update is changes nothing of it."""
    both = (tree.get("Spec"), tree.get("PreviousSpec"))
    return hashlib.sha256(msgspec.json.encode(both, order="deterministic")).hexdigest()


async def _preview_roll_back(look: Look, values: Values) -> Preview:
    one: Service = look.resource
    tree = await look.driver.get(look.kind, "", one.uid)
    now, before = tree.get("Spec") or {}, tree.get("PreviousSpec")
    if not isinstance(before, dict):
        return Preview(effect="There is no version before this one.", held="There is no version to go back to.")
    seen = values.get("seen") or _digest(tree)
    found = differences(now, before)
    effect = f"Puts {one.name} back to what it was before its last change. Its copies are replaced as its settings say."
    return Preview(
        effect=effect if found else "What it was before is the same as it is now: nothing would change.",
        differences=found[:MOST],
        more=max(0, len(found) - MOST),
        held=CHANGED if seen != _digest(tree) else "",
        values={"seen": seen},
    )


async def _roll_back(driver: Driver, one: Service, values: Values) -> str:
    """Not tried again when somebody else is quicker: it would go back to something else than was shown."""
    tree = await driver.call(Call("GET", (SERVICES, one.uid)))
    now = msgspec.convert(tree, Service, strict=False)
    seen = values.get("seen")  # where it was not shown, what our list has counts
    if _digest(tree) != seen if seen else (now.spec, now.previous_spec) != (one.spec, one.previous_spec):
        raise Conflict(CHANGED, hint="Look at it again.")
    version = str((tree.get("Version") or {}).get("Index") or 0)
    query = {"version": version, "rollback": "previous"}
    await driver.call(Call("POST", (SERVICES, one.uid, "update"), query, body=tree["Spec"]))
    return f"{one.name} goes back to what it was before"


def _leads_to(one: Service, owned: Callable[[str], Sequence[Any]]) -> str:
    return tagged(one.previous_spec.task_template.container.image or "") if one.previous_spec else ""


def _removed(one: Service) -> str:
    copies = f" with its {_copies(one.running)}" if one.running else ""
    ports = [str(port.published_port) for port in one.ports if port.published_port]
    gone = f" Nothing answers on port {listed(ports)} any longer." if ports else ""
    return f"Removes {one.name}{copies}, and what was kept of its versions.{gone}"


def _stays(one: Service) -> str:
    container = one.template.container
    volumes = [mount.source for mount in container.mounts or () if mount.type == "volume" and mount.source]
    kept = [*(f"the volume {name} on each node that has it" for name in volumes[:3]), "networks, secrets and configs"]
    words = listed(kept)
    return f"{words[0].upper()}{words[1:]} stay."


def _undo_scale(one: Service, values: Values) -> tuple[str, Mapping[str, JSON]]:
    return "scale", {"copies": one.replicas or 0}


SCALE: Action[Service] = Action(
    verb="scale",
    label="Scale",
    icon="scaling",
    effect=lambda one: f"Changes the number of copies of {one.name}. Now: {one.replicas}.",
    stays=lambda one: "Its settings, networks and volumes stay.",
    preview=_preview_scale,
    run=_edit(_scale, lambda one, values: f"{one.name}: {one.replicas} → {_copies(int(values['copies']))}"),
    refuse=_not_scaled,
    undo=_undo_scale,
    fields=(
        Field(
            name="copies",
            label="Copies",
            type="number",
            minimum=0,
            maximum=MOST_COPIES,
            initial=lambda one: one.replicas or 0,
            help="0 stops it.",
        ),
    ),
    line=lambda one, values: shlex.join(["docker", "service", "scale", f"{one.name}={values['copies']}"]),
)
RESTART: Action[Service] = Action(
    verb="restart",
    label="Restart",
    icon="rotate-cw",
    effect=lambda one: f"Replaces the copies of {one.name} by new ones, {_how(one)}.",
    stays=lambda one: "Version and settings stay.",
    run=_edit(_restart, lambda one, values: f"{one.name} is restarted, {_how(one)}"),
    refuse=_no_restart,
    line=docker_line("service", "update", "--force"),
)
RESUME: Action[Service] = Action(
    verb="resume",
    label="Resume update",
    joint="of",
    icon="circle-play",
    effect=lambda one: (
        f"Goes on with the update of {one.name} that stopped. If copies fail again, it stops again. "
        "The version before it cannot be gone back to any more."
    ),
    stays=lambda one: "What was asked for stays as it is.",
    run=_edit(lambda spec, values: None, lambda one, values: f"The update of {one.name} goes on"),
    refuse=lambda one: "" if one.update_state in ("paused", "rollback_paused") else "Its update is not paused.",
    line=docker_line("service", "update"),
)
ROLL_BACK: Action[Service] = Action(
    verb="roll-back",
    label="Roll back",
    icon="undo-2",
    effect=lambda one: f"Puts {one.name} back to what it was before its last change.",
    stays=lambda one: f"Networks and volumes stay. {as_its_text_says(one.namespace)}".strip(),
    preview=_preview_roll_back,
    run=_roll_back,
    fields=(Field(name="seen", label="What was shown", type="hidden", required=False, max_length=64),),
    recorded=lambda values: {},
    refuse=lambda one: (
        "" if one.previous_spec is not None else "It was not changed yet: there is no version before it."
    ),
    line=docker_line("service", "rollback"),
    leads_to=_leads_to,
)
REMOVE: Action[Service] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=_removed,
    stays=_stays,
    run=one_call(lambda one, values: Call("DELETE", (SERVICES, one.uid)), "{name} is removed"),
    danger=True,
    more=True,
    line=docker_line("service", "rm"),
)
