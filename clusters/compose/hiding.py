"""Keeps the secret values of a project out of what is said of it: messages, the lines of a job, the audit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

HIDDEN = "•••"
SHORTEST = 4  # characters; what is shorter stands everywhere
_SHORTEST_LINE = 8  # of a value of many lines, that may be told line by line

Hide = Callable[[str], str]


def hiding(secrets: Iterable[str]) -> Hide:
    """Replaces these values in a text, as they are and as a program quotes them."""
    pieces: set[str] = set()
    for value in secrets:
        if len(value) < SHORTEST:
            continue
        pieces |= {value, value.strip()}
        pieces |= {line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE}
    quoted = {json.dumps(one, ensure_ascii=False)[1:-1] for one in pieces}
    doubled = {one.replace("$", "$$") for one in pieces}  # as the program writes a dollar sign in a project
    found = sorted((one for one in pieces | quoted | doubled if len(one) >= SHORTEST), key=len, reverse=True)

    def hide(text: str) -> str:
        for one in found:
            text = text.replace(one, HIDDEN)
        return text

    return hide
