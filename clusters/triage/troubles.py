"""Tells when something began to be wrong and when it was put right: once each, however often it comes and goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from clusters.kinds.base import Level
from clusters.triage import explain
from clusters.triage.changes import Happened
from clusters.triage.finding import Finding

STAYS_WELL = 30.0  # seconds without it before a trouble counts as over


@dataclass(slots=True)
class _Trouble:
    finding: Finding
    began: float
    gone_since: float = 0.0
    level: Level = Level.AT_RISK


class Troubles:
    """Hears the findings of everything, again and again."""

    def __init__(self) -> None:
        self._open: dict[str, _Trouble] = {}

    def judge(self, findings: Sequence[Finding], now: float, unheard: Collection[int] = ()) -> list[Happened]:
        """What began, what got worse and what is over since it was asked the last time.

        Of clusters that are not heard nobody knows what is over: their troubles wait until they are heard again.
        """
        said = []
        for one in findings:
            known = self._open.get(one.id)
            if known is None:
                known = self._open[one.id] = _Trouble(one, now, level=one.level)
                said.append(_began(one, now))
            elif one.level < known.level:
                known.level = one.level
                said.append(_began(one, now))
            known.finding, known.gone_since = one, 0.0
        current = {one.id for one in findings}
        for name, known in tuple(self._open.items()):
            if name in current or (known.finding.kind and known.finding.cluster in unheard):
                continue
            known.gone_since = known.gone_since or now
            if now - known.gone_since >= STAYS_WELL:
                del self._open[name]
                said.append(_over(known))
        return said


def _name(one: Finding) -> str:
    return one.key.rpartition("/")[2] or one.title


def _began(one: Finding, now: float) -> Happened:
    what = "failing" if one.level == Level.FAILING else "at risk"
    return Happened(
        now,
        one.cluster,
        one.kind,
        one.namespace,
        _name(one),
        _uid(one),
        what,
        one.title[:300],
        one.level,
        {"code": one.code, "cause": one.cause[:500]},
    )


def _over(known: _Trouble) -> Happened:
    one, lasted = known.finding, explain.span(known.gone_since - known.began)
    return Happened(
        known.gone_since,
        one.cluster,
        one.kind,
        one.namespace,
        _name(one),
        _uid(one),
        "recovered",
        f"{_name(one)} is well again after {lasted}"[:300],
        Level.HEALTHY,
        {"code": one.code},
    )


def _uid(one: Finding) -> str:
    return one.row.rpartition("~")[2]
