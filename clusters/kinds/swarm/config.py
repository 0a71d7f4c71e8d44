"""Configs: the kind. Files that a Swarm gives to the copies of services, on whatever node they run."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from clusters.errors import Missing
from clusters.kinds.base import Kind, Look, Panel
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.field import Field
from clusters.kinds.formats import size
from clusters.kinds.join import Join
from clusters.kinds.swarm import kept
from clusters.kinds.swarm.kept_model import Config, join_configs
from clusters.kinds.swarm.kept_rotation import MOST, rotate
from clusters.kinds.swarm.stack_column import STACK_COLUMN

MOST_TEXT = 100_000  # characters that are shown

VALUE = Field(
    name="value",
    label="What it holds",
    type="lines",
    max_length=MOST,
    file=True,
    help="Up to 500 kB. What is secret belongs in a secret.",
)


async def _reveal(look: Look) -> Mapping[str, Any]:
    """What it holds, asked for when somebody opens it. Raises Missing."""
    tree = await look.driver.get(look.kind, "", look.resource.uid)
    coded = (tree.get("Spec") or {}).get("Data")
    if not isinstance(coded, str):
        raise Missing("The Swarm does not say what it holds.")
    try:
        value = base64.b64decode(coded, validate=True)
        text = value.decode()
    except (binascii.Error, ValueError):
        return {"name": look.resource.name, "size": size(len(coded) * 3 // 4), "text": "", "coded": coded[:MOST_TEXT]}
    return {"name": look.resource.name, "size": size(len(value)), "text": text[:MOST_TEXT], "coded": ""}


HELD: Panel[Config] = Panel(
    key="value", label="What it holds", icon="eye", template="secret_value", load=_reveal, right="reveal", live=False
)

CONFIG: Kind[Config] = Kind(
    name="swarm-config",
    label="Swarm config",
    plural="Swarm configs",
    icon="file-text",
    group="Config and secrets",
    platform="swarm",
    api="configs",
    model=Config,
    words="A file of settings that a Swarm gives to the copies of services, on whatever node they run.",
    health=kept.health,
    at_hand=True,
    join=Join(kinds=("swarm-service",), make=join_configs),
    make=kept.maker("configs", "config", VALUE),
    columns=(name_column(), STATUS, kept.USED, STACK_COLUMN, AGE),
    panels=(kept.overview_panel("is shown to those who may see what is secret; that is in the audit"), HELD),
    actions=(rotate("configs", "Config", VALUE), kept.remove("configs", "config")),
    search=lambda one: " ".join((one.uid, *one.own_users)),
)
