"""The steps of a build as they stand, from what the engine tells of them; bounded, whatever it prints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from clusters.build.dockerfile import Dockerfile, Instruction, short_image
from clusters.build.output import Output, hide
from clusters.kinds.formats import size
from clusters.kinds.masking import mask_words

if TYPE_CHECKING:
    from clusters.build.trace_pb2 import StatusResponse, Vertex, VertexStatus

MOST_STEPS = 2000
MOST_KEPT = 4 << 20  # characters of output, of all steps together
NAME, ERROR = 500, 2000  # characters

State = Literal["waiting", "running", "done", "cached", "failed", "cancelled", "not reached"]
_CANCELLED = ("context canceled", "context cancelled", "Canceled: ")


@dataclass(slots=True)
class Step:
    """One step: an instruction, or what the engine does around them."""

    id: str
    name: str
    number: int = 0  # in the order they are shown
    at: Instruction | None = None
    state: State = "waiting"
    error: str = ""
    since: float = 0.0  # epoch seconds by our clock: when we heard that it runs
    progress: str = ""
    spans: dict[int, int] = field(default_factory=dict)  # nanoseconds by the engine's clock: from, until
    output: Output = field(default_factory=Output)

    @property
    def seconds(self) -> float | None:
        """How long it took, by the engine's own clock; None while that is not known."""
        ended = [(until - start) for start, until in self.spans.items() if until]
        return max(0.0, sum(ended) / 1e9) if ended else None

    @property
    def order(self) -> tuple[int, int, str]:
        """Where it stands: by its line; what comes before and after the instructions around them."""
        if self.at is not None:
            return 1, self.at.line, self.id
        return (2 if self.name.startswith(("exporting", "unpacking", "merging")) else 0), 0, ""

    def frame(self) -> dict[str, Any]:
        """The step as the page gets it and as it is kept."""
        return {
            "id": self.id,
            "name": _plain(self.name),
            "line": self.at.line if self.at else 0,
            "end": self.at.end if self.at else 0,
            "stage": self.at.stage if self.at else "",
            "state": self.state,
            "seconds": self.seconds,
            "since": self.since if self.state == "running" else 0.0,
            "progress": self.progress if self.state == "running" else "",
            "error": self.error,
            "lines": self.output.count,
        }


class Graph:
    """All steps of one build. ``changed`` is called whenever something is new."""

    def __init__(self, dockerfile: Dockerfile, secrets: Sequence[str] = ()) -> None:
        self.dockerfile = dockerfile
        self.steps: dict[str, Step] = {}
        self.warnings: list[str] = []
        self.left_out = 0
        self.revision: dict[str, int] = {}  # of each step: which change was its last
        self.changes = 0
        self.listeners: dict[Callable[[], None], None] = {}
        self._secrets = secrets
        self._kept = 0  # characters of output held

    def feed(self, news: StatusResponse) -> None:
        """Take in one message of the engine."""
        for vertex in news.vertexes:
            self._vertex(vertex)
        for status in news.statuses:
            self._status(status)
        for log in news.logs:
            if step := self.steps.get(log.vertex):
                before = step.output.kept
                step.output.feed(log.stream, log.msg)
                self._kept += step.output.kept - before
                self._touch(step)
                if self._kept > MOST_KEPT:
                    self._shed()
        for warning in news.warnings:
            self.warn(warning.short.decode(errors="replace"))
        self.tell()

    def warn(self, words: str) -> None:
        """Keep a warning of the engine."""
        if len(self.warnings) < 50:
            self.warnings.append(hide(words, self._secrets)[:NAME])

    def end(self, *, done: bool) -> None:
        """Nothing more comes: what still runs was stopped, what waited was never reached."""
        for step in self.steps.values():
            step.output.end()
            if step.state == "running":
                step.state = "done" if done else "cancelled"
            elif step.state == "waiting":
                step.state = "cached" if done else "not reached"
            self._touch(step)
        self.tell()

    def tell(self) -> None:
        """Wake everybody who follows."""
        for listener in tuple(self.listeners):
            listener()

    def ordered(self) -> list[Step]:
        """The steps as they are shown; the engine tells of them in any order."""
        arrived = {step.id: place for place, step in enumerate(self.steps.values())}
        ordered = sorted(self.steps.values(), key=lambda step: (*step.order[:2], arrived[step.id]))
        for number, step in enumerate(ordered, 1):
            step.number = number
        return ordered

    def failed(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps.values() if step.state == "failed"), None)

    def add(self, identity: str, name: str, at: Instruction | None = None) -> Step | None:
        """The step of that id; made when it is new. None when there are too many. ``at``: where it stands, if known."""
        step = self.steps.get(identity)
        if step is None:
            if len(self.steps) >= MOST_STEPS:
                self.left_out += 1
                return None
            at = at or self.dockerfile.find_step(name)
            shown = " ".join(mask_words(hide(name[:4000], self._secrets).split(" ")))[:NAME]
            step = Step(identity, shown, at=at, output=Output(self._secrets))
            self.steps[identity] = step
        self._touch(step)
        return step

    def set(self, step: Step, state: State, error: str = "") -> None:
        """Say how a step stands."""
        if state == "running" and step.state != "running":
            step.since = time.time()
        step.state, step.error = state, hide(error, self._secrets)[:ERROR]
        self._touch(step)

    def begin_span(self, step: Step) -> None:
        """It runs from now on, by our clock: where the engine does not tell the time."""
        step.spans = {time.time_ns(): 0}

    def end_span(self, step: Step) -> None:
        """It ran until now."""
        step.spans = {start: until or time.time_ns() for start, until in step.spans.items()}

    def _vertex(self, vertex: Vertex) -> None:
        step = self.add(vertex.digest, vertex.name)
        if step is None:
            return
        if vertex.HasField("started"):
            start = vertex.started.ToNanoseconds()
            until = vertex.completed.ToNanoseconds() if vertex.HasField("completed") else 0
            if len(step.spans) < 100 or start in step.spans:
                step.spans[start] = until
        self.set(step, _state(vertex), vertex.error)

    def _status(self, status: VertexStatus) -> None:
        step = self.steps.get(status.vertex)
        if step is None:
            return
        done = f"{size(status.current)} of {size(status.total)}" if status.total > 0 else ""
        step.progress = " ".join(filter(None, [hide(status.name or status.ID, self._secrets)[:120], done]))
        self._touch(step)

    def _touch(self, step: Step) -> None:
        self.changes += 1
        self.revision[step.id] = self.changes

    def _shed(self) -> None:
        """Too much output altogether: of the steps that printed first only a little stays."""
        for step in self.steps.values():
            if self._kept <= MOST_KEPT // 2:
                return
            before = step.output.kept
            step.output.drop()
            self._kept -= before - step.output.kept


def _state(vertex: Vertex) -> State:
    if vertex.error:
        return "cancelled" if any(word in vertex.error for word in _CANCELLED) else "failed"
    if vertex.cached:
        return "cached"
    if vertex.HasField("completed"):
        return "done"
    return "running" if vertex.HasField("started") else "waiting"


_WORDS: Mapping[str, str] = {
    "[internal] load remote build context": "Take in what was sent",
    "copy /context /": "Lay it out for the steps",
    "exporting to image": "Write the image",
}
_LOOK_UP = "[internal] load metadata for "


def _plain(name: str) -> str:
    """A step as people call it: the instruction alone, and the engine's own doings in words."""
    if name in _WORDS:
        return _WORDS[name]
    if name.startswith(_LOOK_UP):
        return f"Look up {short_image(name.removeprefix(_LOOK_UP))}"
    if name.startswith("[") and not name.startswith("[internal]") and "] " in name:
        name = " ".join(name.partition("] ")[2].split())
    if name.startswith("FROM "):
        return f"FROM {short_image(name.removeprefix('FROM '))}"
    return name
