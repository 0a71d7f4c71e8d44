"""The column of all that may belong to a stack."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Column

STACK_COLUMN: Column[Any] = Column(
    key="stack",
    label="Stack",
    value=lambda one: one.namespace or None,
    sort=lambda one: one.namespace or "~",
    facet=lambda one: one.namespace,
    width="minmax(88px, .8fr)",
    words="The stack it belongs to: what was deployed together.",
)
