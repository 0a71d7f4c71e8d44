"""How a task is. What ended in its course is told, and is no alarm: another one has taken its place."""

from __future__ import annotations

import time

from clusters.kinds.base import Health, Level
from clusters.kinds.swarm.task_model import Task
from clusters.kinds.swarm.task_words import NO_PLACE, code, placing_words, why

GRACE = 15.0  # seconds that a task may look for a node
_SILENT = ("down", "disconnected")  # states of a node
_KNOWN = ("complete", "failed", "rejected", "shutdown")  # states of a task that its node has told for good
_ON_ITS_WAY = {  # state: word and reason
    "assigned": ("Preparing", "Its node gets the image and makes the container"),
    "accepted": ("Preparing", "Its node gets the image and makes the container"),
    "preparing": ("Preparing", "Its node gets the image and makes the container"),
    "ready": ("Starting", ""),
    "starting": ("Starting", ""),
}


def health(task: Task) -> Health:
    """By its state, by what it is to do, and by whether its node is heard."""
    state = task.status.state
    if task.desired_state == "remove":
        return Health(Level.CHANGING, "Being removed", "", state, task.at)
    if task.node_state in _SILENT and state not in _KNOWN:
        words = f"{task.node} does not answer: nobody knows whether it still runs"
        return Health(Level.UNKNOWN, "Lost", words, state, task.at)
    if task.called_off:
        level = Level.CHANGING if task.wanted else Level.STOPPED
        return Health(level, "Stopped", "It was called off before it began", state, task.at)
    if task.failed:
        word, words = why(task)
        level = Level.FAILING if task.wanted else Level.STOPPED
        return Health(level, word, words, code(task), task.at)
    if state == "complete":
        return Health(Level.STOPPED, "Finished", "It did its work and ended", state, task.at)
    return _on_its_way(task) if task.wanted else _ending(task)


def _ending(task: Task) -> Health:
    state = task.status.state
    if state == "orphaned":
        removed = "has been deleted" in (task.status.message or "")
        words = (
            "Its node was removed from the Swarm" if removed else "Its node was away for so long that it was given up"
        )
        return Health(Level.STOPPED, "Lost", words, state, task.at)
    if state in ("shutdown", "remove"):
        return Health(Level.STOPPED, "Stopped", "Another one took its place, or fewer were asked for", state, task.at)
    return Health(Level.CHANGING, "Stopping", "", state, task.at)


def _on_its_way(task: Task) -> Health:
    state = task.status.state
    if state == "running":
        return Health(Level.HEALTHY, "Running", "", state, task.at)
    if state in ("new", "pending"):
        return _placing(task)
    if task.desired_state == "ready" and state == "ready":
        words = "It is started in a moment, in the place of one that ended"
        return Health(Level.CHANGING, "Waiting", words, state, task.at)
    if state in _ON_ITS_WAY:
        return Health(Level.CHANGING, *_ON_ITS_WAY[state], state, task.at)
    return Health(Level.UNKNOWN, "Unknown", "The Swarm says nothing of it that we understand", state[:40], task.at)


def _placing(task: Task) -> Health:
    said = task.status.err or task.status.message or ""
    if "no suitable node" not in said:
        return Health(Level.CHANGING, "Waiting", "The Swarm looks for a node for it", task.status.state, task.at)
    level = Level.FAILING if time.time() - task.at > GRACE else Level.CHANGING
    return Health(level, NO_PLACE, placing_words(said), task.status.state, task.at)
