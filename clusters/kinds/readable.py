"""What is said of secrets that are written where others read them, in variables and labels: names, never values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from clusters.drivers.base import Driver
from clusters.kinds.makers import Remark
from clusters.kinds.masking import looks_secret

MOST = 10  # names that are said


class Labelled(Protocol):
    """A form that has labels."""

    @property
    def labels(self) -> Mapping[str, str]:
        """By name."""


def is_plain_secret(name: str, value: str) -> bool:
    """Does that look like a secret, and not like the name of the file that holds it?"""
    return looks_secret(name, value) and not (name.endswith("_FILE") and value.startswith("/"))


def readable(names: Sequence[str]) -> str:
    """What is said where these are kept as variables, though they are secret."""
    return (
        f"Whoever may inspect it can read {first_of(names)}: there are no secrets for variables here. "
        "Pilothouse shows them in no line, job or audit."
    )


def readable_labels(labels: Iterable[tuple[str, str]]) -> str:
    """The same of labels, which are no place for a secret at all; "" where none looks like one."""
    names = [name for name, value in labels if looks_secret(name, value)]
    if not names:
        return ""
    return (
        f"Whoever may list or inspect it can read what looks like a secret in its labels: {first_of(names)}. "
        "Keep it elsewhere."
    )


async def check_labels(driver: Driver, form: Labelled, there: Sequence[Any]) -> Sequence[Remark]:
    """What is worth knowing about the labels of a form, before it is sent."""
    words = readable_labels(form.labels.items())
    return [Remark(words, "warn")] if words else []


def first_of(names: Sequence[str]) -> str:
    """The first of these, and how many more there are."""
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(one[:100] for one in names[:MOST])}{more}"
