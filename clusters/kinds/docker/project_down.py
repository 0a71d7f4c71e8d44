"""Taking a project down, with its volumes or without them: by the official program, which goes by labels alone."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence

from clusters.compose.carry import Errand, carry, listener, so_far, sum_of
from clusters.compose.engine import compose_engine
from clusters.compose.program import missing, the_program
from clusters.compose.progress import effects
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Unsupported
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Look, Says
from clusters.kinds.docker.container_model import PROJECT
from clusters.kinds.docker.project_model import Project, service
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.preview import Preview, Told

LOSE = "Say first that the data in its volumes may be lost."
AGAIN = "Take it down again to go on."
BACK = "If it was deployed from here, its versions are kept: “Deploy a project” leads to them."
FOLLOWED = (
    "It is deployed from git, so the next commit brings it back: to prevent that, forget its address first "
    "(“From git”)."
)
SEEN = 30.0  # seconds for a look at what is left
NAMELESS = "volume without a name"
_SHOWN = 12  # names that stand in one sentence
_Work = Callable[[Driver, Project, Values, Says], Awaitable[str]]


def _down(*, volumes: bool) -> _Work:
    async def work(driver: Driver, one: Project, values: Values, says: Says) -> str:
        if volumes and not values.get("lose"):
            raise Conflict(LOSE, hint="Nothing was done.")
        return await _carried_out(driver, one, says, volumes=volumes)

    return work


async def _carried_out(driver: Driver, one: Project, says: Says, *, volumes: bool) -> str:
    heard = listener(says)
    words = ("down", "--remove-orphans", *(("--volumes",) if volumes else ()))
    try:
        await carry(driver, Errand(project=one.name, words=words), heard)
    except asyncio.CancelledError:
        stopped = f"Stopped. {so_far(heard, AGAIN)}"
        says.say(stopped, "warning")
        raise asyncio.CancelledError(stopped) from None
    except ClusterError as error:
        error.hint = f"{error.hint} {so_far(heard, AGAIN)}".strip()
        raise
    left, done = await _left(driver, one), sum_of(effects(heard.events))
    if volumes and (gone := len(one.nameless_volumes) - len(left[NAMELESS])):  # the program does not tell of them
        done += f", {count(gone, NAMELESS, _many(NAMELESS))} removed"
    return _told(one, done, left, volumes=volumes)


def _told(one: Project, done: str, left: Mapping[str, Sequence[str]], *, volumes: bool) -> str:
    """How it ended, by what the engine has of it afterwards. Raises ClusterError where something should be gone."""
    wanted = ("container", "network", "volume", NAMELESS) if volumes else ("container", "network")
    still = [f"{kind} {name[:63]}" for kind in wanted for name in left[kind]]
    if still:
        raise ClusterError(
            f"{one.name} is taken down in part: {done}. Left: {_some(still)}.",
            hint=f"What others still use cannot go. {AGAIN}",
        )
    stays = f" {_stay(left['volume'])}" if left["volume"] else ""
    return f"{one.name} is taken down: {done}.{stays} {BACK}"


async def _left(driver: Driver, one: Project) -> dict[str, list[str]]:
    """What the engine has of the project now, by its labels, and which of its volumes without a name."""
    only = {"filters": json.dumps({"label": [f"{PROJECT}={one.name}"]})}
    calls = {
        "container": Call("GET", ("containers", "json"), {"all": "1", **only}, timeout=SEEN),
        "network": Call("GET", ("networks",), only, timeout=SEEN),
        "volume": Call("GET", ("volumes",), timeout=SEEN),
    }
    found = dict(zip(calls, await asyncio.gather(*(driver.call(call) for call in calls.values())), strict=True))
    volumes = (found["volume"] or {}).get("Volumes") or ()
    names = [str(each.get("Name")) for each in volumes]
    return {
        "container": [str((each.get("Names") or [each.get("Id")])[0]).removeprefix("/") for each in found["container"]],
        "network": [str(each.get("Name")) for each in found["network"]],
        "volume": [str(each.get("Name")) for each in volumes if (each.get("Labels") or {}).get(PROJECT) == one.name],
        NAMELESS: [name for name in one.nameless_volumes if name in names],
    }


def _goes(one: Project, *, volumes: bool) -> list[str]:
    """What is removed, as parts of a sentence."""
    used = _used(one)
    parts = [
        ("container", [container.name for container in one.containers]),
        ("network", [name for name in one.own_networks if name not in used]),
        ("volume", [name for name in one.own_volumes if name not in used] if volumes else []),
        (NAMELESS, list(one.nameless_volumes) if volumes else []),
    ]
    return [f"{count(len(names), noun, _many(noun))} ({_some(names)})" for noun, names in parts if names]


def _used(one: Project) -> set[str]:
    """What of it cannot go."""
    return {name for name, _, _ in one.kept_by}


def _many(noun: str) -> str:
    return "volumes without a name" if " " in noun else f"{noun}s"


def _some(names: Sequence[str]) -> str:
    shown = [name[:12] if len(name) == 64 else name for name in names[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _effect(one: Project) -> str:
    goes = listed(_goes(one, volumes=False))
    return f"Stops and removes {goes}. Nothing of it answers any longer." if goes else "There is nothing to remove."


def _effect_with_volumes(one: Project) -> str:
    goes = listed(_goes(one, volumes=True))
    lost = "The data in its volumes is lost: nothing here can bring it back."
    return f"Stops and removes {goes}. {lost}" if goes else "There is nothing to remove."


def _stay(volumes: Sequence[str]) -> str:
    verb = "stay with their data" if len(volumes) > 1 else "stays with its data"
    return f"{count(len(volumes), 'volume')} ({_some(volumes)}) {verb}."


def _stays(one: Project) -> str:
    kept = [_stay(one.own_volumes)] if one.own_volumes else []
    return " ".join([*kept, "Images stay, and so do the versions that were deployed from here."])


def _stays_with_volumes(one: Project) -> str:
    return "Images stay, and so do the versions that were deployed from here."


async def _look(look: Look, one: Project, *, volumes: bool) -> Preview:
    """Each thing by its name, in groups that fare alike; or why it cannot be carried out at all."""
    if held := await _held(look.driver):
        return Preview(effect=f"Nothing would be done. {held}", held=held)
    used = _used(one)
    goes = [
        *((container.name, f"is stopped and removed ({service(container)})") for container in one.containers),
        *((name, "network: is removed") for name in one.own_networks if name not in used),
    ]
    data = [(name, "is deleted with all that is in it") for name in one.own_volumes if name not in used]
    data += [(name[:12], "has no name; is deleted with its container") for name in one.nameless_volumes]
    stays = [(name, f"is used by {_guest(look, *guest)}: it cannot go") for name, *guest in one.kept_by]
    if not volumes:
        stays += [(name, "volume: its data stays") for name in one.own_volumes if name not in used]
        stays += [(name[:12], "volume without a name: stays, and nothing leads to it") for name in one.nameless_volumes]
        data = []
    told = [
        Told(f"Goes: {count(len(goes), 'thing')}", "at_risk", goes),
        Told(f"Data that is lost: {count(len(data), 'volume')}", "failing", data),
        Told(f"Stays: {count(len(stays), 'thing')}", "healthy", stays),
    ]
    effect = _effect_with_volumes(one) if volumes else _effect(one)
    if await look.followed():
        effect = f"{effect} {FOLLOWED}"
    return Preview(effect=effect, told=[each for each in told if each.items])


def _guest(look: Look, name: str, namespace: str) -> str:
    """By its name for who may see it."""
    return (
        f"{name}, which is not of this project" if look.sees(namespace) else "a container that is not shared with you"
    )


async def _held(driver: Driver) -> str:
    try:
        compose_engine(driver)
        await the_program()
    except Unsupported as error:
        return f"{error.message} {error.hint}".strip()
    return ""


async def _ahead(look: Look, values: Values) -> Preview:
    return await _look(look, look.resource, volumes=False)


async def _ahead_with_volumes(look: Look, values: Values) -> Preview:
    found = await _look(look, look.resource, volumes=True)
    if found.held or values.get("lose"):
        return found
    return Preview(effect=found.effect, told=found.told, held=LOSE)


def _refuse(one: Project) -> str:
    gone = any((one.containers, one.own_networks, one.own_volumes))
    return missing() if gone else "There is nothing of it that could go."


def _refuse_with_volumes(one: Project) -> str:
    has = one.own_volumes or one.nameless_volumes
    return _refuse(one) if has else "It has no volumes. “Take down” removes all of it."


def _line(*more: str) -> Callable[[Project, Values], str]:
    return lambda one, values: shlex.join(["docker", "compose", "--project-name", one.name, "down", *more])


_WORK, _WORK_WITH_VOLUMES = _down(volumes=False), _down(volumes=True)
DOWN: Action[Project] = Action(
    verb="down",
    label="Take down",
    icon="arrow-down",
    right="compose",
    effect=_effect,
    stays=_stays,
    run=quietly(_WORK),
    run_saying=_WORK,
    preview=_ahead,
    refuse=_refuse,
    long=True,
    alone="taken down",
    danger=True,
    more=True,
    line=_line("--remove-orphans"),
)
DOWN_WITH_VOLUMES: Action[Project] = Action(
    verb="down-volumes",
    label="Take down with all data",
    question=("Take down", "and delete its data"),
    icon="trash-2",
    right="compose",
    effect=_effect_with_volumes,
    stays=_stays_with_volumes,
    run=quietly(_WORK_WITH_VOLUMES),
    run_saying=_WORK_WITH_VOLUMES,
    preview=_ahead_with_volumes,
    refuse=_refuse_with_volumes,
    fields=(
        Field(
            name="lose",
            label="The data in its volumes may be lost",
            type="flag",
            required=False,
            help="Nothing here can bring it back. Without this, nothing is done.",
        ),
    ),
    long=True,
    alone="taken down",
    danger=True,
    bulk=False,
    more=True,
    line=_line("--remove-orphans", "--volumes"),
)
