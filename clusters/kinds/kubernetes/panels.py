"""Panels that several Kubernetes kinds share: conditions, events, YAML."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.base import Look, Panel
from clusters.kinds.formats import epoch
from clusters.kinds.masking import masked
from clusters.kinds.yaml_text import APPLIED, text_of

MOST_EVENTS = 200
MOST_TEXT = 2 << 20  # characters of YAML that are shown


async def _load_conditions(look: Look) -> Mapping[str, Any]:
    """``conditions``: type, whether it holds, reason, message, since."""
    return {"conditions": look.resource.status.conditions or []}


async def load_events(look: Look) -> Mapping[str, Any]:
    """``events``, newest first: what the cluster itself noted in the last hour or so."""
    path = ("api", "v1", "namespaces", look.resource.namespace or "default", "events")
    selector = f"involvedObject.uid={look.resource.uid}"
    answer = await look.driver.call(
        Call("GET", path, {"fieldSelector": selector, "limit": str(MOST_EVENTS)}, timeout=10)
    )
    events = [_event(item) for item in (answer or {}).get("items") or []]
    return {"events": sorted(events, key=lambda one: -float(one["at"]))}


def _event(item: Mapping[str, Any]) -> dict[str, Any]:
    series = item.get("series") or {}
    at = (
        series.get("lastObservedTime")
        or item.get("lastTimestamp")
        or item.get("eventTime")
        or item.get("firstTimestamp")
        or ""
    )
    return {
        "at": epoch(str(at)) or time.time(),
        "warning": item.get("type") == "Warning",
        "reason": str(item.get("reason", "")),
        "message": str(item.get("message", ""))[:1000],
        "times": int(series.get("count") or item.get("count") or 1),
    }


async def _load_yaml(look: Look) -> Mapping[str, Any]:
    """The object as the cluster has it now, as YAML: who manages which field is left out, secrets are hidden."""
    tree = await look.driver.get(look.kind, look.resource.namespace, look.resource.name)
    metadata = tree.get("metadata", {})
    metadata.pop("managedFields", None)
    (metadata.get("annotations") or {}).pop(APPLIED, None)
    text = text_of(masked(tree))
    return {"text": text[:MOST_TEXT], "cut": len(text) > MOST_TEXT}


CONDITIONS: Panel[Any] = Panel(
    key="conditions", label="Conditions", icon="list-checks", template="conditions", load=_load_conditions
)
EVENTS: Panel[Any] = Panel(key="events", label="Events", icon="activity", template="events", load=load_events)
YAML: Panel[Any] = Panel(key="yaml", label="YAML", icon="file-code-2", template="yaml", load=_load_yaml, live=False)
