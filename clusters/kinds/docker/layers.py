"""What an engine says while it pulls or pushes, as one line with a bar for every layer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Says
from clusters.kinds.formats import short_id, size

MOST_LAYERS = 500
_SAY_EVERY = 0.3  # seconds between two lines about one layer
_BYTES = {"Downloading", "Pushing"}
_ENDED = {"Pull complete", "Pushed", "Already exists", "Layer already exists", "Download complete"}
_OVER = ("Done", "Here already", "There already", "Mounted from")  # words of a layer that is where it should be
_WORDS = {
    "Pulling fs layer": "Waiting",
    "Preparing": "Waiting",
    "Verifying Checksum": "Checking",
    "Download complete": "Fetched",
    "Extracting": "Unpacking",
    "Pull complete": "Done",
    "Already exists": "Here already",
    "Pushing": "Sending",
    "Pushed": "Done",
    "Layer already exists": "There already",
}


@dataclass(slots=True)
class _Layer:
    done: int = 0
    total: int = 0
    words: str = ""
    said_at: float = 0.0


class Layers:
    """Follows one pull or push. ``digest`` is what the engine says came of it, "" until it does."""

    def __init__(self, says: Says, tag: str) -> None:
        self.digest = ""
        self._says, self._tag = says, tag
        self._layers: dict[str, _Layer] = {}
        self._now = asyncio.get_running_loop().time

    @property
    def over(self) -> tuple[int, int]:
        """How many parts are where they should be, and how many there are, as far as is known."""
        return sum(one.words.startswith(_OVER) for one in self._layers.values()), len(self._layers)

    async def follow(self, stream: AsyncIterator[Mapping[str, Any]]) -> None:
        """Say what comes, to the end. Raises ClusterError with the engine's own words where it failed.

        However it ends, the request ends with it: that is what stops the engine when a job is cancelled.
        """
        async with aclosing(stream) as opened:  # type: ignore[type-var]
            async for news in opened:
                if problem := news.get("error"):
                    raise ClusterError(plain(problem, 300), detail=str(problem))
                self._take(news)
        for uid, layer in self._layers.items():  # an engine in a hurry does not tell the end of each
            if not layer.words.startswith(_OVER):
                self._layer(uid, "Pull complete", None)

    def cut_off(self) -> None:
        """It failed or was cancelled: a bar of what is not over says so, however far it came."""
        for uid, layer in self._layers.items():
            if not layer.words.startswith(_OVER):
                self._says.progress(uid, f"{short_id(uid)}: Not sent to its end", 0, layer.total)

    def _take(self, news: Mapping[str, Any]) -> None:
        uid, status = plain(news.get("id"), 64), plain(news.get("status"), 300)
        aux = news.get("aux")
        if isinstance(aux, dict) and isinstance(aux.get("Digest"), str):
            self.digest = aux["Digest"][:80]
        elif status.startswith("Digest: "):
            self.digest = status.removeprefix("Digest: ")[:80]
        elif f"{self._tag}: digest: " in status:
            self.digest = status.partition("digest: ")[2].partition(" ")[0][:80]
        if not uid or uid == self._tag:
            if status:
                self._says.say(status)
        elif uid in self._layers or len(self._layers) < MOST_LAYERS:
            self._layer(uid, status, news.get("progressDetail"))

    def _layer(self, uid: str, status: str, detail: Any) -> None:
        layer = self._layers.setdefault(uid, _Layer())
        if status in _BYTES:
            layer.done, layer.total = _amounts(detail, layer)
        elif status in _ENDED or status.startswith("Mounted from"):
            layer.total = layer.total or 1
            layer.done = layer.total
        words = _WORDS.get(status, status)
        if words == layer.words and self._now() - layer.said_at < _SAY_EVERY:
            return
        layer.words, layer.said_at = words, self._now()
        known = f" {size(layer.done)} of {size(layer.total)}" if status in _BYTES and layer.total else ""
        self._says.progress(uid, f"{short_id(uid)}: {words}{known}", layer.done, layer.total)


def _amounts(detail: Any, layer: _Layer) -> tuple[int, int]:
    current, total = (detail.get("current"), detail.get("total")) if isinstance(detail, Mapping) else (None, None)
    known = total if isinstance(total, int) and 0 < total < 1 << 62 else layer.total
    done = current if isinstance(current, int) and current >= 0 else layer.done
    return (min(done, known) if known else 0), known


def plain(text: Any, limit: int) -> str:
    """One line without control characters: what the engine passes on comes from a registry."""
    return " ".join("".join(one if one.isprintable() else " " for one in str(text or "")[:limit]).split())
