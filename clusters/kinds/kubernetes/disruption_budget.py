"""Disruption budget: how many copies of an app may be taken away at a time when nodes are drained."""

from __future__ import annotations

from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, facts_panel
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.pod_health import health as pod_health
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.live.resource import Number

API, NOUN = "policy/v1/poddisruptionbudgets", "pdb"


class BudgetSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for: numbers, or shares ("25%")."""

    min_available: Number | str | None = None
    max_unavailable: Number | str | None = None
    selector: LabelSelector | None = None


class BudgetStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    disruptions_allowed: Number = 0
    current_healthy: Number = 0
    desired_healthy: Number = 0
    expected_pods: Number = 0
    observed_generation: Number = 0
    conditions: list[Condition] | None = None


class Budget(Object, frozen=True, gc=False, rename="camel"):
    """One budget."""

    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()

    @property
    def rule(self) -> str:
        """What it asks for, in words."""
        if self.spec.min_available is not None:
            return f"at least {self.spec.min_available} {'stays' if str(self.spec.min_available) == '1' else 'stay'}"
        if self.spec.max_unavailable is not None:
            return f"at most {self.spec.max_unavailable} away"
        return "nothing"

    @property
    def guards(self) -> str:
        """Which copies, in words. Without a selector it guards none, with an empty one all of its namespace."""
        if self.spec.selector is None:
            return "nothing: it has no selector"
        return self.spec.selector.words or "all pods of its namespace"


@understood
def health(one: Budget) -> Health:
    """Whether nodes can be drained with it."""
    status = one.status
    if not status.observed_generation:
        return Health(Level.CHANGING, "New", "The cluster has not looked at it yet.", since=one.created)
    failed = condition(status.conditions, "DisruptionAllowed")
    if failed and failed.reason == "SyncFailed":
        return Health(Level.AT_RISK, "Not counted", failed.message[:300], failed.reason, failed.since)
    if not status.expected_pods:
        return Health(Level.STOPPED, "No effect", "It selects no copies.", "expectedPods 0")
    if status.disruptions_allowed:
        return Health(Level.HEALTHY, "Gives way", "", f"{status.disruptions_allowed} at a time")
    if status.current_healthy < status.expected_pods:
        words = (
            f"{status.current_healthy} of {count(status.expected_pods, 'copy', 'copies')} are well: none may go now."
        )
        return Health(Level.AT_RISK, "Holds on", words, "disruptionsAllowed 0", failed.since if failed else 0.0)
    words = "All its copies are well and still none may go: it blocks every draining of a node, and every upgrade."
    return Health(Level.AT_RISK, "Blocks", words, "disruptionsAllowed 0", failed.since if failed else 0.0)


def _facts(one: Budget) -> list[Fact]:
    status = one.status
    return [
        Fact("Asks that", one.rule),
        Fact("May go now", str(status.disruptions_allowed)),
        Fact(
            "Copies", f"{status.current_healthy} of {status.expected_pods} are well, {status.desired_healthy} must be"
        ),
        Fact("Guards", one.guards),
    ]


async def _guarded(look: Look) -> Users:
    one: Budget = look.resource
    rows = [
        User("pod", pod.name, f"{pod.namespace}/{pod.name}", "Pod", pod_health(pod).word, pod.spec.node_name)
        for pod in await look.related("pod")
        if one.spec.selector and pod.namespace == one.namespace and one.spec.selector.holds(pod.labels)
    ]
    return Users(
        "Copies it guards", "No copy has the labels that it selects.", sorted(rows, key=lambda row: row.name), "Now"
    )


DISRUPTION_BUDGET: Kind[Budget] = Kind(
    model=Budget,
    api=API,
    name="disruption-budget",
    label="Disruption budget",
    plural="Disruption budgets",
    icon="shield-check",
    group="Workloads",
    platform="kubernetes",
    words="How many copies of an app may be taken away at a time, when nodes are drained or replaced.",
    health=health,
    columns=(
        name_column(lambda one: one.rule),
        STATUS,
        NAMESPACE,
        Column(
            key="ready",
            label="Well",
            cell="pips",
            value=lambda one: [one.status.current_healthy, one.status.expected_pods, 0],
            sort=lambda one: one.status.current_healthy,
            width="minmax(104px, .9fr)",
        ),
        Column(
            key="allowed",
            label="May go",
            cell="number",
            value=lambda one: one.status.disruptions_allowed,
            sort=lambda one: one.status.disruptions_allowed,
            width="80px",
            end=True,
            words="Copies that may be taken away now.",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts, _guarded), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: all copies it guards may be taken away at the same time.",
            stays=lambda one: "The copies stay.",
        ),
    ),
)
