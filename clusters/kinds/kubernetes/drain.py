"""Draining a node: cordon it, ask its pods to go as their disruption budgets allow, and tell truly how it went."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict, Missing, Refused
from clusters.kinds.actions import Values, quietly
from clusters.kinds.base import Action, Look, Says
from clusters.kinds.field import Field
from clusters.kinds.formats import count, span
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.drain_plan import DrainPod, Fate, Options, Plan, look, pods_of
from clusters.kinds.kubernetes.drain_room import UNKNOWN, without_room
from clusters.kinds.permission import Permission
from clusters.kinds.preview import Preview, Told

NODES = "v1/nodes"
LOOK_EVERY = 1.0  # seconds between two looks at who is still there
AGAIN_AFTER = 5.0  # seconds until a pod whose budget said no is asked again; kubectl does the same
AT_ONCE = 10  # requests
MINUTE = 60.0  # seconds
LONGEST = 55  # minutes
LABELS = r"[A-Za-z0-9_./=!(), -]*"


def eviction(pod: Any, grace: int | None = None) -> Call:
    """Ask a pod to go, if its budgets allow it, and only if it is still the same pod."""
    options: dict[str, Any] = {"preconditions": {"uid": pod.uid}}
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": pod.namespace},
        "deleteOptions": options,
    }
    return Call("POST", ("api", "v1", "namespaces", pod.namespace, "pods", pod.name, "eviction"), body=body)


async def _preview(asked: Look, values: Values) -> Preview:
    """Every pod on it, with what becomes of it."""
    node, options = asked.resource, Options.of(values)
    plan = await look(asked.driver, node.name, options)
    moving = len(plan.leaving)
    cordoned = "stays cordoned" if node.spec.unschedulable else "takes no new pods from then on"
    effect = f"{count(moving, 'pod')} {'is' if moving == 1 else 'are'} asked to go. {node.name} {cordoned}."
    if not moving and not plan.holds:
        effect = f"There is nothing on {node.name} that would move. It {cordoned}."
    lost = await without_room(asked, plan.leaving)
    if lost is None and moving:
        effect = f"{effect} {UNKNOWN}"
    told = [
        _told("Need your leave", "failing", plan.holds),
        _told("Find no room elsewhere", "at_risk", lost or ()),
        _told("Have to wait", "at_risk", plan.waits),
        _told("Move", "healthy", plan.moves),
        _told("Stay", "stopped", plan.stays),
    ]
    return Preview(effect=f"{effect} {plan.doubt}".strip(), told=[one for one in told if one.items], held=plan.held)


def _told(label: str, level: str, fates: Sequence[Fate]) -> Told:
    return Told(f"{label}: {len(fates)}", level, [(one.pod.key, one.words) for one in fates])


@dataclass(slots=True)
class _Drain:
    """One draining while it goes on."""

    driver: Driver
    node: Any
    options: Options
    says: Says
    waiting: dict[str, DrainPod] = field(default_factory=dict)  # not asked yet, or refused by a budget
    leaving: dict[str, DrainPod] = field(default_factory=dict)  # said yes, still there
    failed: dict[str, str] = field(default_factory=dict)  # place -> why
    gone: int = 0
    asked: dict[str, tuple[float, int]] = field(default_factory=dict)  # by uid: when next, how often so far
    began: float = 0.0

    async def run(self, plan: Plan) -> None:
        """Until all have gone, failed, or the time is over."""
        self.began = time.monotonic()
        self.waiting = {pod.uid: pod for pod in plan.leaving}
        for pod in self.waiting.values():
            self.says.progress(pod.uid, f"{pod.key}: waits for its turn")
        while self.waiting or self.leaving:
            self._count()
            if time.monotonic() - self.began > self.options.minutes * MINUTE:
                return
            await self._ask_those_due()
            await asyncio.sleep(LOOK_EVERY)
            await self._see_who_is_gone()
        self._count()

    def _count(self) -> None:
        total = self.gone + len(self.waiting) + len(self.leaving) + len(self.failed)
        self.says.progress("drain", f"Gone from {self.node.name}: {self.gone} of {total}", self.gone, total)

    async def _ask_those_due(self) -> None:
        now = time.monotonic()
        due = [pod for pod in self.waiting.values() if self.asked.get(pod.uid, (0.0, 0))[0] <= now]
        await asyncio.gather(*(self._evict(pod) for pod in due[:AT_ONCE]))

    async def _evict(self, pod: DrainPod) -> None:
        times = self.asked.get(pod.uid, (0.0, 0))[1] + 1
        self.asked[pod.uid] = (time.monotonic() + AGAIN_AFTER, times)
        try:
            await self.driver.call(eviction(pod, self.options.grace))
        except Missing:
            self.leaving[pod.uid] = self.waiting.pop(pod.uid)  # the next look tells
        except Refused as error:
            del self.waiting[pod.uid]
            self.failed[pod.key] = error.message
            self.says.progress(pod.uid, f"{pod.key}: FAILED. {error.message}")
        except ClusterError as error:
            # A budget that holds on, a server that is busy, a line that was cut: asked again, until the time is over.
            often = f" Asked {count(times, 'time')}." if times > 1 else ""
            self.says.progress(pod.uid, f"{pod.key}: waits. {error.message} {error.hint}".rstrip() + often)
        else:
            self.leaving[pod.uid] = self.waiting.pop(pod.uid)
            self.says.progress(pod.uid, f"{pod.key}: was asked to go, and ends")

    async def _see_who_is_gone(self) -> None:
        try:
            there = {pod.uid for pod in await pods_of(self.driver, self.node.name, self.options.selector)}
        except Refused:
            raise
        except ClusterError as error:
            self.says.progress("look", f"The cluster does not say who is still there: {error.message}")
            return
        for group in (self.leaving, self.waiting):
            for uid in [uid for uid in group if uid not in there]:
                pod = group.pop(uid)
                self.gone += 1
                self.says.progress(uid, f"{pod.key}: gone after {span(time.monotonic() - self.began)}")

    @property
    def left(self) -> list[str]:
        """Who is still there, by name."""
        return [pod.key for pod in (*self.waiting.values(), *self.leaving.values())] + list(self.failed)


async def _drain(driver: Driver, node: Any, values: Values, says: Says) -> str:
    """Nothing is begun while a pod needs a leave that was not given."""
    options = Options.of(values)
    plan = await look(driver, node.name, options)
    if plan.held:
        raise Conflict(plan.held, hint="Nothing was done. Tick what you allow, and try again.")
    await driver.call(patch(NODES, node, {"spec": {"unschedulable": True}}))
    says.say(f"{node.name} takes no new pods.")
    for one in plan.stays:
        says.say(f"{one.pod.key}: stays, {one.words}.")
    work = _Drain(driver, node, options, says)
    try:
        await work.run(plan)
    except asyncio.CancelledError:
        words = f"Stopped: {count(work.gone, 'pod')} gone, {len(work.left)} still there. {node.name} stays cordoned."
        says.say(f"{words} What was asked to go goes on ending; what is gone stays gone.", "warning")
        raise asyncio.CancelledError(words) from None
    if work.left:
        names = ", ".join(work.left[:5]) + (f" and {len(work.left) - 5} more" if len(work.left) > 5 else "")
        why = "" if work.failed and not work.waiting else f" within {count(options.minutes, 'minute')}"
        raise Conflict(
            f"{len(work.left)} of {work.gone + len(work.left)} pods did not go{why}: {names}.",
            hint=f"{node.name} stays cordoned. Its lines say what each of them waits for.",
        )
    stays = f"; {count(len(plan.stays), 'pod stays', 'pods stay')}" if plan.stays else ""
    return f"{count(work.gone, 'pod')} gone from {node.name}{stays}. It is cordoned until somebody uncordons it."


def _line(node: Any, values: Values) -> str:
    options = Options.of(values)
    words = ["kubectl", "drain", node.name, "--ignore-daemonsets", f"--timeout={options.minutes}m"]
    words += ["--delete-emptydir-data"] if options.local_data else []
    words += ["--force"] if options.without_owner else []
    words += [f"--grace-period={options.grace}"] if options.grace is not None else []
    words += [f"--pod-selector={options.selector}"] if options.selector else []
    return shlex.join(words)


DRAIN: Action[Any] = Action(
    verb="drain",
    label="Drain",
    icon="log-out",
    permissions=(Permission("patch"), Permission("list", api="v1/pods"), Permission("create", "eviction", "v1/pods")),
    effect=lambda node: f"Cordons {node.name} and asks its pods to go elsewhere.",
    stays=lambda node: "What daemon sets keep on every node stays.",
    run=quietly(_drain),
    run_saying=_drain,
    preview=_preview,
    long=True,
    bulk=False,
    line=_line,
    fields=(
        Field(
            name="local_data", label="Also pods that keep data on this node", type="flag", required=False,
            help="What they keep in it (emptyDir volumes) is lost.",
        ),
        Field(
            name="without_owner", label="Also pods that nobody makes again", type="flag", required=False,
            help="They end for good.",
        ),
        Field(
            name="grace", label="Seconds to end in", type="number", required=False, minimum=0, maximum=3600,
            help="Empty: as long as each pod asks for.",
        ),
        Field(
            name="minutes", label="Give up after minutes", type="number", minimum=1, maximum=LONGEST,
            initial=lambda node: 10, help="Pods that a disruption budget does not let go are asked again until then.",
        ),
        Field(
            name="selector", label="Only pods with these labels", required=False, max_length=500, pattern=LABELS,
            help="As kubectl takes them: app=web,tier!=edge",
        ),
    ),
)  # fmt: skip
