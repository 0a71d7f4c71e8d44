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


def _mark(one: Any) -> Hashable:
    """Of a pod, whether it counts; of what keeps pods, whether it was asked for none; of both, their labels."""
    if isinstance(one, Pod):
        return one.status.phase in OVER, tuple(one.labels.items())
    return not one.spec.replicas, tuple((one.spec.selector.match_labels or {}).items())


async def _find(own: Sequence[Service], others: Mapping[str, Sequence[Any]]) -> Sequence[Service]:
    # Pods of one owner hold the same labels, the very object: by its identity each set is looked at once.
    there: dict[str, dict[int, Mapping[str, str]]] = defaultdict(dict)
    for number, pod in enumerate(others["pod"]):
        if pod.status.phase not in OVER:
            there[pod.namespace][id(pod.labels)] = pod.labels
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
    places = {one.namespace for one in nothing}
    if not places:
        return []
    around = {name: [each for each in others[name] if each.namespace in places] for name in OTHERS}
    return [one for one in join(nothing, around) if (how := selecting(one)) and how.code]


def _matches_any(one: Service, labels: Mapping[int, Mapping[str, str]]) -> bool:
    selector = one.spec.selector or {}
    return any(matches(selector, each) for each in labels.values())


SELECTS_NOTHING: Noticing[Service] = Noticing(kinds=OTHERS, mark=_mark, find=_find)
