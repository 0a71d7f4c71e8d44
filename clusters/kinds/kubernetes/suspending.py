"""What the kinds that can be suspended have in common: the request, the way back, the line that does the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import JSON
from clusters.kinds.kubernetes.base import patch


def suspended(api: str, yes: bool) -> Callable[[Any, Values], Call]:
    """Suspend it, or let it go on."""
    return lambda one, values: patch(api, one, {"spec": {"suspend": yes}})


def undone_by(verb: str) -> Callable[[Any, Values], tuple[str, Mapping[str, JSON]]]:
    """The way back is the other verb."""
    return lambda one, values: (verb, {})


def suspend_line(noun: str, yes: bool) -> Callable[[Any, Values], str]:
    """``noun`` is what kubectl calls it."""
    change = f'{{"spec":{{"suspend":{str(yes).lower()}}}}}'
    return lambda one, values: kubectl_line("patch", noun, one, "-p", change)
