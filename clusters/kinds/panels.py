"""The panels that several kinds share: logs, terminal, and the whole object as the cluster has it."""

from __future__ import annotations

from collections.abc import Mapping
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


async def load_raw(look: Look, name: str = "") -> Mapping[str, Any]:
    """The object as JSON, secrets hidden: ``text``, ``language``, ``cut`` (too long to be shown whole)."""
    tree = await look.driver.get(look.kind, look.resource.namespace, name or look.resource.name)
    text = msgspec.json.format(msgspec.json.encode(masked(tree)), indent=2).decode()
    return {"text": text[:_RAW_LIMIT], "language": "json", "cut": len(text) > _RAW_LIMIT}


async def _load_raw(look: Look) -> Mapping[str, Any]:
    return await load_raw(look)


RAW: Panel[Any] = Panel(key="raw", label="JSON", icon="file-code-2", template="raw", load=_load_raw, live=False)
FILES: Panel[Any] = Panel(
    key="files",
    label="Files",
    icon="folder",
    template="container_files",
    role=Role.OPERATOR,
    right="exec",
    live=False,
)
