"""On which nodes something may run, as far as its placement says that: only those have to be able to get its image."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from clusters.kinds.kubernetes.taints import KEEPS_AWAY, Taint, Toleration

T = TypeVar("T", Taint, Toleration)
_CONSTRAINT = re.compile(r"\s*(?P<what>[\w./-]+)\s*(?P<how>==|!=)\s*(?P<value>.+?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """``constraints`` on a Swarm; the ``labels`` that nodes must have and the taints it bears on Kubernetes."""

    constraints: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Toleration] = ()

    def on_swarm(self, node: Mapping[str, Any]) -> bool:
        """May a copy be placed on that node? What is asked for in another way than we know counts as met."""
        spec, status = node.get("Spec") or {}, node.get("Status") or {}
        if spec.get("Availability") not in (None, "active") or status.get("State") not in (None, "ready"):
            return False
        return all(_holds(one, node) for one in self.constraints)

    def on_kubernetes(self, node: Mapping[str, Any]) -> bool:
        """The same of a node of Kubernetes, as far as labels and taints say."""
        spec, has = node.get("spec") or {}, (node.get("metadata") or {}).get("labels") or {}
        if any(has.get(name) != value for name, value in self.labels.items()):
            return False
        taints = [_filled(Taint, one) for one in spec.get("taints") or ()]
        return all(any(each.bears(one) for each in self.tolerations) for one in taints if one.effect in KEEPS_AWAY)


def of_pods(spec: Mapping[str, Any]) -> Placement:
    """That of pods with this specification."""
    tolerations = tuple(_filled(Toleration, one) for one in spec.get("tolerations") or ())
    return Placement(labels=spec.get("nodeSelector") or {}, tolerations=tolerations)


def _holds(constraint: str, node: Mapping[str, Any]) -> bool:
    found = _CONSTRAINT.fullmatch(constraint)
    said = _said(found["what"], node) if found else None
    if found is None or said is None:
        return True
    return (said.casefold() == found["value"].casefold()) == (found["how"] == "==")


def _said(what: str, node: Mapping[str, Any]) -> str | None:
    """What a node says about that; None for what we do not know."""
    spec, about = node.get("Spec") or {}, node.get("Description") or {}
    machine, engine = about.get("Platform") or {}, about.get("Engine") or {}
    for prefix, labels in (("node.labels.", spec.get("Labels")), ("engine.labels.", engine.get("Labels"))):
        if what.startswith(prefix):
            return str((labels or {}).get(what.removeprefix(prefix), ""))
    known = {
        "node.id": node.get("ID"),
        "node.hostname": about.get("Hostname"),
        "node.role": spec.get("Role"),
        "node.platform.os": machine.get("OS"),
    }
    return str(known[what] or "") if what in known else None


def _filled(model: type[T], tree: Mapping[str, Any]) -> T:
    """What a cluster says of one, whatever it says: what is not there, or null, is as if it had not been said."""
    return model(**{name: str(tree[name]) for name in model.__struct_fields__ if tree.get(name)})
