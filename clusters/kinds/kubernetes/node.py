"""Node: a machine of the cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clusters.drivers.base import Call, Usage
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import Action, Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, CPU, MEMORY, STATUS, name_column
from clusters.kinds.formats import count, size
from clusters.kinds.kubernetes.asking import booked
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, patch, understood
from clusters.kinds.kubernetes.drain import DRAIN
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.kubernetes.taints import Taint
from clusters.kinds.permission import CHANGES


class NodeSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    unschedulable: bool = False
    taints: list[Taint] | None = None


class Address(Part, frozen=True, gc=False, rename="camel"):
    """One of its addresses."""

    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True, gc=False, rename="camel"):
    """What runs on it."""

    kubelet_version: str = ""
    container_runtime_version: str = ""
    os_image: str = ""
    kernel_version: str = ""
    architecture: str = ""


class NodeStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    conditions: list[Condition] | None = None
    addresses: list[Address] | None = None
    allocatable: dict[str, str] | None = None
    node_info: NodeInfo = msgspec.field(default=NodeInfo(), name="nodeInfo")


class Node(Object, frozen=True, gc=False, rename="camel"):
    """A machine."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def cpu_limit(self) -> float:
        """What pods may use of it, in cores."""
        return quantity((self.status.allocatable or {}).get("cpu", ""))

    @property
    def memory_limit(self) -> float:
        """What pods may use of it, in bytes."""
        return quantity((self.status.allocatable or {}).get("memory", ""))


_PRESSURE = {
    "MemoryPressure": "memory",
    "DiskPressure": "disk",
    "PIDPressure": "room for processes",
    "NetworkUnavailable": "network",
}


@understood
def health(node: Node) -> Health:
    """Whether it answers, whether it runs short, whether it takes new work."""
    ready = condition(node.status.conditions, "Ready")
    if ready is None or ready.status != "True":
        words = "It does not answer. What ran on it may still run, but nobody can tell."
        return Health(
            Level.FAILING, "Not answering", words, ready.reason if ready else "", ready.since if ready else 0.0
        )
    for one in node.status.conditions or ():
        if one.type in _PRESSURE and one.status == "True":
            return Health(Level.AT_RISK, "Running short", f"It is short of {_PRESSURE[one.type]}.", one.type, one.since)
    if node.spec.unschedulable:
        return Health(Level.PAUSED, "Cordoned", "It takes no new pods; what runs on it goes on.", "SchedulingDisabled")
    return Health(Level.HEALTHY, "Ready")


async def _load_overview(look: Look) -> Mapping[str, Any]:
    """``facts`` and ``pods`` that run on it."""
    node: Node = look.resource
    info, can = node.status.node_info, node.status.allocatable or {}
    pods = [pod for pod in await look.related("pod") if pod.spec.node_name == node.name]
    return {
        "facts": [
            ("Addresses", ", ".join(one.address for one in node.status.addresses or ()) or "–"),
            (
                "For pods",
                f"{node.cpu_limit:g} cores, {size(node.memory_limit)}, {can.get('pods', '–')} pods",
            ),
            ("Runs", f"{info.os_image}, kernel {info.kernel_version}, {info.architecture}"),
            ("Kubelet", info.kubelet_version or "–"),
            ("Engine", info.container_runtime_version or "–"),
            ("Reserved by", ", ".join(f"{one.key}:{one.effect}" for one in node.spec.taints or ()) or "nothing"),
            ("Pods on it", count(len(pods), "pod")),
        ],
        "labels": sorted(node.labels.items()),
    }


def _room(node: Node) -> Usage:
    """What pods may use of it. What they requested of it is told by the pods."""
    return Usage(at=0.0, cpu=None, memory=None, cpu_limit=node.cpu_limit, memory_limit=node.memory_limit)


def _cordoning(on: bool | None) -> Callable[[Node, Values], Call]:
    return lambda node, values: patch(NODE, node, {"spec": {"unschedulable": on}})


CORDON: Action[Node] = Action(
    verb="cordon",
    label="Cordon",
    icon="ban",
    permissions=CHANGES,
    run=one_call(_cordoning(True), "{name} takes no new pods"),
    undo=lambda node, values: ("uncordon", {}),
    effect=lambda node: f"{node.name} takes no new pods.",
    stays=lambda node: "What runs on it goes on.",
    refuse=lambda node: "It is cordoned already." if node.spec.unschedulable else "",
    line=lambda node, values: f"kubectl cordon {node.name}",
)
UNCORDON: Action[Node] = Action(
    verb="uncordon",
    label="Uncordon",
    icon="circle-check",
    permissions=CHANGES,
    run=one_call(_cordoning(None), "{name} takes pods again"),
    undo=lambda node, values: ("cordon", {}),
    effect=lambda node: f"{node.name} takes new pods again.",
    refuse=lambda node: "" if node.spec.unschedulable else "It is not cordoned.",
    line=lambda node, values: f"kubectl uncordon {node.name}",
)

OVERVIEW: Panel[Node] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="facts", load=_load_overview
)

NODE: Kind[Node] = Kind(
    model=Node,
    api="v1/nodes",
    name="node",
    label="Node",
    plural="Nodes",
    icon="server",
    group="Hosts and nodes",
    platform="kubernetes",
    namespaced=False,
    always=True,
    makes_up_usage=True,
    usage_at_once=True,
    asks=_room,
    booked=("pod", booked),
    words="A machine of the cluster: pods run on it.",
    health=health,
    columns=(
        name_column(lambda node: node.status.node_info.os_image, "minmax(200px, 2fr)"),
        STATUS,
        Column(
            key="version",
            label="Kubelet",
            value=lambda node: node.status.node_info.kubelet_version,
            sort=lambda node: node.status.node_info.kubelet_version,
        ),
        CPU,
        MEMORY,
        Column(
            key="cores",
            label="Cores",
            cell="number",
            value=lambda node: quantity((node.status.allocatable or {}).get("cpu", "")),
            sort=lambda node: quantity((node.status.allocatable or {}).get("cpu", "")),
            width="72px",
            end=True,
        ),
        Column(
            key="room",
            label="Memory in all",
            value=lambda node: size(quantity((node.status.allocatable or {}).get("memory", "0"))),
            sort=lambda node: quantity((node.status.allocatable or {}).get("memory", "")),
            end=True,
        ),
        AGE,
    ),
    panels=(OVERVIEW, CONDITIONS, EVENTS, YAML),
    actions=(CORDON, UNCORDON, DRAIN),
)
