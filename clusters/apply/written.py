"""One object that was written, and the request that takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clusters.apply.hidden import bare
from clusters.apply.merging import Clash, carried, words
from clusters.apply.owners import OURS
from clusters.apply.served import ServedKind
from clusters.drivers.base import Call
from clusters.errors import Conflict, Missing


@dataclass(frozen=True, slots=True)
class Written:
    """One object that was written: as it was before (None: it was made), and as it was right after."""

    served: ServedKind
    namespace: str
    name: str
    uid: str
    before: dict[str, Any] | None
    after: dict[str, Any]

    def path(self) -> tuple[str, ...]:
        """Where it is."""
        return self.served.path(self.namespace, self.name)

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
