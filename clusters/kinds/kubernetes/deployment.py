"""Deployment: an app that is kept running in a number of copies, and changed copy by copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Kind, Look, Panel
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, RESTARTS, STATUS, labels_text, name_column
from clusters.kinds.formats import span
from clusters.kinds.kubernetes import deployment_actions as actions
from clusters.kinds.kubernetes.copies import copy_rows
from clusters.kinds.kubernetes.deployment_health import health, rolling, with_copies
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.kubernetes.layered import keeps_pods
from clusters.kinds.kubernetes.leading import nodes_to_lead_to
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.kubernetes.roll_back import ROLL_BACK
from clusters.kinds.kubernetes.workload import up_to_date_column
from clusters.kinds.panels import LAYERS, LOGS, TERMINAL
from clusters.kinds.workload import Workload


def copies(one: Deployment) -> tuple[int, int, int]:
    """Ready, wanted, starting."""
    ready, wanted = min(one.status.ready_replicas, one.spec.replicas), one.spec.replicas
    starting = wanted - ready if rolling(one) else 0
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
            ("Selects", one.spec.selector.words or "–"),
            ("Gives up after", span(one.spec.progress_deadline_seconds)),
        ],
        "copies": copy_rows(pods),
        "nodes": await nodes_to_lead_to(look),
        "versions": [_version(version, current) for version in sorted(versions, key=lambda version: -version.revision)],
        "labels": sorted(one.labels.items()),
    }


def _strategy(one: Deployment) -> str:
    if one.spec.strategy.type == "Recreate":
        return "all old copies end before new ones start"
    rolling = one.spec.strategy.rolling_update
    return f"copy by copy: up to {rolling.max_surge} more, up to {rolling.max_unavailable} fewer at a time"


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
        name_column(lambda one: one.image, "minmax(180px, 2.3fr)"),
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
        CPU,
        MEMORY,
        up_to_date_column(lambda one: one.status.updated_replicas, "Copies of the newest version."),
        RESTARTS,
        Column(key="strategy", label="Changes", value=lambda one: one.spec.strategy.type, hidden=True),
        AGE,
    ),
    panels=(OVERVIEW, LAYERS, LOGS, TERMINAL, CONDITIONS, EVENTS, YAML),
    actions=(
        actions.SCALE,
        actions.RESTART,
        actions.CHANGE_IMAGE,
        ROLL_BACK,
        actions.PAUSE,
        actions.RESUME,
        actions.AUTOSCALE,
        actions.DELETE,
    ),
    search=lambda one: f"{one.image}\0{labels_text(one)}",
    copies_of="pod",
    layers=keeps_pods("deployment"),
    with_copies=with_copies,
    workload=Workload(image=lambda one: one.image, copies=copies, restarts=lambda one: None),
)
