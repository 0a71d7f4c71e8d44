"""What things may be called; and from what an object calls itself to where its kind is kept, and its page here."""

from __future__ import annotations

import re

from clusters.drivers.base import full_name
from clusters.kinds.formats import count, plain

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # what one may be called (RFC 1123)


def plural(kind: str) -> str:
    """How Kubernetes itself guesses what a kind's collection is called: "NetworkPolicy" -> "networkpolicies"."""
    word = kind.lower()
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"


def collection_of(version: str, kind: str) -> str:
    """ "apps/v1" and "Deployment" -> "apps/v1/deployments"."""
    return f"{version}/{plural(kind)}"


def page_of(api: str) -> str:
    """What a kind is called in addresses, by its collection or full name: "apps/v1/deployments" -> "deployment"."""
    from clusters.kinds import DESCRIBED  # here, because it knows every kind, those that ask this too

    name = full_name(api) if "/" in api else api
    return DESCRIBED[name].name if name in DESCRIBED else name


def said(name: str) -> tuple[str, str]:
    """One and many of a kind within a sentence, by its full name: "configmaps" -> "config map", "config maps".

    One that no file describes stays as it calls itself.
    """
    from clusters.kinds import DESCRIBED

    kind = DESCRIBED.get(name)
    return (plain(kind.label), plain(kind.plural)) if kind else (name, name)


def counted(number: int, name: str) -> str:
    """ "1 config map", "2 widgets.example.com"."""
    return count(number, *said(name))
