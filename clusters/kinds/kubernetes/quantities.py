"""Kubernetes quantities: "250m" of a processor, "256Mi" of memory.

Source: the Kubernetes API's resource.Quantity (decimal and binary suffixes, and exponents).
"""

from __future__ import annotations

import re
from functools import lru_cache

_PATTERN = re.compile(r"^([+-]?[0-9.]+)(?:[eE]([+-]?[0-9]{1,3}))?(m|n|u|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$")
_FACTORS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}


@lru_cache(maxsize=4096)  # all pods of a cluster ask for a few amounts
def quantity(text: str) -> float:
    """The number: cores, or bytes; 0.0 for what is no quantity."""
    found = _PATTERN.match(text.strip())
    if not found:
        return 0.0
    try:
        return float(found[1]) * 10.0 ** int(found[2] or 0) * _FACTORS[found[3] or ""]
    except (ValueError, OverflowError):
        return 0.0
