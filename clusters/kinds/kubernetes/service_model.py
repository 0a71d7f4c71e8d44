"""A service as far as we read it, and what the live pods say of it: who answers, and where the way breaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import msgspec

from clusters.kinds.base import Health
from clusters.kinds.kubernetes.base import Object, Part, condition
from clusters.kinds.kubernetes.copies import OVER, most_frequent_health
from clusters.kinds.kubernetes.pod_health import health as pod_health
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.live.resource import Number


class ServicePort(Part, frozen=True, gc=False, rename="camel"):
    """A port it answers on. ``target_port`` is the port of its copies, by number or by name."""

    name: str = ""
    protocol: str = "TCP"
    port: Number = 0
    target_port: Number | str = 0
    node_port: Number = 0

    @property
    def target(self) -> Number | str:
        """The port of its copies; not said, it is the same."""
        return self.target_port or self.port


class ServiceSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""
    selector: dict[str, str] | None = None
    ports: list[ServicePort] | None = None
    publish_not_ready_addresses: bool = False


class Outside(Part, frozen=True, gc=False, rename="camel"):
    """An address that a balancer outside gave it."""

    ip: str = ""
    hostname: str = ""


class Balancer(Part, frozen=True, gc=False, rename="camel"):
    """What the balancer outside says."""

    ingress: list[Outside] | None = None


class BalancedStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    load_balancer: Balancer = Balancer()

    @property
    def addresses(self) -> list[str]:
        """Where it is reached from outside."""
        return [one.hostname or one.ip for one in self.load_balancer.ingress or () if one.hostname or one.ip]


class Answers(msgspec.Struct, frozen=True, gc=False):
    """What the live pods say of it. No cluster sends this."""

    copies: int = 0
    ready: int = 0
    unnamed: tuple[tuple[str, int], ...] = ()  # target port, and how many of its copies have no port of that name
    why: Health | None = None  # of most copies that are not ready
    off: str = ""  # what would answer and was scaled to no copies
    nearest: str = ""  # a pod of the namespace with labels that read like the selector: "a has app=webb"
    hidden: bool = False  # our account may not list pods, so nobody knows who answers


class Service(Object, frozen=True, gc=False, rename="camel"):
    """One address for all copies of an app."""

    spec: ServiceSpec = ServiceSpec()
    status: BalancedStatus = BalancedStatus()
    answers: Answers = msgspec.field(default=Answers(), name="$answers")

    @property
    def version(self) -> str:
        """Changes with the service and with who answers."""
        return f"{self.metadata.resource_version}.{hash(self.answers):x}"

    @property
    def ports(self) -> list[ServicePort]:
        """Its ports."""
        return self.spec.ports or []

    @property
    def selects(self) -> bool:
        """Does it look for its copies itself?"""
        return bool(self.spec.selector) and self.spec.type != "ExternalName"

    @property
    def named_targets(self) -> list[ServicePort]:
        """Its ports that lead to a port of its copies by name."""
        return [one for one in self.ports if isinstance(one.target, str)]


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Are all labels of the selector there?"""
    return all(labels.get(key) == value for key, value in selector.items())


def is_ready(pod: Pod) -> bool:
    """May traffic be sent to it?"""
    ready = condition(pod.status.conditions, "Ready")
    return bool(ready and ready.status == "True" and not pod.metadata.deletion_timestamp)


def listens_by_name(pod: Pod, port: ServicePort) -> bool:
    """Has one of its containers a port of that name and protocol?"""
    declared = (each for one in pod.containers for each in one.ports or ())
    return any(each.name == port.target and each.protocol == port.protocol for each in declared)


def selected(one: Service, pods: Iterable[Pod]) -> list[Pod]:
    """Its copies among these; those that are over are none."""
    selector = one.spec.selector or {}
    if not one.selects:
        return []
    return [
        pod
        for pod in pods
        if pod.namespace == one.namespace and pod.status.phase not in OVER and matches(selector, pod.labels)
    ]


def join(own: Sequence[Service], others: Mapping[str, Sequence[Any]]) -> Sequence[Service]:
    """Each service with what the live pods say of it."""
    if "pod" not in others:
        return [msgspec.structs.replace(one, answers=Answers(hidden=True)) if one.selects else one for one in own]
    labelled, inside = defaultdict(list), defaultdict(list)
    for pod in others["pod"]:
        if pod.status.phase not in OVER:
            inside[pod.namespace].append(pod)
        for label in pod.labels.items():
            labelled[(pod.namespace, *label)].append(pod)
    keepers = defaultdict(list)
    for one in (*others.get("deployment", ()), *others.get("stateful-set", ())):
        keepers[one.namespace].append(one)

    def answered(one: Service) -> Service:
        if not one.selects:
            return one
        selector = one.spec.selector or {}
        fewest = min((labelled.get((one.namespace, *label), []) for label in selector.items()), key=len)
        found = _answers(one, selected(one, fewest), keepers[one.namespace], inside[one.namespace])
        return msgspec.structs.replace(one, answers=found)

    return [answered(one) for one in own]


def _answers(one: Service, copies: Sequence[Pod], keepers: Sequence[Any], around: Sequence[Pod]) -> Answers:
    selector = one.spec.selector or {}
    if not copies:
        off = next((each.name for each in keepers if not each.spec.replicas and _would_match(selector, each)), "")
        return Answers(off=off, nearest="" if off else _nearest(selector, around))
    ready = [pod for pod in copies if is_ready(pod) or one.spec.publish_not_ready_addresses]
    missing = {str(port.target): sum(not listens_by_name(pod, port) for pod in copies) for port in one.named_targets}
    return Answers(
        copies=len(copies),
        ready=len(ready),
        unnamed=tuple((name, count) for name, count in sorted(missing.items()) if count),
        why=None if ready else most_frequent_health([pod_health(pod) for pod in copies]),
    )


def _would_match(selector: Mapping[str, str], keeper: Any) -> bool:
    labels = keeper.spec.selector.match_labels or {}
    return any(labels.get(key) == value for key, value in selector.items()) and not any(
        key in selector and selector[key] != value for key, value in labels.items()
    )


def _nearest(selector: Mapping[str, str], around: Sequence[Pod]) -> str:
    """What a pod has under the same keys, where it differs: of the pod that differs least. All of it must read like
    the selector: it is taken for mistyped."""
    close = []
    for pod in around:
        other = [key for key, value in selector.items() if pod.labels.get(key) != value]
        if all(_reads_like(selector[key], pod.labels.get(key, "")) for key in other):
            close.append((len(other), pod.name, [f"{key}={pod.labels[key]}" for key in sorted(other)]))
    if not close:
        return ""
    _, name, differing = min(close)
    return f"{name} has {', '.join(differing)}"[:300]


@lru_cache(maxsize=4096)  # many pods have the same few values
def _reads_like(value: str, other: str) -> bool:
    """Mistyped; not of another number, as "web-1" and "web-2" are."""
    mine, theirs = ("".join(each for each in one if not each.isdigit()) for one in (value, other))
    if mine == theirs:
        return False
    return sorted(mine) == sorted(theirs) or bool(get_close_matches(mine, [theirs], cutoff=0.8))
