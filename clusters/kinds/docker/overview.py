"""What the pages of images, networks and volumes have in common: facts, who uses it, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clusters.kinds.base import Column, Health
from clusters.kinds.docker.used_by import Used, user_rows
from clusters.kinds.masking import mask_value

PROJECT_COLUMN: Column[Any] = Column(
    key="project",
    label="Project",
    value=lambda one: one.namespace or None,
    sort=lambda one: one.namespace or "~",
    facet=lambda one: one.namespace,
    hidden=True,
    words="The Compose project it belongs to.",
)


def overview(
    one: Used,
    health: Health,
    *,
    facts: Sequence[tuple[str, str, bool]],
    users: str,
    how: str,
    nobody: str,
    labels: Mapping[str, str],
    **more: Any,
) -> Mapping[str, Any]:
    """The context of templates/panels/docker_overview.html. A fact is (label, value, is it technical)."""
    return {
        "health": health,
        "created": one.created,
        "project": one.namespace,
        "facts": [fact for fact in facts if fact[1]],
        "users": user_rows(one),
        "users_title": users,
        "how": how,
        "nobody": nobody,
        "labels": [(name, mask_value(name, value)) for name, value in sorted(labels.items())],
        **more,
    }
