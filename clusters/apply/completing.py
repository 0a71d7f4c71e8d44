"""What may be written at a place of a text that is being written: it need not be readable as YAML yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.apply.checking import either
from clusters.apply.schema import Schema, Types
from clusters.drivers.base import Found

MOST = 200
LONGEST = 240  # letters of a description
ITEM = "[]"  # a step of the way into the items of a list
_LINE = re.compile(r"( *)((?:- +)*)(?:(\"[^\"]*\"|'[^']*'|[^\s:#'\"-][^:#]*|[\w./-]+):(?: +(.*)|$))?")


@dataclass(frozen=True, slots=True)
class Option:
    """Something that may stand there. ``apply`` is what is put in."""

    label: str
    type: str = "property"
    detail: str = ""
    info: str = ""
    apply: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody writes: in which kind, on which way to it, and whether a value or the name of a field."""

    version: str
    kind: str
    way: tuple[str, ...]
    value: bool


def spot(text: str, line: int, column: int) -> Spot:
    """Line from 1, column from 0."""
    lines = text.replace("\r\n", "\n").split("\n")  # forms send both
    at = min(max(line - 1, 0), len(lines) - 1)
    begin = max((i + 1 for i in range(at) if lines[i].startswith("---")), default=0)
    end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("---")), len(lines))
    said = dict(re.findall(r"^(apiVersion|kind): *[\"']?([\w./-]+)", "\n".join(lines[begin:end]), re.MULTILINE))
    way, value = _way(lines[begin:at], lines[at][:column])
    return Spot(said.get("apiVersion", ""), said.get("kind", ""), way, value)


def _way(above: Sequence[str], line: str) -> tuple[tuple[str, ...], bool]:
    indent, dashes, key, rest = _parts(line)
    way: list[str] = []
    value = key is not None and rest is not None
    if value and key is not None:
        way.append(key)
    column = indent + len(dashes)
    inside_item = bool(dashes)
    if inside_item:
        way.insert(0, ITEM)
        column = indent
    for one in reversed(above):
        if not one.strip() or one.lstrip().startswith("#"):
            continue
        indent, dashes, key, _ = _parts(one)
        own = indent + len(dashes)
        if inside_item and dashes and indent == column:
            continue  # an item before ours
        if key is not None and (own <= column if inside_item else own < column):
            way.insert(0, key)
            column, inside_item = own, False
        elif inside_item or not dashes or own != column:
            continue
        if dashes:  # the first line of the item that we are in
            way.insert(0, ITEM)
            column, inside_item = indent, True
    return tuple(way), value


def _parts(line: str) -> tuple[int, str, str | None, str | None]:
    found = _LINE.match(line)
    if found is None:
        return 0, "", None, None
    key = found[3].strip("\"' ") if found[3] else None
    rest = found[4] if found[4] is not None else ("" if key is not None and line.endswith(": ") else None)
    return len(found[1]), found[2], key, rest


def options(where: Spot, types: Types | None, kinds: Iterable[Found]) -> list[Option]:
    """What may stand there; nothing where that is not known."""
    if where.way == ("apiVersion",):
        versions = {one.api.rpartition("/")[0] for one in kinds if where.kind in ("", one.label)}
        return [Option(one, "constant") for one in sorted(versions)]
    if where.way == ("kind",):
        every = {one.label for one in kinds if where.version in ("", one.api.rpartition("/")[0])}
        return [Option(one, "class") for one in sorted(every)]
    if not where.way and not where.value and not (where.version and where.kind):
        return [Option(one, apply=f"{one}: ") for one in ("apiVersion", "kind")] + [
            Option("metadata", apply="metadata:")
        ]
    schema = types.kind(where.kind) if types else None
    for step in where.way:
        if schema is None or types is None:
            return []
        schema = _step(types.resolve(schema), step)
    if schema is None or types is None:
        return []
    schema = types.resolve(schema)
    return _values(schema) if where.value else _fields(schema, types, top=not where.way)


def _step(schema: Schema, step: str) -> Any:
    if step == ITEM:
        return schema.get("items")
    known, others = schema.get("properties") or {}, schema.get("additionalProperties")
    return known.get(step) or (others if isinstance(others, dict) else None)


def _values(schema: Schema) -> list[Option]:
    if schema.get("type") == "boolean":
        return [Option("true", "constant"), Option("false", "constant")]
    return [Option(str(one), "constant") for one in (schema.get("enum") or ())[:MOST] if one != ""]


def _fields(schema: Schema, types: Types, *, top: bool) -> list[Option]:
    required = set(schema.get("required") or ())
    found = []
    for name, raw in (schema.get("properties") or {}).items():
        if top and name == "status":
            continue
        one = types.resolve(raw)
        sort = "number or text" if either(one) else str(one.get("type") or "")
        holds = sort in ("object", "array")
        detail = f"{sort}, required" if name in required else sort
        words = str(one.get("description") or "")[:LONGEST]
        found.append(Option(name, "property", detail, words, f"{name}:" if holds else f"{name}: "))
    return sorted(found, key=lambda one: (one.label not in required, one.label))[:MOST]
