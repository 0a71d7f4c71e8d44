"""What the kinds that keep copies have in common: their page, the columns of their lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from clusters.kinds.base import Column, Look, Panel
from clusters.kinds.kubernetes.copies import copy_rows
from clusters.kinds.kubernetes.leading import nodes_to_lead_to
from clusters.kinds.kubernetes.owners import chain

Facts: TypeAlias = Sequence[tuple[str, str]]
Versions: TypeAlias = Callable[[Look, Sequence[Any]], Awaitable[Mapping[str, Any]]]  # (…, its copies)
Rows: TypeAlias = Sequence[Mapping[str, Any]]  # of things below it: name, kind, key, status, detail, created


def overview_panel(
    facts: Callable[[Any], Facts],
    below: str = "",
    rows: Callable[[Iterable[Any]], Rows] | None = None,
    versions: Versions | None = None,
) -> Panel[Any]:
    """The first tab: its copies, who keeps it, facts. ``below`` is a kind between it and its copies (a job)."""

    async def load(look: Look) -> Mapping[str, Any]:
        one = look.resource
        between = [each for each in await look.related(below) if _keeps(one, each)] if below else []
        keepers = {one.uid, *(each.uid for each in between)}
        pods = [pod for pod in await look.related("pod") if pod.controller and pod.controller.uid in keepers]
        return {
            "facts": facts(one),
            "copies": copy_rows(pods),
            "nodes": await nodes_to_lead_to(look),
            "below": rows(between) if rows else None,
            "history": await versions(look, pods) if versions else None,
            "owners": await chain(look),
            "labels": sorted(one.labels.items()),
        }

    return Panel(key="overview", label="Overview", icon="layout-dashboard", template="workload_overview", load=load)


def _keeps(one: Any, other: Any) -> bool:
    return bool(other.controller and other.controller.uid == one.uid)


def ready_column(copies: Callable[[Any], tuple[int, int, int]], words: str = "") -> Column[Any]:
    """Copies that do their job, of those asked for."""
    return Column(
        key="ready",
        label="Ready",
        cell="pips",
        value=lambda one: list(copies(one)),
        sort=lambda one: copies(one)[0] / (copies(one)[1] or 1),
        width="minmax(104px, .9fr)",
        words=words,
    )


def up_to_date_column(newest: Callable[[Any], int], words: str) -> Column[Any]:
    """How many have the newest version."""
    return Column(
        key="new",
        label="Up to date",
        cell="number",
        value=newest,
        sort=newest,
        width="90px",
        end=True,
        words=words,
    )


def selects(labels: Mapping[str, str] | None) -> str:
    """A selector in words."""
    return ", ".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "–"
