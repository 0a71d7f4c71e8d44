"""From a change of a resource to what a person would say happened; one line per thing that matters.

A watcher remembers, per app, only what is needed to say one thing once: an app that is made anew under its name is a
new version, not one removed and one added. What goes wrong is told by troubles.py.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from clusters.kinds.base import Level
from clusters.triage import explain
from clusters.triage.symptoms import Thing, image_of

REPLACED_WITHIN = 10.0  # seconds within which one of the same name counts as the same app, made anew
RESTARTS_WITHIN = 300.0  # restarts of one app within this are said once
MOST_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened, ready to be kept. ``at`` in epoch seconds; ``detail`` is plain JSON."""

    at: float
    cluster: int
    kind: str
    namespace: str
    name: str
    uid: str
    what: str  # appeared, removed, new version, rolled out, scaled, failing, recovered, restarted
    words: str
    level: Level
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Story:
    """What is remembered of one app."""

    last: Thing
    rolling: str = ""  # the version on its way
    restarts_said: float = 0.0


class Watcher:
    """Hears the changes of all workloads and tells what happened."""

    def __init__(self) -> None:
        self._stories: OrderedDict[str, _Story] = OrderedDict()
        self._gone: dict[tuple[int, str, str], tuple[float, _Story]] = {}

    def meet(self, one: Thing) -> None:
        """Something that was there before we looked: no change."""
        if one.kind.is_app(one.resource):
            self._remember(one.row, _Story(one))

    def changed(self, one: Thing, now: float) -> list[Happened]:
        """An app appeared or is different now."""
        if not one.kind.is_app(one.resource):
            return []
        story = self._stories.get(one.row)
        if story is None:
            made_anew = self._gone.pop((one.cluster, one.kind.name, one.kind.key(one.resource)), None)
            story = made_anew[1] if made_anew else None
        if story is None:
            self._remember(one.row, _Story(one))
            return [_say(one, now, "appeared", f"{one.resource.name} was added", {"image": image_of(one)})]
        before, story.last = story.last, one
        self._remember(one.row, story)
        said = [*_versions(story, before, one, now), *_copies(before, one, now)]
        if story.rolling and one.health.level == Level.HEALTHY and not said:
            version, story.rolling = story.rolling, ""
            said.append(_say(one, now, "rolled out", f"{one.resource.name} {version} runs everywhere"))
        return said

    def restarted(self, one: Thing, now: float) -> list[Happened]:
        """A copy of this app, or the app itself, ended and was started again."""
        story = self._stories.get(one.row)
        if story is None or now - story.restarts_said < RESTARTS_WITHIN:
            return []
        story.restarts_said = now
        return [_say(one, now, "restarted", f"{one.resource.name} ended and was started again")]

    def removed(self, row: str, now: float) -> None:
        """An app is gone; that is told a moment later, unless one of the same name comes."""
        if story := self._stories.pop(row, None):
            one = story.last
            self._gone[one.cluster, one.kind.name, one.kind.key(one.resource)] = (now, story)

    def tick(self, now: float) -> list[Happened]:
        """What is known only because time passed."""
        said = []
        for key, (at, story) in tuple(self._gone.items()):
            if now - at >= REPLACED_WITHIN:
                del self._gone[key]
                said.append(
                    _say(story.last, at, "removed", f"{story.last.resource.name} was removed", level=Level.STOPPED)
                )
        return said

    def forget(self, cluster: int) -> None:
        """A cluster was removed: nothing of it is a change any longer."""
        for row in [row for row, story in self._stories.items() if story.last.cluster == cluster]:
            del self._stories[row]
        self._gone = {key: value for key, value in self._gone.items() if key[0] != cluster}

    def _remember(self, row: str, story: _Story) -> None:
        self._stories[row] = story
        self._stories.move_to_end(row)
        if len(self._stories) > MOST_REMEMBERED:
            self._stories.popitem(last=False)


def _versions(story: _Story, before: Thing, one: Thing, now: float) -> Sequence[Happened]:
    old, new = image_of(before), image_of(one)
    if old == new:
        return ()
    story.rolling = explain.version(new)
    words = f"{one.resource.name} is changing from {explain.version(old)} to {story.rolling}"
    return [_say(one, now, "new version", words, {"from": old, "to": new}, Level.CHANGING)]


def _copies(before: Thing, one: Thing, now: float) -> Sequence[Happened]:
    if one.kind.workload is None or not one.kind.copies_of or not one.kind.action("scale"):
        return ()  # that a cron job began to run and ended is no scaling
    old, new = one.kind.workload.copies(before.resource)[1], one.kind.workload.copies(one.resource)[1]
    if old == new:
        return ()
    words = f"{one.resource.name} scaled from {old} to {new}"
    return [_say(one, now, "scaled", words, {"from": old, "to": new})]


def _say(
    one: Thing, at: float, what: str, words: str, detail: dict[str, Any] | None = None, level: Level | None = None
) -> Happened:
    return Happened(
        at,
        one.cluster,
        one.kind.name,
        one.resource.namespace,
        one.resource.name,
        one.resource.uid,
        what,
        words[:300],
        one.health.level if level is None else level,
        detail or {},
    )
