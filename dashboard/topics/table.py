"""Topic ``table``: the window of a list that this tab shows."""

from __future__ import annotations

from typing import Any

from clusters.errors import Invalid, Refused
from clusters.live.frame import Frame
from clusters.live.query import MAX_LIMIT, parse
from clusters.live.table import TABLES
from clusters.live.usage import usage_cells
from dashboard.engine import engine
from dashboard.narrowed import single
from dashboard.topics.base import Topic, number


class TableTopic(Topic):
    """args: ``table``, ``query`` (the page's query string), ``offset``, ``limit``."""

    name = "table"

    async def open(self) -> None:
        """Share the window with whoever looks at the same rows with the same rights."""
        name, text = self.args.get("table"), self.args.get("query", "")
        if not isinstance(name, str) or not isinstance(text, str):
            raise Invalid("There is no such list.")
        if not engine.scope(self.actor) and engine.supervisor.connections:
            raise Refused("Nothing is shared with you yet.", hint="Ask an administrator for a role.")
        offset = number(self.args.get("offset", 0), 10_000_000)
        limit = min(number(self.args.get("limit", 100), 100_000), MAX_LIMIT)
        await engine.learn(name)
        query = parse(name, text, engine.scope(self.actor, kinds=single(TABLES.get(name))))
        await engine.supervisor.hub.prepare(query)
        self.window = self.open_things.enter_context(engine.supervisor.hub.window(query, offset, limit))
        self.window.followers.add(self)
        self.open_things.callback(self.window.followers.discard, self)
        self.owe_snapshot()
        engine.sampler.wake()

    def snapshot(self) -> Frame:
        """All rows of the window."""
        return Frame(**table_snapshot(self.window.snapshot()))


def table_snapshot(snapshot: dict[str, Any]) -> dict[str, Any]:
    """A window's snapshot with the newest usage of its rows, as the page's first HTML and the socket both send it."""
    usage = {row["id"]: usage_cells(sample) for row in snapshot["rows"] if (sample := engine.sampler.last(row["id"]))}
    return {**snapshot, "usage": usage}
