"""How a registry is reached: its host read strictly, with TLS or (when that was accepted in words) without."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clusters.addresses import forbidden, literal
from clusters.errors import Invalid
from clusters.registries.reference import HUB

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_EXAMPLE = "Write it as in the names of its images: registry.example.com or registry.example.com:5000."


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """All it takes to speak with one registry. The password is kept in memory only, and never shown."""

    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    plain: bool = False
    ca: str = ""
    sign_in_host: str = ""  # another host that may be given the password, because an administrator said so

    @property
    def base(self) -> str:
        """Where its API is."""
        host = "registry-1.docker.io" if self.host == HUB else self.host
        return f"{'http' if self.plain else 'https'}://{host}"

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """The hosts that may be asked for tokens."""
        usual = {"auth.docker.io"} if self.host == HUB else {self.host}
        return frozenset(usual | ({self.sign_in_host} if self.sign_in_host else set()))


def read_way(host: str, user: str, settings: Mapping[str, Any], secret: Mapping[str, Any]) -> Way:
    """The way that a form or a stored row describes. Raises Invalid, saying which part is wrong."""
    plain = bool(settings.get("plain"))
    if host.strip().lower().startswith("http://") and not plain:
        raise Invalid(
            "Without TLS anybody on the way can read the password and change the images.",
            hint="Leave out http://, or tick that you accept the risk.",
        )
    password = str(secret.get("password") or "")
    if bool(user) != bool(password):
        raise Invalid("A user and a password (or token) belong together: give both or none.")
    if ":" in user or not user.isprintable():
        raise Invalid("The user holds a character that cannot be sent.")
    other = str(settings.get("sign_in_host") or "")
    way = Way(
        host=read_host(host),
        user=user,
        password=password,
        plain=plain,
        ca=str(settings.get("ca") or ""),
        sign_in_host=read_host(other) if other else "",
    )
    tls_context(way)
    return way


def read_host(text: str) -> str:
    """The host, with its port where it has one of its own, as in names of images. Raises Invalid."""
    given = text.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    if given in ("hub.docker.com", "index.docker.io", "registry-1.docker.io", "docker.io"):
        return HUB
    host, _, port = given.rpartition(":") if re.search(r":\d*$", given) else (given, "", "")
    if not given.isascii() or not (_HOST.fullmatch(host) or _IPV6.fullmatch(host)) or ".." in host:
        raise Invalid(f"“{text.strip()[:100]}” is not the address of a registry.", hint=_EXAMPLE)
    if given != host and not (port and len(port) <= 5 and 0 < int(port) < 65536):
        raise Invalid("The port must be between 1 and 65535.", hint=_EXAMPLE)
    address = literal(host.strip("[]"))
    if address is not None and forbidden(address):
        raise Invalid("That address is never opened: it belongs to the machine's own network services.")
    return given


def tls_context(way: Way) -> ssl.SSLContext:
    """What checks the registry: its own CA, or those this machine trusts. Raises Invalid."""
    try:
        context = ssl.create_default_context(cadata=way.ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid("The CA is not a certificate in PEM form.", detail=str(error)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
