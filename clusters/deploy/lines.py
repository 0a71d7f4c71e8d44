"""One line of a field of lines, read: a port, a variable, a volume, a taint. Whatever is wrong raises Invalid."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from clusters.deploy import quantity
from clusters.deploy.form import Init, Mount, Port, Source, Toleration
from clusters.errors import Invalid
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.kubernetes.pairs import wrong_key, wrong_value
from clusters.kinds.variables import Variable, check_variable, read_switch

_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,252}")
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,253}")
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_CONTAINER = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_KINDS = {"empty", "claim", "new", "config", "secret"}


def number(text: str) -> int:
    """The number of a port."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise Invalid(f"“{text[:40]}” is not a port.", hint="Ports are numbers from 1 to 65535.")
    return int(text)


def port(line: str) -> Port:
    """``8080``, ``53 UDP``, ``8080 TCP web``, ``53/udp``; behind it ``>80`` of the service, ``@30080`` of nodes."""
    rest, at, node = line.partition("@")
    rest, arrow, service = rest.partition(">")
    first, *words = rest.replace("/", " ", 1).split() or [""]
    protocol = words.pop(0).upper() if words and words[0].upper() in ("TCP", "UDP", "SCTP") else "TCP"
    name = words.pop(0) if words else ""
    if words:
        raise Invalid(f"“{line[:80]}” is not a port.", hint="Write 8080, 53 UDP, or 8080 TCP web.")
    if name and (len(name) > 15 or not _PORT_NAME.fullmatch(name)):
        raise Invalid(
            f"“{name[:40]}” cannot be the name of a port.", hint="Up to 15 small letters, digits and “-”, like web."
        )
    outside, on_nodes = (number(text.strip()) if sign else None for sign, text in ((arrow, service), (at, node)))
    return Port(number(first), protocol, name, outside, on_nodes)  # type: ignore[arg-type]


def init(line: str) -> Init:
    """``migrate nginx:1.29 bin/migrate --all``."""
    name, image, *rest = [*line.split(maxsplit=2), ""][:3]
    if len(name) > 63 or not _CONTAINER.fullmatch(name):
        raise Invalid(f"“{name[:60]}” cannot be the name of a container.", hint="Small letters, digits and “-”.")
    if not image:
        raise Invalid(f"Which image does {name} run?", hint="Write it behind the name.")
    split_image(image)
    return Init(name, image, words_of(rest[0] if rest else ""))


def words_of(text: str) -> tuple[str, ...]:
    """A command as a shell would read it."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Invalid("A quotation mark is not closed.") from error


def variable(line: str) -> Variable:
    """``NAME=value``, with ``secret:`` or ``plain:`` before it."""
    found = read_switch(line)
    check_variable(found.name)
    if "=" not in found.pair or not _VARIABLE.fullmatch(found.name):
        raise Invalid(f"“{found.name[:60]}” is not a variable.", hint="Write NAME=value.")
    return found


def source(line: str) -> Source:
    """``secret db password DB_PASSWORD``, or ``config settings`` for all entries."""
    kind, *rest = line.split()
    if kind not in ("config", "secret"):
        raise Invalid(f"“{kind[:40]}” is neither “config” nor “secret”.")
    if not rest or len(rest) > 3:
        raise Invalid("Which one?", hint="Write its name; behind it an entry of it and the variable, for one alone.")
    name, key, asked = [*rest, "", ""][:3]
    object_name(name)
    if key and not _KEY.fullmatch(key):
        raise Invalid(f"“{key[:60]}” cannot be the name of an entry.")
    wanted = asked or key
    if wanted and not _VARIABLE.fullmatch(wanted):
        raise Invalid(f"“{wanted[:60]}” cannot be the name of a variable.", hint="Write another one behind it.")
    return Source(kind, name, wanted, key)  # type: ignore[arg-type]


def mount(line: str) -> Mount:
    """``/cache empty``, ``/data claim data``, ``/data new 1Gi``, ``/etc/app/x config settings:x ro``."""
    path, *rest = line.split()
    _path(path)
    read_only = bool(rest) and rest[-1] == "ro"
    kind, *names = rest[:-1] if read_only else rest or [""]
    if kind not in _KINDS:
        raise Invalid(f"What is mounted at {path}?", hint="Write empty, claim, new, config or secret behind it.")
    if kind == "empty":
        if names:
            raise Invalid("An empty folder has no name.")
        return Mount(path, "empty", "", read_only)
    if len(names) != 1:
        raise Invalid(f"How large is the claim at {path}?" if kind == "new" else f"Which {kind} is mounted at {path}?")
    name, colon, inside = names[0].partition(":")
    if kind == "new":
        quantity.memory(name)
    else:
        object_name(name)
    if colon:
        _inside(inside)
    return Mount(path, kind, name, read_only, inside)  # type: ignore[arg-type]


def _inside(path: str) -> None:
    parts = path.split("/")
    if not path or path.startswith("/") or {"", ".", ".."} & set(parts[:-1]) or parts[-1] in (".", ".."):
        raise Invalid(f"“{path[:60]}” is not a part of a volume.", hint="Write a folder or file in it, like logs/web.")
    if len(path) > 1000 or not path.isprintable():
        raise Invalid("This part of a volume cannot be mounted.", hint="Write a folder or file in it, like logs/web.")


def _path(path: str) -> None:
    parts = path.split("/")
    if (
        not path.startswith("/")
        or ":" in path
        or {".", ".."} & set(parts)
        or len(path) > 1000
        or not path.isprintable()
    ):
        raise Invalid(f"“{path[:60]}” is not a folder inside.", hint="Write the whole path, like /data.")
    if path == "/":
        raise Invalid("Nothing can be mounted over all of it.", hint="Write a folder, like /data.")


def object_name(text: str) -> str:
    """The name of another object."""
    if len(text) > 253 or not _OBJECT.fullmatch(text):
        raise Invalid(f"“{text[:60]}” cannot be the name of an object.", hint="Small letters, digits, “-” and “.”.")
    return text


def label(line: str) -> tuple[str, str]:
    """``name=value``."""
    name, equals, value = line.partition("=")
    name, value = name.strip(), value.strip()
    if not equals:
        raise Invalid(f"“{name[:60]}” is no label.", hint="Write name=value.")
    if why := wrong_key(name) or wrong_value(name, value):
        raise Invalid(why, hint="Write name=value.")
    return name, value


def toleration(line: str) -> Toleration:
    """``key=value:NoSchedule``; ``key`` alone is any value and effect, ``*`` every taint."""
    start, colon, effect = line.rpartition(":")
    taint = start if colon else line
    if effect and colon and effect not in _EFFECTS:
        raise Invalid(f"“{effect[:40]}” is not an effect.", hint="NoSchedule, PreferNoSchedule or NoExecute.")
    key, equals, value = (part.strip() for part in taint.partition("="))
    if key == "*" and not value:
        return Toleration("", None, effect if colon else "")
    if why := wrong_key(key) or wrong_value(key, value):
        raise Invalid(why, hint="Write key=value:NoSchedule, or “*” for all.")
    return Toleration(key, value if equals and value else None, effect if colon else "")


def probed(at: str, how: str, ports: Sequence[Port]) -> tuple[int | str, str]:
    """Which port, and for a page which path: ``/healthz``, ``:8081/healthz``, ``8081``, ``web``, or nothing at all."""
    text = at.strip().removeprefix(":") if at.strip().startswith(":") else at.strip()
    where, slash, rest = text.partition("/")
    path = f"/{rest}" if slash else "/"
    if how == "tcp" and slash:
        raise Invalid("A port has no path.", hint="Write its number or name.")
    if not path.isprintable() or " " in path:
        raise Invalid(f"“{path[:60]}” is not a path.")
    return _probed_port(where, ports), path


def _probed_port(where: str, ports: Sequence[Port]) -> Any:
    tcp = [one for one in ports if one.protocol == "TCP"]
    if not where:
        if not tcp:
            raise Invalid("Which port?", hint="Add a port above, or write its number here.")
        return tcp[0].name or tcp[0].number
    if where.isdigit():
        return number(where)
    if where not in {one.name for one in tcp}:
        raise Invalid(f"There is no port called {where[:40]}.", hint="Write its number, or the name that it has above.")
    return where
