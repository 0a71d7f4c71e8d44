"""The first tab of what a Swarm has: copies, sections of facts, who uses it, labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.kinds.base import Look, Panel
from clusters.kinds.masking import mask_value
from clusters.kinds.swarm import task_health
from clusters.kinds.swarm.task_model import Task

MOST_EARLIER = 50  # tasks of the past that a page shows


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. With ``kind`` and ``key`` it leads to a page of the same cluster; ``at`` is a time to be shown."""

    label: str
    text: str = ""
    kind: str = ""
    key: str = ""
    mono: bool = False
    at: float = 0.0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Facts that belong together. ``none`` is said where there are none; without it the section is left out then."""

    title: str
    facts: Iterable[Fact]
    none: str = ""

    @property
    def key(self) -> str:
        """For the id of its heading."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower())


def panel(load: Callable[[Look], Awaitable[Mapping[str, Any]]]) -> Panel[Any]:
    """The first tab; ``load`` gives what ``overview`` makes."""
    return Panel(key="overview", label="Overview", icon="layout-dashboard", template="swarm_overview", load=load)


def overview(
    sections: Iterable[Section],
    *,
    labels: Mapping[str, str],
    tasks: Sequence[Task] | None = None,
    is_new: Callable[[Task], bool] | None = None,
    no_tasks: str = "",
    **more: Any,
) -> Mapping[str, Any]:
    """The context of templates/panels/swarm_overview.html."""
    shown = [
        Section(one.title, tuple(fact for fact in one.facts if fact.text or fact.at), one.none) for one in sections
    ]
    return {
        "sections": [one for one in shown if one.facts or one.none],
        "labels": [(name, mask_value(name, value)) for name, value in sorted(labels.items())],
        **(_tasks(tasks, is_new) if tasks is not None else {}),
        "no_tasks": no_tasks,
        **more,
    }


def _tasks(tasks: Sequence[Task], is_new: Callable[[Task], bool] | None) -> dict[str, Any]:
    there = sorted((one for one in tasks if _is_there(one)), key=lambda one: (one.slot, one.node, one.created))
    earlier = sorted((one for one in tasks if not _is_there(one)), key=lambda one: (-one.at, one.uid))
    mixed = is_new is not None and len({is_new(one) for one in there}) > 1
    return {
        "tasks": [{**task_row(one), "old": mixed and is_new is not None and not is_new(one)} for one in there],
        "earlier": [task_row(one) for one in earlier[:MOST_EARLIER]],
        "more_earlier": max(0, len(earlier) - MOST_EARLIER),
    }


def _is_there(task: Task) -> bool:
    return task.wanted or task_health.health(task).word in ("Stopping", "Being removed")


def task_row(task: Task) -> dict[str, Any]:
    """A task as a page shows it."""
    state = task_health.health(task)
    return {
        "short": task.short,
        "key": task.uid,
        "node": task.node,
        "node_id": task.node_id,
        "at": task.at,
        "image": task.spec.container.image.partition("@")[0],
        "status": [state.level.name.lower(), state.word, state.reason, state.code],
        "reason": state.reason,
    }


def seconds(billionths: int | None) -> str:
    """A time of the Swarm's in words: 5000000000 -> "5 s", 0 -> "at once"."""
    if not billionths:
        return "at once"
    value = billionths / 1e9
    return f"{value:g} s" if value < 120 else f"{value / 60:g} min"
