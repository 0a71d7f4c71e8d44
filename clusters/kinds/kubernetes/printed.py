"""A resource whose kind has no file here: its identity, its conditions, and the cells that it is printed with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.base import Condition, Object, Part, understood

LONGEST_CELL = 300  # characters

# Conditions that say how the whole thing is, where they are used at all. The first three are what kstatus
# (sigs.k8s.io/cli-utils, pkg/kstatus) makes of any resource; the others are the customs of well known controllers.
GOOD = ("Ready", "Available", "Healthy", "Synced", "Accepted", "Programmed", "Established", "Succeeded", "Complete")
BAD = ("Stalled", "Failed", "Degraded")
BUSY = ("Reconciling", "Progressing")
PHASES = {
    "failed": Level.FAILING,
    "error": Level.FAILING,
    "pending": Level.CHANGING,
    "terminating": Level.CHANGING,
    "lost": Level.FAILING,
}


class Status(Part, frozen=True, gc=False, rename="camel"):
    """The parts of a status that mean the same wherever they stand."""

    conditions: list[Condition] | None = None
    phase: str = ""
    observed_generation: int = 0


class Printed(Object, frozen=True, gc=False, rename="camel"):
    """One object of a kind without a model of ours. Its status may have any shape: it is read apart."""

    status_text: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="status")
    status: Status = msgspec.field(default=Status(), name="$status")
    cells: dict[str, Any] = msgspec.field(default_factory=dict, name="$cells")


_status = msgspec.json.Decoder(Status)


def printed(one: Printed, cells: Mapping[str, Any]) -> Printed:
    """The same with the cells it is printed with (by column key) and with what its status says."""
    try:
        status = _status.decode(one.status_text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        status = Status()  # of a shape of its own
    return Printed(
        metadata=one.metadata,
        strange=one.strange,
        status=status,
        cells={key: _short(value) for key, value in cells.items()},
    )


def _short(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_CELL]


def column_key(name: str) -> str:
    """A column's name as the key that it has in an address: "Last Schedule" -> "last-schedule"."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "column"


@understood
def health(one: Printed) -> Health:
    """As its own conditions say; where it has none, that it is there is all that can be said."""
    if said := _said_by(one.status.conditions or ()):
        return said
    if one.status.observed_generation and one.status.observed_generation < one.metadata.generation:
        return Health(Level.CHANGING, "Changing", "What was asked for last is not taken up yet.")
    if one.status.phase:
        return Health(PHASES.get(one.status.phase.casefold(), Level.HEALTHY), one.status.phase[:40])
    return Health(Level.HEALTHY, "There")


def _said_by(conditions: Sequence[Condition]) -> Health | None:
    known = {one.type: one for one in conditions}
    for level, word, types, when in (
        (Level.FAILING, "Failing", BAD, "True"),
        (Level.CHANGING, "Changing", BUSY[:1], "True"),
        (Level.AT_RISK, "Not ready", GOOD, "False"),
    ):
        for one in (known[type_] for type_ in types if type_ in known):
            if one.status == when:
                return Health(
                    level, word, one.message[:300], f"{one.type}: {one.reason or one.status}"[:120], one.since
                )
    good = next((known[type_] for type_ in GOOD if type_ in known and known[type_].status == "True"), None)
    return Health(Level.HEALTHY, good.type, since=good.since) if good else None
