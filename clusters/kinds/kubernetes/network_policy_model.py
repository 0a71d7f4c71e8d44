"""A network policy as far as we read it, and its rules in words: who may reach its pods, and whom they may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.kubernetes.base import Object, Part
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.live.resource import Number

INTO, OUT_OF = "Ingress", "Egress"


class Block(Part, frozen=True, gc=False, rename="camel"):
    """A range of addresses."""

    cidr: str = ""
    except_: list[str] | None = msgspec.field(default=None, name="except")


class Peer(Part, frozen=True, gc=False, rename="camel"):
    """Whoever is at the other end."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: Block | None = None

    @property
    def words(self) -> str:
        """ "pods with app=web of this namespace" """
        if self.ip_block:
            but = f", but not {', '.join(self.ip_block.except_)}" if self.ip_block.except_ else ""
            return f"addresses {self.ip_block.cidr}{but}"
        which = self.pod_selector.words if self.pod_selector else ""
        pods = f"pods with {which}" if which else "all pods"
        if self.namespace_selector is None:
            return f"{pods} of this namespace"
        inside = self.namespace_selector.words
        return f"{pods} of {f'namespaces with {inside}' if inside else 'all namespaces'}"


class PolicyPort(Part, frozen=True, gc=False, rename="camel"):
    """A port, or a range of them."""

    protocol: str = "TCP"
    port: Number | str | None = None
    end_port: Number = 0

    @property
    def words(self) -> str:
        """ "http", "9000 to 9010 UDP" """
        protocol = "" if self.protocol == "TCP" else f" {self.protocol}"
        if self.port is None:
            return f"all ports of {self.protocol}"
        return f"{self.port}{f' to {self.end_port}' if self.end_port else ''}{protocol}"


class Rule(Part, frozen=True, gc=False, rename="camel"):
    """Whoever is at the other end, on these ports; nobody named is everybody."""

    from_: list[Peer] | None = msgspec.field(default=None, name="from")
    to: list[Peer] | None = None
    ports: list[PolicyPort] | None = None

    @property
    def who(self) -> list[str]:
        """Who is at the other end."""
        return [one.words for one in (self.from_ or self.to or ())] or ["everybody"]

    @property
    def where(self) -> str:
        """On which ports."""
        return ", ".join(one.words for one in self.ports or ()) or "all ports"


class PolicySpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    pod_selector: LabelSelector | None = None
    policy_types: list[str] | None = None
    ingress: list[Rule] | None = None
    egress: list[Rule] | None = None


class NetworkPolicy(Object, frozen=True, gc=False, rename="camel"):
    """Who may talk to whom."""

    spec: PolicySpec = PolicySpec()
    # Live pods it applies to; None where our account may not list pods. No cluster sends this.
    covered: int | None = msgspec.field(default=0, name="$covered")

    @property
    def version(self) -> str:
        """Changes with the policy and with how many pods it applies to."""
        return f"{self.metadata.resource_version}.{self.covered}"

    @property
    def selector(self) -> LabelSelector:
        """Which pods of its namespace it applies to."""
        return self.spec.pod_selector or LabelSelector()

    @property
    def pods_words(self) -> str:
        """The same in words."""
        return self.selector.words or "all pods of the namespace"

    def limits(self, direction: str) -> bool:
        """Does it say anything of that direction?"""
        said = self.spec.policy_types
        return direction in said if said else direction == INTO or bool(self.spec.egress)

    def rules(self, direction: str) -> list[Rule]:
        """What it allows there."""
        return (self.spec.ingress if direction == INTO else self.spec.egress) or []

    def covers(self, pod: Pod) -> bool:
        """Does it apply to that pod?"""
        alive = pod.status.phase not in OVER
        return alive and pod.namespace == self.namespace and self.selector.holds(pod.labels)


def join(own: Sequence[NetworkPolicy], others: Mapping[str, Sequence[Any]]) -> Sequence[NetworkPolicy]:
    """Each policy with how many live pods it applies to."""
    if "pod" not in others:
        return [msgspec.structs.replace(one, covered=None) for one in own]
    inside = defaultdict(list)
    for pod in others["pod"]:
        inside[pod.namespace].append(pod)
    return [msgspec.structs.replace(one, covered=sum(one.covers(pod) for pod in inside[one.namespace])) for one in own]


def allowed(policies: Iterable[NetworkPolicy], direction: str) -> tuple[str, list[dict[str, str]]]:
    """What these allow together: words where that is all or nothing, and each rule with the policy that says so."""
    limiting = [one for one in policies if one.limits(direction)]
    if not limiting:
        return "All may: no policy says anything of it.", []
    rows = [
        {"who": who, "ports": rule.where, "policy": one.name, "key": f"{one.namespace}/{one.name}"}
        for one in limiting
        for rule in one.rules(direction)
        for who in rule.who
    ]
    return ("" if rows else f"Nobody may: {', '.join(one.name for one in limiting)} allows nothing."), rows
