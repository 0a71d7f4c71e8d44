"""Secrets of a build: how they are written in the form, and which the Dockerfile asks for."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from clusters.build.dockerfile import Dockerfile
from clusters.errors import Invalid

_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,100}")
_BLOCK = re.compile(r"(?P<name>[^=<]+)<<(?P<end>[A-Za-z_]{1,40})")
_MOUNT = re.compile(r"--mount=(\S*type=secret\S*)")
_EXAMPLE = "One a line: name=value. For several lines: name<<END, the lines, and END alone on the last."
LEAST = 4  # characters: what is shorter would hide half of every line


def read_mounts(text: str) -> tuple[tuple[str, str], ...]:
    """Names and values. Raises Invalid, without any value in its words."""
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if block := _BLOCK.fullmatch(line.strip()):
            name, value = block["name"], _until(lines, block["end"])
        else:
            name, equals, value = line.strip().partition("=")
            if not equals:
                raise Invalid(f"Line {number} of the secrets has no name.", hint=_EXAMPLE)
        name = name.strip()
        if not _NAME.fullmatch(name):
            raise Invalid(f"The name on line {number} of the secrets cannot be one.", hint=_EXAMPLE)
        found[name] = value
    return tuple(found.items())


def wanted_mounts(dockerfile: Dockerfile) -> tuple[str, ...]:
    """The names of the secrets that its steps ask for."""
    names: dict[str, None] = {}
    for one in dockerfile.instructions:
        for options in _MOUNT.findall(one.text) if one.keyword == "RUN" else ():
            parts = dict(part.partition("=")[::2] for part in options.split(","))
            name = parts.get("id") or (parts.get("target") or parts.get("dst") or "").rpartition("/")[2]
            names |= {name.strip("\"'"): None} if name else {}
    return tuple(names)


def forms_of(values: Iterable[str]) -> set[str]:
    """Each value, and each of its lines, in all forms in which a program may print it."""
    lines = {line.strip() for value in values for line in (value, *value.splitlines())}
    known = {line for line in lines if len(line) >= LEAST}
    coded = {base64.b64encode(line.encode()).decode() for line in known} | {quote(line, safe="") for line in known}
    return known | coded


def _until(lines: Iterable[str], end: str) -> str:
    taken: list[str] = []
    for line in lines:
        if line.strip() == end:
            return "\n".join([*taken, ""])
        taken.append(line)
    raise Invalid(f"A secret of several lines does not end with {end}.", hint=_EXAMPLE)
