"""A kind for whatever a cluster knows and no file here describes: custom resources, and rare kinds of its own.

It is made from what the cluster says of itself: the name it answers to, and the columns it prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from clusters.drivers.base import Found
from clusters.kinds.actions import kubectl_line, one_call
from clusters.kinds.base import JSON, Action, Column, Kind, Look, Panel, Role
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.kubernetes.base import delete
from clusters.kinds.kubernetes.editing_pairs import with_pairs
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.kubernetes.printed import Printed, column_key, health
from clusters.kinds.permission import DELETES

OURS = {"name", "namespace", "age", "status"}  # columns of ours that stand for the printed ones
MOST = 30  # printed columns


class Described(Protocol):
    """A column as the cluster describes it."""

    @property
    def name(self) -> str:
        """What stands above it."""

    @property
    def type(self) -> str:
        """What its cells are: "string", "integer", "number", "boolean", "date"."""

    @property
    def description(self) -> str:
        """What it means."""

    @property
    def priority(self) -> int:
        """0 for what is always shown."""


def general_kind(found: Found, printed: Sequence[Described]) -> Kind[Printed]:
    """The kind, with the columns that the cluster prints of it."""
    kind: Kind[Printed]  # its actions speak of it
    kind = Kind(
        model=Printed,
        api=found.api,
        name=found.name,
        label=found.label,
        plural=several(found.label),
        icon="shapes",
        group="",
        platform="kubernetes",
        words=f"{found.label} of {found.group or 'the core of Kubernetes'}, as the cluster itself prints it.",
        health=health,
        namespaced=found.namespaced,
        printed=True,
        columns=(name_column(), STATUS, *([NAMESPACE] if found.namespaced else []), *_columns(printed), AGE),
        panels=(OVERVIEW, CONDITIONS_IF_ANY, EVENTS, YAML),
        actions=(_delete(lambda: kind, found),),
        search=lambda one: f"{_words(one)}\0{labels_text(one)}",
    )
    return with_pairs(kind)


def several(label: str) -> str:
    """ "NetworkPolicies", "RuntimeClasses", "Gateways"; what ends like a plural already stays ("Endpoints")."""
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return f"{label[:-1]}ies"
    if label.endswith(("ss", "x", "ch", "sh")):
        return f"{label}es"
    return label if label.endswith("s") else f"{label}s"


def _columns(printed: Sequence[Described]) -> list[Column[Printed]]:
    columns = {column_key(one.name): one for one in printed[:MOST]}
    return [_column(key, one) for key, one in columns.items() if key not in OURS]


def _column(key: str, described: Described) -> Column[Printed]:
    number = described.type in ("integer", "number")
    return Column(
        key=key,
        label=described.name[:40],
        value=lambda one: _shown(one.cells.get(key)),
        sort=(lambda one: _number(one.cells.get(key))) if number else (lambda one: str(one.cells.get(key) or "")),
        facet=None if number else (lambda one: str(_shown(one.cells.get(key)) or "")),
        end=number,
        hidden=described.priority > 0,
        words=described.description.partition(". ")[0][:200],
    )


def _shown(value: Any) -> JSON:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value in (None, "", "<none>", "<unknown>") else value


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else -1.0


def _words(one: Printed) -> str:
    return "\0".join(str(value) for value in one.cells.values() if isinstance(value, str))


async def _load_overview(look: Look) -> Mapping[str, Any]:
    """``facts`` as (label, value) pairs: what is printed of it, then who controls it; ``labels``."""
    one: Printed = look.resource
    facts = [
        (column.label, value)
        for column in look.kind.columns
        if column.key not in OURS and (value := column.value(one)) is not None
    ]
    facts += [("Made by", f"{owner.kind} {owner.name}") for owner in one.metadata.owner_references or ()]
    return {"facts": facts, "labels": sorted(one.labels.items())}


OVERVIEW: Panel[Printed] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="facts", load=_load_overview
)
CONDITIONS_IF_ANY: Panel[Printed] = Panel(
    key=CONDITIONS.key,
    label=CONDITIONS.label,
    icon=CONDITIONS.icon,
    template=CONDITIONS.template,
    load=CONDITIONS.load,
    when=lambda one: bool(one.status.conditions),
)


def _delete(kind: Callable[[], Kind[Any]], found: Found) -> Action[Printed]:
    return Action(
        verb="delete",
        label="Delete",
        icon="trash-2",
        effect=lambda one: f"Deletes {one.name}, and whatever was made for it alone.",
        stays=lambda one: "What does not name it as its owner stays.",
        run=one_call(
            lambda one, values: delete(kind(), one, propagationPolicy="Background"), "{name} was asked to end"
        ),
        refuse=lambda one: "It is ending already." if one.metadata.deletion_timestamp else "",
        # Without a namespace it concerns the whole cluster: a definition takes all that was made from it with it.
        role=Role.OPERATOR if found.namespaced else Role.ADMIN,
        permissions=DELETES,
        danger=True,
        line=lambda one, values: kubectl_line("delete", found.name, one),
    )
