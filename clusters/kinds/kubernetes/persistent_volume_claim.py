"""Persistent volume claim: a disk that an app asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column, size_column
from clusters.kinds.formats import size
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import condition, ending, understood_to_the_end
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.growing import grow
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML, load_events
from clusters.kinds.kubernetes.storage import Claim, join, modes

_JOINED = ("pod", "storage-class")
API, NOUN = "v1/persistentvolumeclaims", "pvc"
MAKING = 300.0  # seconds that making a disk may take
NONE = "No volume fits it, and it names no storage class that could make one."
_WHY = (  # what the cluster noted -> what it means
    (r"storageclass\S* \"([^\"]+)\" not found", "There is no storage class called {0}."),
    (r"no persistent volumes available.*no storage class is set", NONE),
    (r"waiting for first consumer", "Its disk is made when the first pod that uses it is placed."),
    (r"waiting for a volume to be created", "The program that makes disks of its class has not answered yet."),
    (r"failed to provision", "The program that makes disks of its class failed."),
)


@understood_to_the_end
def health(one: Claim) -> Health:
    """Whether there is a disk behind it."""
    phase = one.status.phase
    if gone := ending(one):
        words = "It was asked to go. Pods still use it: it goes with the last of them."
        return replace(gone, level=Level.CHANGING, word="Ending", reason=words) if one.users else gone
    if phase == "Lost":
        return Health(Level.FAILING, "Lost", "The disk behind it is gone.", "Lost")
    if phase != "Bound":
        return _without_disk(one)
    if stuck := _cannot_grow(one):
        return stuck
    for type_, words in (
        ("FileSystemResizePending", "It grows when its pod is started again."),
        ("Resizing", "It grows."),
    ):
        if (found := condition(one.status.conditions, type_)) and found.status == "True":
            return Health(Level.CHANGING, "Growing", words, type_, found.since)
    if 0 < one.bytes < one.asked:
        words = f"It has {size(one.bytes)} and asks for {size(one.asked)}: its disk has not been made larger yet."
        return Health(Level.CHANGING, "Growing", words, "requests.storage")
    if one.hidden:
        words = "It has its disk. Which pods use it cannot be told: our account here may not list pods."
        return Health(Level.HEALTHY, "Has a disk", words, "list pods: forbidden")
    return Health(Level.HEALTHY, "In use") if one.users else Health(Level.STOPPED, "Unused", "No pod uses it now.")


def _cannot_grow(one: Claim) -> Health | None:
    """More was asked for than it has, and making it larger failed."""
    for type_ in ("ControllerResizeError", "NodeResizeError"):
        if (found := condition(one.status.conditions, type_)) and found.status == "True":
            words = f"It cannot grow to {size(one.asked)}: {found.message[:300]}"
            return Health(Level.AT_RISK, "Cannot grow", words, type_, found.since)
    infeasible = [how for how in (one.status.allocated_resource_statuses or {}).values() if how.endswith("Infeasible")]
    if infeasible:
        words = f"It cannot grow to {size(one.asked)}: whoever makes its disk says that this is not possible."
        return Health(Level.AT_RISK, "Cannot grow", words, infeasible[0])
    return None


def _without_disk(one: Claim) -> Health:
    badly = Level.FAILING if one.users else Level.AT_RISK
    if one.made == "nobody":
        words = f"No volume fits it, and there is no storage class called {one.spec.storage_class_name} to make one."
        return Health(badly, "No disk", words, "Pending", one.created)
    if one.made == "none":
        return Health(badly, "No disk", NONE, "Pending", one.created)
    if not one.users and not one.hidden and one.made != "at once":
        words = "No pod uses it yet: its disk is made when the first one does."
        return Health(Level.STOPPED, "Waiting", words, "Pending", one.created)
    if time.time() - one.created > MAKING:
        words = "Its disk should be made by now. Its page says why it is not."
        return Health(badly, "No disk", words, "Pending", one.created)
    return Health(Level.CHANGING, "Making", "Its disk is being made.", "Pending", one.created)


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
        *((Fact("Size", size(one.bytes)),) if one.status.phase == "Bound" else ()),
        Fact("Asked for", size(one.asked)),
        Fact("Its disk", volume or "none yet", "persistent-volume" if volume else "", volume),
        Fact("Storage class", sort or "none", "storage-class" if sort and one.made != "nobody" else "", sort or ""),
        Fact("Can be", modes(one.spec.access_modes)),
    ]
    rows = [User("pod", user.name, f"{one.namespace}/{user.name}", "Pod", "", user.node) for user in one.users]
    hidden = "Our account here may not list pods." if one.hidden else ""
    return await overview(look, facts, Users("Used by", "No pod uses it now.", rows, unknown=hidden))


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
    join=Join(kinds=_JOINED, make=join, without=frozenset(_JOINED)),
    columns=(
        name_column(lambda one: one.spec.storage_class_name or ""),
        STATUS,
        NAMESPACE,
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
            words="The nodes it is used on.",
        ),
        size_column(lambda one: one.bytes, "What it has; what it asks for while it has none."),
        Column(key="volume", label="Volume", cell="mono", value=lambda one: one.spec.volume_name or None, hidden=True),
        AGE,
    ),
    panels=(panel(_load), CONDITIONS, EVENTS, YAML),
    actions=(
        grow(API, NOUN),
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
