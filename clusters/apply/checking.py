"""A text checked against the cluster's own types while it is written: unknown fields, wrong types, what is missing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from clusters.apply.documents import Document
from clusters.apply.schema import Schema, Types
from clusters.kinds.masking import MASK

MOST = 100  # problems told at once
_TAG = "tag:yaml.org,2002:"
_FITS = {
    "string": {"str"},
    "integer": {"int"},
    "number": {"int", "float"},
    "boolean": {"bool"},
}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "fields of its own",
    "array": "a list",
}
_IS = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit; where in the text: a line from 1, columns from 0 (None: to its end)."""

    line: int
    words: str
    begin: int | None = None
    end: int | None = None
    level: Literal["error", "warning"] = "error"


def problems(document: Document, types: Types) -> list[Problem]:
    """What the types say against an object; nothing for a kind that they do not know."""
    schema = types.kind(document.kind)
    if schema is None:
        return []
    return [one for one, _ in zip(_object(document.node, schema, types), range(MOST), strict=False)]


def _value(node: yaml.Node, schema: Schema, types: Types) -> Iterator[Problem]:
    schema = types.resolve(schema)
    wanted = schema.get("type")
    if isinstance(node, yaml.ScalarNode):
        yield from _scalar(node, schema, wanted)
    elif either(schema) or wanted not in (None, "object" if isinstance(node, yaml.MappingNode) else "array"):
        stands = "an object" if isinstance(node, yaml.MappingNode) else "a list"
        yield _at(node, f"Here stands {stands}; it must be {_wanted(schema)}.")
    elif isinstance(node, yaml.MappingNode):
        yield from _object(node, schema, types)
    else:
        for one in node.value:
            yield from _value(one, schema.get("items") or {}, types)


def _object(node: yaml.MappingNode, schema: Schema, types: Types) -> Iterator[Problem]:
    schema = types.resolve(schema)
    known, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, value in node.value:
        if key.value in known:
            if key.value != "status":
                yield from _value(value, known[key.value], types)
        elif isinstance(others, dict):
            yield from _value(value, others, types)
        elif known and not others and not open_ended(schema):
            near = difflib.get_close_matches(key.value, known, 1, 0.7)
            yield _at(key, f"There is no field {key.value[:80]} here.{f' Did you mean {near[0]}?' if near else ''}")
    there = {key.value for key, _ in node.value}
    missing = [name for name in schema.get("required") or () if name not in there]
    if missing:
        yield _at(node, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing here.", "warning")


def _scalar(node: yaml.ScalarNode, schema: Schema, wanted: Any) -> Iterator[Problem]:
    tag = node.tag.removeprefix(_TAG)
    if tag == "null" or MASK in node.value:
        return
    choices = schema.get("enum")
    if wanted in ("object", "array"):
        yield _at(node, f"It must be {_wanted(schema)}.")
    elif not either(schema) and wanted in _FITS and tag not in _FITS[wanted]:
        quotes = " Put it in quotes." if wanted == "string" else ""
        yield _at(node, f"This is {_IS.get(tag, tag)}; it must be {_wanted(schema)}.{quotes}")
    elif isinstance(choices, list) and choices and node.value not in map(str, choices):
        yield _at(node, f"It must be one of {', '.join(map(str, choices[:12]))}.")


def either(schema: Schema) -> bool:
    """May it be a number as well as text?"""
    return bool(
        schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string" or schema.get("oneOf")
    )


def open_ended(schema: Schema) -> bool:
    """May it hold what is not described?"""
    return bool(schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource"))


def _wanted(schema: Schema) -> str:
    return "a number or text" if either(schema) else _WORDS.get(str(schema.get("type")), "something else")


def _at(node: yaml.Node, words: str, level: Literal["error", "warning"] = "error") -> Problem:
    first, last = node.start_mark, node.end_mark
    return Problem(first.line + 1, words, first.column, last.column if last.line == first.line else None, level)
