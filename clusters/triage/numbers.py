"""The four numbers of Home: each with a remark that is computed from what was seen, or with none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clusters.drivers.base import Usage
from clusters.kinds.base import Level
from clusters.kinds.formats import size
from clusters.triage import explain
from clusters.triage.restarts import HOUR, SHORTEST, Restarts
from clusters.triage.symptoms import Thing

TOGETHER = 10.0  # seconds: samples of several clusters within it are one point
GAP = 3 * TOGETHER  # without a sample for so long, nobody looked: a line has a gap there

Run = tuple[tuple[float, float], ...]  # (where, how much), both 0 to 1


@dataclass(frozen=True, slots=True)
class Plot:
    """How a number went: runs without gaps between them, and the same in words."""

    runs: tuple[Run, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Number:
    """One of the four."""

    key: str
    label: str
    value: str
    unit: str
    remark: str
    note: str = ""  # what the remark leaves out
    level: str = ""
    href: str = ""
    plot: Plot | None = None
    share: tuple[float, float] | None = None  # of how many: drawn as a bar
    words: str = ""  # said in Explain mode


@dataclass(frozen=True, slots=True)
class Measured:
    """The usage of one cluster. ``last`` None: not known now; ``why_not`` says why, "" while it is being asked."""

    name: str
    last: Usage | None
    history: Sequence[Usage]
    why_not: str


@dataclass(frozen=True, slots=True)
class _Point:
    at: float
    used: float
    room: float


def numbers(
    apps: Sequence[Thing],
    silent: int,
    restarts: Restarts,
    measured: Sequence[Measured],
    now: float,
    *,
    unseen: bool = False,
) -> tuple[Number, ...]:
    """All four. ``silent``: apps of clusters that nobody hears, so nobody knows; ``unseen``: no app may be seen."""
    return (
        _processor(measured, now),
        _memory(measured, now),
        _copies(apps, silent, unseen),
        _restarts(restarts),
    )


def _processor(measured: Sequence[Measured], now: float) -> Number:
    words = "How busy the processors are: of nodes in Kubernetes, of containers on Docker hosts."

    def amount(used: float, room: float) -> str:
        return f"{used:.1f} of {room:g} cores" if room else f"{used:.2f} cores"

    return _usage("cpu", "Processor in use", words, measured, now, amount)


def _memory(measured: Sequence[Measured], now: float) -> Number:
    words = "How much memory is taken: of nodes in Kubernetes, of containers on Docker hosts."

    def amount(used: float, room: float) -> str:
        return f"{size(used)} of {size(room)}" if room else size(used)

    return _usage("memory", "Memory in use", words, measured, now, amount)


def _usage(key: str, label: str, words: str, measured: Sequence[Measured], now: float, amount: object) -> Number:
    known = [one for one in measured if one.last is not None and getattr(one.last, key) is not None]
    plot = _plot([_points(one.history, key) for one in measured], now)
    if not known:
        return Number(key, label, "–", "", _why_none(measured), plot=plot, words=words)
    used = sum(getattr(one.last, key) for one in known)
    rooms = [getattr(one.last, f"{key}_limit") for one in known]
    room = sum(rooms) if all(rooms) else 0.0
    said = amount(used, room)  # type: ignore[operator]
    value, unit = (f"{100 * used / room:.0f}", "%") if room else tuple(said.split(" ", 1))
    note = "" if len(known) == len(measured) else f"{len(known)} of {len(measured)} clusters measured"
    left = [one for one in measured if one not in known]
    remark = said if room else ""
    return Number(key, label, value, unit, remark, note, plot=plot, words=" ".join([words, *_left_out(left)]))


def _why_none(measured: Sequence[Measured]) -> str:
    if not measured:
        return "told for whole clusters only"
    reasons = {one.why_not for one in measured}
    if "" in reasons:
        return "being measured"
    if len(measured) == 1:
        return f"not measured: {measured[0].name} {measured[0].why_not}"
    return "not measured" if len(reasons) > 1 else f"not measured: each {reasons.pop()}"


def _left_out(left: Sequence[Measured]) -> list[str]:
    return [f"{one.name} {one.why_not or 'is being measured'}." for one in left]


def _points(history: Sequence[Usage], key: str) -> list[_Point]:
    found = ((one.at, getattr(one, key), getattr(one, f"{key}_limit")) for one in history)
    return [_Point(at, used, room) for at, used, room in found if used is not None]


def _plot(lines: Sequence[Sequence[_Point]], now: float) -> Plot | None:
    """The share of all that was measured at each moment: a cluster that comes or goes makes no cliff."""
    percent = any(one.room for line in lines for one in line)
    slots: dict[int, dict[int, _Point]] = {}
    for number, line in enumerate(lines):
        for point in line:
            if point.room or not percent:
                slots.setdefault(int(point.at // TOGETHER), {})[number] = point
    sums = [(slot, sum(one.used for one in points.values()), sum(one.room for one in points.values()))
            for slot, points in sorted(slots.items())]  # fmt: skip
    if len(sums) < 2:
        return None
    return _drawn([(slot * TOGETHER, used / room if percent else used) for slot, used, room in sums], now, percent)


def _drawn(shares: Sequence[tuple[float, float]], now: float, percent: bool) -> Plot:
    length = min(HOUR, max(SHORTEST, now - shares[0][0]))
    top = max(value for _, value in shares) * 1.08 or 1.0
    runs: list[list[tuple[float, float]]] = []
    before = 0.0
    for at, value in shares:
        if at - before > GAP:
            runs.append([])
        runs[-1].append((round(max(0.0, 1 - (now - at) / length), 4), round(value / top, 4)))
        before = at
    least, most = min(value for _, value in shares), max(value for _, value in shares)
    span = explain.span(now - shares[0][0])
    words = f"{least:.0%} to {most:.0%} in {span}" if percent else f"seen for {span}"
    return Plot(tuple(tuple(run) for run in runs), words)


def _copies(apps: Sequence[Thing], silent: int, unseen: bool) -> Number:
    ready = wanted = 0
    short = 0
    for one in apps:
        if one.kind.workload is None or one.health.level in (Level.STOPPED, Level.PAUSED):
            continue
        has, asked, _ = one.kind.workload.copies(one.resource)
        ready, wanted, short = ready + min(has, asked), wanted + asked, short + (has < asked)
    missing = wanted - ready
    if unseen:
        remark = "none can be seen"
    elif not wanted:
        remark = "none was asked for" if not silent else "none is known of"
    else:
        remark = f"{missing:,} missing, of {explain.several(short, 'app')}" if missing else "all are there"
    return Number(
        "copies",
        "Copies ready",
        "–" if unseen else f"{ready:,}",
        "" if unseen else f"of {wanted:,}",
        remark,
        f"of {explain.several(silent, 'app')} nothing is heard" if silent else "",
        level="at_risk" if missing else "",
        href="/workloads/?sort=ready" if missing else "/workloads/",
        share=(ready, wanted) if wanted else None,
        words="Copies that do their job, of those that were asked for; what was stopped on purpose is not counted.",
    )


def _restarts(seen: Restarts) -> Number:
    name, times = seen.most
    if not seen.count:
        watched = f" in {explain.span(seen.watched)}" if seen.watched > SHORTEST else " yet"
        remark = "none seen" if seen.watched >= HOUR else f"none seen{watched}"
    elif times == seen.count:
        remark = f"all of {name}"
    elif 2 * times > seen.count:
        remark = f"{times:,} of {name}"
    else:
        remark = f"in {explain.several(seen.apps, 'app')}"
    note, level = "", ""
    if seen.usual is not None:
        low, high = seen.usual
        note = f"{low:,} in each hour before" if low == high else f"{low:,} to {high:,} in the hours before"
        level = "at_risk" if seen.count > high else ""
    elif seen.count and seen.watched < HOUR:
        note = f"watched for {explain.span(seen.watched)}"
    return Number(
        "restarts",
        "Restarts, last hour",
        f"{seen.count:,}",
        "",
        remark,
        note,
        level,
        "/workloads/?sort=-restarts" if seen.count else "",
        plot=_course(seen),
        words="How often something ended and was started again while Pilothouse watched.",
    )


def _course(seen: Restarts) -> Plot | None:
    if not seen.count:
        return None
    top, last = max(seen.course) * 1.08, len(seen.course) - 1
    run = tuple((round(index / last, 4), round(count / top, 4)) for index, count in enumerate(seen.course))
    return Plot((run,), f"{seen.count:,} in {explain.span(seen.watched)}")


def share_of(measured: Mapping[int, Usage | None], key: str) -> dict[int, float]:
    """How much of each cluster is in use, 0 to 1; those that are not known are left out."""
    found = {}
    for cluster, last in measured.items():
        used = getattr(last, key, None)
        room = getattr(last, f"{key}_limit", 0.0)
        if used is not None and room:
            found[cluster] = min(1.0, used / room)
    return found
