"""What deploying a stack would do: what the program sends in a dry run, beside what the Swarm has now."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clusters.compose.hiding import Hide
from clusters.drivers.base import Call, Driver
from clusters.kinds.preview import MOST, Difference, differences
from clusters.kinds.swarm.base import STACK
from clusters.kinds.swarm.service_spec import AGAIN, ROLLOUT
from clusters.stacks.dry_run import Sent

What = Literal["created", "changed", "left", "removed"]
SORTS = {"services": "Service", "networks": "Network", "secrets": "Secret", "configs": "Config"}
_RANK: tuple[What, ...] = ("removed", "created", "changed", "left")


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one thing, and in what it differs then."""

    sort: str
    name: str
    what: What
    differences: Sequence[Difference] = ()
    more: int = 0  # differences that are not shown


@dataclass(frozen=True, slots=True)
class There:
    """What the Swarm has now, by collection and id."""

    things: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def stack_of(self, collection: str, uid: str) -> str:
        """The stack that one of them belongs to."""
        one = self.things[collection].get(uid) or {}
        labels = one.get("Labels") or (one.get("Spec") or {}).get("Labels") or {}
        return str(labels.get(STACK) or "")

    def name_of(self, collection: str, uid: str) -> str:
        """Its name."""
        one = self.things[collection].get(uid) or {}
        return str(one.get("Name") or (one.get("Spec") or {}).get("Name") or uid[:12])


async def there_now(driver: Driver) -> There:
    """Ask the Swarm for all that stacks are made of."""
    found: dict[str, dict[str, Any]] = {}
    for collection in SORTS:
        said = await driver.call(Call("GET", (collection,), timeout=20.0))
        trees = [one for one in said or () if isinstance(one, dict)]
        found[collection] = {str(one.get("ID") or one.get("Id") or ""): one for one in trees}
    return There(found)


def effects(sent: Sequence[Sent], there: There, name: str, hide: Hide = str) -> list[Effect]:
    """What becomes of each thing; of the stack's own that nothing was sent about, that it is left."""
    told = {(one.collection, one.path[1]) for one in sent if len(one.path) > 1}
    found = [effect for one in sent if one.collection in SORTS and (effect := _effect(one, there, hide))]
    for collection, sort in SORTS.items():
        for uid in there.things[collection]:
            if there.stack_of(collection, uid) == name and (collection, uid) not in told:
                found.append(Effect(sort, there.name_of(collection, uid), "left"))
    order = list(SORTS.values())
    return sorted(found, key=lambda one: (order.index(one.sort), _RANK.index(one.what), one.name))


def _effect(sent: Sent, there: There, hide: Hide) -> Effect | None:
    sort, uid = SORTS[sent.collection], sent.path[1]
    if uid == "create":
        return Effect(sort, hide(str(sent.body.get("Name") or ""))[:300], "created")
    name = there.name_of(sent.collection, uid)
    if sent.method == "DELETE":
        return Effect(sort, name, "removed")
    now = (there.things[sent.collection].get(uid) or {}).get("Spec") or {}
    if sent.collection != "services":
        return Effect(sort, name, "changed" if _other_labels(now, sent.body) else "left")
    networks = {there.name_of("networks", one): one for one in there.things["networks"]}
    before, after = (_told(normal(one, networks), networks) for one in (now, sent.body))
    differ = differences(before, after, hide)
    return Effect(sort, name, "changed" if differ else "left", differ[:MOST], max(0, len(differ) - MOST))


def _other_labels(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    return bool((now.get("Labels") or {}) != (then.get("Labels") or {}))


def stuck(sent: Sequence[Sent], there: There) -> Iterator[str]:
    """Configs whose text would be another one: a Swarm takes none."""
    for one in sent:
        if one.collection == "configs" and one.path[-1] == "update":
            now = (there.things["configs"].get(one.path[1]) or {}).get("Spec") or {}
            if base64.b64decode(now.get("Data") or "") != base64.b64decode(one.body.get("Data") or ""):
                yield there.name_of("configs", one.path[1])


def taken(sent: Sequence[Sent], there: There) -> Iterator[str]:
    """What it would make under a name that something else has."""
    for one in sent:
        if one.path[-1] == "create" and one.collection in ("services", "networks"):
            name = str(one.body.get("Name") or "")
            if name in (there.name_of(one.collection, uid) for uid in there.things[one.collection]):
                yield name


def ports_taken(sent: Sequence[Sent], there: There) -> list[str]:
    """Ports that it publishes and another service has, where one of both has them on every node.

    Where both have them on single nodes, the scheduler finds one that is free.
    """
    told = {one.path[1] for one in sent if one.collection == "services" and len(one.path) > 1}
    others = (one for uid, one in there.things["services"].items() if uid not in told)
    had = _published((one.get("Spec") or {}, one.get("Endpoint") or {}) for one in others)
    asked = _published((one.body, {}) for one in sent if one.collection == "services" and one.body)
    both = asked["ingress"] & (had["ingress"] | had["host"]) | asked["host"] & had["ingress"]
    return [f"{number}/{protocol}" if protocol != "tcp" else str(number) for number, protocol in sorted(both)]


def _published(services: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, set[tuple[int, str]]]:
    """By mode, as was asked for in their specs, and as the Swarm chose where that was left to it."""
    found: dict[str, set[tuple[int, str]]] = {"ingress": set(), "host": set()}
    for spec, endpoint in services:
        for place in (spec.get("EndpointSpec") or {}, endpoint):
            for port in place.get("Ports") or ():
                if port.get("PublishedPort"):
                    mode = "host" if port.get("PublishMode") == "host" else "ingress"
                    found[mode].add((int(port["PublishedPort"]), str(port.get("Protocol") or "tcp")))
    return found


def kept_secrets(sent: Sequence[Sent], there: There) -> list[str]:
    """Secrets that are there already: nobody can tell whether they hold the same."""
    found = (one.path[1] for one in sent if one.collection == "secrets" and one.path[-1] == "update")
    return [there.name_of("secrets", uid) for uid in found]


def normal(spec: Mapping[str, Any], networks: Mapping[str, str]) -> Any:
    """A spec with what a Swarm fills in where nothing is said, so that one sent can be compared with one kept."""
    tree: dict[str, Any] = copy.deepcopy(dict(spec))
    template = tree.setdefault("TaskTemplate", {})
    container = template.setdefault("ContainerSpec", {})
    for place, name, value in (
        (container, "StopGracePeriod", 10_000_000_000),
        (container, "Isolation", "default"),
        (template, "Runtime", "container"),
        (template, "RestartPolicy", {}),
        (tree, "UpdateConfig", ROLLOUT),
        (tree, "RollbackConfig", ROLLOUT),
        (tree, "EndpointSpec", {}),
    ):
        place[name] = place.get(name) or value
    template["RestartPolicy"] = {**AGAIN, **template["RestartPolicy"]}
    for name in ("UpdateConfig", "RollbackConfig"):
        said = {key: value for key, value in tree[name].items() if value not in ("", None)}
        tree[name] = {**ROLLOUT, **said}
    tree["EndpointSpec"] = {"Mode": "vip", **tree["EndpointSpec"]}
    if (replicated := (tree.get("Mode") or {}).get("Replicated")) is not None:
        replicated.setdefault("Replicas", 1)
    for port in tree["EndpointSpec"].get("Ports") or ():
        port.setdefault("Protocol", "tcp")
        port.setdefault("PublishMode", "ingress")
    for one in template.get("Networks") or ():
        one["Target"] = networks.get(str(one.get("Target")), one.get("Target"))
    return _without_nothing(tree)


def _told(spec: Any, networks: Mapping[str, str]) -> Any:
    """The same with names of networks, to be read."""
    names = {uid: name for name, uid in networks.items()}
    for one in (spec.get("TaskTemplate") or {}).get("Networks") or ():
        one["Target"] = names.get(one.get("Target"), one.get("Target"))
    return spec


def _without_nothing(tree: Any) -> Any:
    """Without what is empty: said or not, it is the same."""
    if isinstance(tree, dict):
        found = {name: _without_nothing(value) for name, value in tree.items()}
        return {
            name: value
            for name, value in found.items()
            if value not in (None, "", 0, False, [], {}) or name == "Replicas"
        }
    return [_without_nothing(one) for one in tree] if isinstance(tree, list) else tree
