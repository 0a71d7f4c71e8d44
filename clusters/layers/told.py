"""What happened to the copies of an app between two looks at it, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from clusters.kinds.base import Level
from clusters.kinds.formats import count, listed
from clusters.kinds.layered import App, Thing

ONE_BY_ONE = 2  # so many of one sort are named
_BAD = (Level.FAILING, Level.UNKNOWN)


def told(before: App, after: App) -> list[str]:
    """Copies that moved, appeared, went, or began to fail."""
    was, now = _copies(before), _copies(after)
    other = [uid for uid in now if uid in was and _machine(before, uid) != _machine(after, uid)]
    moved = [uid for uid in other if _machine(before, uid) and _machine(after, uid)]
    fell = [uid for uid in now if _bad(now[uid]) and uid in was and not _bad(was[uid])]
    return [
        *_sentences("moved to", [now[uid] for uid in moved], after),
        *_sentences("was placed on", [now[uid] for uid in other if not _machine(before, uid)], after),
        *_sentences("appeared on", [now[uid] for uid in now if uid not in was], after),
        *_sentences("is gone from", [was[uid] for uid in was if uid not in now], before),
        *_failing([now[uid] for uid in fell]),
    ]


def _copies(app: App) -> dict[str, Thing]:
    return app.things.get("copy") or app.things.get("container") or {}


def _machine(app: App, uid: str) -> str:
    machine = app.things.get("machine", {}).get(app.machines.get(uid, ""))
    return machine.name if machine else ""


def _bad(thing: Thing) -> bool:
    return thing.health is not None and thing.health.level in _BAD


def _sentences(verb: str, things: Sequence[Thing], app: App) -> Iterable[str]:
    short = verb.rpartition(" ")[0]
    if len(things) <= ONE_BY_ONE:
        for one in things:
            machine = _machine(app, one.id)
            yield f"{one.name} {verb} {machine}." if machine else f"{one.name} {short}."
        return
    machines = Counter(_machine(app, one.id) or "no machine yet" for one in things)
    most = [f"{number} on {place}" for place, number in machines.most_common(3)]
    more = f" and on {count(len(machines) - 3, 'other machine')}" if len(machines) > 3 else ""
    short = short.replace("is gone", "are gone").replace("was placed", "were placed")
    yield f"{len(things)} copies {short}: {listed(most) if not more else ', '.join(most)}{more}."


def _failing(things: Sequence[Thing]) -> Iterable[str]:
    if len(things) > ONE_BY_ONE:
        yield f"{len(things)} copies are not well any more."
        return
    for one in things:
        yield f"{one.name} is {one.health.word.lower()}." if one.health else ""
