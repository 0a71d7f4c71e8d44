"""What happens in the shop by itself: a release, a crash now and then, more copies of web when it is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.drivers.demo import load
from clusters.drivers.demo.shop import deployments, objects, pods

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

LEFT_ALONE = {"checkout-api", "search-ui", "orders-db", "sessions"}  # they have a story of their own


def begin(world: ShopWorld) -> None:
    """Let the first of each happen soon: somebody has just opened the page."""
    world.after(20.0, lambda: _release(world))
    world.after(75.0, lambda: _stumble(world))
    world.after(45.0, lambda: _autoscale(world))


def _release(world: ShopWorld) -> None:
    world.after(world.between(150.0, 330.0), lambda: _release(world))
    apps = [
        one
        for one in world.all("apps/v1/deployments")
        if one["metadata"]["name"] not in LEFT_ALONE and one["spec"]["replicas"]
    ]
    if apps and not world.rollout_began:
        chosen = world.chance.choice(apps)
        first, _, last = deployments.image(chosen).rpartition(":")[2].rpartition(".")
        if last.isdigit():
            world.release(chosen["metadata"]["namespace"], chosen["metadata"]["name"], f"{first}.{int(last) + 1}")


def _stumble(world: ShopWorld) -> None:
    world.after(world.between(200.0, 480.0), lambda: _stumble(world))
    ready = [
        pod
        for pod in world.all("v1/pods")
        if objects.is_true(pod, "Ready") and "deletionTimestamp" not in pod["metadata"]
    ]
    if ready:
        pods.crash(
            world,
            world.chance.choice(ready),
            1,
            "Error",
            ("ERROR cannot go on: connection to orders-db was reset", "exit status 1"),
        )


def _autoscale(world: ShopWorld) -> None:
    world.after(world.between(80.0, 160.0), lambda: _autoscale(world))
    web = next((one for one in world.all("apps/v1/deployments") if one["metadata"]["name"] == "web"), None)
    rules = [one for one in world.all("autoscaling/v2/horizontalpodautoscalers") if one["metadata"]["name"] == "web"]
    if web is None or not rules:
        return
    fewest, most = rules[0]["spec"]["minReplicas"], rules[0]["spec"]["maxReplicas"]
    has, wanted = web["spec"]["replicas"], min(most, fewest + round(3 * load.wave("web", world.now)))
    # Once a person has set another number, the autoscaler leaves it alone.
    if has in (4, world.autoscaled) and has != wanted:
        world.autoscaled = web["spec"]["replicas"] = wanted
        web["metadata"]["generation"] += 1
        world.save(web)
