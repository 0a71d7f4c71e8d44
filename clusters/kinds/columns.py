"""Columns that several kinds share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clusters.kinds.base import Column
from clusters.kinds.formats import size

# Filled from outside: the status from the kind's health, usage by the sampler while somebody looks, restarts of what
# has copies from these.
STATUS: Column[Any] = Column(key="status", label="Status", value=lambda one: None, cell="status")
WIDE_STATUS: Column[Any] = replace(STATUS, width="minmax(146px, 1fr)")  # for kinds whose words are long
CPU: Column[Any] = Column(
    key="cpu", label="CPU", value=lambda one: None, cell="usage", width="minmax(104px, 1fr)", words="Processor in use."
)
MEMORY: Column[Any] = Column(
    key="memory",
    label="Memory",
    value=lambda one: None,
    cell="usage",
    width="minmax(104px, 1fr)",
    words="Memory in use.",
)

RESTARTS: Column[Any] = Column(
    key="restarts", label="Restarts", value=lambda one: None, cell="count_bad", width="74px", end=True
)

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


def name_column(second: Callable[[Any], str] = lambda one: "", width: str = "minmax(180px, 2fr)") -> Column[Any]:
    """Its name, with its image or something else below."""
    return Column(
        key="name",
        label="Name",
        cell="name",
        value=lambda one: [one.name, second(one)],
        sort=lambda one: one.name,
        width=width,
    )


def size_column(bytes_of: Callable[[Any], float], words: str = "", width: str = "90px") -> Column[Any]:
    """How many bytes it has, in words."""
    return Column(
        key="size",
        label="Size",
        value=lambda one: size(bytes_of(one)),
        sort=bytes_of,
        width=width,
        end=True,
        words=words,
    )


def labels_text(one: Any) -> str:
    """Its labels as the search box looks through them."""
    return " ".join(f"{key}={value}" for key, value in one.labels.items())
