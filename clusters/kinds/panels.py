"""The panels that several kinds share: logs, terminal, and the whole object as the cluster has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clusters.kinds.base import Look, Panel, Role
from clusters.kinds.masking import masked

LOGS: Panel[Any] = Panel(key="logs", label="Logs", icon="scroll-text", template="logs", live=False)
TERMINAL: Panel[Any] = Panel(
    key="terminal",
    label="Terminal",
    icon="terminal",
    template="terminal",
    role=Role.OPERATOR,
    right="exec",
    live=False,
    asks="container",
)
LAYERS: Panel[Any] = Panel(key="layers", label="Layers", icon="layers", template="layers", live=False)
USAGE: Panel[Any] = Panel(key="usage", label="Usage", icon="gauge", template="usage", live=False)
_RAW_LIMIT = 2 << 20  # characters shown


def raw_panel(named: Callable[[Any], str]) -> Panel[Any]:
    """The object as JSON, secrets hidden. ``named``: what the cluster is asked for it by."""

    async def load(look: Look) -> Mapping[str, Any]:
        tree = await look.driver.get(look.kind, look.resource.namespace, named(look.resource))
        text = msgspec.json.format(msgspec.json.encode(masked(tree)), indent=2).decode()
        return {"text": text[:_RAW_LIMIT], "language": "json", "cut": len(text) > _RAW_LIMIT}

    return Panel(key="raw", label="JSON", icon="file-code-2", template="raw", load=load, live=False)


RAW = raw_panel(lambda one: one.name)
RAW_BY_ID = raw_panel(lambda one: one.uid)  # of what may share its name with others, or have none
FILES: Panel[Any] = Panel(
    key="files",
    label="Files",
    icon="folder",
    template="container_files",
    role=Role.OPERATOR,
    right="exec",
    live=False,
)
