"""What a registry asks of who wants in (WWW-Authenticate), and where a token may be fetched.

The password goes to the registry itself, or to a host that an administrator named: a registry may ask for a token from
anywhere, and would otherwise be handed the passwords of another one, or make us knock at machines inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from clusters.errors import Invalid, Refused
from clusters.registries.way import Way, read_host

_PARAMETER = re.compile(r'([A-Za-z_]{1,30})="((?:[^"\\]|\\.){0,1000})"')


@dataclass(frozen=True, slots=True)
class Challenge:
    """How to sign in. ``realm`` is where tokens are given out ("" for basic)."""

    scheme: str  # "basic", "bearer"
    realm: str = ""
    service: str = ""
    scope: str = ""


def read_challenge(headers: list[str]) -> Challenge | None:
    """The first that we can answer: a token where it is offered."""
    found = []
    for header in headers[:5]:
        scheme, _, rest = header[:4000].strip().partition(" ")
        given = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
        if scheme.lower() == "bearer" and given.get("realm"):
            found.append(Challenge("bearer", given["realm"], _plain(given.get("service")), _plain(given.get("scope"))))
        elif scheme.lower() == "basic":
            found.append(Challenge("basic"))
    return next((one for one in found if one.scheme == "bearer"), found[0] if found else None)


def checked_realm(way: Way, challenge: Challenge) -> str:
    """Where to fetch the token, when it may be asked there. Raises Refused or Invalid."""
    try:
        parts = urlsplit(challenge.realm)
        host = read_host(parts.netloc)
    except (ValueError, Invalid) as error:
        raise Refused(f"{way.host} sends us to no valid address to sign in.", detail=challenge.realm[:300]) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and way.plain):
        raise Refused(f"{way.host} wants the password sent without TLS.", detail=challenge.realm[:300])
    if host not in way.trusted_hosts:
        raise Refused(
            f"{way.host} wants you to sign in at another host, {host}.",
            hint="Nothing was sent there. If it is right, enter it as the host that signs in.",
            detail=challenge.realm[:300],
        )
    if parts.query or parts.fragment or not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*/?", parts.path):
        raise Refused(f"{way.host} sends us to no valid address to sign in.", detail=challenge.realm[:300])
    if any(part in (".", "..") for part in parts.path.split("/")):
        raise Refused(f"{way.host} sends us to no valid address to sign in.", detail=challenge.realm[:300])
    return f"{parts.scheme}://{host}{parts.path}"


def _plain(text: str | None) -> str:
    return text if text and text.isascii() and text.isprintable() and len(text) <= 500 else ""
