"""The machines of the demonstration: one may fall silent, and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.drivers.demo.shop import objects, pods
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

EVICT_AFTER = 20.0  # a real cluster waits five minutes; nobody wants to, in a demonstration
UNREACHABLE = "node.kubernetes.io/unreachable"


def lose(world: ShopWorld, name: str) -> None:
    """The machine stops answering: its copies do not serve, and after a while others are made elsewhere."""
    node = world.named("v1/nodes", "", name)
    world.lost.add(name)
    for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready"):
        objects.set_condition(
            node["status"], kind, "Unknown", world.now, "NodeStatusUnknown", "Kubelet stopped posting node status."
        )
    node["spec"]["taints"] = [
        {"key": UNREACHABLE, "effect": effect, "timeAdded": objects.when(world.now)}
        for effect in ("NoSchedule", "NoExecute")
    ]
    world.save(node)
    world.event(node, "Node", "NodeNotReady", f"Node {name} status is now: NodeNotReady", "Warning")
    for pod in _on(world, name):
        pods.lose_contact(world, pod)
    world.after(EVICT_AFTER, lambda: _evict(world, name))


def find(world: ShopWorld, name: str) -> None:
    """The machine answers again."""
    node = world.named("v1/nodes", "", name)
    world.lost.discard(name)
    for kind in ("MemoryPressure", "DiskPressure", "PIDPressure"):
        objects.set_condition(node["status"], kind, "False", world.now, "KubeletHasNoPressure", "")
    objects.set_condition(node["status"], "Ready", "True", world.now, "KubeletReady", "kubelet is posting ready status")
    node["spec"].pop("taints", None)
    world.save(node)
    world.event(node, "Node", "NodeReady", f"Node {name} status is now: NodeReady")
    for pod in _on(world, name):
        pods.regain_contact(world, pod)


def _evict(world: ShopWorld, name: str) -> None:
    if name in world.lost:
        for pod in _on(world, name):
            world.event(pod, "Pod", "TaintManagerEviction", "Marking for deletion Pod")
            pods.delete(world, pod)


def _on(world: ShopWorld, name: str) -> list[Object]:
    return [pod for pod in world.all("v1/pods") if pod["spec"].get("nodeName") == name]
