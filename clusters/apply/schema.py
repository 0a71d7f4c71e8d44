"""What a cluster says of its own kinds (OpenAPI v3), asked for when somebody writes one, and kept for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError

KEEP_SECONDS = 600.0  # definitions of custom resources come and go
REFUSED_SECONDS = 30.0  # until a cluster that told nothing is asked again
MOST = 40  # versions of groups, of all clusters together
LARGEST = 12 << 20  # bytes of one
REF = "#/components/schemas/"
DEEPEST = 8  # references that only lead to references

Schema = Mapping[str, Any]


class Types:
    """All types of one version of a group. They are kept packed: only what is asked for is unpacked."""

    def __init__(self, packed: Mapping[str, bytes], kinds: Mapping[str, str]) -> None:
        self._packed, self._kinds = packed, kinds
        self._open: dict[str, Schema] = {}

    def kind(self, kind: str) -> Schema | None:
        """The type of a kind."""
        return self._named(self._kinds[kind]) if kind in self._kinds else None

    def resolve(self, schema: Any) -> Schema:
        """What a reference leads to; an empty schema where it leads nowhere."""
        for _ in range(DEEPEST):
            if not isinstance(schema, dict):
                return {}
            wrapped = schema.get("allOf")
            if isinstance(wrapped, list) and len(wrapped) == 1 and isinstance(wrapped[0], dict):
                schema = {**wrapped[0], **{key: value for key, value in schema.items() if key != "allOf"}}
            name = schema.get("$ref")
            if not isinstance(name, str):
                return dict(schema)
            words = {"description": schema["description"]} if "description" in schema else {}
            schema = {**self._named(name.removeprefix(REF)), **words}
        return {}

    def _named(self, name: str) -> Schema:
        if name not in self._open:
            packed = self._packed.get(name)
            found = msgspec.json.decode(packed) if packed else {}
            self._open[name] = found if isinstance(found, dict) else {}
        return self._open[name]


_kept: OrderedDict[tuple[int, str], tuple[float, Types | None]] = OrderedDict()


async def types_of(driver: Driver, cluster_id: int, version: str) -> Types | None:
    """The types of "apps/v1"; None where the cluster does not tell."""
    key = (cluster_id, version)
    known = _kept.get(key)
    if known is not None and known[0] > time.monotonic():
        _kept.move_to_end(key)
        return known[1]
    root = ("apis", *version.split("/")) if "/" in version else ("api", version)
    try:
        types = _pack(await driver.call(Call("GET", ("openapi", "v3", *root), timeout=10)), version)
    except ClusterError:
        types = None
    _kept[key] = (time.monotonic() + (KEEP_SECONDS if types else REFUSED_SECONDS), types)
    while len(_kept) > MOST:
        _kept.popitem(last=False)
    return types


def _pack(answer: Any, version: str) -> Types | None:
    schemas = answer.get("components", {}).get("schemas") if isinstance(answer, dict) else None
    if not isinstance(schemas, dict):
        return None
    packed: dict[str, bytes] = {}
    kinds: dict[str, str] = {}
    size = 0
    for name, schema in schemas.items():
        packed[name] = msgspec.json.encode(schema)
        size += len(packed[name])
        if size > LARGEST:
            return None
        for one in schema.get("x-kubernetes-group-version-kind") or () if isinstance(schema, dict) else ():
            group = f"{one['group']}/" if one.get("group") else ""
            if f"{group}{one.get('version')}" == version:
                kinds.setdefault(str(one.get("kind")), name)
    return Types(packed, kinds)
