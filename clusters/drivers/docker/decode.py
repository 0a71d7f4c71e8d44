"""From an engine's JSON to a kind's model: a field that holds something else than it should is left out, no more."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)
_TRIES = 50
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_decoders: dict[type[Resource], msgspec.json.Decoder[Any]] = {}


def decode_resource(data: bytes, model: type[T]) -> T | None:
    """The resource in these bytes; None when they are no JSON object at all."""
    decoder = _decoders.get(model) or _decoders.setdefault(model, msgspec.json.Decoder(model))
    try:
        return decoder.decode(data)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        return _without_what_lies(data, model)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _without_what_lies(data: bytes, model: type[T]) -> T | None:
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(tree, dict):
        return None
    for _ in range(_TRIES):
        try:
            return msgspec.convert(tree, model)
        except msgspec.ValidationError as error:
            _, _, path = str(error).rpartition(" - at `$")
            _remove(tree, path.rstrip("`"))
    names = {key: tree[key] for key in ("Id", "ID", "Name") if isinstance(tree.get(key), str)}
    try:
        return msgspec.convert(names, model)
    except msgspec.ValidationError:
        return None


def _remove(tree: Any, path: str) -> None:
    """Take away what stands at that path; where the path is not exact, the last part of it that is."""
    holder, step = None, None
    for match in _STEP.finditer(path):
        name, index = match[1], match[2]
        if name is None and index is None:  # "[...]": some value of a mapping
            break
        key = name if name is not None else int(index)
        try:
            below = tree[key]
        except (KeyError, IndexError, TypeError):
            break
        holder, step, tree = tree, key, below
    if isinstance(holder, dict):
        holder.pop(step, None)
    elif isinstance(holder, list) and isinstance(step, int):
        del holder[step]
