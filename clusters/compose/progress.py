"""What the program says while it works: one event a line, told as one line of each thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from clusters.compose.hiding import Hide
from clusters.kinds.preview import Difference

What = Literal["created", "re-created", "left", "started", "removed", "pulled", "failed"]
_ENDS: dict[str, What] = {
    "Created": "created",
    "Recreated": "re-created",
    "Running": "left",
    "Started": "started",
    "Removed": "removed",
    "Pulled": "pulled",
}
# Of several things said of one container the one that tells most: a container that is made is started, too.
_RANK: tuple[What, ...] = ("failed", "removed", "re-created", "created", "started", "left", "pulled")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing (``sort`` and ``name``: "Container", "shop-web-1"), and how it stands."""

    sort: str
    name: str
    text: str
    failed: bool = False
    detail: str = ""
    part: bool = False  # of another one: a layer of an image

    @property
    def words(self) -> str:
        """ "Container shop-web-1: started"."""
        said = f"{self.text[:1].lower()}{self.text[1:]}"
        return f"{self.sort} {self.name}: {said}{f' ({self.detail[:300]})' if self.detail else ''}"


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one thing."""

    sort: str
    name: str
    what: What
    service: str = ""  # of which the differences are told
    differences: Sequence[Difference] = ()
    more: int = 0  # differences that are not shown


class Heard:
    """Takes the lines in, and keeps what was wrong; nothing of it as it was said before ``hide``."""

    def __init__(self, tell: Callable[[Event], None], warn: Callable[[str], None], hide: Hide = str) -> None:
        self._tell, self._warn, self._hide = tell, warn, hide
        self.events: list[Event] = []
        self.error = ""

    def take(self, line: str) -> None:
        """One line that it said."""
        try:
            said = json.loads(line)
        except ValueError:
            said = {"message": line.strip(), "error": True} if line.strip() else {}
        if not isinstance(said, dict):
            return
        if said.get("error"):
            self.error = self._hide(str(said.get("message") or ""))[:2000]
        elif said.get("level") in ("warning", "error"):
            self._warn(self._hide(str(said.get("msg") or ""))[:500])
        elif said.get("id"):
            self._event(said)

    def _event(self, said: dict[str, object]) -> None:
        sort, _, name = str(said["id"]).partition(" ")
        sort, name = sort[:300], self._hide(name)[:300]
        failed = said.get("status") == "Error"
        text, detail = str(said.get("text") or ""), self._hide(str(said.get("details") or ""))
        text = text if text in _ENDS else self._hide(text)[:100]
        event = Event(sort, name or sort, text, failed, detail, bool(said.get("parent_id")))
        self.events.append(event)
        self._tell(event)


def effects(events: Iterable[Event]) -> list[Effect]:
    """What became, or would become, of each thing."""
    found: dict[tuple[str, str], set[What]] = {}
    for one in events:
        what: What | None = "failed" if one.failed else _ENDS.get(one.text)
        if what and not one.part:
            found.setdefault((one.sort, one.name), set()).add(what)
    made = [
        Effect(sort, name, min(ends, key=_RANK.index))
        for (sort, name), ends in found.items()
        if not _aside(name, found)
    ]
    return sorted(made, key=lambda one: (one.sort != "Container", one.sort, one.name))


def _aside(name: str, found: Iterable[tuple[str, str]]) -> bool:
    """A container that is replaced has, for a while, its id before its name: it is told under its name."""
    short, _, rest = name.partition("_")
    return len(short) == 12 and set(short) <= set("0123456789abcdef") and ("Container", rest) in found
