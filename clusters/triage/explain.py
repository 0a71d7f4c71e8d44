"""The sentences of the triage: counts, times and causes in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clusters.kinds.base import Health

_BEGAN = re.compile(r"It began (right|\S+ \S+) after version \S+ came\.")  # what after_version writes of an image
SAYS = {  # a word of a kind's health -> what a person would say of the thing
    "Cannot be placed": "cannot be placed",
    "Cannot make copies": "cannot make copies",
    "Cannot start": "cannot start",
    "Crashing": "keeps crashing",
    "Degraded": "has too few copies",
    "Locked": "is locked",
    "Missed its time": "missed its time",
    "Runs very long": "runs very long",
    "Unavailable": "is unavailable",
    "Cannot decide": "cannot decide",
    "One manager": "has one manager only",
    "Rollback paused": "could not go back: that stopped half way",
    "Update paused": "has an update that stopped half way",
    "Down": "is down",
    "Evicted": "was removed by its node",
    "Failed": "failed",
    "No image": "cannot get its image",
    "Not answering": "does not answer",
    "Not ready": "does not take work",
    "Out of its Swarm": "is out of its Swarm",
    "Out of memory": "ran out of memory",
    "Restarting": "keeps restarting",
    "Running short": "runs short",
    "Setting missing": "misses a setting",
    "Stuck": "is stuck",
    "Stuck ending": "does not go away",
    "Unhealthy": "fails its health check",
}
UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


def headline(count: int) -> str:
    """The answer, before anything else is read."""
    if not count:
        return "All is well"
    return "1 thing needs attention" if count == 1 else f"{count} things need attention"


def several(count: int, one: str, many: str = "") -> str:
    """ "1 copy", "3 copies"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def span(seconds: float) -> str:
    """ "2 minutes", "1 hour"; under a minute "less than a minute"."""
    for length, word in UNITS:
        if seconds >= length:
            return several(int(seconds // length), word)
    return "less than a minute"


def listed(names: Sequence[str], most: int = 3) -> str:
    """ "a, b and c", "a, b, c and 4 more"."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def version(image: str) -> str:
    """ "5.11.3" of "registry.example/shop/web:5.11.3"; a short digest, or the image itself, where there is no tag."""
    rest, _, digest = image.partition("@")
    tag = rest.rpartition(":")[2] if ":" in rest.rpartition("/")[2] else ""
    return tag or digest.removeprefix("sha256:")[:12] or image


def title(name: str, health: Health) -> str:
    """ "checkout-api keeps crashing"; for a word without a sentence "checkout-api: restarting"."""
    if health.word in SAYS:
        return f"{name} {SAYS[health.word]}"
    return f"{name}: {health.word[:1].lower()}{health.word[1:]}" if health.word else name


def copies_words(bad: int, wanted: int, reason: str) -> str:
    """What is wrong with some copies of an app."""
    share = f"{bad} of {several(max(wanted, bad), 'copy', 'copies')}" if max(wanted, bad) > 1 else "Its only copy"
    verb = "is" if bad == 1 else "are"
    return f"{share} {verb} not well. {reason}".strip()


def after_version(since: float, rolled_out: float, name: str) -> str:
    """How a fault stands to the version that came before it."""
    gap = since - rolled_out
    when = f"{span(gap)} after" if gap >= 60 else "right after"
    return f"It began {when} version {name} came."


def of_another_version(cause: str, began: str) -> str:
    """A cause that says after which image it began, where the version of a text that brought that is known."""
    return f"{_BEGAN.sub('', cause).strip()} {began}".strip()


def silent(cluster: str, host: bool, seconds: float, inside: int, never: bool) -> tuple[str, str]:
    """Title and cause of a cluster that does not answer."""
    what = "Host" if host else "Cluster"
    inner = several(inside, "app")
    if never:
        return f"{what} {cluster} does not answer", "It has not answered yet, so nothing is known about it."
    fate = (
        f"Its {inner} {'was' if inside == 1 else 'were'} there when it was last heard and may be fine: "
        "the way to it is what is missing."
        if inside
        else "The way to it may be what is missing."
    )
    return f"{what} {cluster} does not answer", f"No reply for {span(seconds)}. {fate}"
