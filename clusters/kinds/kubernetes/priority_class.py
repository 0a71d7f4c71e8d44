"""Priority class: who goes first when nodes are full."""

from __future__ import annotations

from collections.abc import Iterable

from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.base import Object, understood
from clusters.kinds.kubernetes.deleting import deleting, needed_by_the_cluster
from clusters.kinds.kubernetes.facts import Fact, User, Users, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.live.resource import Number

API, NOUN = "scheduling.k8s.io/v1/priorityclasses", "priorityclass"
MOST_USERS = 200


class PriorityClass(Object, frozen=True, gc=False, rename="camel"):
    """One class."""

    value: Number = 0
    global_default: bool = False
    description: str = ""
    preemption_policy: str = "PreemptLowerPriority"


@understood
def health(one: PriorityClass) -> Health:
    """It is there; whether it is what everybody gets."""
    return Health(Level.HEALTHY, "Default" if one.global_default else "Ready")


def _facts(one: PriorityClass) -> Iterable[Fact]:
    pushes = one.preemption_policy != "Never"
    return [
        Fact("Priority", f"{one.value:,}"),
        Fact("When nodes are full", "pods of lower classes are ended for its pods" if pushes else "its pods wait"),
        Fact("Given to", "all pods that name no class" if one.global_default else "pods that name it"),
        *((Fact("What it is for", one.description[:1000]),) if one.description else ()),
    ]


async def _users(look: Look) -> Users:
    pods = [pod for pod in await look.related("pod") if pod.spec.priority_class_name == look.resource.name]
    rows = [User("pod", pod.name, f"{pod.namespace}/{pod.name}", "Pod", pod.namespace) for pod in pods[:MOST_USERS]]
    return Users("Pods of this class", "No pod names it now.", rows, "Namespace")


PRIORITY_CLASS: Kind[PriorityClass] = Kind(
    model=PriorityClass,
    api=API,
    name="priority-class",
    label="Priority class",
    plural="Priority classes",
    icon="chevrons-up-down",
    group="Config and secrets",
    platform="kubernetes",
    namespaced=False,
    words="Who goes first when nodes are full: pods of a higher class push out those of a lower one.",
    health=health,
    columns=(
        name_column(lambda one: one.description[:120]),
        STATUS,
        Column(
            key="value",
            label="Priority",
            cell="number",
            value=lambda one: one.value,
            sort=lambda one: one.value,
            width="120px",
            end=True,
        ),
        AGE,
    ),
    panels=(facts_panel(_facts, _users), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: pods that name it cannot be made any longer.",
            stays=lambda one: "Pods that are there keep their priority.",
            refuse=needed_by_the_cluster("system-"),
            role=Role.ADMIN,
        ),
    ),
)
