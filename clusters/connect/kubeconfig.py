"""Kubeconfigs: those found on this machine are offered; pasted ones are read strictly, and only as plain data.

A kubeconfig is code: it can name programs to run and files to read. No client library ever sees one here; what is
kept of a context is an address, certificates and a token, and everything else is refused or listed as left out.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clusters.connect import kubeconfig_user
from clusters.connect.expiry import first_expiry
from clusters.connect.offers import Offer
from clusters.connect.program import program_of
from clusters.connect.strict_yaml import load_plain
from clusters.drivers.kubernetes.addresses import check_server
from clusters.drivers.kubernetes.connection import SERVICE_ACCOUNT, Connection
from clusters.errors import ClusterError, Invalid

SIZE_LIMIT = 256 << 10  # bytes
MOST_CONTEXTS = 1000
FILE_LIMIT = 64 << 10  # bytes of one certificate, key or token
SHORT = 200  # characters of a foreign name that are repeated in a message

# What makes a client run programs, read files or speak as somebody else: the key, and why it is refused.
_REFUSED_USER = {
    "tokenFile": "it reads a file of this machine",
    "client-certificate": "it reads a file of this machine",
    "client-key": "it reads a file of this machine",
    "as": "it speaks as somebody else",
    "as-uid": "it speaks as somebody else",
    "as-groups": "it speaks as somebody else",
    "as-user-extra": "it speaks as somebody else",
    "username": "clusters do not accept passwords any longer",
    "password": "clusters do not accept passwords any longer",
}
_REFUSED_CLUSTER = {
    "certificate-authority": "it reads a file of this machine",
    "proxy-url": "it sends everything through another machine",
}
_KNOWN_USER = {"client-certificate-data", "client-key-data", "token", "exec", "auth-provider"}
_KNOWN_CLUSTER = {"server", "certificate-authority-data", "tls-server-name", "insecure-skip-tls-verify"}
_KNOWN_TOP = {"apiVersion", "kind", "clusters", "users", "contexts", "current-context", "preferences"}
# Files that a found kubeconfig of our own machine may name: the key of the path, and the key of the data.
_FILES = {
    "certificate-authority": "certificate-authority-data",
    "client-certificate": "client-certificate-data",
    "client-key": "client-key-data",
    "tokenFile": "token",
}


@dataclass(frozen=True, slots=True)
class Context:
    """One context, normalised. ``problem`` says why it cannot be connected; ``secret`` never leaves the server."""

    name: str
    server: str
    settings: Mapping[str, Any]
    secret: Mapping[str, Any]
    insecure: bool = False
    problem: str = ""
    program: str = ""  # the whole command that signs in, where one does
    good_until: str = ""  # until when what it signs in with is good, as a sentence

    def __repr__(self) -> str:
        return f"Context({self.name!r}, {self.server!r})"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a pasted kubeconfig came to: its contexts, the one that was in use, and what of it was left out."""

    contexts: tuple[Context, ...]
    current: str
    dropped: tuple[str, ...]


def read_pasted(text: str) -> Imported:
    """Read a pasted kubeconfig. Raises Invalid when it is none; a context that is refused says so itself.

    Touches no file, no program and no network.
    """
    tree = _tree(text.encode(errors="replace"))
    dropped = [f"{key} (unknown)" for key in tree if key not in _KNOWN_TOP]
    if tree.get("preferences"):
        dropped.append("preferences")
    contexts = tuple(_contexts(tree, dropped, None))
    return Imported(contexts, _text(tree, "current-context"), tuple(dict.fromkeys(dropped)))


def read_found(path: Path) -> list[Offer]:
    """The contexts of a kubeconfig of this machine, the one in use first. Raises Invalid.

    Files that it names are read now, at the administrator's click, and become plain data; programs are never run.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from error
    tree = _tree(data)
    current = _text(tree, "current-context")
    contexts = list(_contexts(tree, [], lambda entry: _inline(entry, path.parent)))
    return [_offer(one, path) for one in sorted(contexts, key=lambda one: one.name != current)]


async def found() -> list[Offer]:
    """What this machine offers: its kubeconfigs, and the cluster that we run in ourselves. Nothing is connected."""
    return await asyncio.to_thread(_found)


def _found() -> list[Offer]:
    offers: list[Offer] = []
    for path in _paths():
        try:
            offers += read_found(path)
        except Invalid as error:
            words = f"kubeconfig {path}"
            offers.append(Offer("kubernetes", path.name, words, {}, problem=f"{error.message} {error.hint}".strip()))
    if os.environ.get("KUBERNETES_SERVICE_HOST") and (SERVICE_ACCOUNT / "token").is_file():
        offers.append(Offer("kubernetes", "This cluster", "the cluster Pilothouse runs in", {"in_cluster": True}))
    return offers


def _paths() -> list[Path]:
    named = [Path(one).expanduser() for one in os.environ.get("KUBECONFIG", "").split(os.pathsep) if one]
    return [path for path in named or [Path("~/.kube/config").expanduser()] if path.is_file()]


def _offer(one: Context, path: Path) -> Offer:
    words = f"{one.server or 'no address'} · kubeconfig {path}"
    if one.insecure:
        words += " · its certificate is not checked"
    if one.program:
        words += f" · signs in by running {one.program}"
    if one.good_until:
        words += f" · {one.good_until}"
    return Offer("kubernetes", one.name[:80], words, one.settings, one.secret, one.problem)


# --- Reading --------------------------------------------------------------------------------------------------------


def _tree(data: bytes) -> dict[str, Any]:
    if len(data) > SIZE_LIMIT:
        raise Invalid(f"This is too large for a kubeconfig (over {SIZE_LIMIT >> 10} KiB).")
    tree = load_plain(data, "kubeconfig")
    if not isinstance(tree, dict) or tree.get("kind", "Config") != "Config" or "clusters" not in tree:
        raise Invalid("This is not a kubeconfig.", hint="It has the kind Config, and lists clusters and contexts.")
    return tree


def _contexts(
    tree: dict[str, Any], dropped: list[str], inline: Callable[[dict[str, Any]], dict[str, Any]] | None
) -> Iterator[Context]:
    clusters, users = _named(tree, "clusters", "cluster"), _named(tree, "users", "user")
    contexts = _named(tree, "contexts", "context")
    if not contexts:
        raise Invalid("This kubeconfig has no contexts.", hint="A context names a cluster and a user.")
    if max(len(clusters), len(users), len(contexts)) > MOST_CONTEXTS:
        raise Invalid(f"This kubeconfig has more than {MOST_CONTEXTS} contexts.")
    for name, context in contexts.items():
        cluster, user = clusters.get(_text(context, "cluster")), users.get(_text(context, "user"), {})
        server = _text(cluster or {}, "server")[:SHORT]
        try:
            if cluster is None:
                raise Invalid("It names a cluster that is not in this kubeconfig.")
            if (named := _text(context, "user")) and named not in users:
                raise Invalid("It names a user that is not in this kubeconfig.")
            if inline is not None:
                cluster, user = inline(cluster), inline(user)
            yield _context(name, cluster, user, dropped)
        except Invalid as error:
            yield Context(name, server, {}, {}, problem=f"{error.message} {error.hint}".strip())


def _context(name: str, cluster: dict[str, Any], user: dict[str, Any], dropped: list[str]) -> Context:
    for entry, refused, known in ((cluster, _REFUSED_CLUSTER, _KNOWN_CLUSTER), (user, _REFUSED_USER, _KNOWN_USER)):
        for key in entry:
            if key in refused:
                raise Invalid(f"“{key}” is not allowed: {refused[key]}.", hint=_instead(key))
            if key not in known:
                dropped.append(f"{key[:SHORT]} of {name}")
    more, secrets = _signing_in(user, dropped)
    insecure = cluster.get("insecure-skip-tls-verify") is True
    server = check_server(_text(cluster, "server"))
    settings = {
        "server": server,
        "ca_data": _pem(cluster, "certificate-authority-data"),
        "cert_data": _pem(user, "client-certificate-data"),
        "tls_server_name": _text(cluster, "tls-server-name"),
        "insecure": insecure,
        "context": name,
        **more,
    }
    secret = {"token": _text(user, "token"), "key_data": _pem(user, "client-key-data"), **secrets}
    secret = {key: value for key, value in secret.items() if value}
    try:
        Connection.of(settings, secret)
    except ClusterError as error:
        raise Invalid(error.message, hint=error.hint) from error
    expiry = first_expiry(settings, secret)
    if expiry and expiry.over:
        raise Invalid(expiry.words, hint="Get a new one, then read the kubeconfig again.")
    until = expiry.words if expiry else ""
    return Context(name, server, settings, secret, insecure, program=program_of(settings), good_until=until)


def _signing_in(user: dict[str, Any], dropped: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a user has who signs in by a program or an issuer; settings, and secrets."""
    if "exec" in user:
        if user.get("token") or "auth-provider" in user:
            raise Invalid("“exec” is not allowed beside another way to sign in: which one counts is a guess.")
        return kubeconfig_user.program(user["exec"]), {}
    if "auth-provider" in user:
        if user.get("token"):
            raise Invalid("“auth-provider” is not allowed beside a token: which one counts is a guess.")
        return kubeconfig_user.provider(user["auth-provider"], dropped, _pem)
    return {}, {}


def _instead(key: str) -> str:
    if key in _FILES:
        return f"Paste one that carries its data ({_FILES[key]}): kubectl config view --raw --flatten --minify"
    return "Take that line out."


def _named(tree: dict[str, Any], plural: str, single: str) -> dict[str, dict[str, Any]]:
    """The entries of a list by their names. Raises Invalid for doubles: which of them counts is a guess."""
    entries: dict[str, dict[str, Any]] = {}
    for entry in tree.get(plural) or ():
        name = entry.get("name") if isinstance(entry, dict) else None
        inner = entry.get(single) if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or not isinstance(inner or {}, dict):
            raise Invalid(f"An entry of “{plural}” has no name, or is not in the right form.")
        if name in entries:
            raise Invalid(f"“{plural}” has two entries named {name[:SHORT]}.")
        entries[name] = inner or {}
    return entries


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"“{key}” is not text.")
    return value


def _pem(entry: Mapping[str, Any], key: str) -> str:
    """The text inside a ``*-data`` key."""
    try:
        return base64.b64decode("".join(_text(entry, key).split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"“{key}” is damaged.", hint="It is PEM text in base64.") from error


def _inline(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The entry with the files of this machine that it names as data."""
    inlined = dict(entry)
    for key, data_key in _FILES.items():
        path = _text(entry, key)
        if path and not entry.get(data_key):
            content = _file(folder / Path(path).expanduser(), key)
            inlined[data_key] = content.decode(errors="replace").strip() if key == "tokenFile" else _encoded(content)
        inlined.pop(key, None)
    return inlined


def _file(path: Path, key: str) -> bytes:
    try:
        if not path.is_file():
            raise Invalid(f"The file named by “{key}” is not there.", hint=str(path)[:SHORT])
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Invalid(f"The file named by “{key}” cannot be read: {error.strerror}.", hint=str(path)[:SHORT]) from error
    if len(data) > FILE_LIMIT:
        raise Invalid(f"The file named by “{key}” is too large.")
    return data


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
