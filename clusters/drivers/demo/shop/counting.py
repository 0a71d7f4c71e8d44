"""What counts in the shop: its autoscaler, budget and quota say how many pods there are now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

EVERY = 5.0  # seconds; the real ones look about as often


def begin(world: ShopWorld) -> None:
    """Count now, and again and again."""
    world.after(EVERY, lambda: begin(world))
    for collection, count in (
        ("autoscaling/v2/horizontalpodautoscalers", _autoscaler),
        ("policy/v1/poddisruptionbudgets", _budget),
        ("v1/resourcequotas", _quota),
    ):
        for thing in world.all(collection):
            new = {**thing["status"], **count(world, thing)}
            if new != thing["status"]:
                thing["status"] = new
                world.save(thing)


def _pods(world: ShopWorld, namespace: str, labels: dict[str, str]) -> list[Object]:
    return [
        pod
        for pod in world.all("v1/pods")
        if pod["metadata"]["namespace"] == namespace
        and "deletionTimestamp" not in pod["metadata"]
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
        and labels.items() <= pod["metadata"]["labels"].items()
    ]


def _autoscaler(world: ShopWorld, one: Object) -> dict[str, Any]:
    name, namespace = one["spec"]["scaleTargetRef"]["name"], one["metadata"]["namespace"]
    deployments = [each for each in world.all("apps/v1/deployments") if each["metadata"]["name"] == name]
    target = next((each for each in deployments if each["metadata"]["namespace"] == namespace), None)
    if target is None:
        missing = objects.condition("AbleToScale", "False", world.now, "FailedGetScale", f"{name} not found")
        return {"conditions": [missing]}
    copies = _pods(world, namespace, target["spec"]["selector"]["matchLabels"])
    used = [usage for pod in copies if (usage := world.usage_of(pod["metadata"]["uid"], world.now))]
    asked = sum(objects.quantity(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]) for pod in copies)
    share = round(100 * sum(usage.cpu or 0.0 for usage in used) / asked) if asked else 0
    now = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": share}}}
    return {
        "currentReplicas": len(copies),
        "desiredReplicas": target["spec"]["replicas"],
        "currentMetrics": [now] if used else [],
    }


def _budget(world: ShopWorld, one: Object) -> dict[str, Any]:
    guarded = _pods(world, one["metadata"]["namespace"], one["spec"]["selector"]["matchLabels"])
    healthy, must = sum(objects.is_true(pod, "Ready") for pod in guarded), int(one["spec"]["minAvailable"])
    return {
        "disruptionsAllowed": max(0, healthy - must),
        "currentHealthy": healthy,
        "desiredHealthy": must,
        "expectedPods": len(guarded),
    }


def _quota(world: ShopWorld, one: Object) -> dict[str, Any]:
    pods = _pods(world, one["metadata"]["namespace"], {})
    asked = (pod["spec"]["containers"][0]["resources"]["requests"]["memory"] for pod in pods)
    memory = sum(objects.quantity(each) for each in asked)
    used = {"pods": str(len(pods)), "requests.memory": f"{memory / 1024**2:.0f}Mi"}
    return {"used": {name: used[name] for name in one["spec"]["hard"]}}
