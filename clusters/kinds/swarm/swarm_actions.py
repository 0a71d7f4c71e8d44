"""What can be done to a Swarm as a whole: other join lines, and a lock on its managers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.kinds.actions import Values
from clusters.kinds.base import Action, Role
from clusters.kinds.field import Field
from clusters.kinds.swarm.base import Tree
from clusters.kinds.swarm.swarm_model import Swarm


async def _update(driver: Driver, query: Mapping[str, str], edit: Callable[[Tree], object] = lambda spec: None) -> None:
    tree = await driver.call(Call("GET", ("swarm",)))
    if not isinstance(tree, dict) or not isinstance(tree.get("Spec"), dict):
        raise Missing("This engine manages no Swarm any more.")
    edit(tree["Spec"])
    asked = {"version": str((tree.get("Version") or {}).get("Index") or 0), **query}
    await driver.call(Call("POST", ("swarm", "update"), asked, body=tree["Spec"]))


async def _rotate(driver: Driver, one: Swarm, values: Values) -> str:
    which = str(values["which"])
    query = {"rotateWorkerToken": "true"} if which == "worker" else {"rotateManagerToken": "true"}
    await _update(driver, query)
    return f"The line by which a {which} joins is another one; the old one lets nobody in"


def _locking(on: bool, words: str) -> Callable[[Driver, Swarm, Values], Awaitable[str]]:
    async def run(driver: Driver, one: Swarm, values: Values) -> str:
        await _update(driver, {}, lambda spec: spec.update(EncryptionConfig={"AutoLockManagers": on}))
        return words

    return run


async def _rotate_key(driver: Driver, one: Swarm, values: Values) -> str:
    await _update(driver, {"rotateManagerUnlockKey": "true"})
    return "The unlock key is another one: keep it, it is under “Joining”"


def _locks(one: Swarm) -> bool:
    return one.cluster.spec.encryption_config.auto_lock_managers


def _no_majority(one: Swarm) -> str:
    return "" if one.decides else "Its managers have lost their majority."


ROTATE_TOKEN: Action[Swarm] = Action(
    verb="rotate-token",
    label="New join line",
    joint="for",
    icon="rotate-cw",
    effect=lambda one: "Makes another join line; the old one lets nobody in any longer.",
    stays=lambda one: "Nodes that have joined stay.",
    run=_rotate,
    role=Role.ADMIN,
    fields=(
        Field(
            name="which",
            label="For whom",
            type="choice",
            choices=(("worker", "workers"), ("manager", "managers")),
            initial=lambda one: "worker",
        ),
    ),
    refuse=_no_majority,
    bulk=False,
    line=lambda one, values: f"docker swarm join-token --rotate {values['which']}",
)
LOCK: Action[Swarm] = Action(
    verb="lock",
    label="Lock managers",
    joint="of",
    icon="lock",
    effect=lambda one: "From then on, a manager that is started again decides only when the unlock key is given to it.",
    stays=lambda one: "Nothing changes while they run. Keep the key, which is under “Joining” then.",
    run=_locking(True, "Its managers are locked when they are started again: keep the unlock key, under “Joining”"),
    role=Role.ADMIN,
    refuse=lambda one: _no_majority(one) or ("It is on already." if _locks(one) else ""),
    undo=lambda one, values: ("unlock", {}),
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm update --autolock=true",
)
UNLOCK: Action[Swarm] = Action(
    verb="unlock",
    label="Lock managers no more",
    joint="of",
    icon="lock-keyhole",
    effect=lambda one: "Managers that are started again decide at once, and the unlock key is of no use any longer.",
    run=_locking(False, "Its managers need no key any longer when they are started again"),
    role=Role.ADMIN,
    refuse=lambda one: _no_majority(one) or ("" if _locks(one) else "It is off already."),
    undo=lambda one, values: ("lock", {}),
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm update --autolock=false",
)
ROTATE_KEY: Action[Swarm] = Action(
    verb="rotate-key",
    label="New unlock key",
    joint="for",
    icon="key-round",
    effect=lambda one: "Makes another unlock key. Keep the old one for a while: managers that are away may need it.",
    run=_rotate_key,
    role=Role.ADMIN,
    refuse=lambda one: _no_majority(one) or ("" if _locks(one) else "Its managers are not locked."),
    bulk=False,
    more=True,
    line=lambda one, values: "docker swarm unlock-key --rotate",
)
ACTIONS = (ROTATE_TOKEN, LOCK, UNLOCK, ROTATE_KEY)
