"""The first tab of kinds that keep no copies: facts, who uses it, labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clusters.kinds.base import Health, Look, Panel
from clusters.kinds.kubernetes.leading import leads, nodes_to_lead_to
from clusters.kinds.kubernetes.owners import chain


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. With ``kind`` and ``key`` it leads to another page; with ``listed`` to the list of that kind.

    ``how`` is said before the text, with its mark: what is wrong stands out.
    """

    label: str
    text: str
    kind: str = ""
    key: str = ""
    mono: bool = False
    listed: str = ""
    how: Health | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Something that uses it: ``how`` says in what way."""

    kind: str
    name: str
    key: str
    label: str = ""
    how: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Users:
    """A table of them. ``unknown``: why it cannot be said who they are; ``beyond``: who else was not looked at."""

    title: str
    nobody: str
    rows: Sequence[User] = ()
    how: str = "How"
    unknown: str = ""
    beyond: str = ""

    @property
    def says_what(self) -> bool:
        """Are they of several kinds?"""
        return len({row.label for row in self.rows}) > 1

    @property
    def says_how(self) -> bool:
        """Is it known of any in what way?"""
        return any(row.how for row in self.rows)

    @property
    def says_node(self) -> bool:
        """Is any of them on a node?"""
        return any(row.node for row in self.rows)


Load = Callable[[Look], Awaitable[Mapping[str, Any]]]


def facts_panel(
    facts: Callable[[Any], Iterable[Fact]], users: Callable[[Look], Awaitable[Users]] | None = None
) -> Panel[Any]:
    """Facts of the resource alone, and who uses it where that is known."""

    async def load(look: Look) -> Mapping[str, Any]:
        return await overview(look, facts(look.resource), await users(look) if users else None)

    return panel(load)


def panel(load: Load) -> Panel[Any]:
    """The first tab; ``load`` gives what ``overview`` makes."""
    return Panel(key="overview", label="Overview", icon="layout-dashboard", template="object_overview", load=load)


async def overview(look: Look, facts: Iterable[Fact], users: Users | None = None, **more: Any) -> Mapping[str, Any]:
    """The context of templates/panels/object_overview.html."""
    labels = sorted(look.resource.labels.items())
    return {
        "facts": [await _leading(look, one) for one in facts],
        "users": users,
        "nodes": await nodes_to_lead_to(look),
        "owners": await chain(look),
        "labels": labels,
        **more,
    }


async def _leading(look: Look, fact: Fact) -> Fact:
    """Said without its link where that would lead nowhere."""
    return fact if not fact.kind or await leads(look, fact.kind, fact.key) else replace(fact, kind="", key="")
