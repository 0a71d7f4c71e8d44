"""What a list says of a container, and whether that agrees with what we said of it."""

from __future__ import annotations

import re

import msgspec

from clusters.drivers.docker.errors import not_docker
from clusters.live.resource import Resource

_EXIT = re.compile(r"^Exited \((\d+)\)")


class Summary(msgspec.Struct):
    """One entry of ``/containers/json``: ids, names, the state and its words."""

    id: str = msgspec.field(default="", name="Id")
    names: list[str] | None = msgspec.field(default=None, name="Names")
    state: str = msgspec.field(default="", name="State")
    status: str = msgspec.field(default="", name="Status")

    @property
    def health(self) -> str:
        """The outcome of its health check, "" where there is none."""
        if "(unhealthy)" in self.status:
            return "unhealthy"
        if "(healthy)" in self.status:
            return "healthy"
        return "starting" if "(health: starting)" in self.status else ""

    @property
    def exit_code(self) -> int | None:
        """With what code it ended, where the words say so."""
        match = _EXIT.match(self.status)
        return int(match[1]) if match else None


class _Id(msgspec.Struct):
    id: str = msgspec.field(default="", name="Id")


def read_summaries(body: bytes) -> list[Summary]:
    """The entries of a list; of one whose fields are not what they should be, the id alone."""
    try:
        entries = msgspec.json.decode(body, type=list[msgspec.Raw] | None) or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_docker(str(error)) from error
    summaries = []
    for entry in entries:
        try:
            summary = msgspec.json.decode(entry, type=Summary)
        except msgspec.ValidationError:
            try:
                summary = Summary(id=msgspec.json.decode(entry, type=_Id).id)
            except msgspec.ValidationError:
                continue
        if summary.id:
            summaries.append(summary)
    return summaries


def agrees(summary: Summary, said: Resource | None) -> bool:
    """Does the list tell the same as what we last said about this container?"""
    if said is None:
        return False
    state, health, exit_code = said.glance  # type: ignore[attr-defined]
    if summary.state and summary.state != state:
        return False
    if state == "running" and summary.health != ("" if health == "none" else health):
        return False
    if summary.exit_code not in (None, exit_code):
        return False
    return not summary.names or f"/{said.name}" in summary.names
