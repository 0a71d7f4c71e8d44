"""Which pods refer to a config map or a secret, and how. Asked when a page is opened: the stores keep no references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from clusters.drivers.base import Call
from clusters.errors import Missing, Refused
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.facts import User, Users

MOST_PODS = 500  # of one namespace that are looked through
Sort = Literal["configMap", "secret"]
_NAME = {"configMap": "name", "secret": "secretName"}  # how a volume names it


async def users_of(look: Look, sort: Sort) -> Users:
    """The pods of its namespace that need this config map or secret."""
    title, nobody = "Needed by", "No pod of its namespace refers to it now."
    path = ("api", "v1", "namespaces", look.resource.namespace, "pods")
    try:
        answer = await look.driver.call(Call("GET", path, {"limit": str(MOST_PODS)}, timeout=10))
    except (Refused, Missing) as error:
        return Users(title, nobody, unknown=error.message)
    rows = []
    for pod in answer.get("items") or []:
        if how := list(dict.fromkeys(_ways(pod.get("spec") or {}, sort, look.resource.name))):
            meta = pod["metadata"]
            key, node = f"{meta['namespace']}/{meta['name']}", str(pod["spec"].get("nodeName") or "")
            rows.append(User("pod", str(meta["name"]), key, "Pod", ", ".join(how)[:300], node))
    if (answer.get("metadata") or {}).get("continue") and not rows:
        return Users(title, nobody, unknown=f"Only the first {MOST_PODS} pods of its namespace were looked through.")
    return Users(title, nobody, rows)


def _ways(spec: Mapping[str, Any], sort: Sort, name: str) -> Iterator[str]:
    """In which ways a pod needs it."""
    for volume in spec.get("volumes") or ():
        whole = volume.get(sort) or {}
        parts = [one.get(sort) or {} for one in (volume.get("projected") or {}).get("sources") or ()]
        if whole.get(_NAME[sort]) == name or any(one.get("name") == name for one in parts):
            yield f"files of {volume.get('name', '')}"
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for bundle in container.get("envFrom") or ():
            if (bundle.get(f"{sort}Ref") or {}).get("name") == name:
                yield "all variables"
        for variable in container.get("env") or ():
            if ((variable.get("valueFrom") or {}).get(f"{sort}KeyRef") or {}).get("name") == name:
                yield f"variable {variable.get('name', '')}"
    if sort == "secret" and any(one.get("name") == name for one in spec.get("imagePullSecrets") or ()):
        yield "to fetch images"
