"""Where an engine is: its address read strictly into its parts, so that nothing odd reaches a socket or a program."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from clusters.errors import Invalid

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SOCKET_PATH = re.compile(r"/[A-Za-z0-9_.+@/-]{1,100}")
_EXAMPLES = (
    "Write it like unix:///var/run/docker.sock, tcp://docker.example.com:2376 or ssh://admin@docker.example.com."
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One engine's address and what is needed to be let in. PEM texts and keys are kept in memory only."""

    scheme: Literal["unix", "tcp", "ssh"]
    socket: str = ""  # the path of the socket: here (unix) or over there (ssh)
    host: str = ""
    port: int = 0
    user: str = ""
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    known_hosts: str = ""
    key: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)

    @property
    def words(self) -> str:
        """The address as people write it."""
        if self.scheme == "unix":
            return f"unix://{self.socket}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.user + '@' if self.user else ''}{host}:{self.port}"


def read_endpoint(settings: Mapping[str, Any], secret: Mapping[str, Any]) -> Endpoint:
    """The endpoint that a cluster's settings describe. Raises Invalid, saying which part is wrong."""
    address = _text(settings, "address", 300).strip()
    parts = _split(address)
    if parts.scheme == "unix":
        return Endpoint("unix", socket=socket_path(parts.path))
    host = _host(parts)
    if parts.path not in ("", "/"):
        raise Invalid("There must be nothing behind the host and port.", hint=_EXAMPLES, field="address")
    if parts.scheme == "ssh":
        return Endpoint(
            "ssh",
            socket=socket_path(_text(settings, "remote_socket", 200) or "/var/run/docker.sock"),
            host=host,
            port=_port(parts, 22),
            user=_user(parts),
            known_hosts=_text(settings, "known_hosts", 20_000),
            ssh_key=_text(secret, "ssh_key", 20_000),
        )
    if parts.username is not None:
        raise Invalid("A tcp:// address has no user name.", hint=_EXAMPLES, field="address")
    ca, certificate = _text(settings, "ca", 60_000), _text(settings, "certificate", 60_000)
    key = _text(secret, "key", 60_000)
    if bool(certificate.strip()) != bool(key.strip()):
        missing = "key" if certificate.strip() else "certificate"
        raise Invalid("A client certificate and its key belong together: give both or none.", field=missing)
    plain = bool(settings.get("plain"))
    if plain and not is_loopback(host) and not settings.get("accept_risk"):
        raise Invalid(
            "Without TLS anybody on the way could take over that machine.",
            hint="Use TLS, or ssh://, or tick that you accept the risk.",
            field="accept_risk",
        )
    return Endpoint(
        "tcp",
        host=host,
        port=_port(parts, 2375 if plain else 2376),
        tls=not plain,
        ca=ca,
        certificate=certificate,
        key=key,
    )


def socket_path(path: str, allowed: Collection[str] | None = None) -> str:
    """The path of a socket, if it is a plain absolute path (and one of those ``allowed``). Raises Invalid."""
    if not _SOCKET_PATH.fullmatch(path) or any(part in ("", ".", "..") for part in path.split("/")[1:]):
        raise Invalid("That is not the path of a socket.", hint=_EXAMPLES, field="address")
    if allowed is not None and path not in allowed:
        raise Invalid(
            "That socket may not be connected.",
            hint=f"An administrator of this machine can allow it: PILOTHOUSE_DOCKER_SOCKETS={path}",
            field="address",
        )
    return path


def is_loopback(host: str) -> bool:
    """Does this name or address never leave the machine?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> SplitResult:
    if not address:
        raise Invalid("The address is missing.", hint=_EXAMPLES, field="address")
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address or "%" in address:
        raise Invalid("The address holds characters that do not belong there.", hint=_EXAMPLES, field="address")
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError as error:
        raise Invalid("That is not an address.", hint=_EXAMPLES, detail=str(error), field="address") from error
    if parts.scheme not in ("unix", "tcp", "ssh"):
        raise Invalid("The address must begin with unix://, tcp:// or ssh://.", hint=_EXAMPLES, field="address")
    if "?" in address or "#" in address or parts.password is not None or parts.netloc.count("@") > 1:
        raise Invalid("The address must not hold a password, a query or a fragment.", hint=_EXAMPLES, field="address")
    if parts.scheme == "unix" and parts.netloc:
        raise Invalid("The path of a socket begins with a slash: unix:///var/run/docker.sock.", field="address")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address | None = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None:
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise Invalid("No engine can be reached at such an address.", field="address")
        return host
    if not _HOST.fullmatch(host) or ".." in host:
        raise Invalid("The name of the host is not valid.", hint=_EXAMPLES, field="address")
    return host


def _port(parts: SplitResult, default: int) -> int:
    port = parts.port
    if port == 0:
        raise Invalid("The port must be between 1 and 65535.", field="address")
    return port or default


def _user(parts: SplitResult) -> str:
    user = parts.username or ""
    if not _USER.fullmatch(user):
        raise Invalid("Say as whom to sign in: ssh://admin@docker.example.com.", field="address")
    return user


def _text(source: Mapping[str, Any], name: str, limit: int) -> str:
    value = source.get(name) or ""
    if not isinstance(value, str) or len(value) > limit:
        raise Invalid(f"The value of “{name}” is not a text of at most {limit} characters.", field=name)
    return value
