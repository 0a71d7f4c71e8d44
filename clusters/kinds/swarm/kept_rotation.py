"""Another value for a secret or config. A Swarm changes none: a new one is made, and the services that use it get that
instead of the old one, until all are well with it. The old one stays, for who fails with the new one goes back to it;
where it is asked for, it is removed when all are well."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Look, Says
from clusters.kinds.field import Field
from clusters.kinds.formats import count, listed
from clusters.kinds.preview import Preview
from clusters.kinds.swarm.base import Tree, change_spec, read_spec
from clusters.kinds.swarm.kept_model import Kept
from clusters.kinds.swarm.service_rollout import NotUpYet, NotWell, until_all_well

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
    done: dict[str, str] = field(default_factory=dict)  # services that were given it: names by id
    left: list[str] = field(default_factory=list)  # those that it has not come to
    all: bool = False  # has every service been given it?

    async def run(self, value: str, *, remove: bool) -> str:
        spec, _ = await read_spec(self.driver, self.collection, self.one.uid)
        made = await self._make({**spec, "Data": encoded(value)})
        self.says.say(f"{self.name} is made.")
        services = {user.uid: user.name for user in self.one.users}
        self.left = list(services.values())
        for uid, service in services.items():
            self.now = self.left.pop(0)
            if await self._give(uid, made):
                self.done[uid] = service
                self.says.say(f"{service} changes to it ({len(self.done)} of {count(len(services), 'service')}).")
            self.now = ""
        self.all = True
        if self.done:
            await self._until_well()
        used = f"is in use in the place of {self.one.name}, which" if self.done else f"is made, and {self.one.name}"
        if remove and await self._remove():
            return f"{self.name} {used} is removed"
        return f"{self.name} {used} stays until somebody removes it"

    async def _remove(self) -> bool:
        """Whether the old one is gone. The Swarm keeps what a service has got meanwhile."""
        try:
            await self.driver.call(Call("DELETE", (self.collection, self.one.uid)))
        except Missing:
            return True
        except ClusterError as error:
            self.says.say(f"{self.one.name} was not removed: {error.message}", "warning")
            return False
        return True

    async def _until_well(self) -> None:
        """A value that a service cannot use shows when its new copies fail. Raises NotWell."""
        given, back = f"{self.name} was given to {self._names}", "“Roll back” on the page of a service goes back to it."
        try:
            ends = await until_all_well(self.driver, self.done, self.says)
        except ClusterError as error:
            words = f"{given}. Whether their copies come up is not known: {error.message}"
            raise ClusterError(words, hint=f"{self.one.name} stays: {back}", detail=error.detail) from error
        for gone in (end for end in ends.values() if isinstance(end, Missing)):
            self.says.say(gone.message, "warning")
        wrong = [end for end in ends.values() if isinstance(end, NotWell)]
        if not wrong:
            return
        told = f"{'. '.join(end.message.removesuffix('.') for end in wrong)}."
        if all(isinstance(end, NotUpYet) for end in wrong):
            hint = f"The Swarm goes on with it by itself; their pages show how it ends. {self.one.name} stays: {back}"
            raise NotUpYet(f"{given}, and not all have changed to it yet. {told}", hint=hint)
        raise NotWell(f"{given}, and not all is well. {told}", hint=f"{self.one.name} stays: {back}")

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

    async def _give(self, uid: str, made: str) -> bool:
        """Whether it was there to be given it."""

        def edit(spec: Tree) -> None:
            container = (spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
            for reference in container.get(f"{self.sort}s") or ():
                if reference.get(f"{self.sort}ID") == self.one.uid:
                    reference.update({f"{self.sort}ID": made, f"{self.sort}Name": self.name})

        try:
            await change_spec(self.driver, "services", uid, edit)
        except Missing:
            self.says.say(f"{self.now} was removed meanwhile.", "warning")
            return False
        except ClusterError as error:
            words = f"{self.now} could not be given {self.name}: {error.message} {self._have}{self._keep}"
            raise ClusterError(words, hint=error.hint, detail=error.detail) from error
        return True

    @property
    def _names(self) -> str:
        return listed(list(self.done.values()))

    @property
    def _have(self) -> str:
        return f"{self._names} {'has' if len(self.done) == 1 else 'have'} the new one. " if self.done else ""

    @property
    def _keep(self) -> str:
        """What those have to whom it did not come."""
        if not self.left:
            return f"{self.one.name} stays."
        return f"{listed(self.left)} {'keeps' if len(self.left) == 1 else 'keep'} {self.one.name}, which stays."

    @property
    def stopped(self) -> str:
        """What is done and what is not, for whoever stopped it."""
        if not self.name:
            return f"Stopped: nobody was given another value. {self.one.name} stays."
        unsure = f"Whether {self.now} was given it, its page says. " if self.now else ""
        if self.all:
            return f"Stopped: {self._have}Whether their copies come up, their pages say. {self.one.name} stays."
        have = self._have or "No service is known to have it. "
        return f"Stopped: {self.name} is made. {have}{unsure}{self._keep}"


_REMOVE = Field(
    name="remove",
    label="Remove the old one when all services are well with the new one",
    type="flag",
    required=False,
    help="Without this it stays until somebody removes it: “Roll back” of a service still leads to it.",
)


def rotate(collection: str, sort: str, field: Field) -> Action[Any]:
    """``collection`` is "secrets" or "configs", ``sort`` what it is called in references: "Secret" or "Config"."""

    async def work(driver: Driver, one: Kept, values: Values, says: Says) -> str:
        rotation = _Rotation(driver, collection, sort, one, says)
        try:
            return await rotation.run(str(values["value"]), remove=bool(values.get(_REMOVE.name)))
        except asyncio.CancelledError:
            says.say(rotation.stopped, "warning")
            raise asyncio.CancelledError(rotation.stopped) from None

    async def preview(look: Look, values: Values) -> Preview:
        names = {one.name for one in await look.related(f"swarm-{sort.lower()}")}
        tried = (next_name(look.resource.name, taken) for taken in range(MOST_NUMBERS))
        taken = next((number for number, name in enumerate(tried) if name not in names), 0)
        gone = (
            f" Then {look.resource.name} is removed, and nobody can go back to it." if values.get(_REMOVE.name) else ""
        )
        return Preview(effect=_effect(look.resource, taken) + gone)

    return Action(
        verb="rotate",
        label="Rotate",
        icon="rotate-cw",
        effect=_effect,
        preview=preview,
        stays=lambda one: f"{one.name} stays while a service is not well with the new one: it goes back to that.",
        changes_in=lambda one: [user.namespace for user in one.users],
        run=quietly(work),
        run_saying=work,
        long=True,
        bulk=False,
        fields=(field, _REMOVE),
        recorded=lambda values: {"value": "another one", **({_REMOVE.name: True} if values.get(_REMOVE.name) else {})},
    )


def _effect(one: Kept, taken: int = 0) -> str:
    words, new = users_in_words(one, one.own_users, "services of other stacks"), next_name(one.name, taken)
    if not words:
        return f"Makes {new} with the new value. No service uses {one.name} now."
    alone = len(one.own_users) == 1 and not one.other_users
    copies = "Its copies are" if alone else "Their copies are"
    return f"Makes {new} with the new value and gives it to {words}. {copies} replaced as the settings of updates say."
