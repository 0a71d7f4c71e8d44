"""The routes of every sort, asked for when the page of a gateway or a service is opened: who leads here?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.errors import Missing, Refused
from clusters.kinds.base import Look
from clusters.kinds.formats import listed
from clusters.kinds.kubernetes.asked_once import Some, first_of
from clusters.kinds.kubernetes.gateway_class import GROUP

SORTS = (
    ("http-route", "HTTP route", f"{GROUP}/httproutes"),
    ("grpc-route", "gRPC route", f"{GROUP}/grpcroutes"),
    ("tls-route", "TLS route", "gateway.networking.k8s.io/v1alpha2/tlsroutes"),
    ("tcp-route", "TCP route", "gateway.networking.k8s.io/v1alpha2/tcproutes"),
)


@dataclass(frozen=True, slots=True)
class Routes:
    """Those of one sort; ``hidden``: our account may not list them."""

    kind: str
    label: str
    some: Some = field(default_factory=lambda: Some((), False, 0))
    hidden: bool = False

    def links(self, fits: Callable[[Mapping[str, Any]], bool], inside: str = "") -> Iterator[dict[str, str]]:
        """Those that fit, to go to; those of the namespace ``inside`` without it before their names."""
        for item in self.some.items:
            if fits(item):
                key = f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
                yield {"kind": self.kind, "key": key, "name": f"{self.label} {key.removeprefix(f'{inside}/')}"}

    def words(self, fits: Callable[[Mapping[str, Any]], bool]) -> Iterator[str]:
        """What is not among the links, and why."""
        others = self.some.others(fits)
        if others:
            yield f"{self.plural}: {others}"
        if only := self.some.only(self.plural):
            yield only

    @property
    def plural(self) -> str:
        """ "HTTP routes" """
        return f"{self.label}s"


def unlinked(found: Sequence[Routes], fits: Callable[[Mapping[str, Any]], bool]) -> list[str]:
    """What is not among the links of any sort, and why."""
    words = [words for sort in found for words in sort.words(fits)]
    hidden = [sort.plural for sort in found if sort.hidden]
    return [*words, f"our account here may not list {listed(hidden)}"] if hidden else words


async def routes(look: Look, namespace: str) -> Sequence[Routes]:
    """Of the whole cluster, or of that namespace where only that may be seen; a cluster may know only some sorts."""

    async def of(kind: str, label: str, api: str) -> Routes:
        for place in ("", namespace):
            try:
                return Routes(kind, label, await first_of(look, api, place))
            except Missing:
                return Routes(kind, label)
            except Refused:
                continue
        return Routes(kind, label, hidden=True)

    return await asyncio.gather(*(of(*sort) for sort in SORTS))
