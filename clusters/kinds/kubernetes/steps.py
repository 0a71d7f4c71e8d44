"""The way of a request as a page shows it: step by step, each checked, the broken one named."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Health, Level

FINE = Health(Level.HEALTHY, "Fine")
NOT_REACHED = Health(Level.UNKNOWN, "Not reached")


def step(label: str, text: str, health: Health = FINE, links: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """One step: what it is called, what stands there, how it is, and things to go to."""
    status = [health.level.name.lower(), health.word, health.reason, health.code]
    return {"label": label, "text": text, "status": status, "links": links or []}


def link(kind: str, one: Any, name: str = "") -> dict[str, str]:
    """Something to go to."""
    key = f"{one.namespace}/{one.name}" if one.namespace else one.name
    return {"kind": kind, "key": key, "name": name or one.name}
