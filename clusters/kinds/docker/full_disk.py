"""The disk of a host is full: how that is known from what an engine or a program says, and what to do about it."""

from __future__ import annotations

from clusters.errors import Conflict

WORDS = "The disk of the host is full."
HINT = "Remove images and build cache that nobody needs: “Clean up” on the page of the host."
_SIGNS = ("no space left", "disk quota exceeded", '"err":28')


def is_full(said: str) -> bool:
    """Does it say that a disk is full, whosever?"""
    small = said.lower()
    return any(sign in small for sign in _SIGNS)


def full_disk(said: str) -> Conflict:
    """The error of what failed for that reason on a host."""
    return Conflict(WORDS, hint=HINT, detail=said)
