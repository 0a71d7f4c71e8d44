"""A machine that falls silent takes copies of many apps with it: that is one finding, not one for each app."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.base import Level
from clusters.triage import explain
from clusters.triage.finding import Finding
from clusters.triage.rules.merging import merged
from clusters.triage.symptoms import BAD, Heard, node_of, thing

MACHINES = ("node", "swarm-node")  # kinds
COPIES = ("pod", "task")
FEWEST = 2  # apps that must suffer before a machine is suspected
SLACK = 60.0  # seconds by which an effect may seem to be older than its cause


def lost_machine(findings: Sequence[Finding], clusters: Sequence[Heard]) -> list[Finding]:
    """Fold the findings whose bad copies are all on one machine where nothing runs well any more."""
    suspects: dict[tuple[int, str], list[Finding]] = defaultdict(list)
    for one in findings:
        if one.node:
            suspects[one.cluster, one.node].append(one)
    known = {cluster.id: cluster for cluster in clusters}
    kept = list(findings)
    for (cluster_id, node), group in suspects.items():
        machine = _machine(findings, cluster_id, node)
        others = [one for one in group if one is not machine and not _was_before(one, machine)]
        if machine is not None and others:
            explained = merged([machine, *others], identity=machine.id, title=machine.title, cause=machine.cause)
            names = tuple(one.title for one in others)
            kept = [one for one in kept if one not in others and one is not machine]
            kept.append(
                replace(
                    explained,
                    kind=machine.kind,
                    row=machine.row,
                    key=machine.key,
                    explains=names,
                    action=machine.action,
                    logs="",
                    namespace="",
                    level=machine.level,
                    code=machine.code,
                    icon=machine.icon,
                    tentative=False,
                )
            )
        elif len(others) >= FEWEST and _nothing_runs_well(known.get(cluster_id), node):
            apps = explain.listed([one.key.rpartition("/")[2] for one in others])
            cause = f"Every copy on it stopped serving: {apps}. The node itself is the likely cause."
            one = merged(
                others, identity=f"{cluster_id}~machine~{node}", title=f"Node {node} does not answer", cause=cause
            )
            kept = [other for other in kept if other not in others]
            kept.append(
                replace(one, icon="unplug", level=Level.FAILING, action=None, logs="", namespace="", code="NotReady")
            )
    return kept


def _was_before(one: Finding, machine: Finding | None) -> bool:
    """Was it wrong already when the machine still answered? Then that is not why."""
    return machine is not None and 0 < one.since < machine.since - SLACK


def _machine(findings: Sequence[Finding], cluster_id: int, node: str) -> Finding | None:
    return next(
        (one for one in findings if one.cluster == cluster_id and one.kind in MACHINES and one.key == node), None
    )


def _nothing_runs_well(cluster: Heard | None, node: str) -> bool:
    if cluster is None:
        return False
    there = [
        one
        for store in cluster.stores.values()
        if store.kind.name in COPIES
        for uid in store.resources
        if (one := thing(store, uid)) and node_of(one) == node
    ]
    return bool(there) and all(one.health.level in BAD or one.health.level == Level.CHANGING for one in there)
