"""Who names a class: its ingresses, its gateways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.facts import User, Users


async def users_of_class(
    look: Look,
    api: str,
    kind: str,
    field: str,
    *,
    title: str,
    nobody: str,
    without: Callable[[Any], bool] = lambda one: False,
) -> Users:
    """The objects of ``api`` whose ``field`` names it, as the cluster has them now: they need not be watched for this.

    ``without``: does the class serve those that name none, too?
    """
    try:
        found = await first_of(look, api)
    except ClusterError as error:
        return Users(title, nobody, unknown=error.message)

    def named(item: Mapping[str, Any]) -> str:
        return str((item.get("spec") or {}).get(field) or "")

    def of_it(item: Mapping[str, Any]) -> bool:
        return named(item) == look.resource.name or (not named(item) and without(look.resource))

    rows = []
    for item in filter(of_it, found.items):
        namespace, name = str(item["metadata"].get("namespace", "")), str(item["metadata"]["name"])
        how = namespace if named(item) else f"{namespace} (names none)"
        rows.append(User(kind, name, f"{namespace}/{name}", kind.capitalize(), how))
    beyond = "; ".join(filter(None, (found.others(of_it), found.only(api.rpartition("/")[2]))))
    return Users(title, nobody, rows, "Namespace", beyond=beyond)
