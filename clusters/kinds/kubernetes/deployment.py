"""Deployment: an app that is kept running in a number of copies, and changed copy by copy."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel, Workload
from clusters.kinds.formats import count, span
from clusters.kinds.kubernetes import deployment_actions as actions
from clusters.kinds.kubernetes.base import condition, understood
from clusters.kinds.kubernetes.columns import AGE, NAMESPACE, STATUS
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.panels import LOGS, TERMINAL

GRACE = 30.0  # seconds that fewer copies than asked for are no fault yet


@understood
def health(one: Deployment) -> Health:
    """A rollout is told as it is: how many new copies are ready, and whether it is stuck."""
    spec, status = one.spec, one.status
    progressing, available = condition(status.conditions, "Progressing"), condition(status.conditions, "Available")
    failed = condition(status.conditions, "ReplicaFailure")
    wanted, serving = spec.replicas, status.available_replicas
    down_since = available.since if available and available.status == "False" else 0.0
    if one.metadata.deletion_timestamp:
        return Health(Level.CHANGING, "Ending", "It was asked to end.")
    if not wanted and not status.replicas:
        return Health(Level.STOPPED, "Stopped", "No copies were asked for.")
    if failed and failed.status == "True":
        return Health(Level.FAILING, "Cannot make copies", failed.message[:300], failed.reason, failed.since)
    if progressing and progressing.reason == "ProgressDeadlineExceeded":
        words = (
            f"Its new version is stuck: {status.updated_replicas - _unready_new(one)} of {wanted} new copies are ready."
        )
        words += f" {count(serving, 'copy', 'copies')} still serve." if serving else " Nothing serves."
        return Health(Level.FAILING, "Stuck", words, progressing.reason, progressing.since)
    if spec.paused:
        return Health(Level.PAUSED, "Paused", "Its rollout is paused: changes wait until it is resumed.")
    if _rolling(one):
        return Health(Level.CHANGING, "Updating", _progress(one), since=progressing.since if progressing else 0.0)
    if serving >= wanted:
        return Health(Level.HEALTHY, "Running")
    if down_since and time.time() - down_since < GRACE:
        return Health(Level.CHANGING, "Starting", f"{serving} of {wanted} copies serve.", since=down_since)
    if not serving:
        return Health(
            Level.FAILING, "Down", "None of its copies serves.", available.reason if available else "", down_since
        )
    return Health(
        Level.AT_RISK,
        "Degraded",
        f"{serving} of {wanted} copies serve.",
        available.reason if available else "",
        down_since,
    )


def _rolling(one: Deployment) -> bool:
    """Same rule as ``kubectl rollout status``: seen by its controller, all copies new, none of the old left."""
    spec, status = one.spec, one.status
    seen = status.observed_generation >= one.metadata.generation
    return not seen or status.updated_replicas < spec.replicas or status.replicas > status.updated_replicas


def _unready_new(one: Deployment) -> int:
    return max(0, one.status.replicas - one.status.ready_replicas)


def _progress(one: Deployment) -> str:
    spec, status = one.spec, one.status
    if status.observed_generation < one.metadata.generation:
        return "Its change was not seen yet."
    if status.updated_replicas < spec.replicas:
        return f"{status.updated_replicas} of {spec.replicas} copies are new."
    return f"{count(status.replicas - status.updated_replicas, 'old copy', 'old copies')} still to end."


def copies(one: Deployment) -> tuple[int, int, int]:
    """Ready, wanted, starting."""
    ready, wanted = min(one.status.ready_replicas, one.spec.replicas), one.spec.replicas
    starting = wanted - ready if _rolling(one) else 0
    return ready, wanted, max(0, starting)


async def _load_overview(look: Look) -> Mapping[str, Any]:
    """``facts``, ``copies`` (its pods with their health) and ``versions`` (its replica sets, newest first)."""
    one: Deployment = look.resource
    versions = [
        version
        for version in await look.related("replica-set")
        if version.controller and version.controller.uid == one.uid
    ]
    uids = {version.uid for version in versions}
    pods = [pod for pod in await look.related("pod") if pod.controller and pod.controller.uid in uids]
    current = max((version.revision for version in versions), default=0)
    return {
        "facts": [
            ("Copies", f"{one.status.ready_replicas} of {one.spec.replicas} ready"),
            ("New version", f"{one.status.updated_replicas} of {one.spec.replicas} copies"),
            ("How it changes", _strategy(one)),
            (
                "Selects",
                ", ".join(f"{key}={value}" for key, value in sorted((one.spec.selector.match_labels or {}).items()))
                or "–",
            ),
            ("Gives up after", span(one.spec.progress_deadline_seconds)),
        ],
        "copies": [_copy(pod) for pod in sorted(pods, key=lambda pod: (pod.created, pod.name))],
        "versions": [_version(version, current) for version in sorted(versions, key=lambda version: -version.revision)],
        "labels": sorted(one.labels.items()),
    }


def _strategy(one: Deployment) -> str:
    if one.spec.strategy.type == "Recreate":
        return "all old copies end before new ones start"
    rolling = one.spec.strategy.rolling_update
    return f"copy by copy: up to {rolling.max_surge} more, up to {rolling.max_unavailable} fewer at a time"


def _copy(pod: Any) -> dict[str, Any]:
    state = POD.health(pod)
    return {
        "name": pod.name,
        "key": POD.key(pod),
        "node": pod.spec.node_name,
        "restarts": pod.restarts,
        "created": pod.created,
        "status": [state.level.name.lower(), state.word, state.reason, state.code],
    }


def _version(version: Any, current: int) -> dict[str, Any]:
    return {
        "revision": version.revision,
        "image": version.spec.template.image,
        "copies": version.status.replicas,
        "created": version.created,
        "current": version.revision == current,
        "key": REPLICA_SET.key(version),
    }


OVERVIEW: Panel[Deployment] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="deployment_overview", load=_load_overview
)

DEPLOYMENT: Kind[Deployment] = Kind(
    model=Deployment,
    api="apps/v1/deployments",
    name="deployment",
    label="Deployment",
    plural="Deployments",
    icon="boxes",
    group="Workloads",
    platform="kubernetes",
    words="An app that is kept running in a number of copies, and changed copy by copy.",
    health=health,
    always=True,
    columns=(
        Column(
            key="name",
            label="Name",
            cell="name",
            value=lambda one: [one.name, one.image],
            sort=lambda one: one.name,
            width="minmax(220px, 2.3fr)",
        ),
        STATUS,
        NAMESPACE,
        Column(
            key="ready",
            label="Ready",
            cell="pips",
            value=lambda one: list(copies(one)),
            sort=lambda one: one.status.ready_replicas / (one.spec.replicas or 1),
            width="minmax(104px, .9fr)",
        ),
        Column(key="cpu", label="CPU", cell="usage", value=lambda one: None, width="minmax(120px, 1fr)"),
        Column(key="memory", label="Memory", cell="usage", value=lambda one: None, width="minmax(120px, 1fr)"),
        Column(
            key="new",
            label="Up to date",
            cell="number",
            value=lambda one: one.status.updated_replicas,
            sort=lambda one: one.status.updated_replicas,
            width="90px",
            end=True,
            words="Copies of the newest version.",
        ),
        Column(key="strategy", label="Changes", value=lambda one: one.spec.strategy.type, hidden=True),
        AGE,
    ),
    panels=(OVERVIEW, LOGS, TERMINAL, CONDITIONS, EVENTS, YAML),
    actions=(actions.SCALE, actions.RESTART, actions.ROLL_BACK, actions.PAUSE, actions.RESUME),
    search=lambda one: f"{one.image}\0{' '.join(f'{key}={value}' for key, value in one.labels.items())}",
    copies_of="pod",
    workload=Workload(image=lambda one: one.image, copies=copies, restarts=lambda one: None),
)
