"""The button beside an entry of Home: what would mend it first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from clusters.kinds.base import Action
from clusters.live.store import Store
from clusters.triage import explain
from clusters.triage.finding import FirstAction
from clusters.triage.symptoms import Thing, image_of

# Words of a health: nothing ran, so no new start helps, and there is no log.
NO_IMAGE, NO_PLACE, NO_START = "No image", "Cannot be placed", "Cannot start"
NO_SETTING = "Setting missing"  # it starts by itself as soon as the setting is there
HALF_WAY, STUCK = "Update paused", "Stuck"  # words of a health: what is new is wrong, whatever its copies say now
LOCKED = "Locked"  # the word of a manager's health that waits for its key
CHANGE_IMAGE, UNLOCK = ("set-image",), ("unlock-swarm",)
ROLL_BACK, RESTART, START = ("rollback", "roll-back", "undo"), ("restart",), ("start", "run-again", "run-now")


def first_action(store: Store, top: Thing, *, suspected: bool, word: str = "") -> FirstAction | None:
    """The button beside an entry: another image where there is none; back to the version before when a new one is
    suspected, or is stuck; the key where it is locked, else start or restart. What finds no place, or misses a
    setting, is not helped by a new start."""
    mends = {NO_IMAGE: CHANGE_IMAGE, NO_PLACE: (), NO_SETTING: (), LOCKED: UNLOCK}.get(word, (*START, *RESTART))
    stuck = top.health.word == HALF_WAY or (top.health.word == STUCK and word != NO_IMAGE)
    wanted = (*(ROLL_BACK if suspected or stuck else ()), *mends)
    for verb in wanted:
        action = top.kind.action(verb)
        if action is None or (action.refuse and _refused(action.refuse, top.resource)):
            continue
        return FirstAction(action.verb, _label(action, store, top), action.icon, top.row)
    return None


def _label(action: Action[Any], store: Store, top: Thing) -> str:
    """The version that a way back leads to by itself is named where it is known, and is another one."""
    image = action.leads_to(top.resource, partial(_owned, store, top)) if action.leads_to else ""
    return f"{action.label} to {explain.version(image)}" if image and image != image_of(top) else action.label


def _owned(store: Store, top: Thing, kind_name: str) -> Sequence[Any]:
    return store.owned(top.resource, kind_name) if store.owned else ()


def _refused(refuse: Any, resource: Any) -> bool:
    return bool(refuse(resource))
