"""Columns that several Kubernetes kinds share."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Column

STATUS: Column[Any] = Column(
    key="status", label="Status", value=lambda one: None, cell="status"
)  # filled by the table, from health

NAMESPACE: Column[Any] = Column(
    key="namespace",
    label="Namespace",
    value=lambda one: one.namespace,
    sort=lambda one: one.namespace,
    facet=lambda one: one.namespace,
    hidden=True,
    words="The part of the cluster it belongs to.",
)

AGE: Column[Any] = Column(
    key="age",
    label="Age",
    value=lambda one: one.created or None,
    cell="age",
    sort=lambda one: -one.created,
    width="60px",
    end=True,
    words="How long ago it was made.",
)
