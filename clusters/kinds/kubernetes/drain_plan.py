"""What draining a node means for each pod on it: it moves, it stays, it holds everything up; always with the reason.

The same plan is shown before and carried out after: what the cluster says now, read in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing, Refused, Unsupported
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import Condition, Object, Owner, Part, condition
from clusters.kinds.kubernetes.disruption_budget import BudgetStatus
from clusters.kinds.kubernetes.pod_model import Pod, PodSpec
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.kinds.kubernetes.taints import Toleration

PODS, BUDGETS = ("api", "v1", "pods"), ("apis", "policy", "v1", "poddisruptionbudgets")
OVER = {"Succeeded", "Failed"}
LOCAL_DATA, NO_OWNER = "it keeps data on this node, which is lost", "nobody makes it again"
T = TypeVar("T")


class DrainVolume(Part, frozen=True, gc=False, rename="camel"):
    """A volume, as far as it lives and dies with the node."""

    empty_dir: dict[str, Any] | None = None


class DrainSpec(PodSpec, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    volumes: list[DrainVolume] | None = None  # type: ignore[assignment]
    node_selector: dict[str, str] | None = None
    tolerations: list[Toleration] | None = None


class DrainStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    phase: str = ""
    conditions: list[Condition] | None = None


class DrainPod(Object, frozen=True, gc=False, rename="camel"):
    """A pod, as far as it matters here. Told apart from the model of its list, which is kept in memory."""

    spec: DrainSpec = DrainSpec()
    status: DrainStatus = DrainStatus()

    @property
    def key(self) -> str:
        """ "shop/web-1" """
        return f"{self.namespace}/{self.name}"

    @property
    def requests(self) -> tuple[float, float]:
        """What is kept free for it: cores, and bytes."""
        return Pod(spec=self.spec).requests

    @property
    def has_local_data(self) -> bool:
        """Does it keep something that does not move with it?"""
        return any(one.empty_dir is not None for one in self.spec.volumes or ())


class GuardSpec(Part, frozen=True, gc=False, rename="camel"):
    """What it guards."""

    selector: LabelSelector | None = None


class Guard(Object, frozen=True, gc=False, rename="camel"):
    """A disruption budget, as far as it matters here."""

    spec: GuardSpec = GuardSpec()
    status: BudgetStatus = BudgetStatus()

    def guards(self, pod: DrainPod) -> bool:
        """May this pod go only with its leave?"""
        selector = self.spec.selector
        return self.namespace == pod.namespace and selector is not None and selector.holds(pod.labels)

    @property
    def words(self) -> str:
        """Why none may go now."""
        status = self.status
        return (
            f"the disruption budget {self.name} lets none go now: {status.current_healthy} of "
            f"{status.desired_healthy} that must be well are"
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What was ticked and filled in."""

    local_data: bool = False
    without_owner: bool = False
    grace: int | None = None
    minutes: int = 10
    selector: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Options:
        """From the fields of the action."""
        grace, minutes = values.get("grace"), values.get("minutes")
        return cls(
            values.get("local_data") is True,
            values.get("without_owner") is True,
            grace if isinstance(grace, int) else None,
            minutes if isinstance(minutes, int) else 10,
            str(values.get("selector") or ""),
        )


@dataclass(frozen=True, slots=True)
class Fate:
    """One pod with what becomes of it, in words."""

    pod: DrainPod
    words: str


@dataclass(slots=True)
class Plan:
    """Every pod of the node once. ``doubt``: what could not be asked."""

    moves: list[Fate] = field(default_factory=list)
    waits: list[Fate] = field(default_factory=list)  # moves, too, as soon as its budget lets it
    holds: list[Fate] = field(default_factory=list)  # needs a leave that was not given
    stays: list[Fate] = field(default_factory=list)
    doubt: str = ""

    @property
    def leaving(self) -> list[DrainPod]:
        """All that are asked to go."""
        return [one.pod for one in (*self.moves, *self.waits)]

    @property
    def held(self) -> str:
        """Why it cannot be begun; "" when it can."""
        if not self.holds:
            return ""
        reasons = dict.fromkeys(one.words for one in self.holds)
        names = ", ".join(one.pod.key for one in self.holds[:3])
        more = f" and {len(self.holds) - 3} more" if len(self.holds) > 3 else ""
        who = count(len(self.holds), "pod needs", "pods need")
        return f"{who} your leave first ({'; '.join(reasons)}): {names}{more}."


async def look(driver: Driver, node: str, options: Options) -> Plan:
    """What the cluster says now. Raises its errors; budgets that may not be read are a doubt, not an error."""
    pods = await pods_of(driver, node, options.selector)
    try:
        budgets, doubt = await _listed(driver, BUDGETS, {}, Guard), ""
    except (Missing, Unsupported):
        budgets, doubt = [], ""  # this cluster has none
    except Refused as error:
        budgets, doubt = [], f"Which disruption budgets there are could not be asked: {error.message}"
    return judged(pods, budgets, options, doubt)


async def pods_of(driver: Driver, node: str, selector: str = "") -> list[DrainPod]:
    """The pods on that node now."""
    query = {"fieldSelector": f"spec.nodeName={node}"} | ({"labelSelector": selector} if selector else {})
    return await _listed(driver, PODS, query, DrainPod)


def judged(pods: Iterable[DrainPod], budgets: Sequence[Guard], options: Options, doubt: str = "") -> Plan:
    """What becomes of each."""
    plan = Plan(doubt=doubt)
    for pod in sorted(pods, key=lambda one: (one.namespace, one.name)):
        _judge(plan, pod, [one for one in budgets if one.guards(pod)], options)
    return plan


def _judge(plan: Plan, pod: DrainPod, guards: Sequence[Guard], options: Options) -> None:
    if why := _stays(pod):
        plan.stays.append(Fate(pod, why))
        return
    over = pod.status.phase in OVER
    if not over and (missing := _missing_leave(pod, options)):
        plan.holds.append(Fate(pod, " and ".join(missing)))
    elif not over and len(guards) > 1:
        names = " and ".join(one.name for one in guards)
        plan.waits.append(Fate(pod, f"the budgets {names} guard it at once, so the cluster never moves it"))
    elif not over and guards and not guards[0].status.disruptions_allowed and _is_ready(pod):
        plan.waits.append(Fate(pod, guards[0].words))
    else:
        plan.moves.append(Fate(pod, _moves(pod, over, guards)))


def _missing_leave(pod: DrainPod, options: Options) -> list[str]:
    """Why somebody must allow it first."""
    missing = [NO_OWNER] if pod.controller is None and not options.without_owner else []
    return missing + ([LOCAL_DATA] if pod.has_local_data and not options.local_data else [])


def _stays(pod: DrainPod) -> str:
    owner: Owner | None = pod.controller
    if owner and owner.kind == "Node":
        return "this node runs it by itself, from a file"
    if owner and owner.kind == "DaemonSet":
        return f"the daemon set {owner.name} keeps one on every node"
    return "it is going already" if pod.metadata.deletion_timestamp else ""


def _moves(pod: DrainPod, over: bool, guards: Sequence[Guard]) -> str:
    owner = pod.controller
    if over:
        return "it has ended; it is removed"
    if owner is None:
        return "ends for good: nobody makes it again"
    words = f"{owner.kind} {owner.name} makes another one elsewhere"
    if pod.has_local_data:
        words += "; what it keeps here is lost"
    if guards and guards[0].status.disruptions_allowed:
        words += f"; the budget {guards[0].name} lets {guards[0].status.disruptions_allowed} go at a time"
    return words


def _is_ready(pod: DrainPod) -> bool:
    ready = condition(pod.status.conditions, "Ready")
    return ready is not None and ready.status == "True"


async def _listed(driver: Driver, path: tuple[str, ...], query: Mapping[str, str], type_: type[T]) -> list[T]:
    answer = await driver.call(Call("GET", path, query))
    try:
        return [msgspec.convert(one, type_) for one in (answer or {}).get("items") or ()]
    except (msgspec.ValidationError, AttributeError, TypeError) as error:
        raise Unsupported("Pilothouse does not understand what the cluster says.", detail=str(error)) from error
