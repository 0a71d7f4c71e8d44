"""Text from clusters as every database takes it."""

from __future__ import annotations


def storable(text: str) -> str:
    """Valid text without NUL, which PostgreSQL refuses."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
