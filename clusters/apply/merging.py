"""Changes between trees: put onto another tree, or named; every value counts, and 1 is not true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.apply.documents import Path
from clusters.apply.hidden import named
from clusters.errors import Conflict

_NOTHING: Any = msgspec.UNSET


class Clash(Conflict):
    """Both sides changed the same place."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Somebody else changed {words(path)} meanwhile.", hint="See what is there now.")
        self.path = path


def same(one: Any, other: Any) -> bool:
    """Are they the same JSON?"""
    if one is _NOTHING or other is _NOTHING:
        return one is other
    return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")


def words(path: Path) -> str:
    """A place as people write it: ``spec.template.spec.containers[web].image``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return text or "all of it"


def carried(base: Any, wish: Any, onto: Any, path: Path = ()) -> Any:
    """``onto`` with what differs between ``base`` and ``wish``. Raises Clash where ``onto`` went another way."""
    if same(base, wish) or same(onto, wish):
        return onto
    if same(onto, base):
        return wish
    if all(isinstance(one, dict) for one in (base, wish, onto)):
        return _carried_fields(base, wish, onto, path)
    if all(named(one) for one in (base, wish, onto)):
        fields = _carried_fields(by_name(base), by_name(wish), by_name(onto), path)
        return list(fields.values())
    raise Clash(path)


def _carried_fields(
    base: Mapping[str, Any], wish: Mapping[str, Any], onto: Mapping[str, Any], path: Path
) -> dict[str, Any]:
    made = {}
    for key in dict.fromkeys((*onto, *wish)):
        value = carried(base.get(key, _NOTHING), wish.get(key, _NOTHING), onto.get(key, _NOTHING), (*path, key))
        if value is not _NOTHING:
            made[key] = value
    return made


def by_name(items: Sequence[Any]) -> dict[str, Any]:
    """A list of named things, by their names."""
    return {one["name"]: one for one in items}


def changes(before: Any, after: Any, path: Path = ()) -> list[Path]:
    """Where they differ, as deep as it goes."""
    if same(before, after):
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = before, after
    elif named(before) and named(after):
        pairs = by_name(before), by_name(after)
    else:
        return [path]
    keys = dict.fromkeys((*pairs[0], *pairs[1]))
    return [
        one for key in keys for one in changes(pairs[0].get(key, _NOTHING), pairs[1].get(key, _NOTHING), (*path, key))
    ]


def taken_out(before: Any, wish: Any, after: Any, path: Path = ()) -> tuple[Any, list[Path]]:
    """``after`` without what ``wish`` left out of ``before`` and is in it all the same; and where that was."""
    if isinstance(before, dict) and isinstance(wish, dict) and isinstance(after, dict):
        return _fields_out(before, wish, after, path)
    if named(before) and named(after) and (named(wish) or wish == []):
        made, gone = _fields_out(by_name(before), by_name(wish), by_name(after), path)
        return list(made.values()), gone
    if isinstance(before, list) and isinstance(wish, list) and isinstance(after, list):
        extra = [one for one in after if any(same(one, old) for old in before) and not any(same(one, x) for x in wish)]
        kept = [one for one in after if not any(same(one, x) for x in extra)]
        return (kept, [path]) if extra and len(after) > len(wish) else (after, [])
    return after, []


def _fields_out(
    before: Mapping[str, Any], wish: Mapping[str, Any], after: Mapping[str, Any], path: Path
) -> tuple[dict[str, Any], list[Path]]:
    made, gone = {}, []
    for key, value in after.items():
        if key in wish:
            made[key], below = taken_out(before.get(key), wish[key], value, (*path, key))
            gone += below
        elif key in before and same(before[key], value):
            gone.append((*path, key))
        else:
            made[key] = value
    return made, gone


def in_order(wish: Any, after: Any) -> Any:
    """``after``, its lists of named things in the order of ``wish``; what only ``after`` has comes last."""
    if isinstance(wish, dict) and isinstance(after, dict):
        return {key: in_order(wish[key], value) if key in wish else value for key, value in after.items()}
    if named(wish) and named(after):
        wanted, there = by_name(wish), by_name(after)
        names = [name for name in wanted if name in there] + [name for name in there if name not in wanted]
        return [in_order(wanted[name], there[name]) if name in wanted else there[name] for name in names]
    return after
