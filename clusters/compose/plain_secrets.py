"""Secrets that a Compose text holds as they are: in its variables and its labels. Said before it is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clusters.compose.text import read
from clusters.kinds.masking import looks_secret
from clusters.kinds.readable import first_of, is_plain_secret, readable_labels

_ASKED_FOR = re.compile(r"\$\{[^{}]*\}|\$[A-Za-z_]\w*")  # a value that is given beside the text; the innermost first
_DEEPEST = 5  # such values within each other: ${A:-${B}}
_LABELLED = ("networks", "volumes", "configs", "secrets")


def plain_secrets(text: str) -> list[str]:
    """What is worth knowing, in words; nothing where there is none. For a text that was read before."""
    tree = read(text).tree
    names = [f"{name} of {service}" for service, name, value in _variables(tree) if _is_secret(name, value)]
    words = (
        f"The text itself holds what looks like a secret, and whoever may see it, or inspect its containers, can read "
        f"it: {first_of(names)}. Write ${{A_NAME}} in its place: its value is asked for, and kept apart. Only what "
        "stands below “secrets:” is in no variable of the container either."
    )
    labels = [(f"{name} of {owner}", value) for owner, name, value in _labels(tree) if _is_secret(name, value)]
    return [*([words] if names else []), *filter(None, [readable_labels(labels)])]


def _is_secret(name: str, value: str) -> bool:
    """Of a value that is asked for only what is written beside it counts: a password inside of an address."""
    written = value.replace("$$", "")
    rest = written
    for _ in range(_DEEPEST):
        rest = _ASKED_FOR.sub("", rest)
    return is_plain_secret(name, value) if rest == written else looks_secret("", rest)


def _variables(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each variable of each service."""
    for service, one in _things(tree, "services"):
        for name, value in _pairs(one.get("environment")):
            yield service, name, value


def _labels(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each label of each thing; a service of a stack has some of its own beside those of its containers."""
    for section in ("services", *_LABELLED):
        for owner, one in _things(tree, section):
            deploy = one.get("deploy")
            beside = deploy.get("labels") if isinstance(deploy, dict) else None
            for name, value in (*_pairs(one.get("labels")), *_pairs(beside)):
                yield owner, name, value


def _things(tree: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    part = tree.get(section)
    for name, one in part.items() if isinstance(part, dict) else ():
        if isinstance(one, dict):
            yield name, one


def _pairs(given: Any) -> Iterator[tuple[str, str]]:
    """As a list of NAME=value, or by name. A name alone is asked for."""
    if isinstance(given, list):
        pairs = (one.partition("=") for one in given if isinstance(one, str))
        yield from ((name, value) for name, _, value in pairs)
    elif isinstance(given, dict):
        yield from ((name, value) for name, value in given.items() if isinstance(value, str))
