"""The whole object as the Swarm has it, by its id: names are not unique in a Swarm. What is secret is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clusters.kinds import panels
from clusters.kinds.base import Look


async def _load(look: Look) -> Mapping[str, Any]:
    return await panels.load_raw(look, look.resource.uid)


RAW = replace(panels.RAW, load=_load)
