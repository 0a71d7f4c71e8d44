"""Persistent volume claim: a disk that an app asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Join, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML, load_events
from clusters.kinds.kubernetes.storage import Claim, join, modes

API, NOUN = "v1/persistentvolumeclaims", "pvc"
MAKING = 300.0  # seconds that making a disk may take
_WHY = (  # what the cluster noted -> what it means
    (r"storageclass\S* \"([^\"]+)\" not found", "There is no storage class called {0}."),
    (
        r"no persistent volumes available.*no storage class is set",
        "It names no storage class, and there is no default.",
    ),
    (r"waiting for first consumer", "Its disk is made when the first pod that uses it is placed."),
    (r"waiting for a volume to be created", "The program that makes disks of its class has not answered yet."),
    (r"failed to provision", "The program that makes disks of its class failed."),
)


@understood
def health(one: Claim) -> Health:
    """Whether there is a disk behind it."""
    phase, now = one.status.phase, time.time()
    if one.metadata.deletion_timestamp:
        held = " Pods still use it: it goes with the last of them." if one.users else ""
        return Health(
            Level.CHANGING, "Ending", f"It was asked to go.{held}", since=epoch(one.metadata.deletion_timestamp)
        )
    if phase == "Lost":
        return Health(Level.FAILING, "Lost", "The disk behind it is gone.", "Lost")
    if phase != "Bound":
        if not one.users and not one.spec.volume_name:
            words = "No pod uses it yet: most disks are made when the first one does."
            return Health(Level.STOPPED, "Waiting", words, "Pending", one.created)
        late = now - one.created > MAKING
        words = "Its disk is not made. Its page says why." if late else "Its disk is being made."
        return Health(
            Level.FAILING if late else Level.CHANGING, "No disk" if late else "Making", words, "Pending", one.created
        )
    for type_, words in (
        ("FileSystemResizePending", "It grows when its pod is started again."),
        ("Resizing", "It grows."),
    ):
        if (found := condition(one.status.conditions, type_)) and found.status == "True":
            return Health(Level.CHANGING, "Growing", words, type_, found.since)
    return Health(Level.HEALTHY, "In use") if one.users else Health(Level.STOPPED, "Unused", "No pod uses it now.")


async def _why(look: Look) -> str:
    """Why there is no disk, from what the cluster noted."""
    try:
        events = (await load_events(look))["events"]
    except ClusterError:
        return ""
    for event in events:
        for pattern, meaning in _WHY:
            if found := re.search(pattern, event["message"], re.IGNORECASE | re.DOTALL):
                return meaning.format(*found.groups())
    return str(events[0]["message"])[:300] if events else "The cluster noted nothing about it lately."


async def _load(look: Look) -> Mapping[str, Any]:
    one: Claim = look.resource
    volume, sort = one.spec.volume_name, one.spec.storage_class_name
    facts = [
        *((Fact("Why it has no disk", await _why(look)),) if one.status.phase not in ("Bound", "Lost") else ()),
        Fact("Size", one.size or "–"),
        Fact("Asked for", (one.spec.resources.requests or {}).get("storage", "–")),
        Fact("Its disk", volume or "none yet", "persistent-volume" if volume else "", volume),
        Fact("Storage class", sort or "the default one", "storage-class" if sort else "", sort or ""),
        Fact("Can be", modes(one.spec.access_modes)),
    ]
    rows = [User("pod", user.name, f"{one.namespace}/{user.name}", "Pod", "", user.node) for user in one.users]
    return await overview(look, facts, Users("Used by", "No pod uses it now.", rows))


PERSISTENT_VOLUME_CLAIM: Kind[Claim] = Kind(
    model=Claim,
    api=API,
    name="persistent-volume-claim",
    label="Claim",
    plural="Claims",
    icon="hard-drive",
    group="Storage",
    platform="kubernetes",
    words="A disk that an app asked for: how large, of which class, and who uses it.",
    health=health,
    join=Join(kinds=("pod",), make=join),
    columns=(
        name_column(lambda one: one.spec.storage_class_name or ""),
        STATUS,
        NAMESPACE,
        Column(key="size", label="Size", value=lambda one: one.size or None, width="90px", end=True),
        Column(
            key="used",
            label="Used by",
            cell="tags",
            value=lambda one: [user.name for user in one.users[:4]],
            sort=lambda one: len(one.users),
            width="minmax(160px, 1.8fr)",
        ),
        Column(
            key="node",
            label="On",
            value=lambda one: ", ".join(sorted({user.node for user in one.users if user.node})) or None,
            words="The machines it is used on.",
        ),
        Column(key="volume", label="Volume", cell="mono", value=lambda one: one.spec.volume_name or None, hidden=True),
        AGE,
    ),
    panels=(panel(_load), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: (
                f"Deletes {one.name}. Its disk goes with it, with all data, unless its class says “Retain”."
                + (" It stays until the last pod that uses it has ended." if one.users else "")
            ),
            stays=lambda one: "Pods stay; new ones that need it cannot start.",
        ),
    ),
    search=lambda one: f"{one.spec.volume_name}\0{one.spec.storage_class_name or ''}",
)
