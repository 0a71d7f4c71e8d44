"""What its copies say about what keeps them: steadier than its own status, which is well whenever they are up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.kubernetes.base import Object
from clusters.kinds.kubernetes.pod_health import NOT_READY, health
from clusters.kinds.kubernetes.pod_model import Pod

OVER = {"Succeeded", "Failed"}  # pods that are left for reading only: others were made in their place


def failing(copies: Sequence[Copy]) -> list[Copy]:
    """Those that do not stay up, or cannot start at all."""
    return [one for one in copies if one.health.level is Level.FAILING and one.resource.status.phase not in OVER]


def held_back(copies: Sequence[Copy]) -> list[Copy]:
    """Those that run, and whose own check does not let them take work: for so long that it is a risk."""
    return [one for one in copies if one.health.level is Level.AT_RISK and one.health.word == NOT_READY]


def coming(copies: Sequence[Copy]) -> list[Copy]:
    """Those that are not well yet; not those that are to end."""
    return [
        one
        for one in copies
        if one.health.level is not Level.HEALTHY
        and one.resource.status.phase not in OVER
        and not one.resource.metadata.deletion_timestamp
    ]


def staying(copies: Sequence[Copy]) -> int:
    """How many are up, and not only until they end the next time."""
    return sum(one.health.level in (Level.HEALTHY, Level.AT_RISK) for one in copies)


def most_frequent(copies: Sequence[Copy]) -> Health:
    """How the most of these are; where there are as many of several sorts, the first by name of its trouble."""
    return most_frequent_health([one.health for one in copies])


def most_frequent_health(healths: Sequence[Health]) -> Health:
    """The same, of what was judged already."""
    often = Counter((one.word, one.code) for one in healths)
    (word, code), _ = min(often.items(), key=lambda item: (-item[1], item[0]))
    return next(one for one in healths if (one.word, one.code) == (word, code))


def since(copies: Sequence[Copy]) -> float:
    """When the first of these began; 0.0 when that is not known."""
    return min((one.health.since for one in copies if one.health.since), default=0.0)


def share(up: int, wanted: int, why: Health) -> str:
    """ "0 of 2 copies stay up. It stops again and again. ..." """
    what = "stay up" if why.word == "Crashing" else "run"
    if wanted == 1:
        what = {"stay up": "does not stay up", "run": "does not run"}[what]
        return f"Its only copy {what}. {why.reason}"
    return f"{min(up, wanted)} of {wanted} copies {what}. {why.reason}"


def judged_with(one: Object, alone: Health, copies: Sequence[Copy], wanted: int, then: str = "") -> Health:
    """Copies that crash are up now and then: what they say weighs more. ``then``: what follows from it."""
    down = failing(copies)
    if not down or not wanted or alone.level is Level.FAILING or one.metadata.deletion_timestamp:
        return alone
    why, up = most_frequent(down), staying(copies)
    words = f"{share(up, wanted, why)} {then}".strip()
    return Health(Level.AT_RISK if up else Level.FAILING, "Degraded" if up else why.word, words, why.code, since(down))


def copy_rows(pods: Iterable[Pod]) -> list[dict[str, Any]]:
    """Copies as a page shows them, the oldest first."""
    return [_copy_row(pod) for pod in sorted(pods, key=lambda pod: (pod.created, pod.name))]


def _copy_row(pod: Pod) -> dict[str, Any]:
    state = health(pod)
    return {
        "name": pod.name,
        "key": f"{pod.namespace}/{pod.name}",
        "node": pod.spec.node_name,
        "restarts": pod.restarts,
        "created": pod.created,
        "status": [state.level.name.lower(), state.word, state.reason, state.code],
    }
