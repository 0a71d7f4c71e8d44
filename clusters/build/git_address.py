"""A git address as the source of a build: which are taken, and to which machines they may lead."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from clusters.addresses import forbidden, is_public, literal
from clusters.errors import Invalid, Refused, Unreachable

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?")
_WAY = re.compile(r"(?:/[A-Za-z0-9_.~@+-]+){1,30}/?")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,200}")
_FOLDER = re.compile(r"[A-Za-z0-9_.@+-]+(?:/[A-Za-z0-9_.@+-]+){0,30}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{7,39}")
_EXAMPLE = "Write it like https://git.example.com/shop/web.git, with #branch or #branch:folder behind it if you like."
LOOK_UP = 10.0  # seconds until a name must have been found


@dataclass(frozen=True, slots=True)
class GitAddress:
    """One repository, at one of its versions, and the folder in it that is built."""

    url: str
    host: str
    port: int
    ref: str = ""  # a branch, a tag or a commit; "": what the server has as its main branch
    folder: str = ""

    def __str__(self) -> str:
        where = f"#{self.ref}:{self.folder}" if self.folder else f"#{self.ref}" if self.ref else ""
        return f"{self.url}{where}"

    @property
    def is_commit(self) -> bool:
        """Is the version named by what it holds, so that it can never be another?"""
        return _COMMIT.fullmatch(self.ref) is not None

    @property
    def may_be_short(self) -> bool:
        """Can it be the beginning of a commit's name? A branch or tag of that name comes first."""
        return _SHORT.fullmatch(self.ref) is not None


def read_git_address(text: str) -> GitAddress:
    """The address as it was typed. Raises Invalid with what is wrong about it."""
    text = text.strip()
    if len(text) > 1000 or not text.isascii() or not text.isprintable():
        raise Invalid("That is no git address.", hint=_EXAMPLE)
    url, _, fragment = text.partition("#")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("That is no git address.", hint=_EXAMPLE, detail=str(error)) from error
    if parts.scheme == "ssh" or (not parts.scheme and re.match(r"[^/\s]+@[^/\s]+:", url)):
        raise Invalid(
            "Git over SSH is not fetched from: Pilothouse keeps no keys for it.",
            hint="The same repository is mostly at https://, too; a private one is read with an access token.",
        )
    if "@" in parts.netloc:
        raise Invalid(
            "A user or a password in the address would be seen by others.",
            hint="Leave it out, and fill in the access token below.",
        )
    if parts.scheme not in ("https", "http"):
        raise Invalid("Only https:// addresses are fetched.", hint=_EXAMPLE)
    host = parts.hostname or ""
    port = port if port is not None else 443 if parts.scheme == "https" else 80
    if parts.scheme == "http" and not _listed(parts, host):
        raise Invalid(
            "Without TLS anybody on the way can change what is built.",
            hint=f"Use https://. Whoever runs Pilothouse can allow it: PILOTHOUSE_GIT_HOSTS=http://{parts.netloc}",
        )
    address = literal(host)
    # "127.1" or "0x7f.1": what looks like a number and is no address is read differently by every program.
    numeric = re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)", host.rpartition(".")[2]) is not None
    if (address is None and (numeric or not _HOST.fullmatch(host))) or ".." in host or not port:
        raise Invalid(f"“{host[:100]}” is not the name of a machine.", hint=_EXAMPLE)
    if "?" in url or not _WAY.fullmatch(parts.path) or _climbs(parts.path):
        raise Invalid("The path of that address is not one of a repository.", hint=_EXAMPLE)
    ref, folder = _fragment(fragment)
    return GitAddress(url.strip(), host, port, ref, folder)


async def reachable(address: GitAddress) -> tuple[str, ...]:
    """The machines it leads to now, those that may be asked. Raises Unreachable, and Refused where none may be."""
    try:
        async with asyncio.timeout(LOOK_UP):
            found = await asyncio.get_running_loop().getaddrinfo(
                address.host, address.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable(f"There is no machine called {address.host}.", detail=str(error)) from error
    machines = list(dict.fromkeys(str(where[0]).partition("%")[0] for *_, where in found))
    parts = urlsplit(address.url)
    listed = _listed(parts, address.host)
    allowed = [one for one in machines if (not forbidden(ip_address(one)) if listed else is_public(ip_address(one)))]
    if not allowed:
        raise Refused(
            f"{address.host} is a machine of a private network: Pilothouse does not fetch from there.",
            hint=f"Whoever runs Pilothouse can allow it: PILOTHOUSE_GIT_HOSTS={_name(parts)}",
        )
    return tuple(allowed)


def _listed(parts: SplitResult, host: str) -> bool:
    """Did whoever runs Pilothouse name this server? Without TLS it has to be named so."""
    names: Collection[str] = settings.GIT_HOSTS
    wanted = {_name(parts)} if parts.scheme == "http" else {_name(parts), host}
    return not wanted.isdisjoint(names)


def _name(parts: SplitResult) -> str:
    """As the setting names it: "git.lan", "git.lan:3000", "http://git.lan"."""
    return f"http://{parts.netloc.lower()}" if parts.scheme == "http" else parts.netloc.lower()


def _fragment(text: str) -> tuple[str, str]:
    ref, _, folder = text.partition(":")
    folder = folder.strip("/")
    if ref and (not _REF.fullmatch(ref) or ".." in ref or "//" in ref or ref.endswith(("/", ".", ".lock"))):
        raise Invalid(f"“{ref[:100]}” is not the name of a branch, a tag or a commit.")
    if folder and (not _FOLDER.fullmatch(folder) or _climbs(folder)):
        raise Invalid(f"“{folder[:100]}” is not a folder of a repository.")
    return ref, folder


def _climbs(path: str) -> bool:
    return any(part in (".", "..", ".git") for part in path.split("/"))
