"""Pod: one copy of an app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import LogSource
from clusters.kinds.actions import kubectl_line, one_call
from clusters.kinds.base import Action, Column, Kind, Look, Panel
from clusters.kinds.columns import AGE, CPU, MEMORY, NAMESPACE, RESTARTS, WIDE_STATUS, labels_text, name_column
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.asking import asked_for
from clusters.kinds.kubernetes.base import delete
from clusters.kinds.kubernetes.debugging import DEBUG, entering
from clusters.kinds.kubernetes.drain import eviction
from clusters.kinds.kubernetes.files import OF_POD as FILING
from clusters.kinds.kubernetes.layered import OF_POD as OF_POD_LAYERS
from clusters.kinds.kubernetes.network_policy import OF_POD
from clusters.kinds.kubernetes.owners import chain, owner
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.pod_health import health
from clusters.kinds.kubernetes.pod_model import Container, ContainerStatus, Pod
from clusters.kinds.kubernetes.pod_settings import settings
from clusters.kinds.kubernetes.ports import OF_POD as PORTS
from clusters.kinds.panels import FILES, LAYERS, LOGS, TERMINAL
from clusters.kinds.permission import DELETES, Permission
from clusters.kinds.workload import Workload


def _image(pod: Pod) -> str:
    return pod.spec.containers[0].image if pod.spec.containers else ""


def _wanted(pod: Pod) -> int:
    """Containers that should be ready: none once it is over."""
    return 0 if pod.status.phase in ("Succeeded", "Failed") else len(pod.containers)


def log_sources(pod: Pod) -> Sequence[LogSource]:
    """Its containers, the set-up steps that have begun, and what was put beside it to look around."""
    beside = [one.name for one in pod.spec.ephemeral_containers or ()]
    begun = [one.name for one in pod.status.init_container_statuses or () if one.state.running or one.state.terminated]
    names = [one.name for one in pod.containers] + [
        name for name in begun if name not in {c.name for c in pod.containers}
    ]
    names += beside
    alone = len(names) == 1
    began = {one.name: epoch(one.state.running.started_at) for one in pod.statuses if one.state.running}
    return [
        LogSource(pod, "pod", name, pod.name if alone else f"{pod.name} / {name}", began.get(name, 0.0))
        for name in names
    ]


async def _load_overview(look: Look) -> Mapping[str, Any]:
    """``facts`` as (label, value) pairs, ``containers`` as asked for and as they are, ``owners`` upwards."""
    pod: Pod = look.resource
    status = pod.status
    told = (status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses)
    statuses = {one.name: one for some in told for one in some or ()}
    beside = pod.spec.ephemeral_containers or ()
    asked = [*(pod.spec.init_containers or ()), *(pod.spec.containers or ()), *beside]
    with_settings = settings(await look.driver.get(look.kind, pod.namespace, pod.name))
    return {
        "facts": [
            ("Node", pod.spec.node_name or "not placed yet"),
            ("Address", pod.status.pod_ip or "none yet"),
            ("Service account", pod.spec.service_account_name or "default"),
            ("When it ends", f"it has {pod.spec.termination_grace_period_seconds} s"),
            ("Quality of service", pod.status.qos_class or "–"),
            *(() if pod.controller else (("Kept by", "nobody: it is not made again"),)),
        ],
        "containers": [
            _container(one, statuses.get(one.name)) | with_settings.get(one.name, {}) | {"beside": one in beside}
            for one in asked
        ],
        "owners": await chain(look),
        "labels": sorted(pod.labels.items()),
    }


def _container(asked: Container, one: ContainerStatus | None) -> dict[str, Any]:
    requests, limits = asked.resources.requests or {}, asked.resources.limits or {}
    return {
        "name": asked.name,
        "image": asked.image,
        "state": _state(one),
        "ready": bool(one and one.ready),
        "restarts": one.restart_count if one else 0,
        "ports": [
            f"{port.container_port}/{port.protocol}{f' {port.name}' if port.name else ''}" for port in asked.ports or ()
        ],
        "resources": [
            (name, requests.get(name, "–"), limits.get(name, "–"))
            for name in ("cpu", "memory")
            if {**requests, **limits}.get(name)
        ],
        "since": epoch(one.state.running.started_at) if one and one.state.running else 0.0,
    }


def _state(one: ContainerStatus | None) -> str:
    if one is None:
        return "not made yet"
    if one.state.running:
        return "running"
    if one.state.waiting:
        return one.state.waiting.reason or "waiting"
    return f"ended, exit {one.state.terminated.exit_code}" if one.state.terminated else "not started"


OVERVIEW: Panel[Pod] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="pod_overview", load=_load_overview
)


def _after(pod: Pod) -> str:
    if pod.controller:
        return f"Ends {pod.name}. {pod.controller.kind} {pod.controller.name} starts another copy."
    return f"Ends {pod.name} for good: nobody starts it again."


def _is_ending(pod: Pod) -> str:
    return "It is ending already." if pod.metadata.deletion_timestamp else ""


DELETE: Action[Pod] = Action(
    verb="delete",
    label="Delete",
    icon="trash-2",
    effect=_after,
    permissions=DELETES,
    run=one_call(lambda pod, values: delete(POD, pod), "{name} was asked to end"),
    refuse=_is_ending,
    danger=True,
    stays=lambda pod: "Its volumes and what other copies do stay.",
    line=lambda pod, values: kubectl_line("delete", "pod", pod),
)
EVICT: Action[Pod] = Action(
    verb="evict",
    label="Evict",
    icon="log-out",
    permissions=(Permission("create", "eviction"),),
    run=one_call(lambda pod, values: eviction(pod), "{name} was asked to move"),
    refuse=_is_ending,
    effect=lambda pod: f"{_after(pod)} Refused while a disruption budget needs it.",
)

POD: Kind[Pod] = Kind(
    model=Pod,
    api="v1/pods",
    name="pod",
    label="Pod",
    plural="Pods",
    icon="box",
    group="Workloads",
    platform="kubernetes",
    words="One copy of an app: one or more containers that live and move together.",
    health=health,
    always=True,
    columns=(
        name_column(_image, "minmax(180px, 2.3fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(
            key="ready",
            label="Ready",
            cell="pips",
            value=lambda pod: [pod.ready, _wanted(pod), 0],
            sort=lambda pod: pod.ready / (_wanted(pod) or 1),
            width="84px",
            words="Containers that do their job.",
        ),
        CPU,
        MEMORY,
        RESTARTS,
        Column(
            key="node",
            label="Node",
            value=lambda pod: pod.spec.node_name or None,
            sort=lambda pod: pod.spec.node_name,
            facet=lambda pod: pod.spec.node_name,
            words="The node it runs on.",
        ),
        Column(key="address", label="Address", cell="mono", value=lambda pod: pod.status.pod_ip or None, hidden=True),
        AGE,
    ),
    panels=(OVERVIEW, LAYERS, LOGS, TERMINAL, FILES, OF_POD, CONDITIONS, EVENTS, YAML),
    actions=(DEBUG, DELETE, EVICT),
    search=lambda pod: f"{_image(pod)}\0{pod.spec.node_name}\0{labels_text(pod)}",
    owner=owner,
    asks=asked_for,
    logs=log_sources,
    entering=entering,
    forwarding=PORTS,
    filing=FILING,
    layers=OF_POD_LAYERS,
    workload=Workload(
        image=_image,
        copies=lambda pod: (int(pod.ready == len(pod.containers)), 1, 0),
        restarts=lambda pod: pod.restarts,
        counts=lambda pod: pod.controller is None,
    ),
)
