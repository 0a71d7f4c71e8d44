"""Labels and annotations of any object, edited in place: what was changed is written, and nothing else.

What somebody else changed since the dialog was opened is kept; where both changed the same, nothing is done.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from clusters.drivers.base import Call, Driver, full_name
from clusters.errors import Conflict
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON, Action, Kind, Look, Role
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import patch, read_same, write_on_newest
from clusters.kinds.kubernetes.pairs import MOST_TEXT, editable, read, written, wrong_annotations, wrong_labels
from clusters.kinds.kubernetes.selected_by import selected
from clusters.kinds.masking import mask_value
from clusters.kinds.permission import CHANGES
from clusters.kinds.preview import MOST, NOTHING, Difference, Preview

GIVES_RIGHTS = "rbac.authorization.k8s.io/"  # a label can make a role part of another

Which = Literal["labels", "annotations"]


def with_pairs(kind: Kind[Any]) -> Kind[Any]:
    """The kind, with the actions that edit the labels and annotations of its objects."""
    if not kind.api:
        return kind
    return replace(kind, actions=(*kind.actions, _edit(kind, "labels"), _edit(kind, "annotations")))


@dataclass(frozen=True, slots=True)
class _Edit:
    """What was there when somebody began, what they made of it, and the pairs that differ (None: taken out)."""

    was: dict[str, str]
    then: dict[str, str]

    @property
    def touched(self) -> dict[str, str | None]:
        return {
            key: self.then.get(key)
            for key in (*self.was, *(key for key in self.then if key not in self.was))
            if self.was.get(key) != self.then.get(key)
        }

    def words(self, which: Which, name: str) -> str:
        touched = self.touched
        parts = [
            f"{words} {count(number, which[:-1])}"
            for words, number in (
                ("sets", sum(value is not None for value in touched.values())),
                ("takes out", sum(value is None for value in touched.values())),
            )
            if number
        ]
        return f"{' and '.join(parts)} of {name}.".capitalize() if parts else f"Nothing of {name} would change."


def _edit(kind: Kind[Any], which: Which) -> Action[Any]:
    powerful = not kind.namespaced or kind.api.startswith(GIVES_RIGHTS)
    return Action(
        verb=f"edit-{which}",
        label=f"Edit {which}",
        joint="of",
        icon="tag" if which == "labels" else "notebook-pen",
        effect=lambda one: f"Changes the {which} of {one.name}, and nothing else of it.",
        preview=_preview(which),
        run=_run(kind, which),
        role=Role.ADMIN if powerful else Role.OPERATOR,
        right="apply",
        permissions=CHANGES,
        fields=(
            Field(
                name=which,
                label=which.capitalize(),
                type="lines",
                required=False,
                max_length=MOST_TEXT * 2,
                check=wrong_labels if which == "labels" else wrong_annotations,
                help="One a line: key=value. A line that is taken out takes it from the object.",
            ),
            Field(name="was", label="What was there", type="hidden", required=False, max_length=MOST_TEXT * 4),
        ),
        refuse=lambda one: "It is ending." if one.metadata.deletion_timestamp else "",
        bulk=False,
        more=True,
        undo=lambda one, values: _undo(which, values),
        recorded=lambda values: _recorded(which, values),
        line=lambda one, values: _line(kind, which, one, values),
    )


def _asked(which: Which, values: Values, now: Mapping[str, str]) -> _Edit:
    """What is filled in. A form that was just opened has no note of what was there: that is what is there now."""
    text, note = str(values.get(which) or ""), str(values.get("was") or "")
    try:
        was = {str(key): str(value) for key, value in json.loads(note).items()} if note else dict(now)
    except (ValueError, AttributeError, RecursionError):
        was = dict(now)
    return _Edit(was, read(text) if text or note else was)


def _pairs(tree: Mapping[str, Any], which: Which) -> dict[str, str]:
    return {str(key): str(value) for key, value in (tree["metadata"].get(which) or {}).items()}


def _preview(which: Which) -> Callable[[Look, Values], Awaitable[Preview]]:
    async def preview(look: Look, values: Values) -> Preview:
        all_of_it = _pairs(await read_same(look.driver, look.kind, look.resource), which)
        now = editable(all_of_it)
        edit = _asked(which, values, now)
        left = len(all_of_it) - len(now)
        stays = f" Not shown, and kept: {count(left, which[:-1])} (long, of several lines, or secret)." if left else ""
        after = {key: value for key, value in {**all_of_it, **edit.touched}.items() if value is not None}
        differs = [
            Difference(key, _shown(key, edit.was.get(key)), _shown(key, value)) for key, value in edit.touched.items()
        ]
        return Preview(
            effect=edit.words(which, look.resource.name) + stays,
            differences=differs[:MOST],
            more=max(0, len(differs) - MOST),
            told=await selected(look, all_of_it, after) if which == "labels" else (),
            values={which: written(edit.then), "was": json.dumps(edit.was)},
        )

    return preview


def _shown(key: str, value: str | None) -> str:
    return NOTHING if value is None else mask_value(key, value) or "(empty)"


def _run(kind: Kind[Any], which: Which) -> Callable[[Driver, Any, Values], Awaitable[str]]:
    async def run(driver: Driver, one: Any, values: Values) -> str:
        async def made() -> Call | None:
            tree = await read_same(driver, kind, one)
            now = _pairs(tree, which)
            edit = _asked(which, values, editable(now))
            for key, value in edit.touched.items():
                if now.get(key) not in (edit.was.get(key), value):
                    raise Conflict(
                        f"{key[:100]} has another value by now, or one that is not shown here. Nothing was changed.",
                        hint="Close this, open it again, and look at what is there now.",
                    )
            version = tree["metadata"]["resourceVersion"]
            body = {"metadata": {which: edit.touched, "resourceVersion": version}}
            return patch(kind, one, body) if edit.touched else None

        answer = await write_on_newest(driver, made)
        return f"Nothing of {one.name} was changed" if answer is None else f"The {which} of {one.name} were changed"

    return run


def _undo(which: Which, values: Values) -> tuple[str, Mapping[str, JSON]]:
    edit = _asked(which, values, {})
    return f"edit-{which}", {which: written(edit.was), "was": json.dumps(edit.then)}


def _recorded(which: Which, values: Values) -> Mapping[str, JSON]:
    touched = _asked(which, values, {}).touched
    return {
        "set": written({key: mask_value(key, value) for key, value in touched.items() if value is not None}),
        "taken out": " ".join(key for key, value in touched.items() if value is None),
    }


def _line(kind: Kind[Any], which: Which, one: Any, values: Values) -> str:
    touched = _asked(which, values, {}).touched
    if not touched:
        return ""
    changes = [f"{key}-" if value is None else f"{key}={mask_value(key, value)}" for key, value in touched.items()]
    verb = "label" if which == "labels" else "annotate"
    return kubectl_line(verb, full_name(kind.api), one, "--overwrite", *changes)
