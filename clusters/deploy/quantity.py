"""Amounts of processor and memory as people write them for Kubernetes, checked for what they most likely mean."""

from __future__ import annotations

import re

from clusters.errors import Invalid
from clusters.kinds.kubernetes.quantities import quantity

_PROCESSORS = re.compile(r"\d{1,6}(?:\.\d{1,3})?|\d{1,9}m")
_MEMORY = re.compile(r"\d{1,15}(?:\.\d{1,3})?(?:k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
_LOOKS_LIKE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt])(?:i?b)?", re.IGNORECASE)


def processors(text: str) -> float:
    """Processors: "100m" is a tenth of one. Raises Invalid."""
    if not _PROCESSORS.fullmatch(text) or quantity(text) <= 0:
        raise Invalid(f"“{text[:40]}” is not an amount of processor.", hint="Write 100m (a tenth of one), 0.5 or 2.")
    return quantity(text)


def memory(text: str) -> float:
    """Bytes: "128Mi", "1Gi". Raises Invalid; says what is meant where that can be told."""
    if _MEMORY.fullmatch(text) and quantity(text) > 0:
        return quantity(text)
    meant = _LOOKS_LIKE.fullmatch(text)
    hint = f"Did you mean {meant[1]}{meant[2].upper()}i?" if meant else "Write 128Mi or 1Gi."
    raise Invalid(f"“{text[:40]}” is not an amount of memory.", hint=hint)
