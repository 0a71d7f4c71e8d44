"""A container that ends and is started again: once, now and then, or for ever."""

from __future__ import annotations

from clusters.kinds.base import Health, Level
from clusters.kinds.exit_codes import exit_term, exit_words
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.pod_model import Container, ContainerStatus, Terminated

LOOP = 2  # ends from which on it is more than bad luck
SETTLED = 60.0  # seconds it must be up again before anybody believes it
LIVES = 3.0  # and so many times as long as it lived before it ended
RECENT = 600.0  # a restart this long ago still counts; the kubelet forgets it then, too
MANY = 3  # restarts that are worth a word


def crashed(asked: Container, one: ContainerStatus, policy: str, now: float) -> Health | None:
    """What its ends say, when it does not wait: it has just ended, or is up again and may end the next moment."""
    if ended := one.state.terminated:
        restarted = policy == "Always" or (policy == "OnFailure" and ended.exit_code != 0)
        if not ended.exit_code and not restarted:
            return None
        if restarted and one.restart_count + 1 >= LOOP:
            return again_and_again(asked, ended)
        if restarted:  # once: it is up again in a moment
            return _ended(Level.CHANGING, "Restarting", asked, ended)
        return _ended(Level.FAILING, "Failed", asked, ended)
    last = one.last_state.terminated
    if last is None or now - last.ended >= RECENT:
        return None
    if one.restart_count >= LOOP and _may_end_again(one, last, now):
        return again_and_again(asked, last)
    if one.restart_count >= MANY:
        return _ended(Level.AT_RISK, "Restarting", asked, last, f"Started again {one.restart_count} times. ")
    return None


def again_and_again(asked: Container, last: Terminated) -> Health:
    """The same words while it waits for its next try and while it is up between two ends: nothing changed for good."""
    health = _ended(Level.FAILING, "Crashing", asked, last, "It stops again and again. ")
    return Health(health.level, health.word, health.reason, f"{health.code} · CrashLoopBackOff", health.since)


def _may_end_again(one: ContainerStatus, last: Terminated, now: float) -> bool:
    """It has not been up for clearly longer than it lived the last time."""
    up = now - epoch(one.state.running.started_at) if one.state.running else 0.0
    lived = max(0.0, last.ended - epoch(last.started_at)) if last.started_at else 0.0
    return up < min(max(SETTLED, LIVES * lived), RECENT)


def _ended(level: Level, word: str, asked: Container, ended: Terminated, before: str = "") -> Health:
    oom = ended.reason == "OOMKilled"
    limit = (asked.resources.limits or {}).get("memory", "") if oom else ""
    words = f"{before}{exit_words(ended.exit_code, out_of_memory=oom)}{f' ({limit})' if limit else ''}."
    return Health(level, word, words, exit_term(ended.exit_code, out_of_memory=oom), ended.ended)
