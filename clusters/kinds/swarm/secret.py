"""Secrets: the kind. A Swarm keeps them encrypted and gives them to the copies of services; nobody is shown them."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.field import Field
from clusters.kinds.join import Join
from clusters.kinds.panels import RAW_BY_ID
from clusters.kinds.swarm import kept
from clusters.kinds.swarm.kept_model import Secret, join_secrets
from clusters.kinds.swarm.kept_rotation import MOST, rotate
from clusters.kinds.swarm.stack_column import STACK_COLUMN

VALUE = Field(
    name="value",
    label="What it holds",
    type="secret",
    max_length=MOST,
    help="Up to 500 kB. It is shown to nobody afterwards, also not to you.",
)

SECRET: Kind[Secret] = Kind(
    name="swarm-secret",
    label="Swarm secret",
    plural="Swarm secrets",
    icon="key-round",
    group="Config and secrets",
    platform="swarm",
    api="secrets",
    model=Secret,
    words="A password, key or certificate that a Swarm gives to the copies of services as a file, and to nobody else.",
    health=kept.health,
    at_hand=True,
    join=Join(kinds=("swarm-service",), make=join_secrets),
    make=kept.maker("secrets", "secret", VALUE),
    columns=(name_column(), STATUS, kept.USED, STACK_COLUMN, AGE),
    panels=(kept.overview_panel("is shown to nobody: the Swarm gives it to the copies of services alone"), RAW_BY_ID),
    actions=(rotate("secrets", "Secret", VALUE), kept.remove("secrets", "secret")),
    search=lambda one: " ".join((one.uid, *one.own_users)),
)
