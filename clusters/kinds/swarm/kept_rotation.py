"""Another value for a secret or config. A Swarm changes none: a new one is made, and the services that use it get that
instead of the old one, until all are well with it. The old one stays: who fails with the new one goes back to it."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Says
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.swarm.base import Tree, change_spec, read_spec
from clusters.kinds.swarm.kept_model import Kept
from clusters.kinds.swarm.service_rollout import NotWell, until_well

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


def users_in_words(one: Kept, names: Sequence[str], others: str = "Services of other stacks") -> str:
    """Those that whoever sees it sees, too, and that there are ``others``; "" when nobody uses it."""
    return _with_others(names, others) if one.other_users else listed(names)


def back_in_words(one: Kept) -> str:
    """Who can still go back to it, having used it before; "" when nobody can."""
    names = one.own(one.before)[:3]
    who = _with_others(names, "Services of other stacks") if one.others(one.before) else listed(names)
    return f"{who} can still go back to it" if who else ""


def _with_others(names: Sequence[str], others: str) -> str:
    return listed([*names, others[0].lower() + others[1:]]) if names else others


@dataclass(slots=True)
class _Rotation:
    """One while it goes on."""

    driver: Driver
    collection: str
    sort: str
    one: Kept
    says: Says
    name: str = ""
    now: str = ""  # the service that is being changed
    done: list[str] = field(default_factory=list)
    all: bool = False  # has every service been given it?

    async def run(self, value: str) -> str:
        spec, _ = await read_spec(self.driver, self.collection, self.one.uid)
        made = await self._make({**spec, "Data": encoded(value)})
        self.says.say(f"{self.name} is made.")
        services = dict.fromkeys((user.uid, user.name) for user in self.one.users)
        for uid, service in services:
            self.now = service
            await self._give(uid, made)
            self.done.append(service)
            self.now = ""
            self.says.say(f"{service} changes to it ({len(self.done)} of {count(len(services), 'service')}).")
        self.all = True
        await self._until_well(services)
        used = f"is in use in the place of {self.one.name}, which" if services else f"is made, and {self.one.name}"
        return f"{self.name} {used} stays until somebody removes it"

    async def _until_well(self, services: Iterable[tuple[str, str]]) -> None:
        """A value that a service cannot use shows when its new copies fail. Raises NotWell."""
        waits = (until_well(self.driver, uid, name, self.says) for uid, name in services)
        ends = await asyncio.gather(*waits, return_exceptions=True)
        if fault := next(
            (end for end in ends if isinstance(end, Exception) and not isinstance(end, ClusterError)), None
        ):
            raise fault
        failed = [end.message.removesuffix(".") for end in ends if isinstance(end, ClusterError)]
        if failed:
            words = f"{self.name} was given to {listed(self.done)}, and not all is well. {'. '.join(failed)}."
            raise NotWell(words, hint=f"{self.one.name} stays: “Roll back” on the page of a service goes back to it.")

    async def _make(self, body: Tree) -> str:
        for taken in range(MOST_NUMBERS):
            name = next_name(self.one.name, taken)
            try:
                call = Call("POST", (self.collection, "create"), body={**body, "Name": name})
                said = await self.driver.call(call)
            except Conflict:
                continue  # there is one of that name
            self.name = name
            return str(said["ID"])
        raise Conflict(f"The names after {self.one.name} are all taken.", hint="Remove some that nobody uses.")

    async def _give(self, uid: str, made: str) -> None:
        def edit(spec: Tree) -> None:
            container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
            for reference in container.get(f"{self.sort}s") or ():
                if reference.get(f"{self.sort}ID") == self.one.uid:
                    reference.update({f"{self.sort}ID": made, f"{self.sort}Name": self.name})

        try:
            await change_spec(self.driver, "services", uid, edit)
        except ClusterError as error:
            words = f"{self.now} could not be given {self.name}: {error.message} {self._have}{self.one.name} stays."
            raise ClusterError(words, hint=error.hint, detail=error.detail) from error

    @property
    def _have(self) -> str:
        return f"{listed(self.done)} {'has' if len(self.done) == 1 else 'have'} the new one. " if self.done else ""

    @property
    def stopped(self) -> str:
        """What is done and what is not, for whoever stopped it."""
        if not self.name:
            return f"Stopped: nobody was given another value. {self.one.name} stays."
        unsure = f"Whether {self.now} was given it, its page says. " if self.now else ""
        if self.all:
            return f"Stopped: {self._have}Whether their copies come up, their pages say. {self.one.name} stays."
        have = self._have or "No service is known to have it. "
        return f"Stopped: {self.name} is made. {have}{unsure}The others keep {self.one.name}, which stays."


def rotate(collection: str, sort: str, field: Field) -> Action[Any]:
    """``collection`` is "secrets" or "configs", ``sort`` what it is called in references: "Secret" or "Config"."""

    async def work(driver: Driver, one: Kept, values: Values, says: Says) -> str:
        rotation = _Rotation(driver, collection, sort, one, says)
        try:
            return await rotation.run(str(values["value"]))
        except asyncio.CancelledError:
            says.say(rotation.stopped, "warning")
            raise asyncio.CancelledError(rotation.stopped) from None

    return Action(
        verb="rotate",
        label="Rotate",
        icon="rotate-cw",
        effect=_effect,
        stays=lambda one: f"{one.name} stays, for services that go back. Remove it when the new one has proved good.",
        changes_in=lambda one: [user.namespace for user in one.users],
        run=quietly(work),
        run_saying=work,
        long=True,
        bulk=False,
        fields=(field,),
        recorded=lambda values: {"value": "another one"},
    )


def _effect(one: Kept) -> str:
    words, new = users_in_words(one, one.own_users, "services of other stacks"), next_name(one.name)
    if not words:
        return f"Makes {new} with the new value. No service uses {one.name} now."
    alone = len(one.own_users) == 1 and not one.other_users
    copies = "Its copies are" if alone else "Their copies are"
    return f"Makes {new} with the new value and gives it to {words}. {copies} replaced as the settings of updates say."
