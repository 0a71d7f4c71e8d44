"""Two ways to read one kind: its objects into a model of ours, or the tables that the server itself prints of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.errors import not_kubernetes
from clusters.errors import Unsupported
from clusters.kinds.kubernetes.base import Object
from clusters.kinds.kubernetes.printed import Printed, column_key, printed

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Reading(Protocol):
    """How the answers of a list and the events of a watch become resources."""

    accept: str  # what is asked for of a list
    accept_events: str  # and of a watch
    query: Mapping[str, str]  # and with what

    def page(self, body: bytes) -> decode.AnyPage:
        """One page of a list; ``items`` holds what ``resource`` reads, or has read. Raises Unsupported."""

    def of_event(self, raw: msgspec.Raw, kind: str) -> msgspec.Raw | None:
        """What ``resource`` reads, out of an event's object; None when the object is of another kind."""

    def resource(self, raw: msgspec.Raw) -> Object | None:
        """The resource; None for what cannot even be named."""


class Objects:
    """Whole objects, decoded into a kind's model."""

    accept = accept_events = "application/json"
    query: Mapping[str, str] = {}

    def __init__(self, model: type[Any]) -> None:
        self._model = model

    def page(self, body: bytes) -> decode.AnyPage:
        """One page of a list."""
        return decode.page_of(body, self._model)

    def of_event(self, raw: msgspec.Raw, kind: str) -> msgspec.Raw | None:
        """The object itself."""
        return raw if decode.is_of(raw, kind) else None

    def resource(self, raw: msgspec.Raw) -> Object | None:
        """The object as the kind's model."""
        return decode.resource(raw, self._model)


class MetadataAlone(Objects):
    """Objects without what they hold: the server leaves it out, so that it never gets here."""

    # No second choice: a server that cannot leave it out refuses (406).
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    accept_events = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

    def page(self, body: bytes) -> decode.AnyPage:
        """One page of a list. Raises Unsupported when it is whole objects in spite of what was asked for."""
        page = super().page(body)
        if page.kind != "PartialObjectMetadataList":
            raise Unsupported("The cluster does not leave out what these hold, so they are not listed.")
        return page


class Definition(msgspec.Struct, frozen=True):
    """One column that the server prints."""

    name: str
    type: str = "string"
    description: str = ""
    priority: int = 0  # 0: always shown; more: only to those who want a wide table


class Row(msgspec.Struct, frozen=True):
    """One object as the server prints it."""

    object: msgspec.Raw
    cells: list[Any] = []


class Table(msgspec.Struct, frozen=True, rename="camel"):
    """What the server prints of a page of a list, or of one event."""

    kind: str
    metadata: decode.ListMeta = decode.ListMeta()
    column_definitions: list[Definition] | None = None
    rows: list[msgspec.Raw] | None = None


_table = msgspec.json.Decoder(Table)
_row = msgspec.json.Decoder(Row)


class Tables:
    """Rows as the server prints them, for kinds that we have no model of. A server that cannot print sends objects."""

    accept = accept_events = TABLE
    query: Mapping[str, str] = {"includeObject": "Object"}

    def __init__(self) -> None:
        self._keys: tuple[str, ...] = ()

    def page(self, body: bytes) -> decode.AnyPage:
        """One page of a list, and which columns the cells of its rows, and of events to come, stand for."""
        table = _decoded(body)
        if table.kind != "Table":
            return decode.page(body)
        if not table.metadata.resource_version:
            raise not_kubernetes("a table without a version")
        self._keys = tuple(column_key(one.name) for one in table.column_definitions or ()) or self._keys
        return decode.Page(metadata=table.metadata, kind="TableList", items=table.rows)

    def of_event(self, raw: msgspec.Raw, kind: str) -> msgspec.Raw | None:
        """The one row of an event's table."""
        if kind != "Table":
            return raw if decode.is_of(raw, kind) else None
        try:
            table = _table.decode(raw)
        except decode.MALFORMED:
            return None
        if table.column_definitions:
            self._keys = tuple(column_key(one.name) for one in table.column_definitions)
        return table.rows[0] if table.kind == "Table" and table.rows else None

    def resource(self, raw: msgspec.Raw) -> Object | None:
        """The object behind a row, with its cells."""
        try:
            row = _row.decode(raw)
        except decode.MALFORMED:
            row = Row(object=raw)  # the server printed nothing: the object itself
        known = decode.resource(row.object, Printed)
        return printed(known, dict(zip(self._keys, row.cells, strict=False))) if isinstance(known, Printed) else None


def definitions(body: bytes) -> tuple[Definition, ...]:
    """The columns of a table; none where the server cannot print. Raises Unsupported for what is no answer."""
    return tuple(_decoded(body).column_definitions or ())


def _decoded(body: bytes) -> Table:
    try:
        return _table.decode(body)
    except decode.MALFORMED as error:
        raise not_kubernetes(str(error)) from error
