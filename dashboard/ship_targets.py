"""The targets of an image: every host, Swarm and Kubernetes cluster on which somebody may run or deploy it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from clusters.access import Actor, Need, decide
from clusters.deploy.where import Where
from clusters.live.cluster import ClusterInfo
from clusters.permissions import SOON
from clusters.reach import area_in
from clusters.rights import label_of
from clusters.ship import carried
from dashboard.deploy_rights import allowed_in
from dashboard.engine import engine
from dashboard.nowhere import Offered
from dashboard.yaml_rights import yaml_clusters

# Its button, what it makes, its sign, and the words for what it is made on.
MAKES: Mapping[str, tuple[str, str, str, str]] = {
    "container": ("Run on", "a container, one copy", "container", "Host"),
    "swarm-service": ("Deploy to", "a service, its copies spread over the nodes", "layers", "Swarm"),
    "deployment": ("Deploy to", "a deployment, and a service that leads to its copies", "ship-wheel", "Kubernetes"),
}
NOWHERE = (
    f"That takes the role operator with the right “{label_of('run')}” on a Docker host or a Swarm, or "
    f"“{label_of('apply')}” on a Kubernetes cluster, that is not read-only."
)


@dataclass(frozen=True, slots=True)
class ShipTarget:
    """One target: a kind on a cluster, and what it makes there; on Kubernetes, ``where`` it may be made."""

    kind: str
    cluster: ClusterInfo
    where: Where = field(default_factory=Where, compare=False)

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.kind}~{self.cluster.id}"

    @property
    def id(self) -> str:
        """The same, as the id of an element."""
        return f"target-{self.kind}-{self.cluster.id}"

    @property
    def does(self) -> str:
        """The words of its button."""
        return f"{MAKES[self.kind][0]} {self.cluster.name}"

    @property
    def makes(self) -> str:
        """What comes of it there."""
        return MAKES[self.kind][1]

    @property
    def icon(self) -> str:
        """Its sign."""
        return MAKES[self.kind][2]

    @property
    def sort(self) -> str:
        """What it is made on."""
        return MAKES[self.kind][3]

    @property
    def is_demo(self) -> bool:
        """Nothing is made there but in the demonstration."""
        return self.cluster.driver == "demo"

    def namespace(self, given: Mapping[str, str]) -> str:
        """Where it would be made, as a form chose it among those that may be; "" where there are none."""
        if self.kind != "deployment":
            return ""
        return self.where.begins_in(given.get(f"namespace-{self.cluster.id}", "")[:63])


def targets_of(actor: Actor) -> list[ShipTarget]:
    """Hosts first, demonstrations last."""
    found = []
    for one in engine.supervisor.connections.values():
        for name in ("container", "swarm-service"):
            store = one.stores.get(name)
            maker = store.kind.make if store else None
            if maker and decide(actor, area_in(one.cluster), Need(maker.role, maker.right)).allowed:
                found.append(ShipTarget(name, one.cluster))
    found += [ShipTarget("deployment", one.cluster) for one in yaml_clusters(actor)]
    order = {name: number for number, name in enumerate(carried.TARGETS)}
    return sorted(found, key=lambda one: (one.is_demo, order[one.kind], one.cluster.name.casefold()))


def offered(actor: Actor, **asked: str) -> Offered:
    """The button that leads from an image to the targets: ``image`` or ``row``. Off where there is none."""
    where = f"/ship/?{urlencode(asked)}" if asked else "/ship/"
    return Offered(where) if targets_of(actor) else Offered("", NOWHERE)


async def with_namespaces(actor: Actor, targets: Sequence[ShipTarget]) -> list[ShipTarget]:
    """The same, knowing in which namespaces it may be made, or why in none."""
    return list(await asyncio.gather(*(_with_namespaces(actor, one) for one in targets)))


async def _with_namespaces(actor: Actor, target: ShipTarget) -> ShipTarget:
    connection = engine.supervisor.connections.get(target.cluster.id)
    if target.kind != "deployment" or connection is None:
        return target
    return replace(target, where=await allowed_in(actor, connection, "deployment", SOON))


async def target_named(actor: Actor, key: str | None) -> ShipTarget | None:
    """The one of that key, where this person may make something there."""
    found = [one for one in targets_of(actor) if one.key == key]
    return (await with_namespaces(actor, found))[0] if found else None
