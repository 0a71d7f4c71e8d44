"""What the pages of images, networks and volumes have in common: facts, who uses it, labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from clusters.kinds.base import Column, Health, Look, Panel
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


def users_column(label: str, words: str) -> Column[Any]:
    """Which containers use it."""
    return Column(
        key="used",
        label=label,
        value=lambda one: list(dict.fromkeys(user.name for user in one.users)),
        cell="tags",
        sort=lambda one: len(one.users),
        width="minmax(140px, 1.6fr)",
        words=words,
    )


def driver_column(words: str) -> Column[Any]:
    """What it is made by."""
    return Column(
        key="driver",
        label="Driver",
        value=lambda one: one.driver,
        sort=lambda one: one.driver,
        facet=lambda one: one.driver,
        width="minmax(72px, .6fr)",
        words=words,
    )


def overview_panel(load: Callable[[Look], Awaitable[Mapping[str, Any]]]) -> Panel[Any]:
    """The first tab of the page; ``load`` gives what ``overview`` makes."""
    return Panel(key="overview", label="Overview", icon="layout-dashboard", template="docker_overview", load=load)


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
