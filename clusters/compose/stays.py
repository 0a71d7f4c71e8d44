"""After the program has started everything: does it stay up? Watched until that can be told, and no longer.

A container with a health check has said so itself, one that did its work has ended well, and any other one counts as up
when it ran for a while without a break. What falls is told at once; what is started again and again gets some time, for
it may only wait for another one.
"""

from __future__ import annotations

import asyncio
import json
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
NAMED = 3  # of those that are waited for
SERVICE_LABEL = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"  # a label: started by hand, once
_HINT = (
    "They stay as they are, and their lines say why. Mend the text and deploy again, or go back to the version before."
)
_LEFT = "What was started goes on; whether it stays up was not waited for."


@dataclass(slots=True)
class _Watched:
    """One container, over the looks at it."""

    name: str
    since: float  # from when on it runs without a break, as far as we saw
    fallen: str = ""  # why it does not stay up
    waits: str = ""  # for what; "" for one that is up, or did its work
    started: str = ""  # as the engine writes it: another one whenever it was started again
    again: int = 0  # how often that was
    code: int = 0  # with which it ended last


@dataclass(slots=True)
class _Watch:
    driver: Driver
    project: str
    service: str  # of which alone; "" for all of the project
    left: Collection[str]  # containers that ran before: they are looked at once
    began: float
    containers: dict[str, _Watched] = field(default_factory=dict)  # by id

    @property
    def fallen(self) -> list[_Watched]:
        return sorted((one for one in self.containers.values() if one.fallen), key=lambda one: one.name)

    @property
    def waiting(self) -> list[_Watched]:
        return sorted((one for one in self.containers.values() if one.waits), key=lambda one: one.name)

    async def look(self, now: float) -> None:
        """Raises what the engine says, or that it says nothing."""
        labels = [f"{PROJECT_LABEL}={self.project}", *([f"{SERVICE_LABEL}={self.service}"] if self.service else [])]
        query = {"all": "1", "filters": json.dumps({"label": labels})}
        there = await self.driver.call(Call("GET", ("containers", "json"), query, timeout=SEEN))
        ids = [str(one["Id"]) for one in there or () if not _by_hand(one)]
        answers = await asyncio.gather(*(self._inspected(one) for one in ids))
        found = {uid: answer for uid, answer in zip(ids, answers, strict=True) if answer is not None}
        self.containers = {uid: self._judged(uid, answer, now) for uid, answer in found.items()}

    async def _inspected(self, uid: str) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] = await self.driver.call(Call("GET", ("containers", uid, "json"), timeout=SEEN))
        except Missing:
            return None
        return answer

    def _judged(self, uid: str, answer: Mapping[str, Any], now: float) -> _Watched:
        state, name = answer.get("State") or {}, str(answer.get("Name") or uid).removeprefix("/")[:100]
        one = self.containers.get(uid) or _Watched(name, now)
        started, status = str(state.get("StartedAt") or ""), str(state.get("Status"))
        if status == "restarting" or (one.started and started != one.started):
            one.since = now
            one.again += started != one.started
        if status != "running":  # while it runs, the engine tells of no code
            one.code = int(state.get("ExitCode") or 0)
        one.started = started
        one.fallen = self._why_fallen(one, status, _health(state), now)
        one.waits = "" if one.fallen else self._why_waits(one, status, _health(state), now)
        return one

    def _why_fallen(self, one: _Watched, status: str, health: str, now: float) -> str:
        code = f" with code {one.code}" if one.code else ""
        if status == "dead" or (status == "exited" and one.code):
            return f"ended{code}"
        if self._is_unsteady(one, status, now) and now - self.began >= GIVEN_UP:
            return f"ends again and again{code and f',{code}'}"
        is_ill = status == "running" and health == "unhealthy" and one.name not in self.left
        return "runs, and its health check fails" if is_ill else ""

    def _why_waits(self, one: _Watched, status: str, health: str, now: float) -> str:
        if self._is_unsteady(one, status, now):
            return f"ended{f' with code {one.code}' if one.code else ''} and was started again"
        if status != "running" or health in ("healthy", "unhealthy"):
            return ""  # it did its work, is not to run, or said how it is
        if health == "starting":
            return "its health check has not said anything yet"
        up = now - one.since
        return f"up for {up:.0f} of {SETTLED:.0f} seconds" if up < SETTLED and one.name not in self.left else ""

    def _is_unsteady(self, one: _Watched, status: str, now: float) -> bool:
        return status == "restarting" or (status == "running" and one.again > 0 and now - one.since < SETTLED)


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
    first, *more = watch.fallen
    do = "do" if more else "does"
    return (
        f"{len(more) + 1} of {count(len(watch.containers), 'container')} {do} not stay up: {first.name} {first.fallen}."
    )


def _tell(watch: _Watch, says: Says) -> None:
    """One line, as it is now."""
    total, waiting = len(watch.containers), watch.waiting
    well = f"{total - len(waiting) - len(watch.fallen)} of {count(total, 'container')} well"
    says.progress("stays", f"Does it stay up? {well}{f'; {_listed(waiting)}' if waiting else ''}")


def _listed(waiting: Sequence[_Watched]) -> str:
    named = "; ".join(f"{one.name}: {one.waits}" for one in waiting[:NAMED])
    return f"{named}; and {len(waiting) - NAMED} more" if len(waiting) > NAMED else named


def _health(state: Mapping[str, Any]) -> str:
    """What its check says: starting, healthy or unhealthy; "" where it has none."""
    return str((state.get("Health") or {}).get("Status") or "").replace("none", "")


def _by_hand(one: Mapping[str, Any]) -> bool:
    return str((one.get("Labels") or {}).get(ONE_OFF)).lower() == "true"
