"""Daemon set: one copy of an app on every node that it fits."""

from __future__ import annotations

import time
from collections.abc import Sequence

from clusters.kinds.base import Copy, Health, Kind, Level
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, RESTARTS, STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.kubernetes import rollouts
from clusters.kinds.kubernetes.base import Condition, Part, understood
from clusters.kinds.kubernetes.changing_image import change_image
from clusters.kinds.kubernetes.copies import judged_with
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.replica_set import Template
from clusters.kinds.kubernetes.roll_back_sets import roll_back_set
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.kinds.kubernetes.set_versions import version_rows
from clusters.kinds.kubernetes.traced import Traced
from clusters.kinds.kubernetes.workload import Facts, overview_panel, ready_column, up_to_date_column
from clusters.kinds.panels import LAYERS, LOGS, TERMINAL
from clusters.kinds.workload import Workload
from clusters.live.resource import Number

API, NOUN = "apps/v1/daemonsets", "daemonset"
GRACE = 30.0  # seconds that fewer copies than nodes are no fault yet


class UpdateStrategy(Part, frozen=True, gc=False, rename="camel"):
    """How it changes from one version to the next."""

    type: str = "RollingUpdate"


class DaemonSetSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    selector: LabelSelector = LabelSelector()
    template: Template = Template()
    update_strategy: UpdateStrategy = UpdateStrategy()


class DaemonSetStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    observed_generation: Number = 0
    desired_number_scheduled: Number = 0
    number_ready: Number = 0
    updated_number_scheduled: Number = 0
    number_misscheduled: Number = 0
    conditions: list[Condition] | None = None


class DaemonSet(Traced, frozen=True, gc=False, rename="camel"):
    """One copy on each node."""

    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


def _updating(one: DaemonSet) -> bool:
    status = one.status
    if status.observed_generation < one.metadata.generation:
        return True
    by_itself = one.spec.update_strategy.type == "RollingUpdate"
    return by_itself and status.updated_number_scheduled < status.desired_number_scheduled


def copies(one: DaemonSet) -> tuple[int, int, int]:
    """Ready, wanted, starting."""
    ready, wanted = one.status.number_ready, one.status.desired_number_scheduled
    return min(ready, wanted), wanted, max(0, wanted - ready) if _updating(one) else 0


@understood
def health(one: DaemonSet) -> Health:
    """Whether it runs wherever it should."""
    ready, wanted, _ = copies(one)
    if not wanted and one.status.observed_generation:
        return Health(Level.STOPPED, "Nowhere", "No node fits what it asks for.", "desiredNumberScheduled 0")
    if _updating(one) and (ready or not wanted):
        new = f"{one.status.updated_number_scheduled} of {wanted} nodes have the new version."
        return Health(Level.CHANGING, "Updating", new, since=one.changed)
    if ready >= wanted:
        return Health(Level.HEALTHY, "Running")
    few = f"It is ready on {ready} of {count(wanted, 'node')}."
    if time.time() - max(one.changed, one.created) < GRACE:
        return Health(Level.CHANGING, "Starting", few, since=one.changed)
    return Health(Level.AT_RISK if ready else Level.FAILING, "Degraded" if ready else "Down", few, since=one.changed)


def with_copies(one: DaemonSet, alone: Health, pods: Sequence[Copy]) -> Health:
    """What its copies say weighs more than how many were up a moment ago."""
    return judged_with(one, alone, pods, one.status.desired_number_scheduled)


def _facts(one: DaemonSet) -> Facts:
    status = one.status
    how = "node by node" if one.spec.update_strategy.type == "RollingUpdate" else "when its copies end"
    wrong = status.number_misscheduled
    return [
        ("Nodes", f"ready on {status.number_ready} of {status.desired_number_scheduled} that it should run on"),
        ("New version", f"on {status.updated_number_scheduled} of {status.desired_number_scheduled} nodes"),
        *((("Where it should not be", f"on {count(wrong, 'node')}"),) if wrong else ()),
        ("How it changes", how),
        ("Selects", one.spec.selector.words or "–"),
    ]


DAEMON_SET: Kind[DaemonSet] = Kind(
    model=DaemonSet,
    api=API,
    name="daemon-set",
    label="Daemon set",
    plural="Daemon sets",
    icon="radio",
    group="Workloads",
    platform="kubernetes",
    words="One copy of an app on every node that it fits: what each node needs by itself.",
    health=health,
    always=True,
    columns=(
        name_column(lambda one: one.spec.template.image, "minmax(180px, 2.3fr)"),
        STATUS,
        NAMESPACE,
        ready_column(copies, "Nodes on which it does its job, of those it should run on."),
        CPU,
        MEMORY,
        up_to_date_column(lambda one: one.status.updated_number_scheduled, "Nodes that have the newest version."),
        RESTARTS,
        AGE,
    ),
    panels=(overview_panel(_facts, versions=version_rows), LAYERS, LOGS, TERMINAL, CONDITIONS, EVENTS, YAML),
    actions=(
        rollouts.restart(API, NOUN, "Replaces the copies of {name} by new ones, node by node."),
        change_image(API, NOUN, "Its copies are replaced node by node."),
        roll_back_set(API, NOUN, "Its copies are replaced node by node."),
        deleting(
            API,
            NOUN,
            effect=lambda one: (
                f"Deletes {one.name} with its copies on {count(one.status.desired_number_scheduled, 'node')}."
            ),
            stays=lambda one: "Its settings, secrets and what it left on the nodes stay.",
        ),
    ),
    search=lambda one: f"{one.spec.template.image}\0{labels_text(one)}",
    copies_of="pod",
    layers=keeps_pods("daemon-set"),
    with_copies=with_copies,
    workload=Workload(image=lambda one: one.spec.template.image, copies=copies, restarts=lambda one: None),
)
