"""Labels and annotations as lines that people write, checked by Kubernetes' own rules.

Source: Kubernetes documentation, "Labels and Selectors" and "Annotations" (syntax and character set).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from clusters.kinds.masking import MASK, mask_value
from clusters.kinds.yaml_text import APPLIED

LONGEST_NAME, LONGEST_PREFIX, LONGEST_LABEL = 63, 253, 63
LONGEST_LINE = 500  # characters of an annotation that is edited here; longer ones are for the YAML editor
MOST_TEXT = 4000  # characters of all lines together

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def read(text: str) -> dict[str, str]:
    """The pairs of ``key=value`` lines. Raises ValueError with a sentence about the first line that is none."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals:
            raise ValueError(f"Line {number}: write key=value.")
        if key in pairs:
            raise ValueError(f"Line {number}: {key[:80]} is there twice.")
        pairs[key] = value.strip()
    return pairs


def written(pairs: Mapping[str, str]) -> str:
    """The lines of these pairs."""
    return "\n".join(f"{key}={value}" for key, value in sorted(pairs.items()))


def editable(pairs: Mapping[str, str]) -> dict[str, str]:
    """Those that a line can hold and anybody may read; kubectl's own note of what it applied is not for editing."""
    shown: dict[str, str] = {}
    for key, value in sorted(pairs.items()):
        plain = value == value.strip() and value.isprintable() and len(value) <= LONGEST_LINE
        fits = len(written({**shown, key: value})) <= MOST_TEXT
        if plain and fits and key != APPLIED and mask_value(key, value) == value and MASK not in value:
            shown[key] = value
    return shown


def wrong_labels(text: str) -> str:
    """What is wrong with these labels, as a sentence; "" when nothing is."""
    return _wrong(text, labels=True)


def wrong_annotations(text: str) -> str:
    """What is wrong with these annotations, as a sentence; "" when nothing is."""
    return _wrong(text, labels=False)


def _wrong(text: str, *, labels: bool) -> str:
    try:
        pairs = read(text)
    except ValueError as error:
        return str(error)
    for key, value in pairs.items():
        if why := wrong_key(key) or (wrong_value(key, value) if labels else ""):
            return why
    if MASK in text:
        return f"{MASK} stands for what is hidden: it cannot be written."
    return ""


def wrong_key(key: str) -> str:
    """What is wrong with the key of a label, an annotation or a taint, as a sentence; "" when nothing is."""
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > LONGEST_PREFIX or not _PREFIX.fullmatch(prefix)):
        return f"“{key[:80]}”: before the / stands a domain: at most {LONGEST_PREFIX} small letters, digits, “-”, “.”."
    if len(name) > LONGEST_NAME:
        return f"“{name[:80]}…” is longer than {LONGEST_NAME} characters."
    if not _NAME.fullmatch(name):
        return (
            f"“{key[:80]}” cannot be a key: letters, digits, “-”, “_” and “.”, with a letter or digit at both ends."
            if key
            else "Before the = stands a key."
        )
    return ""


def wrong_value(key: str, value: str) -> str:
    """The same of the value of a label or a taint."""
    if len(value) > LONGEST_LABEL:
        return f"The value of {key[:80]} is longer than {LONGEST_LABEL} characters."
    if value and not _NAME.fullmatch(value):
        return (
            f"“{value[:80]}” cannot be the value of {key[:80]}: letters, digits, “-”, “_” and “.”, "
            "with a letter or digit at both ends."
        )
    return ""
