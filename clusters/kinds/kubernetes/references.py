"""What needs a config map or a secret, and how. Asked when a page is opened: the stores keep no references."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Literal

from clusters.errors import ClusterError, Missing, Refused
from clusters.kinds.base import Look
from clusters.kinds.formats import listed
from clusters.kinds.kubernetes.asked_once import Some, first_of
from clusters.kinds.kubernetes.facts import User, Users

Sort = Literal["configMap", "secret"]
_NAME = {"configMap": "name", "secret": "secretName"}  # how a volume names it
# What may need it beside the pods that are there now: its kind, its collection, what it is.
_MAKERS = (
    ("deployment", "apps/v1/deployments", "Deployment"),
    ("stateful-set", "apps/v1/statefulsets", "Stateful set"),
    ("daemon-set", "apps/v1/daemonsets", "Daemon set"),
    ("cron-job", "batch/v1/cronjobs", "Cron job"),
)
_OF_SECRETS = (
    ("ingress", "networking.k8s.io/v1/ingresses", "Ingress"),
    ("service-account", "v1/serviceaccounts", "Service account"),
)
_NOBODY = "Nothing in its namespace refers to it: it is probably not used. Other programs may read it all the same."


async def users_of(look: Look, sort: Sort, entries: Container[str]) -> Users:
    """What in its namespace needs this config map or secret. ``entries`` are the names of those that it has."""
    title, name = "Needed by", look.resource.name
    asked = (("pod", "v1/pods", "Pod"), *_MAKERS, *(_OF_SECRETS if sort == "secret" else ()))
    found = await asyncio.gather(*(_list(look, api) for _, api, _ in asked))
    if isinstance(pods := found[0], ClusterError):
        return Users(title, "", unknown=pods.message)
    rows: list[User] = []
    unseen, cut = [], []
    for (kind, api, label), part in zip(asked, found, strict=True):
        if isinstance(part, ClusterError):
            unseen.append(api.rpartition("/")[2])
            continue
        if part.more:
            cut.append(f"{part.asked} {api.rpartition('/')[2]}")
        rows += _users(kind, label, part.items, sort, name, entries)
    beyond = [f"Only the first {listed(cut)} were looked through."] if cut else []
    beyond += [f"Our account here may not list {listed(unseen)}: these may need it, too."] if unseen else []
    return Users(title, _NOBODY, rows, beyond=" ".join(beyond))


async def _list(look: Look, api: str) -> Some | ClusterError:
    try:
        return await first_of(look, api, look.resource.namespace)
    except (Refused, Missing) as error:
        return error


def _users(
    kind: str, label: str, items: Sequence[Mapping[str, Any]], sort: Sort, name: str, entries: Container[str]
) -> Iterator[User]:
    for item in items:
        spec = _pod_spec(kind, item)
        ways = list(_ways(spec, sort, name, entries)) if spec is not None else list(_other_ways(kind, item, name))
        if ways:
            meta = item["metadata"]
            node = str(item["spec"].get("nodeName") or "") if kind == "pod" else ""
            how = ", ".join(dict.fromkeys(ways))[:300]
            yield User(kind, str(meta["name"]), f"{meta['namespace']}/{meta['name']}", label, how, node)


def _pod_spec(kind: str, item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the pods of it are made from; None for what makes none."""
    if kind in ("ingress", "service-account"):
        return None
    spec: Any = item.get("spec") or {}
    if kind == "pod":
        return dict(spec)
    if kind == "cron-job":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return (spec.get("template") or {}).get("spec") or {}


def _ways(spec: Mapping[str, Any], sort: Sort, name: str, entries: Container[str]) -> Iterator[str]:
    """In which ways a pod needs it; an entry that it needs and that is not there is named."""
    for volume in spec.get("volumes") or ():
        for ref in _of_volume(volume, sort, name):
            keys = [{**item, "optional": ref.get("optional")} for item in ref.get("items") or ()]
            lacking = "".join(filter(None, (_lacking(key, entries) for key in keys)))
            yield f"files of {volume.get('name', '')}{lacking}"
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for bundle in container.get("envFrom") or ():
            if (bundle.get(f"{sort}Ref") or {}).get("name") == name:
                yield "all variables"
        for variable in container.get("env") or ():
            ref = (variable.get("valueFrom") or {}).get(f"{sort}KeyRef") or {}
            if ref.get("name") == name:
                yield f"variable {variable.get('name', '')}{_lacking(ref, entries)}"
    if sort == "secret" and any(one.get("name") == name for one in spec.get("imagePullSecrets") or ()):
        yield "to fetch images"


def _of_volume(volume: Mapping[str, Any], sort: Sort, name: str) -> Iterator[Mapping[str, Any]]:
    whole = volume.get(sort) or {}
    if whole.get(_NAME[sort]) == name:
        yield whole
    for one in (volume.get("projected") or {}).get("sources") or ():
        if (part := one.get(sort) or {}).get("name") == name:
            yield part


def _lacking(ref: Mapping[str, Any], entries: Container[str]) -> str:
    """Said when it needs an entry that is not there."""
    key = str(ref.get("key", ""))
    return "" if ref.get("optional") or key in entries else f" (there is no entry “{key[:80]}”)"


def _other_ways(kind: str, item: Mapping[str, Any], name: str) -> Iterator[str]:
    """How what makes no pods needs a secret."""
    if kind == "ingress":
        for tls in (item.get("spec") or {}).get("tls") or ():
            if tls.get("secretName") == name:
                yield f"certificate for {', '.join(tls.get('hosts') or ()) or 'all hosts'}"
        return
    if any(one.get("name") == name for one in item.get("imagePullSecrets") or ()):
        yield "to fetch images"
    if any(one.get("name") == name for one in item.get("secrets") or ()):
        yield "its token"
