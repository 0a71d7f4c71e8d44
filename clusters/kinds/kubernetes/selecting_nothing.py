"""Services whose selector matches nothing, found cheaply: ten thousand pods have a few hundred sets of labels."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.service_health import selecting
from clusters.kinds.kubernetes.service_model import Service, join, matches
from clusters.kinds.noticing import Noticing

SLICE = 4000  # pods, or sets of labels, looked at before others have their turn: about 3 ms
OTHERS = ("pod", "deployment", "stateful-set")
# Namespaces in which services are made for parts that a cluster may not run itself: a control plane that is managed.
SYSTEM = ("kube-", "openshift-", "gke-", "gmp-", "cattle-", "calico-", "tigera-")


def _mark(one: Any) -> Hashable:
    """Of a pod, whether it counts; of what keeps pods, whether it was asked for none; of both, their labels."""
    if isinstance(one, Pod):
        return one.status.phase in OVER, tuple(one.labels.items())
    return not one.spec.replicas, tuple((one.spec.selector.match_labels or {}).items())


async def _find(own: Sequence[Service], others: Mapping[str, Sequence[Any]]) -> Sequence[Service]:
    # Pods of one owner hold the same labels, the very object: by its identity each set is looked at once.
    there: dict[str, dict[int, Pod]] = defaultdict(dict)  # by namespace, one for each set
    for number, pod in enumerate(others["pod"]):
        if pod.status.phase not in OVER:
            there[pod.namespace].setdefault(id(pod.labels), pod)
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
    nothing, looked_at = [], 0
    for one in own:
        if one.selects and not _matches_any(one, there[one.namespace]):
            nothing.append(one)
        looked_at += len(there[one.namespace])
        if looked_at > SLICE:
            looked_at = 0
            await asyncio.sleep(0)
    keepers: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in OTHERS if name != "pod"}
    for name, of_namespace in keepers.items() if nothing else ():
        for each in others[name]:
            of_namespace[each.namespace].append(each)
    found: list[Service] = []
    for one in nothing:
        around = {"pod": list(there[one.namespace].values())}
        found += join([one], around | {name: of_namespace[one.namespace] for name, of_namespace in keepers.items()})
        await asyncio.sleep(0)
    return [one for one in found if _counts(one)]


def _matches_any(one: Service, pods: Mapping[int, Pod]) -> bool:
    selector = one.spec.selector or {}
    return any(matches(selector, pod.labels) for pod in pods.values())


def _counts(one: Service) -> bool:
    how = selecting(one)
    is_of_system = one.namespace.startswith(SYSTEM) and not one.answers.nearest
    return how is not None and bool(how.code) and not is_of_system


SELECTS_NOTHING: Noticing[Service] = Noticing(kinds=OTHERS, mark=_mark, find=_find)
