"""How a container is, in plain words, and why."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from clusters.kinds.base import Health, Level
from clusters.kinds.docker.container_model import TASK, Container
from clusters.kinds.docker.start_words import start_words
from clusters.kinds.exit_codes import ASKED_TO_STOP, exit_term, exit_words
from clusters.kinds.formats import count, epoch

BY_SWARM = "Its Swarm has started another one, or ended it."
LOOP = 2  # restarts from which on it is more than bad luck
MANY = 3  # restarts that are worth a word for a while
SETTLED, RECENT = 60.0, 600.0  # seconds it must be up before anybody believes it; and before its end is forgotten
PAUSE = 65.0  # seconds from an end to a start that may be the engine's own: it waits a minute at most


def health(container: Container) -> Health:
    """Level, word and reason of one container."""
    known = _BY_STATUS.get(container.state.status)
    if known is None:
        status = container.state.status[:40]
        return Health(Level.UNKNOWN, "Unknown", "The engine says nothing that we understand", status)
    return known(container)


def _running(container: Container) -> Health:
    check, since = container.health_status, container.started
    if check == "unhealthy":
        return Health(Level.FAILING, "Unhealthy", _check_words(container), "unhealthy", _failing_since(container))
    if again := _up_again(container, time.time()):
        return again
    if check == "starting":
        return Health(Level.CHANGING, "Starting", "Its health check has not passed yet", "health: starting", since)
    if check == "healthy":
        return Health(Level.HEALTHY, "Healthy", "", "healthy", since)
    return Health(Level.HEALTHY, "Running", "", "running", since)


def _up_again(container: Container, now: float) -> Health | None:
    """It is up between two ends: that is not well before it has stayed up for a while."""
    ended, times = container.finished, container.restart_count
    if times < LOOP or not ended or not 0.0 <= container.started - ended < PAUSE or now - ended >= RECENT:
        return None
    so_far = f"{count(times, 'restart')} so far"
    if now - container.started < SETTLED:
        return Health(Level.FAILING, "Restarting", f"It ends and is started again ({so_far})", "running", ended)
    if times < MANY:
        return None
    return Health(Level.AT_RISK, "Restarting", f"It runs again after an end ({so_far})", "running", ended)


def _paused(container: Container) -> Health:
    reason = "Frozen by somebody: it keeps its memory but does nothing"
    return Health(Level.PAUSED, "Paused", reason, "paused", container.started)


def _removing(container: Container) -> Health:
    return Health(Level.CHANGING, "Being removed", "The engine is removing it", "removing")


def _dead(container: Container) -> Health:
    reason = "The engine could not remove it whole; remove it again"
    return Health(Level.FAILING, "Half removed", reason, "dead", container.finished)


def _restarting(container: Container) -> Health:
    state = container.state
    times = f" ({count(container.restart_count, 'restart')} so far)" if container.restart_count else ""
    reason = f"It ends again and again{times}. {_end_words(container)}"
    term = exit_term(state.exit_code, out_of_memory=state.oom_killed)
    return Health(Level.FAILING, "Restarting", reason, term, container.finished)


def _ended(container: Container) -> Health:
    ended = _ended_alone(container)
    if ended.level is Level.FAILING and container.label(TASK):
        # Nobody starts this one again: how its service fares, a manager of its Swarm says.
        return replace(ended, level=Level.STOPPED, reason=f"{ended.reason}. {BY_SWARM}" if ended.reason else BY_SWARM)
    return ended


def _ended_alone(container: Container) -> Health:
    state, since = container.state, container.finished
    term = exit_term(state.exit_code, out_of_memory=state.oom_killed)
    if state.error:
        return Health(Level.FAILING, "Cannot start", start_words(state.error), term, since)
    if state.oom_killed:
        return Health(Level.FAILING, "Out of memory", _end_words(container), term, since)
    if state.exit_code == 0:
        return Health(Level.STOPPED, "Finished", _end_words(container), term, since)
    if state.exit_code in ASKED_TO_STOP:
        # Nobody can tell a stop by hand from a kill afterwards: said as it is, not as an alarm.
        return Health(Level.STOPPED, "Stopped", _end_words(container), term, since)
    return Health(Level.FAILING, "Failed", _end_words(container), term, since)


def _created(container: Container) -> Health:
    if container.state.error:
        return Health(Level.FAILING, "Cannot start", start_words(container.state.error), "created", container.created)
    return Health(Level.STOPPED, "Never started", "It was made, but not started yet", "created", container.created)


def _end_words(container: Container) -> str:
    state = container.state
    return exit_words(state.exit_code, out_of_memory=state.oom_killed)


def _check_words(container: Container) -> str:
    check = container.state.health
    log = (check.log if check else None) or []
    failed = f"Its health check failed {count(check.failing_streak if check else 0, 'time')} in a row"
    said = _first_line(log[-1].output or "") if log else ""
    return f"{failed}: {said}" if said else failed


def _failing_since(container: Container) -> float:
    """When the first of the failed checks that are still kept began."""
    check = container.state.health
    failed = 0.0
    for probe in reversed((check.log or []) if check else []):
        if probe.exit_code == 0:
            break
        failed = epoch(probe.end) or failed
    return failed


def _first_line(text: str) -> str:
    return next((line.strip()[:200] for line in text.splitlines() if line.strip()), "")


_BY_STATUS: dict[str, Callable[[Container], Health]] = {
    "running": _running,
    "paused": _paused,
    "restarting": _restarting,
    "exited": _ended,
    "created": _created,
    "removing": _removing,
    "dead": _dead,
}
