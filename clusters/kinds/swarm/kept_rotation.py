"""Another value for a secret or config. A Swarm changes none: a new one is made, the services that use it get that
instead of the old one, copy by copy, and the old one is removed."""

from __future__ import annotations

import base64
import re
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Says
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.swarm.base import Tree, change_spec
from clusters.kinds.swarm.kept_model import Kept

MOST = 500_000  # bytes, as the Swarm has it
_NUMBERED = re.compile(r"(?P<name>.+)-v(?P<number>\d{1,6})")
MOST_NUMBERS = 20  # names that are tried


def next_name(name: str, taken: int = 0) -> str:
    """ "db" -> "db-v2", "db-v2" -> "db-v3"; ``taken`` of those that follow are in use."""
    match = _NUMBERED.fullmatch(name)
    base, number = (match["name"], int(match["number"])) if match else (name, 1)
    tail = f"-v{number + 1 + taken}"
    return f"{base[: 64 - len(tail)]}{tail}"


def encoded(text: str) -> str:
    """What it holds, as the API takes it. Raises Invalid when it is too much."""
    data = text.replace("\r\n", "\n").encode()
    if len(data) > MOST:
        raise Invalid("That is more than 500 kB: a Swarm keeps no more in one.")
    return base64.b64encode(data).decode()


def rotate(collection: str, sort: str, field: Field) -> Action[Any]:
    """``collection`` is "secrets" or "configs", ``sort`` what it is called in references: "Secret" or "Config"."""

    async def work(driver: Driver, one: Kept, values: Values, says: Says) -> str:
        body = {"Labels": one.labels, "Data": encoded(str(values["value"]))}
        name, made = await _make(driver, collection, one, body)
        says.say(f"{name} is made.")
        await _give(driver, sort, one, name, made, says)
        try:
            await driver.call(Call("DELETE", (collection, one.uid)))
        except ClusterError as error:
            return f"{name} is in use; {one.name} could not be removed: {error.message}"
        return f"{name} is in use in the place of {one.name}, which is removed"

    return Action(
        verb="rotate",
        label="Rotate",
        icon="rotate-cw",
        effect=_effect,
        run=quietly(work),
        run_saying=work,
        long=True,
        bulk=False,
        fields=(field,),
        recorded=lambda values: {"value": "another one"},
    )


def _effect(one: Kept) -> str:
    names = list(dict.fromkeys(user.name for user in one.users))
    new = next_name(one.name)
    if not names:
        return f"Makes {new} with the new value, and removes {one.name}. No service uses it now."
    copies = "Its copies are" if len(names) == 1 else "Their copies are"
    return (
        f"Makes {new} with the new value, gives it to {listed(names)} and removes {one.name}. "
        f"{copies} replaced as the settings of updates say."
    )


async def _make(driver: Driver, collection: str, one: Kept, body: dict[str, Any]) -> tuple[str, str]:
    for taken in range(MOST_NUMBERS):
        name = next_name(one.name, taken)
        try:
            said = await driver.call(Call("POST", (collection, "create"), body={"Name": name, **body}))
        except Conflict:
            continue  # there is one of that name
        return name, str(said["ID"])
    raise Conflict(f"The names after {one.name} are all taken.", hint="Remove some that nobody uses.")


async def _give(driver: Driver, sort: str, one: Kept, name: str, made: str, says: Says) -> None:
    done: list[str] = []
    services = dict.fromkeys((user.uid, user.name) for user in one.users)
    for uid, service in services:

        def edit(spec: Tree) -> None:
            container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
            for reference in container.get(f"{sort}s") or ():
                if reference.get(f"{sort}ID") == one.uid:
                    reference.update({f"{sort}ID": made, f"{sort}Name": name})

        try:
            await change_spec(driver, "services", uid, edit)
        except ClusterError as error:
            have = f"{listed(done)} {'has' if len(done) == 1 else 'have'} the new one. " if done else ""
            words = f"{service} could not be given {name}: {error.message} {have}{one.name} stays."
            raise ClusterError(words, hint=error.hint, detail=error.detail) from error
        done.append(service)
        says.say(f"{service} changes to it ({len(done)} of {count(len(services), 'service')}).")
