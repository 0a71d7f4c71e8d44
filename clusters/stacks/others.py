"""What of others a stack would use or change: decided by what would be sent, not by how anybody reads its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.kinds.swarm.base import STACK
from clusters.kinds.swarm.service_power import mounted_volumes, network_targets
from clusters.stacks.ahead import SORTS, There
from clusters.stacks.dry_run import Sent

_NOT_OURS = "which is not of this stack"


def of_others(sent: Sequence[Sent], there: There, name: str) -> Iterator[str]:
    """What it would change or use that another stack's, or nobody's, is: in words that follow “it”."""
    yield from _changed(sent, there, name)
    mine = _Mine(sent, there, name)
    for body in _services(sent):
        container = (body.get("TaskTemplate") or {}).get("ContainerSpec") or {}
        for kind in ("Secret", "Config"):
            for one in container.get(f"{kind}s") or ():
                if not mine.has(f"{kind.lower()}s", str(one.get(f"{kind}ID") or "")):
                    yield f"uses the {kind.lower()} {str(one.get(f'{kind}Name'))[:100]}, {_NOT_OURS}"
        for target in network_targets(body):
            if not mine.has_network(target):
                yield f"uses the network {there.name_of('networks', target)[:100]}, {_NOT_OURS}"


async def volumes_of_others(driver: Driver, sent: Sequence[Sent], there: There, name: str) -> list[str]:
    """Volumes under one of its names that another one made or uses, as far as the Swarm and this manager know.

    ``prod_data`` of the stack ``shop`` and ``data`` of ``shop_prod`` have the same name, on each node.
    """
    wanted = {source for body in _services(sent) for source in _sources(body)}
    if not wanted:
        return []
    answer: Any = await driver.call(Call("GET", ("volumes",), timeout=5.0))
    kept = (answer.get("Volumes") if isinstance(answer, Mapping) else None) or ()
    others = {str(one["Name"]) for one in kept if (one.get("Labels") or {}).get(STACK) != name}
    for uid, service in there.things["services"].items():
        if there.stack_of("services", uid) != name:
            others.update(_sources(service.get("Spec") or {}))
    own = re.compile(rf"{re.escape(name)}_[A-Za-z0-9_.-]+")
    found = sorted(one for one in wanted if one in others or not own.fullmatch(one))
    return [f"uses the volume {one[:100]}, which is not of this stack alone" for one in found]


class _Mine:
    """What is of this stack, or would be by now."""

    def __init__(self, sent: Sequence[Sent], there: There, name: str) -> None:
        self.sent, self.there, self.name = sent, there, name
        networks = there.things["networks"]
        ours = [uid for uid in networks if there.stack_of("networks", uid) == name]
        theirs = [uid for uid, one in networks.items() if uid not in ours and one.get("Scope") == "swarm"]
        made = {str(one.body.get("Name")) for one in sent if one.path == ("networks", "create")}
        self.networks = {*ours, *(there.name_of("networks", uid) for uid in ours), *made}
        self.networks -= {*theirs, *(there.name_of("networks", uid) for uid in theirs)}

    def has(self, collection: str, uid: str) -> bool:
        made = {one.made for one in self.sent if one.path == (collection, "create")}
        return uid in made or self.there.stack_of(collection, uid) == self.name

    def has_network(self, target: str) -> bool:
        return target in self.networks


def _changed(sent: Sequence[Sent], there: There, name: str) -> Iterator[str]:
    for one in sent:
        does = "removes" if one.method == "DELETE" else "changes" if one.path[-1] == "update" else ""
        if does and one.collection in SORTS and there.stack_of(one.collection, one.path[1]) != name:
            sort = SORTS[one.collection].lower()
            yield f"{does} the {sort} {there.name_of(one.collection, one.path[1])}, {_NOT_OURS}"


def _services(sent: Sequence[Sent]) -> Iterator[Mapping[str, Any]]:
    yield from (one.body for one in sent if one.collection == "services" and one.body)


def _sources(spec: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(one["Source"]) for one in mounted_volumes(spec)["HostConfig"]["Mounts"])
