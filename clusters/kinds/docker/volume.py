"""Volumes: the kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Look, Panel
from clusters.kinds.columns import AGE, STATUS
from clusters.kinds.docker.disk import SIZE, volume_size
from clusters.kinds.docker.files import OF_VOLUME
from clusters.kinds.docker.overview import PROJECT_COLUMN, driver_column, overview, overview_panel, users_column
from clusters.kinds.docker.used_by import used_health
from clusters.kinds.docker.volume_actions import ACTIONS, CREATE
from clusters.kinds.docker.volume_model import Volume, join
from clusters.kinds.join import Join
from clusters.kinds.panels import FILES, RAW


def health(one: Volume) -> Health:
    """In use or not."""
    return used_health(one, "No container mounts it: its files are kept until somebody removes it")


async def _load(look: Look) -> Mapping[str, Any]:
    one: Volume = look.resource
    return overview(
        one,
        health(one),
        facts=[
            ("Size", volume_size(look.driver, one.name), False),
            ("Driver", one.driver, True),
            ("Folder on the machine", one.mountpoint, True),
            ("Reach", "every machine of the Swarm" if one.scope == "global" else "this machine", False),
            ("Named", "no: made without a name, for one container" if one.anonymous else "", False),
            *((f"Option {name}", value, True) for name, value in sorted((one.options or {}).items())),
        ],
        users="Mounted by",
        how="Where inside",
        nobody="No container mounts it. It can be removed without breaking anything that is here now.",
        labels=one.labels,
    )


OVERVIEW: Panel[Volume] = overview_panel(_load)

VOLUME: Kind[Volume] = Kind(
    name="volume",
    label="Volume",
    plural="Volumes",
    icon="hard-drive",
    group="Storage",
    platform="docker",
    api="volumes",
    model=Volume,
    words="Files that outlive containers: a folder kept by the engine, mounted into one or several of them.",
    health=health,
    at_hand=True,
    make=CREATE,
    join=Join(kinds=("container",), make=join),
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, "made without a name" if one.anonymous else ""],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(200px, 2.4fr)",
        ),
        STATUS,
        users_column("Mounted by", "The containers that see its files."),
        driver_column("What keeps the files: “local” is a folder of the engine's machine."),
        Column(
            key="named",
            label="Named",
            value=lambda one: "no" if one.anonymous else "yes",
            facet=lambda one: "no" if one.anonymous else "yes",
            hidden=True,
            words="Volumes without a name were made for one container.",
        ),
        PROJECT_COLUMN,
        AGE,
    ),
    panels=(OVERVIEW, FILES, SIZE, RAW),
    actions=ACTIONS,
    filing=OF_VOLUME,
    search=lambda one: " ".join((one.mountpoint, one.driver, *(user.name for user in one.users))),
)
