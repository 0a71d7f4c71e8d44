"""Who else manages a field: as a conflict names them, and as the object's own notes do."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.apply.documents import Path
from clusters.apply.merging import words
from clusters.errors import ClusterError

OURS = "pilothouse"
FIELD_CONFLICT = "FieldManagerConflict"
_WITH = re.compile(r'conflicts? with "([^"]{1,200})"')
_ITEM = re.compile(r'\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]')
_PAIR = re.compile(r'([A-Za-z][A-Za-z0-9]*)?=("(?:[^"\\]|\\.)*"|[^,]+)')


@dataclass(frozen=True, slots=True)
class Owned:
    """A field that others manage, and that would be changed, or taken out."""

    field: str
    manager: str
    taken_out: bool = False


def conflicts_of(error: ClusterError) -> list[Owned]:
    """The fields that a refused apply names; none where it was refused for something else."""
    found = []
    for cause in error.causes:
        if cause.reason == FIELD_CONFLICT:
            named = _WITH.search(cause.message)
            found.append(Owned(cause.field[:300], named[1] if named else "somebody else"))
    return found


def without(tree: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """A copy without these fields, which are written as conflicts name them."""
    made: dict[str, Any] = copy.deepcopy(dict(tree))
    for field in fields:
        path = path_of(field, made)
        if path:
            inside: Any = made
            for step in path[:-1]:
                inside = inside[step]
            del inside[path[-1]]
    return made


def path_of(field: str, tree: Any) -> Path | None:
    """``.spec.containers[name="web"].image`` as the way through this tree; None when it is not there."""
    path: list[str | int] = []
    while field:
        step: str | int | None
        if field[0] == "." and isinstance(tree, dict):
            rest = field[1:]
            fits = [key for key in tree if rest.startswith(key) and rest[len(key) : len(key) + 1] in ("", ".", "[")]
            step = max(fits, key=len, default=None)  # names of labels hold dots, too
            field = rest[len(step) :] if step is not None else ""
        elif (item := _ITEM.match(field)) and isinstance(tree, list):
            step, field = _item(item[1], tree), field[item.end() :]
        else:
            return None
        if step is None:
            return None
        path.append(step)
        tree = tree[step]
    return tuple(path)


def _item(text: str, items: Sequence[Any]) -> int | None:
    if text.isdigit():
        return int(text) if int(text) < len(items) else None
    try:
        wanted = {key: json.loads(value) for key, value in _PAIR.findall(text)}
    except ValueError:
        return None
    if set(wanted) == {""}:
        return next((at for at, one in enumerate(items) if one == wanted[""]), None)
    return next(
        (at for at, one in enumerate(items)
         if isinstance(one, dict) and all(one.get(key, value) == value for key, value in wanted.items())),
        None,
    )  # fmt: skip


def managers_of(tree: Mapping[str, Any], path: Path) -> list[Owned]:
    """Who but us manages what stands there, by the object's own notes."""
    notes = tree.get("metadata", {}).get("managedFields")
    names = {
        str(note.get("manager"))
        for note in notes or ()
        if isinstance(note, dict)
        and (note.get("manager"), note.get("operation")) != (OURS, "Apply")
        and _manages(note.get("fieldsV1"), path)
    }
    return [Owned(f".{words(path)}", name, taken_out=True) for name in sorted(names)]


def _manages(fields: Any, path: Path) -> bool:
    for step in path:
        if not isinstance(fields, dict):
            return False
        if not fields:
            return True  # what is noted as a whole is managed with all that is in it
        if isinstance(step, int):
            return True
        inside = fields.get(f"f:{step}")
        if inside is None:
            inside = next(
                (value for key, value in fields.items() if key.startswith("k:") and _is_named(key, step)), None
            )
        if inside is None:
            return False
        fields = inside
    return isinstance(fields, dict)


def _is_named(key: str, name: str) -> bool:
    try:
        return bool(json.loads(key[2:]).get("name") == name)
    except (ValueError, AttributeError):
        return False
