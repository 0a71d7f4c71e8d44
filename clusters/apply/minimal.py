"""Of an edited object, what is to be applied: what was changed, and what we apply already.

Whoever applies a field manages it from then on. So a field that somebody only looked at is not sent: it stays with
those who manage it, and their next change of it is no conflict with us. How lists and maps merge, field by field or
as a whole, is said by the cluster's own types; where these are silent, by what managers have noted there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.apply.merging import same
from clusters.apply.owners import OURS
from clusters.apply.schema import Schema, Types

_NOTHING: Any = msgspec.UNSET
_IDENTITY = ("apiVersion", "kind")


def minimal(wish: Mapping[str, Any], live: Mapping[str, Any], before: Any, types: Types | None) -> dict[str, Any]:
    """The part of ``wish`` to send. ``live`` has its managers' notes; ``before`` is the same without them."""
    notes = [one for one in live.get("metadata", {}).get("managedFields") or () if isinstance(one, dict)]
    noted = _Noted(
        schema=types.kind(str(wish.get("kind"))) if types else None,
        types=types,
        noted=[one["fieldsV1"] for one in notes if isinstance(one.get("fieldsV1"), dict)],
        ours=next((one.get("fieldsV1") for one in notes if _is_ours(one)), None),
        plain=True,
    )
    picked = _fields(wish, before, noted)
    identity = {name: wish["metadata"][name] for name in ("name", "namespace") if name in wish["metadata"]}
    metadata = {**identity, **(picked.get("metadata") or {})}
    return {**{name: wish[name] for name in _IDENTITY if name in wish}, **picked, "metadata": metadata}


def _is_ours(note: Mapping[str, Any]) -> bool:
    return (note.get("manager"), note.get("operation")) == (OURS, "Apply") and not note.get("subresource")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    """A part of the object: its type, what every manager has noted of it, and what we apply of it (None: nothing)."""

    schema: Schema | None
    types: Types | None
    noted: Sequence[Mapping[str, Any]]
    ours: Mapping[str, Any] | None
    plain: bool = False  # a map that every kind has: the object itself, and its metadata

    def field(self, name: str) -> _Noted:
        """That of one of its fields."""
        schema = self.schema or {}
        inner = (schema.get("properties") or {}).get(name, schema.get("additionalProperties"))
        return self._inside(f"f:{name}", inner, plain=self.plain and name == "metadata")

    def item(self, key: Mapping[str, Any]) -> _Noted:
        """That of the item of a list that has that key."""
        names = {name for one in (*self.noted, self.ours or {}) for name in one if _has_key(name, key)}
        return self._inside(next(iter(names), ""), (self.schema or {}).get("items"))

    def _inside(self, note: str, schema: Any, plain: bool = False) -> _Noted:
        noted = [one[note] for one in self.noted if isinstance(one.get(note), dict)]
        found = self.types.resolve(schema) if self.types and isinstance(schema, dict) else None
        ours = (self.ours or {}).get(note)
        return _Noted(schema=found or None, types=self.types, noted=noted, ours=ours, plain=plain)

    @property
    def by_field(self) -> bool:
        """Is a map here merged field by field?"""
        if self.plain:
            return True
        if self.schema and self.schema.get("type") == "object":
            if self.schema.get("x-kubernetes-map-type") == "atomic":
                return False
            if self.schema.get("properties") or self.schema.get("additionalProperties"):
                return True  # of a type that keeps fields it does not name, only the notes tell
        return any(name.startswith("f:") for one in self.noted for name in one)

    @property
    def keys(self) -> Sequence[str]:
        """By which a list here tells its items apart; none where it is no such list."""
        if self.schema and self.schema.get("type") == "array":
            known = self.schema.get("x-kubernetes-list-map-keys")
            return known if self.schema.get("x-kubernetes-list-type") == "map" and isinstance(known, list) else ()
        found = [_key(name) for one in self.noted for name in one if name.startswith("k:")]
        return list(found[0]) if found else ()

    @property
    def by_value(self) -> bool:
        """Is a list here a set of values?"""
        if self.schema and self.schema.get("type") == "array":
            return self.schema.get("x-kubernetes-list-type") == "set"
        return any(name.startswith("v:") for one in self.noted for name in one)

    def applies(self, value: Any) -> bool:
        """Do we apply that value of a set?"""
        return any(name.startswith("v:") and same(_key(name), value) for name in self.ours or ())


def _pick(wish: Any, before: Any, noted: _Noted) -> Any:
    if noted.ours is None and same(before, wish):
        return _NOTHING
    if isinstance(wish, dict) and isinstance(before, dict) and noted.by_field:
        made = _fields(wish, before, noted)
        return made if made or wish == {} else _NOTHING
    if isinstance(wish, list) and isinstance(before, list):
        return _list(wish, before, noted)
    return wish


def _fields(wish: Mapping[str, Any], before: Mapping[str, Any], noted: _Noted) -> dict[str, Any]:
    picked = {key: _pick(value, before.get(key, _NOTHING), noted.field(key)) for key, value in wish.items()}
    return {key: value for key, value in picked.items() if value is not _NOTHING}


def _list(wish: Sequence[Any], before: Sequence[Any], noted: _Noted) -> Any:
    made: list[Any]
    if noted.by_value:
        made = [one for one in wish if noted.applies(one) or not any(same(one, old) for old in before)]
        return made or _NOTHING
    keys = noted.keys
    old = _by_key(before, keys)
    if not keys or old is None or _by_key(wish, keys) is None:
        return wish
    made = []
    for one in wish:
        key = {name: one[name] for name in keys if name in one}
        picked = _pick(one, old.get(_text(key), _NOTHING), noted.item(key))
        if picked is not _NOTHING:
            made.append({**key, **picked})
    return made or _NOTHING


def _by_key(items: Iterable[Any], keys: Sequence[str]) -> dict[str, Any] | None:
    """The items by their keys; None where these do not tell them apart."""
    found: dict[str, Any] = {}
    for one in items:
        if not isinstance(one, dict):
            return None
        key = _text({name: one[name] for name in keys if name in one})
        if key in found:
            return None
        found[key] = one
    return found


def _text(key: Any) -> str:
    return msgspec.json.encode(key, order="sorted").decode()


def _key(note: str) -> Any:
    """What a note like ``k:{"name":"web"}`` or ``v:"x"`` is about."""
    try:
        return json.loads(note[2:])
    except ValueError:
        return {}


def _has_key(note: str, key: Mapping[str, Any]) -> bool:
    return note.startswith("k:") and same(_key(note), key)
