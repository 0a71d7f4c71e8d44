"""What pages and downloads ask of logs: arguments checked, rows found, limits kept; and the streams of this process."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.access import Actor, Area, Need, decide
from clusters.drivers.base import LogOptions
from clusters.errors import Invalid, Missing
from clusters.kinds.base import Role
from clusters.live.connection import Connection
from clusters.live.log_lines import LogFilter, LogLevel
from clusters.live.log_source import Streams
from clusters.live.logs import SEARCHED
from clusters.live.row import Row, parse_id
from dashboard.absent import absent
from dashboard.engine import engine

MAX_ROWS = 50
MAX_TAIL = 5000
LONGEST_SEARCH = 200
LEVELS = {"": LogLevel.NONE, "warn": LogLevel.WARN, "error": LogLevel.ERROR}
VIEW = Need(Role.VIEWER, acts=False)

streams = Streams(engine.gateway, engine.supervisor)


@dataclass(frozen=True, slots=True)
class Asked:
    """What part of which logs somebody wants to read."""

    rows: tuple[str, ...]
    container: str
    options: LogOptions
    wanted: LogFilter


def asked(args: Mapping[str, Any]) -> Asked:
    """The arguments of a frame or an address, checked. Raises Invalid."""
    rows = args.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS or not all(isinstance(one, str) for one in rows):
        raise Invalid("Say whose log you want to read.")
    since, until = _time(args, "since"), _time(args, "until")
    wanted = LogFilter(_text(args, "q"), LEVELS.get(_text(args, "level"), LogLevel.NONE))
    tail = _whole(args, "tail", 500)
    if wanted or since:
        tail = SEARCHED
    previous = args.get("previous") is True
    options = LogOptions(tail=tail, since=since, until=until, follow=not (previous or until), previous=previous)
    return Asked(tuple(rows), _text(args, "container"), options, wanted)


def rows_of(actor: Actor, ids: Sequence[str]) -> list[Row]:
    """These rows, when all are there and shared with this person: the two are not told apart.

    Each is said by its id or, so that it is found again when it was made again, as "cluster/kind/key".
    Raises Missing or Invalid.
    """
    rows = []
    for row_id in ids:
        connection, kind, key = _parts(row_id)
        store = connection.stores.get(kind) if connection else None
        found = store.find(key) if store else None
        row = connection.row(store, found.uid) if connection and store and found else None
        if row is None:
            raise absent(actor, connection, kind)
        if not decide(actor, Area(row.cluster.id, row.namespace), VIEW).allowed:
            raise Missing("It is not there any more.")
        rows.append(row)
    return rows


def _parts(row_id: str) -> tuple[Connection | None, str, str]:
    if "~" in row_id or "/" not in row_id:
        cluster, kind, uid = parse_id(row_id)
        return engine.supervisor.connections.get(cluster), kind, uid
    slug, _, rest = row_id.partition("/")
    kind, _, key = rest.partition("/")
    return engine.supervisor.by_slug(slug), kind, key


def _text(args: Mapping[str, Any], name: str) -> str:
    value = args.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_SEARCH:
        raise Invalid("That is too long to look for.")
    return value


def _whole(args: Mapping[str, Any], name: str, initial: int) -> int:
    value = args.get(name, initial)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid("That is not a number of lines.")
    return max(1, min(value, MAX_TAIL))


def _time(args: Mapping[str, Any], name: str) -> float:
    value = args.get(name, 0)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise Invalid("That is not a time.")
    return float(max(0, min(value, 1e11)))
