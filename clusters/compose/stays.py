"""After the program has started everything: does it stay up? Watched until that can be told, and no longer.

A container with a health check has said so itself, one that did its work has ended well, and any other one counts as up
when it ran for a while without a break. What falls is told at once; what is started again and again gets some time from
its first fall on, for it may only wait for another one.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.compose.power import PROJECT_LABEL
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Missing, Unsure
from clusters.kinds.base import Says
from clusters.kinds.formats import count

EVERY = 0.5  # seconds between two looks
SETTLED = 10.0  # seconds without a break after which it counts as up
GIVEN_UP = 30.0  # seconds for what is started again and again to stay up
LONGEST = 300.0  # seconds for a health check to say anything
SILENT = 15.0  # seconds without an answer, after which nobody can tell
SEEN = 5.0  # seconds for one look
AT_ONCE = 8  # containers that are inspected side by side
NAMED = 3  # of those that are waited for
SERVICE_LABEL = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"  # a label: started by hand, once
_IN_BRACKETS = re.compile(r"\([^()]*\)")  # of "Up 3 minutes (healthy)", "Exited (1) 3 minutes ago"
_HINT = (
    "Nothing was stopped: the log of each of them says why. Correct the text and deploy again, "
    "or go back to the version before."
)
_UNSAID = "the engine does not say how it is"
_LEFT = "What was started goes on; whether it stays up was not waited for."


@dataclass(slots=True)
class _Container:
    """One of the project, over the looks at it."""

    name: str
    is_waited_for: bool  # it did not run before
    since: float  # from when on it runs without a break, as far as we saw
    listed: str = ""  # what the list said of it when it was last inspected
    status: str = ""
    health: str = ""  # what its check says: starting, healthy or unhealthy; "" where it has none
    started: str = ""  # as the engine writes it: another one whenever it was started again
    code: int = 0  # with which it ended last
    was_restarted: bool = False
    unsteady_since: float | None = None  # from when on it is started again and again; None while it is not
    fallen: str = ""  # why it does not stay up
    waits: str = _UNSAID  # for what; "" for one that is up, or did its work

    def hear(self, state: Mapping[str, Any], now: float) -> None:
        """What the engine says when it is inspected."""
        self.status = str(state.get("Status"))
        self.health = str((state.get("Health") or {}).get("Status") or "").replace("none", "")
        started = str(state.get("StartedAt") or "")
        restarted = bool(self.started) and started != self.started
        self.was_restarted |= restarted
        if restarted or self.status == "restarting":
            self.since = now
        if self.status != "running":  # while it runs, the engine tells of no code
            self.code = int(state.get("ExitCode") or 0)
        self.started = started
        self._judge(now)

    def ended(self) -> str:
        """How, in words."""
        return f"ended with code {self.code}" if self.code else "ended"

    def _judge(self, now: float) -> None:
        if not self._is_unsteady(now):
            self.unsteady_since = None
        elif self.unsteady_since is None:
            self.unsteady_since = now
        self.fallen = self._why_fallen(now)
        self.waits = "" if self.fallen else self._why_waits(now)

    def _is_unsteady(self, now: float) -> bool:
        has_just_begun = self.status == "running" and self.was_restarted and now - self.since < SETTLED
        return self.status == "restarting" or has_just_begun

    def _why_fallen(self, now: float) -> str:
        if self.status == "dead" or (self.status == "exited" and self.code):
            return self.ended()
        if self.unsteady_since is not None and now - self.unsteady_since >= GIVEN_UP:
            return "ends again and again" + (f", with code {self.code}" if self.code else "")
        is_ill = self.status == "running" and self.health == "unhealthy" and self.is_waited_for
        return "runs, and its health check fails" if is_ill else ""

    def _why_waits(self, now: float) -> str:
        if self.unsteady_since is not None:
            return f"{self.ended()} and was started again"
        if self.status != "running" or self.health in ("healthy", "unhealthy"):
            return ""  # it did its work, is not to run, or said how it is
        if self.health == "starting":
            return "its health check has not said anything yet"
        up = now - self.since
        return f"up for {up:.0f} of {SETTLED:.0f} seconds" if up < SETTLED and self.is_waited_for else ""


@dataclass(slots=True)
class _Watch:
    """All that is watched: it asks the engine, and lists what it heard."""

    driver: Driver
    project: str
    service: str  # of which alone; "" for all of the project
    left: Collection[str]  # containers that ran before: they are looked at once
    began: float
    containers: dict[str, _Container] = field(default_factory=dict)  # by id

    @property
    def fallen(self) -> list[_Container]:
        """What does not stay up, by name."""
        return sorted((one for one in self.containers.values() if one.fallen), key=lambda one: one.name)

    @property
    def waiting(self) -> list[_Container]:
        """What cannot be told yet, by name."""
        return sorted((one for one in self.containers.values() if one.waits), key=lambda one: one.name)

    async def look(self, now: float) -> None:
        """Raises what the engine says, or that it says nothing. What is well is asked only when the list says news."""
        labels = [f"{PROJECT_LABEL}={self.project}", *([f"{SERVICE_LABEL}={self.service}"] if self.service else [])]
        query = {"all": "1", "filters": json.dumps({"label": labels})}
        there = await self.driver.call(Call("GET", ("containers", "json"), query, timeout=SEEN))
        listed = {str(one["Id"]): one for one in there or () if not _by_hand(one)}
        self.containers = {uid: self.containers.get(uid) or self._met(one, now) for uid, one in listed.items()}
        unsure = [uid for uid, one in self.containers.items() if one.waits or one.listed != _in_short(listed[uid])]
        turn = asyncio.Semaphore(AT_ONCE)
        lost = await asyncio.gather(*(self._inspect(uid, listed[uid], now, turn) for uid in unsure))
        errors = [error for error in lost if error is not None]
        if errors and len(errors) == len(unsure):
            raise errors[0]  # one that is lost among others is only asked again

    async def _inspect(
        self, uid: str, listed: Mapping[str, Any], now: float, turn: asyncio.Semaphore
    ) -> ClusterError | None:
        one = self.containers[uid]
        try:
            async with turn:
                answer = await self.driver.call(Call("GET", ("containers", uid, "json"), timeout=SEEN))
        except Missing:
            del self.containers[uid]
            return None
        except ClusterError as error:
            one.waits = one.waits or _UNSAID
            return error
        one.hear(answer.get("State") or {}, now)
        one.listed = _in_short(listed)
        return None

    def _met(self, listed: Mapping[str, Any], now: float) -> _Container:
        name = str((listed.get("Names") or [listed["Id"]])[0]).removeprefix("/")[:100]
        return _Container(name, name not in self.left, now)


async def check_stays(
    driver: Driver, project: str, done: str, says: Says, *, service: str = "", left: Collection[str] = ()
) -> str:
    """Words for what could not be told in time; "" when everything stays up.

    ``service``: nothing but that was changed. ``left``: containers that ran before. Raises Conflict with what does not
    stay up, Unsure when the engine does not say it.
    """
    watch = _Watch(driver, project, service, frozenset(left), _now())
    try:
        return await _until_told(watch, done, says)
    except asyncio.CancelledError:
        says.say(f"Stopped watching. {_LEFT}", "warning")
        raise


async def _until_told(watch: _Watch, done: str, says: Says) -> str:
    heard = watch.began
    while True:
        try:
            await watch.look(_now())
            heard = _now()
        except ClusterError as error:
            if _now() - heard >= SILENT:
                words = f"{watch.project} {done}, but whether it stays up cannot be told: {error.message}"
                raise Unsure(words, hint="Look at it when its host answers again.") from error
        else:
            _tell(watch, says)
            if watch.fallen:
                raise Conflict(f"{watch.project} {done}, but {_how(watch)}", hint=_HINT)
            if not watch.waiting:
                return ""
        if _now() - watch.began >= LONGEST:
            return f"After {LONGEST / 60:g} minutes it is not known whether it stays up: {_listed(watch.waiting)}."
        await asyncio.sleep(EVERY)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _how(watch: _Watch) -> str:
    first = watch.fallen[0]
    unsteady = sum(one.unsteady_since is not None and not one.fallen for one in watch.containers.values())
    number = len(watch.fallen) + unsteady
    also = f", and {count(unsteady, 'other was', 'others were')} started again" if unsteady else ""
    do = "do" if number > 1 else "does"
    total = count(len(watch.containers), "container")
    return f"{number} of {total} {do} not stay up: {first.name} {first.fallen}{also}."


def _tell(watch: _Watch, says: Says) -> None:
    """One line, as it is now."""
    total, waiting = len(watch.containers), watch.waiting
    well = f"{total - len(waiting) - len(watch.fallen)} of {count(total, 'container')} well"
    says.progress("stays", f"Does it stay up? {well}{f'; {_listed(waiting)}' if waiting else ''}")


def _listed(waiting: Sequence[_Container]) -> str:
    named = "; ".join(f"{one.name}: {one.waits}" for one in waiting[:NAMED])
    return f"{named}; and {len(waiting) - NAMED} more" if len(waiting) > NAMED else named


def _in_short(listed: Mapping[str, Any]) -> str:
    """What a list says of a container, without how long that is so: "running (healthy)"."""
    said = _IN_BRACKETS.search(str(listed.get("Status") or ""))
    return f"{listed.get('State')} {said[0] if said else ''}"


def _by_hand(one: Mapping[str, Any]) -> bool:
    return str((one.get("Labels") or {}).get(ONE_OFF)).lower() == "true"
