"""Objects as text for an editor, without what is secret; and the secrets put back in when the text returns.

The browser never gets a value that ``masking`` hides. What still reads ``••••••`` when it comes back stands for the
value that the cluster has in that very place.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clusters.apply.documents import Path
from clusters.errors import Invalid
from clusters.kinds.masking import MASK, masked
from clusters.kinds.yaml_text import APPLIED, text_of

OF_THE_CLUSTER = (
    "managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip


def bare(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without what the cluster itself writes: status, versions, who manages which field."""
    made = {key: copy.deepcopy(value) for key, value in tree.items() if key != "status"}
    metadata = made.get("metadata")
    if isinstance(metadata, dict):
        for name in OF_THE_CLUSTER:
            metadata.pop(name, None)
        notes = metadata.get("annotations")
        if isinstance(notes, dict):
            notes.pop(APPLIED, None)
            if not notes:
                del metadata["annotations"]
    return made


def shown(tree: Mapping[str, Any]) -> str:
    """The text that an editor gets."""
    return text_of(masked(bare(tree)))


def shown_pair(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, str]:
    """Both as text; a hidden value that is another one says so."""
    if before is None:
        return "", shown(after)
    old, new = bare(before), bare(after)
    return text_of(masked(old)), text_of(_marked(old, new, masked(old), masked(new)))


def _marked(old: Any, new: Any, old_shown: Any, new_shown: Any) -> Any:
    if isinstance(new, dict) and isinstance(new_shown, dict):
        olds, olds_shown = (one if isinstance(one, dict) else {} for one in (old, old_shown))
        return {
            key: _marked(olds.get(key), new[key], olds_shown.get(key), value) if key in new else value
            for key, value in new_shown.items()
        }
    if isinstance(new, list) and isinstance(new_shown, list):
        pairs = [partner(one, index, old, new) for index, one in enumerate(new)]
        return [
            value if at is None else _marked(old[at], one, old_shown[at], value)
            for one, value, at in zip(new, new_shown, pairs, strict=True)
        ]
    hides = isinstance(new_shown, str) and MASK in new_shown and new_shown == old_shown
    return f"{new_shown} (another)" if hides and old != new else new_shown


def partner(one: Any, index: int, others: Any, beside: Sequence[Any]) -> int | None:
    """Where in another list the same item stands: the one of its name, or in its place."""
    if not isinstance(others, list):
        return None
    if named(others) and named(beside):
        return next((at for at, other in enumerate(others) if other["name"] == one["name"]), None)
    return index if index < len(others) else None


def named(items: Any) -> bool:
    """Is that a list of things that are told apart by their names?"""
    names = [one.get("name") for one in items if isinstance(one, dict)] if isinstance(items, list) else []
    return (
        bool(names)
        and len(names) == len(items) == len({*map(str, names)})
        and all(isinstance(one, str) for one in names)
    )


class StillHidden(Invalid):
    """A mask where nothing stands that it could mean."""

    def __init__(self, path: Path) -> None:
        where = ".".join(map(str, path))
        super().__init__(
            f"The value of {where} is hidden ({MASK}), and there is none in that place to keep.",
            hint="Write the whole value, or take that line out.",
        )
        self.path = path


def restored(edited: Any, live: Any) -> Any:
    """What was edited, with the values of ``live`` where it still shows what hides them. Raises StillHidden."""
    return _restored(edited, masked(live), live, (), _refused)


def filled(edited: Any, known: Any) -> Any:
    """The same with what is ``known`` of it; what else is hidden stays so."""
    return _restored(edited, masked(known), known, (), lambda hidden, path: hidden)


def _refused(hidden: str, path: Path) -> Any:
    raise StillHidden(path)


Otherwise = Callable[[str, Path], Any]  # what becomes of a mask that stands for nothing


def _restored(edited: Any, shown: Any, live: Any, path: Path, otherwise: Otherwise) -> Any:
    if isinstance(edited, str):
        if isinstance(shown, str) and edited == shown:
            return live
        return otherwise(edited, path) if MASK in edited else edited
    if isinstance(edited, dict):
        shows, lives = (one if isinstance(one, dict) else {} for one in (shown, live))
        return {
            key: _restored(value, shows.get(key), lives.get(key), (*path, key), otherwise)
            for key, value in edited.items()
        }
    if isinstance(edited, list):
        return [_item(one, index, edited, shown, live, (*path, index), otherwise) for index, one in enumerate(edited)]
    return edited


def _item(one: Any, index: int, beside: Sequence[Any], shown: Any, live: Any, path: Path, otherwise: Otherwise) -> Any:
    if isinstance(one, str) and MASK in one and isinstance(shown, list):  # a word of a command may have moved
        places = [index] if index < len(shown) and shown[index] == one else [i for i, x in enumerate(shown) if x == one]
        meant = [live[at] for at in places]
        if not meant or any(value != meant[0] for value in meant):
            return otherwise(one, path)
        return meant[0]
    at = partner(one, index, shown, beside)
    shows, lives = (None, None) if at is None else (shown[at], live[at])
    return _restored(one, shows, lives, path, otherwise)
