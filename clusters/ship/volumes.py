"""What a container has mounted, of whichever way it was asked for, as four sorts that targets know how to treat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clusters.errors import Invalid
from clusters.kinds.docker.amounts import read_size
from clusters.kinds.docker.run_form import RunForm
from clusters.ship.gaps import short

_UNNAMED = re.compile(r"[0-9a-f]{64}")
_PLAIN = {"Type", "Source", "Target", "ReadOnly"}


@dataclass(frozen=True, slots=True)
class Volume:
    """Something mounted. ``kind``: a volume by its name, one without, a folder of the machine, or memory.

    ``more`` is what was asked for beside that, and what is not taken along.
    """

    kind: Literal["volume", "unnamed", "folder", "memory"]
    target: str
    source: str = ""
    read_only: bool = False
    size: int = 0  # bytes at most, of memory
    more: str = ""


def volumes_of(form: RunForm) -> list[Volume]:
    """All that it has mounted."""
    return [*_shown(form), *map(_mounted, form.rest.host.get("Mounts") or ()), *_bound(form), *_shared_memory(form)]


def _shown(form: RunForm) -> Iterator[Volume]:
    for one in form.mounts:
        yield _named(one.source, one.target, one.read_only)
    for target, options in form.tmpfs:
        size, more = 0, []
        for option in filter(None, options.split(",")):
            name, _, value = option.partition("=")
            known = _size(value) if name == "size" else 0
            size = known or size
            more += [] if known else [option]
        yield Volume("memory", target, size=size, more=",".join(more))


def _size(text: str) -> int:
    try:
        return read_size(text)
    except Invalid:
        return 0


def _named(source: str, target: str, read_only: bool, more: str = "") -> Volume:
    if source.startswith("/"):
        return Volume("folder", target, source, read_only, more=more)
    unnamed = not source or _UNNAMED.fullmatch(source)
    return Volume("unnamed" if unnamed else "volume", target, "" if unnamed else source, read_only, more=more)


def _mounted(one: Mapping[str, Any]) -> Volume:
    """One of the newer way, with all that may be asked for in it."""
    target, source = str(one.get("Target")), str(one.get("Source") or "")
    left = {name: value for name, value in one.items() if name not in _PLAIN and value}
    if one.get("Type") == "tmpfs":
        options = dict(left.pop("TmpfsOptions", None) or {})
        size = int(options.pop("SizeBytes", 0) or 0)
        return Volume("memory", target, size=size, more=_said({**left, **options}))
    if one.get("Type") == "bind":
        return Volume("folder", target, source, bool(one.get("ReadOnly")), more=_said(left))
    if one.get("Type") != "volume":
        left["Type"] = one.get("Type")
    return _named(source, target, bool(one.get("ReadOnly")), _said(left))


def _bound(form: RunForm) -> Iterator[Volume]:
    """Of the older way, with modes that the form does not show."""
    for text in form.rest.host.get("Binds") or ():
        source, target, modes = [*str(text).split(":", 2), "", ""][:3]
        words = modes.split(",") if modes else []
        more = ",".join(one for one in words if one not in ("ro", "rw"))
        yield _named(source, target or source, "ro" in words, more)


def _shared_memory(form: RunForm) -> Iterator[Volume]:
    if size := form.rest.host.get("ShmSize"):
        yield Volume("memory", "/dev/shm", size=int(size))  # noqa: S108 -- inside of the container


def _said(left: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {short(value, name)}"[:120] for name, value in left.items())
