"""Who keeps what: the chain of owners above a resource, as the page links it."""

from __future__ import annotations

import re
from typing import Any

from clusters.kinds.base import Look
from clusters.kinds.kubernetes.base import Object

LONGEST = 6  # chains are short; a loop made by a hostile cluster ends here
KIND_NAMES = {
    "Deployment": "deployment",
    "ReplicaSet": "replica-set",
    "StatefulSet": "stateful-set",
    "DaemonSet": "daemon-set",
    "Job": "job",
    "CronJob": "cron-job",
    "Node": "node",
}


def said_kind(kind: str) -> str:
    """What the API calls it, in words: "StatefulSet" -> "stateful set"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def owner(one: Object) -> tuple[str, str] | None:
    """What controls it, as (kind name, uid)."""
    above = one.controller
    return (KIND_NAMES.get(above.kind) or above.kind.lower(), above.uid) if above else None


async def chain(look: Look) -> list[dict[str, str]]:
    """Its owners, the nearest first: ``label``, ``name``, and ``kind`` and ``key`` where there is a page of it."""
    found: list[dict[str, str]] = []
    one: Any = look.resource
    while one is not None and (above := one.controller) and len(found) < LONGEST:
        kind_name = KIND_NAMES.get(above.kind, "")
        known = await look.related(kind_name) if kind_name else ()
        one = next((each for each in known if each.uid == above.uid), None)
        key = (f"{one.namespace}/{one.name}" if one.namespace else one.name) if one is not None else ""
        found.append(
            {
                "label": said_kind(above.kind).capitalize(),
                "name": above.name,
                "kind": kind_name if key else "",
                "key": key,
            }
        )
    return found
