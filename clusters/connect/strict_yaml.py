"""YAML as plain data and nothing more: no tags, no anchors, no doubled keys, limited depth and size."""

from __future__ import annotations

from typing import Any

import yaml

from clusters.errors import Invalid

MOST_NODES = 50_000
MOST_DEPTH = 32
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_plain(data: bytes, what: str) -> Any:
    """Dicts, lists, texts, numbers, flags. Raises Invalid that names the line; ``what`` is what it was meant to be."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"This {what} is not text.", detail=str(error)) from error
    try:
        _check(text)
        return yaml.load(text, Loader=_Unique)  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        detail = str(getattr(error, "problem", error))[:300]
        raise Invalid(f"This {what} cannot be read{line}.", detail=detail) from error


def _check(text: str) -> None:
    """On the stream of events, before anything is made of it: a bomb of aliases is small until then."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Invalid(f"Anchors and aliases (& and *) are not allowed (line {line}).")
        if getattr(event, "tag", None):
            raise Invalid(f"Tags (!) are not allowed (line {line}).")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH or nodes > MOST_NODES:
            raise Invalid(f"It is nested too deeply, or too long (line {line}).")


class _Unique(_Loader):  # type: ignore[misc, valid-type]
    """Refuses a key that stands twice in one mapping; otherwise the last would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Invalid(f"A key is not plain text (line {key.start_mark.line + 1}).")
            if key.value in seen or key.value == "<<":
                raise Invalid(f"The key “{key.value[:80]}” stands twice (line {key.start_mark.line + 1}).")
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made
