"""What people fill in, checked against the fields that an action or a driver declares. Shared by pages and API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.base import JSON
from clusters.kinds.field import Field
from clusters.kinds.masking import MASK

_TRUE = {"1", "on", "true", "yes"}


class NotFilledIn(Invalid):
    """Some fields are not as they must be. ``problems`` says for each field, by its name, what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def still_hidden(given: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with values that hold what only stands for a secret: it must never become the value itself."""
    words = f"{MASK} only stands for what is hidden. Type the value itself."
    return {name: words for name, value in given.items() if isinstance(value, str) and MASK in value}


def typed_wrong(problems: Mapping[str, str], given: Mapping[str, Any]) -> str:
    """What is wrong with what was filled in so far: what is only missing is said when the form is sent."""
    return " ".join(words for name, words in problems.items() if str(given.get(name) or "").strip())


def clean(fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, JSON]:
    """The declared fields with values of their own types; anything else that was given is left out.

    Raises NotFilledIn with one sentence for every field that is wrong.
    """
    values: dict[str, JSON] = {}
    problems: dict[str, str] = {}
    for field in fields:
        try:
            values[field.name] = _value(field, given.get(field.name))
        except ValueError as error:
            problems[field.name] = str(error)
    if problems:
        raise NotFilledIn(problems)
    return values


def _value(field: Field, given: Any) -> JSON:
    if field.type == "flag":
        return given is True or str(given).lower() in _TRUE
    if field.type == "number":
        return _number(field, given)
    text = "" if given is None else str(given)
    if field.type not in ("lines", "secret", "hidden"):
        text = text.strip()
    if not text.strip():
        if field.required:
            raise ValueError(f"{field.label} is missing.")
        return ""
    if len(text) > field.max_length:
        raise ValueError(f"{field.label} is longer than {field.max_length:,} characters.")
    if "\0" in text:
        raise ValueError(f"{field.label} contains a character that cannot be used.")
    if field.type == "choice" and text not in {value for value, _ in field.choices}:
        raise ValueError(f"{field.label}: choose one of the list.")
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise ValueError(f"{field.label} is not in the right form.{' ' + field.help if field.help else ''}")
    if field.check and (why := field.check(text)):
        raise ValueError(why)
    return text


def _number(field: Field, given: Any) -> int | None:
    if given in (None, ""):
        if field.required:
            raise ValueError(f"{field.label} is missing.")
        return None
    text = str(given).strip()
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise ValueError(f"{field.label} must be a whole number.")
    number = int(text)
    if field.minimum is not None and number < field.minimum:
        raise ValueError(f"{field.label} must be at least {field.minimum:,}.")
    if field.maximum is not None and number > field.maximum:
        raise ValueError(f"{field.label} must be at most {field.maximum:,}.")
    return number
