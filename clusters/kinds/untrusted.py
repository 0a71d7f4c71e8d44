"""Why an engine or a node does not trust a registry: from the words of its TLS library to words for people."""

from __future__ import annotations

import re

# In this order: the first that is found. What is wrong, and what to do.
_FAULTS = tuple(
    (re.compile(pattern), words, hint)
    for pattern, words, hint in (
        (
            r"certificate has expired or is not yet valid.{0,200} is before ",
            "its certificate is not valid yet",
            "Check the clocks of both machines.",
        ),
        (r"certificate has expired", "its certificate has expired", "Renew it there."),
        (
            r"certificate is valid for|cannot validate certificate for|certificate is not valid for any names",
            "its certificate is made out to another name",
            "Use the name that is in the certificate.",
        ),
        (
            r"signed by unknown authority",
            "its certificate was issued by an authority that is not known there",
            "On its machine, give the engine the CA of that registry, or list it as insecure-registries.",
        ),
        (
            r"gave HTTP response to HTTPS client|first record does not look like a TLS handshake",
            "it does not speak TLS",
            "Check the port; or list it as insecure-registries on the engine's machine.",
        ),
    )
)
_OTHERS = re.compile(r"x509: |tls: ")


def untrusted(said: str) -> tuple[str, str] | None:
    """What is wrong with its certificate, and what to do; None where it is about something else."""
    for pattern, words, hint in _FAULTS:
        if pattern.search(said[:8000]):
            return words, hint
    return ("no safe connection came about", _FAULTS[3][2]) if _OTHERS.search(said[:8000]) else None
