"""What can be done to a node: whether it takes tasks, whether it manages, its labels, and that it goes."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import JSON, Action, Look, Role
from clusters.kinds.docker.volume_actions import pairs
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.preview import NOTHING, Difference, Preview, Told
from clusters.kinds.swarm.base import Tree, change_spec
from clusters.kinds.swarm.fitting import broken_rules
from clusters.kinds.swarm.node_model import Node
from clusters.kinds.swarm.task_model import Task

NODES = "nodes"


def _edit(edit: Callable[[Tree, Values], object], words: str) -> Callable[[Driver, Node, Values], Awaitable[str]]:
    async def run(driver: Driver, one: Node, values: Values) -> str:
        await change_spec(driver, NODES, one.uid, lambda spec: edit(spec, values))
        return words.replace("{name}", one.name)

    return run


def _available(how: str, words: str) -> Callable[[Driver, Node, Values], Awaitable[str]]:
    return _edit(lambda spec, values: spec.update(Availability=how), words)


def _role(role: str, words: str) -> Callable[[Driver, Node, Values], Awaitable[str]]:
    return _edit(lambda spec, values: spec.update(Role=role), words)


def _line(*words: str) -> Callable[[Node, Values], str]:
    return lambda one, values: shlex.join(["docker", "node", *words, one.name])


async def _preview_drain(look: Look, values: Values) -> Preview:
    """Which tasks end here, and what becomes of each."""
    one: Node = look.resource
    services = {service.uid: service for service in await look.related("swarm-service")}
    here = [task for task in await look.related("task") if task.node_id == one.uid and task.wanted and task.running]
    others = [
        node
        for node in await look.related("swarm-node")
        if node.uid != one.uid and node.ready and node.spec.availability == "active"
    ]
    ending = [task for task in here if _on_each(services.get(task.service_id))]
    going_on = [(task, _no_place(task, others)) for task in here if not _on_each(services.get(task.service_id))]
    stuck = [(task, why) for task, why in going_on if why]
    moving = [task for task, why in going_on if not why]
    effect = f"Ends {count(len(here), 'task')} on {one.name}. It takes none until it is made active again."
    if stuck:
        effect += f" {count(len(stuck), 'task finds', 'tasks find')} no place elsewhere until then."
    return Preview(effect=effect, told=_told(moving, stuck, ending))


def _no_place(task: Task, others: Sequence[Node]) -> str:
    """Why none of the other nodes that take tasks takes this one; "" where one may."""
    if not others:
        return "no other node takes tasks"
    placement = task.spec.placement
    broken = broken_rules((placement.constraints if placement else None) or (), others)
    return f"no other node that takes tasks matches {listed([rule[:100] for rule in broken[:3]])}" if broken else ""


def _told(moving: Sequence[Task], stuck: Sequence[tuple[Task, str]], ending: Sequence[Task]) -> list[Told]:
    found = [
        Told(f"Find no place: {len(stuck)}", "at_risk", [(one.short, why) for one, why in stuck]),
        Told(f"Started on other nodes that fit: {len(moving)}", "info", [(one.short, _loses(one)) for one in moving]),
        Told(f"End: {len(ending)}", "info", [(one.short, "its service has one copy on each node") for one in ending]),
    ]
    return [one for one in found if one.items]


def _loses(task: Task) -> str:
    volumes = [mount.source or "" for mount in task.spec.container.mounts or () if mount.type == "volume"]
    return f"what is in its volume {volumes[0][:60]} stays here" if volumes and volumes[0] else ""


def _on_each(service: Any) -> bool:
    mode = service.spec.mode if service is not None else None
    return mode is not None and (mode.global_ is not None or mode.global_job is not None)


def _majority(managers: int) -> str:
    can = (managers - 1) // 2
    lose = f"{can} of them may be lost" if can else "none of them may be lost"
    even = " One fewer could lose as many." if managers > 2 and managers % 2 == 0 else ""
    return f"There {'is' if managers == 1 else 'are'} then {count(managers, 'manager')}: {lose}.{even}"


async def _managers(look: Look) -> int:
    return sum(node.manages for node in await look.related("swarm-node"))


async def _preview_promote(look: Look, values: Values) -> Preview:
    one: Node = look.resource
    words = _majority(await _managers(look) + 1)
    return Preview(effect=f"{one.name} helps to decide, and holds all of the Swarm's secrets. {words}")


async def _preview_demote(look: Look, values: Values) -> Preview:
    one: Node = look.resource
    left = await _managers(look) - 1
    if left < 1:
        return Preview(effect="", held="It is the only manager: without it, nobody could decide any more.")
    return Preview(effect=f"{one.name} only works from then on. {_majority(left)}")


def _labels(values: Values) -> dict[str, str]:
    return pairs(values, "labels")


def _check_labels(text: str) -> str:
    try:
        pairs({"labels": text}, "labels")
    except Invalid as error:
        return error.message
    return ""


async def _preview_labels(look: Look, values: Values) -> Preview:
    one: Node = look.resource
    try:
        then = _labels(values)
    except Invalid as error:
        return Preview(effect=error.message)
    keys = [*one.labels, *(key for key in then if key not in one.labels)]
    differing = [key for key in keys if one.labels.get(key) != then.get(key)]
    found = [Difference(key, one.labels.get(key, NOTHING), then.get(key, NOTHING)) for key in differing]
    effect = f"Changes {count(len(found), 'label')} of {one.name}." if found else f"Nothing of {one.name} would change."
    return Preview(effect=effect + " Services whose placement rules name them are placed anew.", differences=found)


def _undo_labels(one: Node, values: Values) -> tuple[str, Mapping[str, JSON]]:
    return "edit-labels", {"labels": _written(one)}


def _labels_line(one: Node, values: Values) -> str:
    then = _labels(values)
    added = [f"--label-add={key}={text}" for key, text in then.items() if one.labels.get(key) != text]
    gone = [f"--label-rm={key}" for key in one.labels if key not in then]
    return shlex.join(["docker", "node", "update", *added, *gone, one.name])


def _written(one: Node) -> str:
    return "\n".join(f"{key}={value}" for key, value in sorted(one.labels.items()))


def _not_removed(one: Node) -> str:
    if one.manages:
        return "It is a manager: demote it first."
    return "It still answers: let its engine leave the Swarm first." if one.ready else ""


PAUSE: Action[Node] = Action(
    verb="pause",
    label="Pause",
    icon="circle-pause",
    effect=lambda one: f"{one.name} takes no new tasks.",
    stays=lambda one: "Those it has go on.",
    run=_available("pause", "{name} takes no new tasks"),
    refuse=lambda one: {"pause": "It is paused already.", "drain": "It is drained."}.get(one.spec.availability, ""),
    undo=lambda one, values: ("activate", {}),
    line=_line("update", "--availability", "pause"),
)
DRAIN: Action[Node] = Action(
    verb="drain",
    label="Drain",
    icon="log-out",
    effect=lambda one: f"Ends all tasks on {one.name}; they are started on other nodes that fit.",
    stays=lambda one: "Containers that belong to no service, volumes and images stay on it.",
    preview=_preview_drain,
    run=_available("drain", "{name} is drained: its tasks end, and start on other nodes that fit"),
    refuse=lambda one: "It is drained already." if one.spec.availability == "drain" else "",
    bulk=False,
    line=_line("update", "--availability", "drain"),
)
ACTIVATE: Action[Node] = Action(
    verb="activate",
    label="Activate",
    icon="circle-play",
    effect=lambda one: f"{one.name} takes tasks again.",
    stays=lambda one: "Tasks that run elsewhere by now stay there.",
    run=_available("active", "{name} takes tasks again"),
    refuse=lambda one: "It is active already." if one.spec.availability == "active" else "",
    line=_line("update", "--availability", "active"),
)
PROMOTE: Action[Node] = Action(
    verb="promote",
    label="Promote",
    icon="arrow-up",
    effect=lambda one: f"{one.name} becomes a manager: it helps to decide, and holds all of the Swarm's secrets.",
    preview=_preview_promote,
    run=_role("manager", "{name} becomes a manager"),
    role=Role.ADMIN,
    refuse=lambda one: "It is a manager already." if one.manages else "" if one.ready else "It does not answer.",
    undo=lambda one, values: ("demote", {}),
    bulk=False,
    more=True,
    line=_line("promote"),
)
DEMOTE: Action[Node] = Action(
    verb="demote",
    label="Demote",
    icon="arrow-down",
    effect=lambda one: f"{one.name} only works from then on.",
    preview=_preview_demote,
    run=_role("worker", "{name} is no manager any longer"),
    role=Role.ADMIN,
    refuse=lambda one: "" if one.manages else "It is no manager.",
    undo=lambda one, values: ("promote", {}),
    bulk=False,
    more=True,
    line=_line("demote"),
)
EDIT_LABELS: Action[Node] = Action(
    verb="edit-labels",
    label="Edit labels",
    joint="of",
    icon="tag",
    effect=lambda one: f"Changes the labels of {one.name}, and nothing else of it.",
    preview=_preview_labels,
    run=_edit(lambda spec, values: spec.update(Labels=_labels(values)), "The labels of {name} were changed"),
    fields=(
        Field(
            name="labels",
            label="Labels",
            type="lines",
            required=False,
            check=_check_labels,
            initial=_written,
            help="One a line: key=value. A line that is taken out takes it from the node.",
        ),
    ),
    undo=_undo_labels,
    bulk=False,
    more=True,
    line=_labels_line,
)
REMOVE: Action[Node] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=lambda one: f"Forgets {one.name}. Should its machine come back, it has to join again.",
    stays=lambda one: "What is on that machine stays there.",
    run=one_call(lambda one, values: Call("DELETE", (NODES, one.uid)), "{name} is removed"),
    role=Role.ADMIN,
    refuse=_not_removed,
    danger=True,
    more=True,
    line=_line("rm"),
)
ACTIONS = (DRAIN, PAUSE, ACTIVATE, PROMOTE, DEMOTE, EDIT_LABELS, REMOVE)
