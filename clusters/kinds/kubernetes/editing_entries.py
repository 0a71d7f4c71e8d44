"""The entries of a config map or of a secret, set and taken out in place: one at a time, and nothing else of it.

What a secret holds never comes here, nor what looks like one in a config map: a new value is written over the old one,
unseen. What somebody else changed in a config map since its dialog was opened is kept: where that is the same entry,
nothing is done.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid, Missing
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.base import patch, read_same, write_on_newest
from clusters.kinds.masking import MASK, looks_secret, mask_value
from clusters.kinds.permission import CHANGES
from clusters.kinds.preview import LONGEST, NOTHING, Difference, Preview

NAME = r"[-._a-zA-Z0-9]{1,253}"
MOST_TEXT = 1 << 20
FIXED = "It is immutable: delete it and make it again to change it."
UNSEEN = "It takes the place of the one that is there, which is not shown."
_ENTRY = Field(
    name="entry",
    label="Entry",
    pattern=NAME,
    help="Letters, digits, “-”, “_” and “.”: the name of a file or a variable.",
)


def entry_actions(api: str, noun: str, *, hidden: bool) -> tuple[Action[Any], Action[Any]]:
    """Set an entry, and take one out. ``hidden``: its values are never shown."""
    value = Field(
        name="value",
        label="Value",
        type="secret" if hidden else "lines",
        required=hidden,
        max_length=MOST_TEXT,
        help=UNSEEN if hidden else "",
    )
    was = Field(name="was", label="What was there", type="hidden", required=False, max_length=MOST_TEXT)
    common: dict[str, Any] = {
        "right": "apply",
        "permissions": CHANGES,
        "bulk": False,
        "more": True,
        "refuse": _refuse,
        "stays": lambda one: "Copies that run notice files within a minute or two, variables only when they restart.",
    }
    setting: Action[Any] = Action(
        verb="set-entry",
        label="Set entry",
        joint="of",
        icon="pencil",
        effect=lambda one: f"Writes one entry of {one.name}, and nothing else of it.",
        preview=_preview_hidden if hidden else _preview,
        run=_set_hidden(api) if hidden else _set(api),
        fields=(_ENTRY, value) if hidden else (_ENTRY, value, was),
        undo=None if hidden else _undo_set,
        recorded=lambda values: {"entry": values["entry"]},
        line=lambda one, values: kubectl_line("patch", noun, one, "-p", _body_words(values, hidden)),
        **common,
    )
    taking: Action[Any] = Action(
        verb="remove-entry",
        label="Remove entry",
        joint="of",
        icon="trash-2",
        danger=True,
        effect=lambda one: f"Takes one entry out of {one.name}. What needs it cannot start any longer.",
        preview=_preview_taken,
        run=_take(api),
        fields=(_ENTRY,),
        line=lambda one, values: kubectl_line(
            "patch", noun, one, "-p", json.dumps({"data": {str(values["entry"]): None}})
        ),
        **common,
    )
    return setting, taking


def _refuse(one: Any) -> str:
    if one.metadata.deletion_timestamp:
        return "It is ending."
    return FIXED if getattr(one, "immutable", False) else ""


def _body_words(values: Values, hidden: bool) -> str:
    key = "stringData" if hidden else "data"
    shown = MASK if hidden else mask_value(str(values["entry"]), _value(values))
    return json.dumps({key: {str(values["entry"]): shown if len(shown) <= 60 else "…"}}, ensure_ascii=False)


def _text(tree: Mapping[str, Any], name: str) -> str | None:
    """The value of that entry; None where there is none. Raises Conflict for what is no text."""
    if name in (tree.get("binaryData") or {}):
        raise Conflict(f"{name} is not text.", hint="Write it with “Edit YAML”.")
    found = (tree.get("data") or {}).get(name)
    return None if found is None else str(found)


def _lines(text: str) -> str:
    """With the ends of lines that browsers leave of all others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _ended_like(value: str, now: str | None) -> str:
    """With the ends of lines that are there now: nobody means to change them."""
    return value.replace("\n", "\r\n") if now and "\r\n" in now and "\n" not in now.replace("\r\n", "") else value


def _value(values: Values) -> str:
    return _lines(str(values.get("value") or ""))


def _was(values: Values) -> str | None:
    """What that entry was when its dialog was opened; None where that was about another one, a new one or one that is
    not shown."""
    name, equals, text = _lines(str(values.get("was") or "")).partition("=")
    return text if equals and name == values.get("entry") else None


async def _preview(look: Look, values: Values) -> Preview:
    tree, name = await read_same(look.driver, look.kind, look.resource), str(values.get("entry") or "")
    if not name:
        return Preview(effect=f"Writes one entry of {look.resource.name}, and nothing else of it.")
    now, was = _text(tree, name), _was(values)
    if now is not None and looks_secret(name, now):
        return _replaced(look.resource.name, name)
    now = None if now is None else _lines(now)
    value = _value(values) if was is not None or values.get("value") else now or ""
    if now is not None and now == value:
        effect = f"{name} of {look.resource.name} is that already: nothing would change."
    else:
        effect = f"{'Adds' if now is None else 'Changes'} {name} {'to' if now is None else 'of'} {look.resource.name}."
    return Preview(
        effect=effect,
        differences=[] if now == value else [Difference(name, _shown(name, now), _shown(name, value))],
        values={"value": value, "was": "" if now is None else f"{name}={now if was is None else was}"},
    )


def _replaced(holder: str, name: str) -> Preview:
    """Nothing of it is shown, not even whether what is typed is the same."""
    effect = f"Replaces {name} of {holder}, which looks like a secret. The old value cannot be got back."
    return Preview(effect=effect, values={"value": "", "was": ""}, unseen={"value": UNSEEN})


def _shown(name: str, value: str | None) -> str:
    if value is None:
        return NOTHING
    text = mask_value(name, value)
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text or "(empty)"


async def _preview_hidden(look: Look, values: Values) -> Preview:
    tree = await read_same(look.driver, look.kind, look.resource)
    name = str(values.get("entry") or "")
    there = name in (tree.get("data") or {})
    words = f"Replaces {name} of" if there else f"Adds {name} to" if name else "Writes an entry of"
    return Preview(
        effect=f"{words} {look.resource.name}. {'The old value cannot be got back.' if there else ''}".strip()
    )


async def _preview_taken(look: Look, values: Values) -> Preview:
    tree = await read_same(look.driver, look.kind, look.resource)
    known = sorted({**(tree.get("data") or {}), **(tree.get("binaryData") or {})})
    name = str(values.get("entry") or "") or (known[0] if known else "")
    return Preview(
        effect=f"Takes {name} out of {look.resource.name}. What needs it cannot start any longer.",
        values={"entry": name},
        choices={"entry": tuple((one, one) for one in known)},
    )


Run = Callable[[Driver, Any, Values], Awaitable[str]]


def _set(api: str) -> Run:
    async def run(driver: Driver, one: Any, values: Values) -> str:
        name, value, was, done = str(values["entry"]), _value(values), _was(values), ""

        async def made() -> Call | None:
            nonlocal done
            tree = await _changeable(driver, api, one)
            now = _text(tree, name)
            unseen = now is not None and was is None and looks_secret(name, now)
            if unseen and not value:
                raise Invalid(f"The new value of {name} is missing. Nothing was changed.")
            plain = None if now is None else _lines(now)
            if plain == value and not unseen:
                done = "is that already"
                return None
            if plain != was and not unseen:
                raise Conflict(
                    f"{name} is there already, or has another value by now. Nothing was changed.",
                    hint="Close this, open it again from that entry, and look at what is there now.",
                )
            done = f"was {'added' if now is None else 'replaced' if unseen else 'changed'}"
            return _patch(api, one, tree, {"data": {name: _ended_like(value, now)}})

        await write_on_newest(driver, made)
        return f"{name} of {one.name} {done}"

    return run


def _set_hidden(api: str) -> Run:
    async def run(driver: Driver, one: Any, values: Values) -> str:
        name, there = str(values["entry"]), False
        coded = base64.b64encode(_value(values).encode()).decode()

        async def made() -> Call:
            nonlocal there
            tree = await _changeable(driver, api, one)
            there = name in (tree.get("data") or {})
            return _patch(api, one, tree, {"data": {name: coded}})

        await write_on_newest(driver, made)
        return f"{name} of {one.name} was {'replaced' if there else 'added'}"

    return run


def _take(api: str) -> Run:
    async def run(driver: Driver, one: Any, values: Values) -> str:
        name = str(values["entry"])

        async def made() -> Call:
            tree = await _changeable(driver, api, one)
            held = next((key for key in ("data", "binaryData") if name in (tree.get(key) or {})), "")
            if not held:
                raise Missing(f"{one.name} has no entry {name} any more.")
            return _patch(api, one, tree, {held: {name: None}})

        await write_on_newest(driver, made)
        return f"{name} was taken out of {one.name}"

    return run


async def _changeable(driver: Driver, api: str, one: Any) -> dict[str, Any]:
    tree = await read_same(driver, api, one)
    if tree.get("immutable"):
        raise Conflict(FIXED)
    return tree


def _patch(api: str, one: Any, tree: Mapping[str, Any], body: Mapping[str, Any]) -> Call:
    return patch(api, one, {**body, "metadata": {"resourceVersion": tree["metadata"]["resourceVersion"]}})


def _undo_set(one: Any, values: Values) -> tuple[str, Mapping[str, JSON]] | None:
    """None where one of the values looks like a secret: the page that offers to undo it would hold it."""
    name, was = str(values["entry"]), _was(values)
    if any(looks_secret(name, text) for text in (_value(values), was or "")) or (was is None and name in one.sizes):
        return None
    if was is None:
        return "remove-entry", {"entry": name}
    return "set-entry", {"entry": name, "value": was, "was": f"{name}={_value(values)}"}
