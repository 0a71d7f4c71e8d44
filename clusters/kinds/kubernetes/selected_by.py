"""What other labels would mean: who selects a pod or a node by the labels it has, and who would by those it gets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.selectors import Expression, LabelSelector
from clusters.kinds.preview import Told

Labels = Mapping[str, str]
# What selects pods: its collection, what it is called, and what happens to a pod that it selects no more, or anew.
_OF_PODS = (
    ("v1/services", "Service", "sends it nothing any more", "sends it requests, too"),
    ("policy/v1/poddisruptionbudgets", "Disruption budget", "guards it no more", "guards it, too"),
    ("networking.k8s.io/v1/networkpolicies", "Network policy", "does not apply to it any more", "applies to it, too"),
)
_NOTHING = LabelSelector(match_expressions=[Expression(operator="In")])  # among no values is nothing
_KEEPERS = {
    "ReplicaSet": "apps/v1/replicasets",
    "StatefulSet": "apps/v1/statefulsets",
    "DaemonSet": "apps/v1/daemonsets",
    "Job": "batch/v1/jobs",
    "ReplicationController": "v1/replicationcontrollers",
}


async def selected(look: Look, before: Labels, after: Labels) -> list[Told]:
    """Who notices these labels; where it may not be asked, that is said."""
    if look.kind.api not in ("v1/pods", "v1/nodes") or before == after:
        return []
    found: list[tuple[str, str]] = []
    cut: list[tuple[str, str]] = []  # lists that are longer than what was looked through
    try:
        if look.kind.api == "v1/nodes":
            found = [one async for one in _daemon_sets(look, before, after, cut)]
        else:
            found = [one async for one in _keeper(look, before, after)]
            found += [one async for one in _others(look, before, after, cut)]
    except ClusterError as error:
        return [Told("Who selects it by its labels could not be asked", "unknown", [("", error.message)])]
    except (AttributeError, KeyError, TypeError):
        return [Told("Who selects it by its labels was told in a way that is not understood", "unknown", [])]
    told = [Told(f"Selectors that notice: {len(found)}", "at_risk", found)] if found else []
    return [*told, *([Told("Not all of these were looked through", "unknown", cut)] if cut else [])]


async def _keeper(look: Look, before: Labels, after: Labels) -> AsyncIterator[tuple[str, str]]:
    owner = look.resource.controller
    if owner is None or owner.kind not in _KEEPERS:
        return
    path = (*collection(_KEEPERS[owner.kind], look.resource.namespace), owner.name)
    tree = await look.driver.call(Call("GET", path, timeout=5))
    selector = _selector(tree, "ReplicationController" if owner.kind == "ReplicationController" else "")
    if selector.holds(before) and not selector.holds(after):
        words = "does not count it any more: it makes another copy, and this one stays, kept by nobody"
        yield f"{owner.kind} {owner.name}", words


async def _others(
    look: Look, before: Labels, after: Labels, cut: list[tuple[str, str]]
) -> AsyncIterator[tuple[str, str]]:
    for api, label, lost, gained in _OF_PODS:
        for tree in await _list(look, api, look.resource.namespace, cut):
            selector = _selector(tree, label)
            if selector.holds(before) != selector.holds(after):
                yield f"{label} {tree['metadata']['name']}", lost if selector.holds(before) else gained


async def _daemon_sets(
    look: Look, before: Labels, after: Labels, cut: list[tuple[str, str]]
) -> AsyncIterator[tuple[str, str]]:
    for tree in await _list(look, "apps/v1/daemonsets", "", cut):
        wanted = LabelSelector(match_labels=tree["spec"]["template"]["spec"].get("nodeSelector") or {})
        if wanted.holds(before) != wanted.holds(after):
            words = "ends its copy on this node" if wanted.holds(before) else "starts a copy on this node"
            yield f"Daemon set {tree['metadata']['name']}", words


async def _list(look: Look, api: str, namespace: str, cut: list[tuple[str, str]]) -> Sequence[Mapping[str, Any]]:
    found = await first_of(look, api, namespace, within=5)
    if found.unshared:
        cut.append((api.rpartition("/")[2], found.others(lambda item: True)))
    if found.more:
        cut.append((api.rpartition("/")[2], f"only the first {found.asked}"))
    return found.items


def _selector(tree: Mapping[str, Any], label: str) -> LabelSelector:
    """What it selects pods by. A service, and a controller of old, has plain pairs, and none selects nothing."""
    spec = tree.get("spec") or {}
    found = spec.get("podSelector" if label == "Network policy" else "selector")
    if label in ("Service", "ReplicationController") and found:
        found = {"matchLabels": found}
    try:
        plain = label in ("Service", "ReplicationController") and not found
        return _NOTHING if plain or found is None else msgspec.convert(found, LabelSelector)
    except msgspec.ValidationError:
        return _NOTHING
