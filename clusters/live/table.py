"""A table: which kinds a list shows and through which columns. A list of one kind has the kind's own columns;
the Workloads page has the columns that all its kinds share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clusters.kinds import all_kinds
from clusters.kinds.base import JSON, Column, Kind, Level
from clusters.live.resource import Resource
from clusters.live.row import Row


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column over rows of any kind of its table."""

    key: str
    label: str
    read: Callable[[Row], JSON]
    cell: str = "text"
    sort: Callable[[Row], str | float] | None = None
    facet: Callable[[Row], str] | None = None
    names: Callable[[Sequence[Kind[Any]]], dict[str, str]] | None = None  # of the facet's values, over these kinds
    width: str = "minmax(96px, 1fr)"
    end: bool = False
    hidden: bool = False
    words: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """One list: its name in the address, what it shows, through which columns."""

    name: str
    label: str
    words: str
    icon: str
    kinds: tuple[Kind[Any], ...]
    columns: tuple[TableColumn, ...]
    counts: Callable[[Row], bool] | None = None  # which resources are rows of it; None: all
    sort: str = "status"  # what it is sorted by until somebody chooses

    @property
    def labelled(self) -> bool:
        """Can what it lists have labels?"""
        return any(kind.model.labels is not Resource.labels for kind in self.kinds)

    def column(self, key: str) -> TableColumn | None:
        """The column with that key."""
        return next((column for column in self.columns if column.key == key), None)


LEVELS = tuple(level.name.lower() for level in sorted(Level))  # an enum's own name is slow, and is asked for each row


def _where(row: Row) -> list[str]:
    inside = "" if row.kind.own_namespace else row.resource.namespace
    return [row.cluster.name, inside, row.kind.platform]


WHERE = TableColumn(
    key="cluster",
    label="Where",
    cell="where",
    read=_where,
    width="minmax(160px, 1.7fr)",
    sort=lambda row: f"{row.cluster.name}/{row.resource.namespace}",
    facet=lambda row: row.cluster.slug,
    words="The cluster, and the part of it, that this runs in.",
)


def status_cell(row: Row) -> list[str]:
    """What the ``status`` cell shows of any kind."""
    health = row.health
    return [LEVELS[health.level], health.word, health.reason, health.code]


NAMESPACE = TableColumn(
    key="namespace",
    label="Namespace",
    read=lambda row: row.resource.namespace or None,
    sort=lambda row: row.resource.namespace,
    facet=lambda row: row.resource.namespace,
    hidden=True,
    words="The namespace; on Docker the Compose project.",
)


STATUS = TableColumn(
    key="status",
    label="Status",
    cell="status",
    read=status_cell,
    sort=lambda row: row.health.level,
    width="minmax(136px, .9fr)",
    facet=lambda row: LEVELS[row.health.level],
    words="How it is: failing comes first.",
)


RESTARTS = TableColumn(
    key="restarts",
    label="Restarts",
    cell="count_bad",
    end=True,
    width="74px",
    read=lambda row: row.restarts,
    sort=lambda row: row.restarts or 0,
    words="How often it, or a copy of it, had to be started again.",
)
UNSAID = Column.__dataclass_fields__["width"].default  # of a kind that asks for no width of its own
FROM_OUTSIDE = {"status": STATUS, "restarts": RESTARTS}  # columns that a resource cannot fill by itself


def _of_kind(column: Column[Any]) -> TableColumn:
    value, sort, facet = column.value, column.sort, column.facet
    return TableColumn(
        key=column.key,
        label=column.label,
        cell=column.cell,
        width=column.width,
        end=column.end,
        hidden=column.hidden,
        words=column.words,
        read=lambda row: value(row.resource),
        sort=(lambda row: sort(row.resource)) if sort else None,
        facet=(lambda row: facet(row.resource)) if facet else None,
    )


def _from_outside(column: Column[Any]) -> TableColumn | None:
    """A column that is filled from outside, as wide as the kind asks for where it does."""
    known = FROM_OUTSIDE.get(column.key)
    if known is None or column.width == UNSAID:
        return known
    return replace(known, width=column.width)


def kind_table(kind: Kind[Any]) -> Table:
    """The list of one kind, over all clusters that have it."""
    columns = [_from_outside(column) or _of_kind(column) for column in kind.columns]
    columns.insert(min(2, len(columns)), WHERE)
    return Table(
        name=kind.name,
        label=kind.plural,
        words=kind.words,
        icon=kind.icon,
        kinds=(kind,),
        columns=tuple(columns),
        sort=kind.sort if kind.column(kind.sort) else "name",
    )


def printed_table(kinds: Sequence[Kind[Any]]) -> Table:
    """The list of a kind that each cluster describes by itself: all the columns that any of them prints."""
    columns: dict[str, Column[Any]] = {}
    for kind in kinds:
        columns |= {column.key: column for column in kind.columns if column.key not in columns}
    last = columns.pop("age")
    return replace(kind_table(replace(kinds[0], columns=(*columns.values(), last))), kinds=tuple(kinds[:1]))


def _workload(row: Row) -> Any:
    return row.kind.workload


def _ready_sort(row: Row) -> float:
    ready, wanted, _ = _workload(row).copies(row.resource)
    return ready / wanted if wanted else 1.0


WORKLOAD_COLUMNS = (
    TableColumn(
        key="name",
        label="Name",
        cell="name",
        width="minmax(190px, 2.3fr)",
        sort=lambda row: row.resource.name.casefold(),
        read=lambda row: [row.resource.name, _workload(row).image(row.resource)],
    ),
    STATUS,
    TableColumn(
        key="kind",
        label="Kind",
        read=lambda row: row.kind.label,
        sort=lambda row: row.kind.label,
        width="minmax(96px, .8fr)",
        facet=lambda row: row.kind.name,
        names=lambda kinds: {kind.name: kind.label for kind in kinds},
        words="What runs it: a container by itself, a deployment that keeps copies, …",
    ),
    WHERE,
    NAMESPACE,
    TableColumn(
        key="ready",
        label="Ready",
        cell="pips",
        read=lambda row: list(_workload(row).copies(row.resource)),
        sort=_ready_sort,
        width="minmax(104px, .9fr)",
        words="Copies that do their job, of those asked for.",
    ),
    TableColumn(
        key="cpu",
        label="CPU",
        cell="usage",
        read=lambda row: None,
        width="minmax(116px, 1fr)",
        words="Processor in use; 1 is one core.",
    ),
    TableColumn(
        key="memory",
        label="Memory",
        cell="usage",
        read=lambda row: None,
        width="minmax(116px, 1fr)",
        words="Memory in use, beside its limit when it has one.",
    ),
    RESTARTS,
)


def _tables() -> dict[str, Table]:
    kinds = all_kinds()
    workloads = Table(
        name="workloads",
        label="Workloads",
        icon="boxes",
        words="Everything you asked to keep running.",
        kinds=tuple(kind for kind in kinds if kind.workload),
        columns=WORKLOAD_COLUMNS,
        counts=lambda row: row.kind.is_app(row.resource),
    )
    return {table.name: table for table in (workloads, *(kind_table(kind) for kind in kinds))}


TABLES: dict[str, Table] = _tables()
