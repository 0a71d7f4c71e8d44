"""What was applied a short while ago, kept in memory so that it can be taken back: never in the database or a log."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clusters.apply.hidden import bare
from clusters.apply.merging import Clash, carried, words
from clusters.apply.owners import OURS
from clusters.apply.places import Place
from clusters.drivers.base import Call
from clusters.errors import Conflict, Missing

KEEP_SECONDS = 600.0
MOST = 200  # texts, of everybody


@dataclass(frozen=True, slots=True)
class Written:
    """One object that was written: as it was before (None: it was made), and as it was right after."""

    place: Place
    namespace: str
    name: str
    uid: str
    before: dict[str, Any] | None
    after: dict[str, Any]

    def path(self) -> tuple[str, ...]:
        """Where it is."""
        return self.place.path(self.namespace, self.name)

    def back(self, live: dict[str, Any] | None) -> Call:
        """The request that takes it back. Raises Missing or Conflict where that would undo somebody else's work."""
        if live is None:
            raise Missing(f"{self.name} is not there any more.")
        if live["metadata"].get("uid") != self.uid:
            raise Conflict(f"{self.name} is another one by now: it was made anew under its name.")
        if self.before is None:
            exactly = {"uid": self.uid}
            options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": exactly}
            return Call("DELETE", self.path(), body={**options, "propagationPolicy": "Background"})
        try:
            was = carried(bare(self.after), bare(self.before), bare(live))
        except Clash as clash:
            raise Conflict(
                f"Somebody changed {words(clash.path)} of {self.name} since then, so it is left as it is.",
                hint="Open its YAML to change it.",
            ) from clash
        metadata = {**live["metadata"], **was["metadata"]}
        for part in ("labels", "annotations", "finalizers", "ownerReferences"):
            if part not in was["metadata"]:
                metadata.pop(part, None)
        notes = live["metadata"].get("annotations") or {}
        kept = {
            name: text for name, text in notes.items() if name not in (bare(live)["metadata"].get("annotations") or {})
        }
        if kept:
            metadata["annotations"] = {**kept, **(was["metadata"].get("annotations") or {})}
        whole = {**live, **was, "metadata": metadata}
        for part in set(live) - set(was) - {"status"}:
            del whole[part]
        return Call("PUT", self.path(), {"fieldManager": OURS, "fieldValidation": "Strict"}, whole)


class Undoable:
    """By a key that only who applied it knows, for ten minutes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, int, int, Sequence[Written]]] = {}

    def keep(self, user_id: int, cluster_id: int, written: Sequence[Written]) -> str:
        """The key; "" where nothing was written."""
        self._forget_old()
        if not written:
            return ""
        key = secrets.token_hex(16)
        self._kept[key] = (time.monotonic(), user_id, cluster_id, tuple(written))
        return key

    def take(self, user_id: int, cluster_id: int, key: str) -> Sequence[Written]:
        """What was kept, once. Raises Missing."""
        self._forget_old()
        kept = self._kept.get(key)
        if kept is None or kept[1:3] != (user_id, cluster_id):
            raise Missing(
                "This can no longer be undone here.", hint="It is kept for ten minutes, while Pilothouse runs."
            )
        del self._kept[key]
        return kept[3]

    def _forget_old(self) -> None:
        oldest = next(iter(self._kept.items()), None)
        while oldest and (time.monotonic() - oldest[1][0] > KEEP_SECONDS or len(self._kept) >= MOST):
            del self._kept[oldest[0]]
            oldest = next(iter(self._kept.items()), None)


undoable = Undoable()
