"""A window: the rows of a view that a page shows. It knows what it told its followers, and tells what is different.

What a page shows first (``snapshot``) and what is pushed (``patch``) are made by the same few lines here; a property
test proves that patches put together equal a reload.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from clusters.kinds.base import JSON
from clusters.live.frame import Frame
from clusters.live.row import Row
from clusters.live.table import TableColumn
from clusters.live.view import View


class Follower(Protocol):
    """Who wants the frames of a window."""

    def deliver(self, frame: Frame) -> None:
        """Take a patch; or note that one was missed and ask for a snapshot later."""


class Window:
    """Rows ``offset`` to ``offset + limit`` of a view, through some of its columns."""

    def __init__(
        self, view: View, columns: tuple[str, ...], offset: int, limit: int, link: Callable[[Row], str]
    ) -> None:
        self.view = view
        self.offset = offset
        self.limit = limit
        self.columns: list[TableColumn] = [column for key in columns if (column := view.table.column(key))]
        self.followers: set[Follower] = set()
        self.users = 0  # counted by the hub
        self.seq = 0
        self._link = link
        self._sent: dict[str, list[JSON]] = {}  # what the followers have: row id -> cells
        self._order: list[str] = []
        self._total = -1
        self._listed = False
        self._troubles: list[str] = []
        self._old: list[tuple[int, float]] = []

    def snapshot(self) -> dict[str, Any]:
        """Everything as the followers have it after this; resets nothing, so all of them stay in step."""
        if self._total < 0:
            self._look_again()
        rows = [self._whole(row, self._sent[row_id]) for row_id in self._order if (row := self.view.row(row_id))]
        return {
            "t": "snap",
            "seq": self.seq,
            "now": time.time(),
            "total": self._total,
            "offset": self.offset,
            "listed": self._listed,
            "troubles": self._troubles,
            "old": self._old,
            "narrow": self.view.narrow if self._troubles else [],
            "columns": [column.key for column in self.columns],
            "wrong": self.view.query.labels.wrong,
            "rows": rows,
            "facets": {key: dict(counter) for key, counter in self.view.facets.items()},
        }

    def flush(self, moved: bool, touched: set[str]) -> None:
        """Tell the followers what is different since the last time."""
        if self._total < 0:
            return  # nobody was told anything yet
        view = self.view
        told = view.troubles != self._troubles or view.listed != self._listed or view.old != self._old
        patch = self._look_again() if moved or told else self._refresh(touched & self._sent.keys())
        if patch is None:
            return
        self.seq += 1
        frame = Frame(t="patch", seq=self.seq, now=time.time(), total=self._total, **patch)
        for follower in tuple(self.followers):
            follower.deliver(frame)

    def visible(self) -> list[Row]:
        """The rows that are looked at: their usage is worth measuring."""
        return [row for row_id in self._order if (row := self.view.row(row_id))]

    def _look_again(self) -> dict[str, Any] | None:
        order = self.view.slice(self.offset, self.limit)
        added, changed, sent = [], [], {}
        for row_id in order:
            row = self.view.row(row_id)
            if row is None:
                continue
            cells = self._cells(row)
            before = self._sent.get(row_id)
            sent[row_id] = cells
            if before is None:
                added.append(self._whole(row, cells))
            elif before != cells:
                changed.append([row_id, _difference(before, cells)])
        order = list(sent)
        same = (
            order == self._order and not changed and self.view.total == self._total and self.view.listed == self._listed
        )
        patch: dict[str, Any] = {"set": changed, "add": added}
        if order != self._order:
            patch["order"] = order
        if self.view.listed != self._listed:
            patch["listed"] = self.view.listed
        if (troubles := self.view.troubles) != self._troubles:
            patch["troubles"] = self._troubles = troubles
            patch["narrow"] = self.view.narrow
        if (old := self.view.old) != self._old:
            patch["old"] = self._old = old
        self._sent, self._order, self._total, self._listed = sent, order, self.view.total, self.view.listed
        return None if same and not patch.keys() & {"troubles", "old"} else patch

    def _refresh(self, touched: set[str]) -> dict[str, Any] | None:
        changed = []
        for row_id in touched:
            if (row := self.view.row(row_id)) is None:
                continue
            cells = self._cells(row)
            if difference := _difference(self._sent[row_id], cells):
                self._sent[row_id] = cells
                changed.append([row_id, difference])
        return {"set": changed, "add": []} if changed else None

    def _cells(self, row: Row) -> list[JSON]:
        return [column.read(row) for column in self.columns]

    def _whole(self, row: Row, cells: list[JSON]) -> dict[str, Any]:
        return {"id": row.id, "href": self._link(row), "cluster": row.cluster.id, "kind": row.kind.name, "cells": cells}


def _difference(before: list[JSON], after: list[JSON]) -> dict[str, JSON]:
    return {str(index): cell for index, (old, cell) in enumerate(zip(before, after, strict=True)) if old != cell}
