"""Applying a text, and taking it back: object by object, each in the audit before and after, each told as it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from clusters import audit
from clusters.access import Actor
from clusters.apply import undo
from clusters.apply.hidden import bare, shown
from clusters.apply.merging import changes, words
from clusters.apply.newest import newest, same_as_seen
from clusters.apply.owners import Owned, conflicts_of
from clusters.apply.plan import Asked, Plan, plan
from clusters.apply.served import ServedKind
from clusters.apply.step import Step, need
from clusters.apply.written import Written
from clusters.carrying_out import event_of, recorded
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Missing, Unreachable
from clusters.gateway import Gateway
from clusters.kinds.kubernetes.base import TRIES, write_on_newest
from clusters.repeats import Repeats, request_of

EACH_SECONDS = 40.0
READY_SECONDS = 15.0  # that a kind which was just defined may take to be known
MOST_FIELDS = 30  # named in the audit


@dataclass(frozen=True, slots=True)
class Result:
    """How it went with one object. ``words`` says it; ``conflicts`` name who stood in the way."""

    served: ServedKind
    namespace: str
    name: str
    state: Literal["done", "same", "failed", "unknown", "left"]
    words: str
    error: ClusterError | None = None
    conflicts: Sequence[Owned] = ()

    @property
    def uid(self) -> str:
        """Tells them apart on a page."""
        return f"{self.served.kind} {self.namespace} {self.name}"


@dataclass(frozen=True, slots=True)
class Applied:
    """All results, in the order of the text, and the key that takes them back ("" where nothing was written)."""

    results: Sequence[Result]
    undo: str = ""
    text: str = ""  # where it was one object: how it is now, as an editor shows it

    @property
    def well(self) -> bool:
        """Is everything as it was wanted?"""
        return all(one.state in ("done", "same") for one in self.results)


class Differs(Conflict):
    """It is not what was shown: ``plan`` is how it is now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("This is no longer what you looked at, so nothing was done.", hint="Look at it as it is now.")
        self.plan = plan


_begun: Repeats[Applied] = Repeats()


async def apply(gateway: Gateway, actor: Actor, asked: Asked, seal: str, key: str = "") -> Applied:
    """Do what was shown under that seal. Raises Differs, with nothing done, when it would be something else by now."""

    async def work() -> Applied:
        found = await plan(gateway, actor, asked)
        if not found.ready or found.seal != seal:
            raise Differs(found)
        return await _write_all(gateway, actor, asked.cluster_id, found.steps, key)

    return await _begun.once(actor.user_id, key, (asked.cluster_id, "apply", seal), work)


async def _write_all(gateway: Gateway, actor: Actor, cluster_id: int, steps: Sequence[Step], key: str) -> Applied:
    driver = gateway.driver(actor, cluster_id)
    results: list[Result] = []
    written: list[Written] = []
    for step in steps:
        assert step.served is not None
        about = step.served, step.namespace, step.name
        if any(one.state in ("failed", "unknown") for one in results):
            results.append(Result(*about, "left", "Not tried, because of what happened before it."))
            continue
        if step.what == "same":
            results.append(Result(*about, "same", "Nothing to change."))
            continue

        async def work(step: Step = step) -> dict[str, Any]:
            return await _write(driver, step)

        uid = str(step.before["metadata"].get("uid", "")) if step.before else ""
        fields = _fields(step)
        outcome, after = await _recorded(
            gateway, actor, cluster_id, about, uid, "apply", {"how": step.what, **fields}, key, work, _said(step)
        )
        if after is not None:
            before = step.before
            written.append(Written(*about, str(after["metadata"].get("uid", "")), before, after))
        results.append(outcome)
    text = shown(written[0].after) if len(steps) == len(written) == 1 else ""
    return Applied(results, await undo.keep(actor.user_id, cluster_id, written), text)


async def take_back(gateway: Gateway, actor: Actor, cluster_id: int, kept: str, key: str = "") -> Applied:
    """Undo what was applied under that key, the last object first. Raises Missing or Denied, with nothing done.

    It can be tried again as long as nothing of it was done, and nothing may have been.
    """

    async def work() -> Applied:
        driver = gateway.driver(actor, cluster_id)
        written = await undo.read(actor.user_id, cluster_id, kept)
        for one in written:  # all of them, before the first
            inside = one.namespace if one.served.namespaced else None
            takes = need(one.served)
            await gateway.see(actor, cluster_id, inside, takes, verb="undo", kind=one.served.name, name=one.name)
        results, after, used = [], None, None
        for one in reversed(written):

            async def made(one: Written = one) -> Call:
                nonlocal used
                call = one.back(await _looked_up(driver, one))
                used = used or await undo.use_up(actor.user_id, cluster_id, kept)
                return call

            async def back(made: Callable[[], Awaitable[Call]] = made) -> dict[str, Any]:
                answer = await write_on_newest(driver, made)
                return answer if isinstance(answer, dict) else {}

            said = "Deleted again." if one.before is None else "As it was before."
            outcome, after = await _recorded(
                gateway, actor, cluster_id, (one.served, one.namespace, one.name), one.uid, "undo", {}, key, back, said
            )
            results.append(outcome)
        again = all(one.state == "failed" for one in results) and (not used or await undo.give_back(used))
        text = shown(after) if len(written) == 1 and written[0].before and after else ""
        return Applied(results, kept if again else "", text)

    return await _begun.once(actor.user_id, key, (cluster_id, "undo", kept), work)


async def _looked_up(driver: Driver, one: Written) -> dict[str, Any] | None:
    try:
        return await newest(driver, one.path())
    except Unreachable as error:
        error.sent = False  # it was only looked at: nothing was done
        raise


async def _recorded(
    gateway: Gateway,
    actor: Actor,
    cluster_id: int,
    about: tuple[ServedKind, str, str],
    uid: str,
    verb: str,
    detail: dict[str, Any],
    key: str,
    work: Callable[[], Awaitable[dict[str, Any]]],
    said: str,
) -> tuple[Result, dict[str, Any] | None]:
    """One act: its intent, the call, its outcome. What goes wrong is a result, not an error."""
    served, namespace, name = about
    cluster = gateway.connections.cluster(cluster_id)
    detail = {"api": served.api, **detail}
    event = event_of(actor, cluster, served.name, None, verb, namespace=namespace, detail=detail, name=name)
    event = replace(event, uid=uid)
    try:
        one_key = f"{key}:{verb}:{served.api}:{namespace}:{name}" if key else ""
        request = await audit.intent(event, request_of(actor.user_id, one_key))
        after = await recorded(event, request, work(), EACH_SECONDS, lambda _: said)
    except ClusterError as error:
        lost = isinstance(error, Unreachable) and error.sent
        return Result(*about, "unknown" if lost else "failed", error.message, error, conflicts_of(error)), None
    return Result(*about, "done", said), after


async def _write(driver: Driver, step: Step) -> dict[str, Any]:
    if step.waits and step.served and step.served.promised:
        await _until_known(driver, step.served)
    for tries in range(TRIES):
        try:
            answer: dict[str, Any] = await driver.call(step.call(dry=False, force=step.force))
        except Conflict as error:
            if step.before is not None:
                await same_as_seen(driver, step)
            if conflicts_of(error) or step.before is None or tries == TRIES - 1:
                raise
        else:
            return answer
    raise AssertionError


async def _until_known(driver: Driver, served: ServedKind) -> None:
    """A kind that was defined a moment ago is served a moment later."""
    ends = time.monotonic() + READY_SECONDS
    root = ("apis", *served.version.split("/"))
    while time.monotonic() < ends:
        try:
            answer = await driver.call(Call("GET", root, timeout=10))
        except Missing:
            answer = {}
        if any(one.get("name") == served.plural for one in answer.get("resources") or ()):
            return
        await asyncio.sleep(0.3)
    raise Missing(f"The cluster does not know {served.kind} yet.", hint="Apply it again in a moment.")


def _fields(step: Step) -> dict[str, Any]:
    """What changes, by name alone: values are nothing for the audit."""
    if step.before is None or step.after is None:
        return {}
    changed = [words(path) for path in changes(bare(step.before), bare(step.after))]
    more = len(changed) - MOST_FIELDS
    shown = changed[:MOST_FIELDS] + ([f"and {more} more"] if more > 0 else [])
    owned = [f"{one.field} of {one.manager}" for one in step.conflicts[:MOST_FIELDS]]
    return {"fields": shown, **({"choice": step.choice, "conflicts": owned} if owned else {})}


def _said(step: Step) -> str:
    if step.what in ("new", "waits"):
        return "Made."
    return "Changed; what others managed was taken over." if step.choice == "take" else "Changed."
