"""What a cluster knows: every kind that can be listed and watched there, by its own word."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from clusters.drivers.base import Found
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.errors import not_kubernetes
from clusters.errors import ClusterError

AT_ONCE = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
NEEDED = {"list", "watch", "get"}
MOST = 5000  # kinds
TWICE = {"events.k8s.io"}  # the same events that the core tells of


class ResponseKind(msgspec.Struct, frozen=True):
    """What an object calls itself."""

    kind: str = ""


class ResourceFound(msgspec.Struct, frozen=True, rename="camel"):
    """One kind of one version, in the answer that holds all of them."""

    resource: str
    response_kind: ResponseKind | None = None
    scope: str = ""
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class Version(msgspec.Struct, frozen=True):
    """One version of a group; the best comes first."""

    version: str
    resources: list[ResourceFound] | None = None


class Named(msgspec.Struct, frozen=True):
    """A group's name; the core has none."""

    name: str = ""


class Group(msgspec.Struct, frozen=True):
    """One API group."""

    metadata: Named = Named()
    versions: list[Version] | None = None


class Groups(msgspec.Struct, frozen=True):
    """All groups in one answer (Kubernetes 1.26 and later)."""

    kind: str
    items: list[Group] | None = None


class OldResource(msgspec.Struct, frozen=True, rename="camel"):
    """One kind, in the answer about one version of one group."""

    name: str
    kind: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class OldResources(msgspec.Struct, frozen=True):
    """One version of one group, as every Kubernetes tells it."""

    resources: list[OldResource] | None = None


class OldGroups(msgspec.Struct, frozen=True):
    """The names of the groups, as every Kubernetes tells them."""

    groups: list[dict[str, Any]] | None = None


async def discover(server: ApiServer) -> list[Found]:
    """Every kind that can be listed, watched and read, each in the version that the cluster prefers."""
    found: list[Found] = []
    for root in ("api", "apis"):
        body = await server.bytes("GET", (root,), within=20, accept=AT_ONCE)
        groups = _read(body, Groups)
        if groups.kind == "APIGroupDiscoveryList":
            found += [one for group in groups.items or () for one in _of_group(group)]
        else:
            found += await _one_by_one(server, root, body)
    return sorted({one.name: one for one in found[:MOST]}.values(), key=lambda one: (one.group, one.name))


def _of_group(group: Group) -> Iterator[Found]:
    seen: set[str] = set()
    served: defaultdict[str, list[str]] = defaultdict(list)
    for version in group.versions or ():
        for one in version.resources or ():
            served[one.resource].append(version.version)
    for version in group.versions or ():
        for one in version.resources or ():
            if one.resource in seen or not set(one.verbs or ()) >= NEEDED or group.metadata.name in TWICE:
                continue
            seen.add(one.resource)
            label = one.response_kind.kind if one.response_kind else one.resource
            api = "/".join(filter(None, (group.metadata.name, version.version, one.resource)))
            versions = tuple(served[one.resource])
            yield Found(api, label, one.scope == "Namespaced", tuple(one.short_names or ()), versions)


async def _one_by_one(server: ApiServer, root: str, body: bytes) -> list[Found]:
    """Older clusters answer one version of one group at a time. A group whose own server is down is left out."""
    if root == "api":
        return await _of_version(server, "v1")
    groups = [group.get("preferredVersion") or {} for group in _read(body, OldGroups).groups or ()]
    versions = [str(one.get("groupVersion")) for one in groups if one.get("groupVersion")]
    answers = await asyncio.gather(*(_of_version(server, one) for one in versions), return_exceptions=True)
    if strange := next((one for one in answers if isinstance(one, BaseException) and not _known(one)), None):
        raise strange
    return [one for answer in answers if isinstance(answer, list) for one in answer]


def _known(error: BaseException) -> bool:
    return isinstance(error, ClusterError)


async def _of_version(server: ApiServer, version: str) -> list[Found]:
    root = "apis" if "/" in version else "api"
    listed = _read(await server.bytes("GET", (root, *version.split("/")), within=10), OldResources)
    return list(_listable(version, listed.resources or ()))


def _listable(version: str, resources: Iterable[OldResource]) -> Iterator[Found]:
    for one in resources:
        if "/" not in one.name and set(one.verbs or ()) >= NEEDED and version.partition("/")[0] not in TWICE:
            names = (version.rpartition("/")[2],)  # the one that it prefers: of others it was not asked
            yield Found(f"{version}/{one.name}", one.kind, one.namespaced, tuple(one.short_names or ()), names)


T = TypeVar("T")


def _read(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except MALFORMED as error:
        raise not_kubernetes(str(error)) from error
