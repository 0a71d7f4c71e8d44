"""The sorts of patch that the Kubernetes API takes, on plain JSON; applying is one that nobody else has a say in."""

from __future__ import annotations

import copy
from typing import Any

from clusters.errors import Conflict, Invalid


def patched(thing: Any, patch: Any, content_type: str) -> Any:
    """A patched copy. Raises Invalid for what is no patch, Conflict when its test fails."""
    if content_type.startswith("application/json-patch"):
        return _operations(copy.deepcopy(thing), patch)
    if not isinstance(patch, dict):
        raise Invalid("A patch must be an object.")
    return _merged(thing, patch, by_name="strategic" in content_type or "apply" in content_type)


def _merged(thing: Any, patch: Any, by_name: bool) -> Any:
    if isinstance(patch, dict):
        base = dict(thing) if isinstance(thing, dict) else {}
        for key, value in patch.items():
            if value is None:
                base.pop(key, None)
            else:
                base[key] = _merged(base.get(key), value, by_name)
        return base
    if (
        by_name
        and isinstance(patch, list)
        and isinstance(thing, list)
        and all(isinstance(one, dict) and "name" in one for one in (*thing, *patch))
    ):
        changes = {one["name"]: one for one in patch}
        kept = [_merged(one, changes.pop(one["name"], {}), by_name) for one in thing]
        return [*kept, *changes.values()]
    return copy.deepcopy(patch)


def _operations(thing: Any, operations: Any) -> Any:
    if not isinstance(operations, list):
        raise Invalid("A JSON patch must be a list.")
    for operation in operations:
        try:
            _apply(thing, operation["op"], operation["path"], operation.get("value"))
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise Invalid("That JSON patch does not fit the object.", detail=str(error)) from error
    return thing


def _apply(thing: Any, what: str, path: str, value: Any) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in path.lstrip("/").split("/")]
    place = thing
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key: Any = (len(place) if last == "-" else int(last)) if isinstance(place, list) else last
    if what == "test":
        if place[key] != value:
            raise Conflict("Somebody else changed it first.")
    elif what == "remove":
        del place[key]
    elif what == "add" and isinstance(place, list):
        place.insert(key, value)
    elif what in ("add", "replace"):
        place[key] = value
    else:
        raise ValueError(what)
