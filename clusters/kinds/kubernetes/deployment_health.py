"""How a deployment is: a rollout told as it is, a service that is down said first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.base import Copy, Health, Level
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import Condition, condition, understood
from clusters.kinds.kubernetes.copies import coming, failing, held_back, most_frequent, share, since, staying
from clusters.kinds.kubernetes.deployment_model import Deployment

GRACE = 30.0  # seconds that fewer copies than asked for are no fault yet
UNDER_WAY = {"ReplicaSetUpdated", "NewReplicaSetCreated", "FoundNewReplicaSet"}


@understood
def health(one: Deployment) -> Health:
    """What cannot go on comes first, then what is down, then what is under way."""
    now, wanted, serving = time.time(), one.spec.replicas, one.status.available_replicas
    available = condition(one.status.conditions, "Available")
    down_since = available.since if available and available.status == "False" else 0.0
    code = available.reason if available and down_since else ""
    if not wanted:
        return _without_copies(one)
    if blocked := _blocked(one):
        return blocked
    if not serving and down_since and now - max(down_since, one.changed) >= GRACE:
        held = " Its rollout is paused." if one.spec.paused else ""
        return Health(Level.FAILING, "Down", f"None of its copies serves.{held}", code, down_since)
    few = f"{serving} of {wanted} copies serve." if serving < wanted else ""
    if one.spec.paused:
        reason = f"Its rollout is paused: changes wait until it is resumed. {few}".strip()
        return Health(Level.PAUSED, "Paused", reason, "spec.paused")
    if rolling(one):
        progressing = condition(one.status.conditions, "Progressing")
        began = progressing.since if progressing else 0.0
        if few and _is_seen(one) and not _has_old_copies(one):
            return Health(Level.CHANGING, "Starting", few, since=began)  # it is new, or grows: nothing is replaced
        return Health(Level.CHANGING, "Updating", _progress(one), since=began)
    if not few:
        return Health(Level.HEALTHY, "Running")
    since = max(down_since, one.changed)
    if now - since < GRACE:
        return Health(Level.CHANGING, "Starting", few, since=since)
    return Health(Level.AT_RISK if serving else Level.FAILING, "Degraded" if serving else "Down", few, code, since)


def with_copies(one: Deployment, alone: Health, copies: Sequence[Copy]) -> Health:
    """Copies that crash are up now and then, and each time all looks well; so what they say weighs more."""
    if one.metadata.deletion_timestamp or not one.spec.replicas or _is_refused(one):
        return alone
    down, up = failing(copies), staying(copies)
    if not down and _has_old_copies(one) and not one.spec.paused:
        down = held_back(copies)  # those before it serve, so it is the new version that is held back
        up -= len(down)
    if not down:
        return _with_lost(alone, copies) or _with_what_holds_it_up(alone, copies)
    why, began = most_frequent(down), since(down)
    if _has_old_copies(one):
        few = count(len(down), "copy does not come up", "copies do not come up")
        serving = f"{count(up, 'other copy still serves', 'other copies still serve')}." if up else ""
        words = f"Its new version is stuck: {few}. {why.reason} {serving or 'Nothing serves.'}"
        given_up = alone.word == "Stuck"
        return Health(Level.FAILING if given_up or not up else Level.AT_RISK, "Stuck", words, why.code, began)
    words = share(up, one.spec.replicas, why)
    if not up:
        return Health(Level.FAILING, why.word, words, why.code, began)
    return Health(Level.AT_RISK, "Degraded", words, why.code, began)


def _with_lost(alone: Health, copies: Sequence[Copy]) -> Health | None:
    """Copies that nobody hears of any more are not starting, though as few serve."""
    lost = [copy for copy in copies if copy.health.level is Level.UNKNOWN]
    if not lost or alone.word != "Starting":
        return None
    why = most_frequent(lost)
    serves = any(copy.health.level is Level.HEALTHY for copy in copies)
    level, word = (Level.AT_RISK, "Degraded") if serves else (Level.FAILING, "Down")
    return Health(level, word, f"{alone.reason} {why.reason}".strip(), why.code, since(lost))


def _with_what_holds_it_up(alone: Health, copies: Sequence[Copy]) -> Health:
    """A rollout under way says what its copies wait for."""
    if alone.level is not Level.CHANGING or not (waits := coming(copies)):
        return alone
    return replace(alone, reason=f"{alone.reason} {most_frequent(waits).reason}".strip())


def _is_refused(one: Deployment) -> bool:
    failed = condition(one.status.conditions, "ReplicaFailure")
    return failed is not None and failed.status == "True"


def _has_old_copies(one: Deployment) -> bool:
    return one.status.replicas > one.status.updated_replicas


def rolling(one: Deployment) -> bool:
    """Same rule as ``kubectl rollout status``: seen by its controller, all copies new and ready, no old ones left."""
    spec, status = one.spec, one.status
    if not _is_seen(one) or status.updated_replicas < spec.replicas or status.replicas > status.updated_replicas:
        return True
    progressing = condition(status.conditions, "Progressing")
    return status.available_replicas < spec.replicas and _is_under_way(progressing)


def _is_seen(one: Deployment) -> bool:
    return one.status.observed_generation >= one.metadata.generation


def _is_under_way(progressing: Condition | None) -> bool:
    return progressing is not None and progressing.status == "True" and progressing.reason in UNDER_WAY


def _without_copies(one: Deployment) -> Health:
    if one.status.replicas:
        left = count(one.status.replicas, "copy", "copies")
        return Health(Level.CHANGING, "Stopping", f"{left} still to end.")
    return Health(Level.STOPPED, "Stopped", "No copies were asked for.")


def _blocked(one: Deployment) -> Health | None:
    """Its copies cannot be made at all, or its new version was given up on."""
    failed = condition(one.status.conditions, "ReplicaFailure")
    if failed and _is_refused(one):
        return Health(Level.FAILING, "Cannot make copies", _refusal(failed.message), failed.reason, failed.since)
    progressing = condition(one.status.conditions, "Progressing")
    if progressing and progressing.reason == "ProgressDeadlineExceeded":
        serving = one.status.available_replicas
        words = f"Its new version is stuck: {_new_ready(one)} of {one.spec.replicas} new copies are ready."
        words += f" {count(serving, 'copy still serves', 'copies still serve')}." if serving else " Nothing serves."
        return Health(Level.FAILING, "Stuck", words, progressing.reason, progressing.since)
    return None


_REFUSALS = (  # what the API server says -> what it means
    ("exceeded quota", "The namespace has used up what it may have."),
    ("violates PodSecurity", "The security rules of the namespace forbid such copies."),
    ("failed calling webhook", "A policy program of the cluster does not answer."),
    ("admission webhook", "A policy of the cluster says no."),
    ("serviceaccount", "The account it asks for does not exist."),
    ("usage per", "It asks for more, or less, than the namespace allows for one copy."),
)


def _refusal(message: str) -> str:
    known = next((words for part, words in _REFUSALS if part in message), "The cluster refuses to make its copies.")
    return f"{known} {message[:300]}"


def _new_ready(one: Deployment) -> int:
    """How many new copies are ready; the API tells it for old and new together, and the old were ready before."""
    unready = max(0, one.status.replicas - one.status.ready_replicas)
    return max(0, one.status.updated_replicas - unready)


def _progress(one: Deployment) -> str:
    spec, status = one.spec, one.status
    if not _is_seen(one):
        return "Its change was not seen yet."
    if status.updated_replicas < spec.replicas or _new_ready(one) < spec.replicas:
        return f"{_new_ready(one)} of {spec.replicas} new copies are ready."
    return f"{count(status.replicas - status.updated_replicas, 'old copy', 'old copies')} still to end."
