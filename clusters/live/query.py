"""What a list shows, as its address says it: search, labels, filters, sort, columns. Page and socket read it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from clusters.errors import Invalid
from clusters.live.selector import EVERYTHING, Selector, read_selector
from clusters.live.table import TABLES, Table

MAX_LENGTH = 2000
MAX_LIMIT = 200


@dataclass(frozen=True)
class Filter:
    """Only (or all but, when ``without``) rows whose column has one of these values."""

    column: str
    values: frozenset[str]
    without: bool = False


@dataclass(frozen=True)
class Query:
    """One question to the live resources. Equal questions share one view."""

    table: str
    scope: frozenset[tuple[int, frozenset[str] | None]]
    text: str = ""
    filters: frozenset[Filter] = frozenset()
    sort: str = ""
    descending: bool = False
    columns: tuple[str, ...] = field(default=(), compare=False)  # what is shown changes no order: not part of the view
    labels: Selector = EVERYTHING

    @property
    def searches(self) -> bool:
        """Does it look through what rows say of themselves, before any column is asked?"""
        return bool(self.text or self.labels)


def parse(table_name: str, query_string: str, scope: Mapping[int, frozenset[str] | None]) -> Query:
    """``q=web&labels=tier!=edge&status=failing,at_risk&namespace=-kube-system&sort=-restarts&cols=name`` as a Query.

    Unknown keys and values are ignored (an old link still works); an unknown table raises Invalid.
    """
    table = TABLES.get(table_name)
    if table is None or len(query_string) > MAX_LENGTH:
        raise Invalid("There is no such list.")
    given = {key: values[-1] for key, values in parse_qs(query_string.lstrip("?"), max_num_fields=50).items()}
    sort, descending = _sort(table, given.get("sort", ""))
    return Query(
        table=table.name,
        scope=frozenset(scope.items()),
        text=given.get("q", "").strip().casefold()[:200],
        labels=read_selector(given.get("labels", "")),
        filters=frozenset(_filters(table, given)),
        sort=sort,
        descending=descending,
        columns=_columns(table, given.get("cols", "")),
    )


def _sort(table: Table, text: str) -> tuple[str, bool]:
    column = table.column(text.lstrip("-"))
    return (column.key, text.startswith("-")) if column and column.sort else (table.sort, False)


def _filters(table: Table, given: dict[str, str]) -> list[Filter]:
    filters = []
    for column in table.columns:
        text = given.get(column.key, "")
        if column.facet and text:
            values = frozenset(filter(None, text.lstrip("-").split(",")))
            filters.append(Filter(column.key, values, without=text.startswith("-")))
    return filters


def _columns(table: Table, text: str) -> tuple[str, ...]:
    chosen = tuple(key for key in dict.fromkeys(text.split(",")) if table.column(key))
    return chosen or tuple(column.key for column in table.columns if not column.hidden)
