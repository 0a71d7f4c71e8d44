"""The program that signs in for a connection: shown before it is connected, written down before it is run first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from clusters import audit
from clusters.access import Actor
from clusters.errors import ClusterError
from clusters.exec_plugins import shown


def program_of(settings: Mapping[str, Any]) -> str:
    """The whole command, as it would be typed; "" where no program signs in."""
    entry = settings.get("exec")
    if not isinstance(entry, dict):
        return ""
    return shown(str(entry.get("command") or ""), [str(one) for one in entry.get("args") or ()])


@asynccontextmanager
async def written_down(by: Actor, settings: Mapping[str, Any], name: str = "") -> AsyncIterator[None]:
    """Around the test of a connection: where it runs a program, who has it run is in the audit before. Unrecorded."""
    command = program_of(settings)
    if not command:
        yield
        return
    detail = {"command": command, "server": str(settings.get("server") or "")}
    name = name or str(settings.get("context") or "")
    event = audit.Event(
        actor=by.name, address=by.address, verb="run to sign in", kind="cluster", name=name, detail=detail
    )
    request = await audit.intent(event)
    try:
        yield
    except ClusterError as error:
        await audit.outcome(request, event, "failed", error.message)
        raise
    except BaseException:
        await audit.outcome(request, event, "unknown", "It was stopped before its end.")
        raise
    await audit.outcome(request, event, "done")
