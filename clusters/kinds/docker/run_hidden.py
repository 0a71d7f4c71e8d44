"""A form filled in from an existing container, shown without its secrets: what is left hidden stays as it was."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from clusters.errors import Invalid
from clusters.kinds.base import JSON
from clusters.kinds.masking import MASK, mask_pair, mask_shell, mask_value, mask_words
from clusters.kinds.variables import read_switch


def hide(values: Mapping[str, JSON]) -> dict[str, JSON]:
    """The form without what looks like a secret."""
    return {name: _hidden(name, value) for name, value in values.items()}


def unhide(values: Mapping[str, JSON], real: Mapping[str, JSON]) -> dict[str, JSON]:
    """What was left hidden is what it was. Raises Invalid for a line that was changed around what is hidden."""
    return {name: _unhidden(name, value, real.get(name)) for name, value in values.items()}


def _hidden(name: str, value: JSON) -> JSON:
    if not isinstance(value, str):
        return value
    if name in ("command", "entrypoint"):
        return shlex.join(mask_words(shlex.split(value)))
    if name == "health_command":
        return mask_shell(value)
    if name in ("environment", "labels", "log_options"):
        return "\n".join(mask_pair(line) for line in value.splitlines())
    return mask_value("", value)


def _unhidden(name: str, value: JSON, real: JSON) -> JSON:
    if not isinstance(value, str) or MASK not in value or not isinstance(real, str):
        return value
    if value == _hidden(name, real):
        return real
    before = {_hidden(name, line): line for line in real.splitlines()}
    lines = [_line(line, before, switches=name == "environment") for line in value.splitlines()]
    if changed := next((line for line in lines if MASK in line), ""):
        raise Invalid(f"“{changed[:60]}” is hidden in part.", hint="Type it anew, whole.")
    return "\n".join(lines)


def _line(line: str, before: Mapping[JSON, str], *, switches: bool) -> str:
    """What stood there, also behind a switch that was put before it since."""
    one = read_switch(line) if switches else None
    if one is None or one.pair not in before:
        return before.get(line.strip(), line)
    return f"{one.switch} {before[one.pair]}".strip()
