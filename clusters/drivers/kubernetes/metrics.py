"""Usage of pods and nodes from metrics.k8s.io, as far as it is installed."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from clusters.drivers.base import Usage
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.paths import collection
from clusters.errors import ClusterError, Missing, Refused
from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.quantities import quantity
from clusters.live.resource import Resource

ASK_AGAIN = 60.0  # seconds, after the cluster said that it does not measure
ONE_BY_ONE = 8  # up to so many pods in all are asked for by name; for more, one list per namespace; nodes: one list
API = {"pod": "metrics.k8s.io/v1beta1/pods", "node": "metrics.k8s.io/v1beta1/nodes"}


class Metadata(msgspec.Struct, frozen=True, gc=False):
    """Whose sample it is."""

    name: str
    namespace: str = ""


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """As Kubernetes writes them: "12345678n", "20Mi"."""

    cpu: str | None = None
    memory: str | None = None


class Container(msgspec.Struct, frozen=True, gc=False):
    """What one container uses."""

    name: str = ""
    usage: Amounts = Amounts()


class Sample(msgspec.Struct, frozen=True, gc=False):
    """What one pod or node uses."""

    metadata: Metadata
    timestamp: datetime | None = None
    containers: tuple[Container, ...] | None = None
    usage: Amounts | None = None


class Samples(msgspec.Struct, frozen=True, gc=False):
    """A list of them."""

    items: tuple[Sample, ...] | None = None


class Metrics:
    """Asks for what is looked at, and rests for a minute when the cluster does not measure."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server
        self._asleep_until = 0.0

    async def usage(self, kind: Kind[Any], resources: Sequence[Resource]) -> Mapping[str, Usage]:
        """By uid. What is not measured is left out."""
        if kind.name not in API or time.monotonic() < self._asleep_until:
            return {}
        by_namespace: dict[str, list[Resource]] = defaultdict(list)
        for one in resources:
            by_namespace[one.namespace].append(one)
        few = kind.namespaced and len(resources) <= ONE_BY_ONE
        asked = [self._namespace(kind, *group, few) for group in by_namespace.items()]
        measured: dict[str, Usage] = {}
        for samples in await asyncio.gather(*asked):
            measured |= samples
        return measured

    async def _namespace(
        self, kind: Kind[Any], namespace: str, resources: list[Resource], few: bool
    ) -> dict[str, Usage]:
        path = collection(API[kind.name], namespace)
        by_name = {one.name: one for one in resources}
        try:
            if few:
                found = await asyncio.gather(*(self._one((*path, name)) for name in by_name))
                samples = [one for one in found if one is not None]
            else:
                body = await self._server.bytes("GET", path, within=2.0)
                samples = list(msgspec.json.decode(body, type=Samples).items or ())
        except (Missing, Refused):
            self._asleep_until = time.monotonic() + ASK_AGAIN
            return {}
        except (ClusterError, *MALFORMED):
            return {}
        return {
            by_name[sample.metadata.name].uid: _usage(kind, sample, by_name[sample.metadata.name])
            for sample in samples
            if sample.metadata.name in by_name
        }

    async def _one(self, path: tuple[str, ...]) -> Sample | None:
        try:
            return msgspec.json.decode(await self._server.bytes("GET", path, within=2.0), type=Sample)
        except Missing as error:
            if "could not find the requested resource" in error.detail or "404 page not found" in error.detail:
                raise
            return None  # measured in general, but not this one: it is too young, or gone


def _usage(kind: Kind[Any], sample: Sample, resource: Resource) -> Usage:
    parts = [one.usage for one in sample.containers or ()] if sample.usage is None else [sample.usage]
    asked = kind.asks(resource) if kind.asks else None
    return replace(
        asked or Usage(at=0.0, cpu=None, memory=None),
        at=sample.timestamp.timestamp() if sample.timestamp else time.time(),
        cpu=_sum([one.cpu for one in parts]),
        memory=_sum([one.memory for one in parts]),
        nearest=_nearest(sample, getattr(resource, "memory_limits", {})),
    )


def _nearest(sample: Sample, limits: Mapping[str, float]) -> tuple[float, str]:
    shares = [
        (quantity(one.usage.memory) / limits[one.name], one.name)
        for one in sample.containers or ()
        if one.usage.memory and limits.get(one.name)
    ]
    return max(shares, default=(0.0, ""))


def _sum(texts: Sequence[str | None]) -> float | None:
    amounts = [quantity(text) for text in texts if text]
    return sum(amounts) if amounts else None
