"""Which addresses a cluster may have: a URL as plain as possible, and never a place that hands out machine secrets."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from clusters.addresses import forbidden, literal, plain
from clusters.errors import Invalid

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PATH = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9._:~-]*)*/?")


def check_server(server: str) -> str:
    """The address of an API server, without a slash at its end. Raises Invalid with what is wrong about it."""
    if len(server) > 2000 or not server.isascii() or not server.isprintable() or " " in server:
        raise Invalid("The server's address is not a plain address.", hint="It looks like https://10.0.0.5:6443.")
    try:
        parts = urlsplit(server)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise Invalid("The server's address cannot be read.", detail=str(error)) from error
    if parts.scheme not in ("https", "http"):
        raise Invalid("The server's address must begin with https://.", hint="Other kinds of addresses are not opened.")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Invalid("The server's address holds a user name.", hint="Leave out what stands before the @.")
    if parts.fragment or parts.query or server.endswith(("#", "?")):
        raise Invalid("The server's address holds “?” or “#”.", hint="It ends after the port or the path.")
    address = literal(host)
    if port == 0 or (address is None and not _HOST.fullmatch(host)):
        raise Invalid("The server's address has no valid name or port.")
    if not _PATH.fullmatch(parts.path):
        raise Invalid("The server's address has a path that cannot be right.")
    if address is not None and forbidden(address):
        raise Invalid("That address is never opened: it belongs to the machine's own network services.")
    if parts.scheme == "http" and not (host == "localhost" or (address is not None and plain(address).is_loopback)):
        raise Invalid("Without TLS only this machine itself is reached.", hint="Use https://.")
    return server.rstrip("/")


def near(server: str) -> bool:
    """Is it on this machine or in a private network? There compression costs more than it saves."""
    host = urlsplit(server).hostname or ""
    address = literal(host)
    return host == "localhost" or (address is not None and plain(address).is_private)
