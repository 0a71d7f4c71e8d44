"""Changing one object that was opened in an editor: still the same one, and nobody's newer change is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clusters.apply.difference import Difference, difference
from clusters.apply.documents import Document, read
from clusters.apply.hidden import bare
from clusters.apply.merging import Clash, carried, changes, same, words
from clusters.errors import Conflict, Invalid, Missing
from clusters.kinds.masking import masked
from clusters.kinds.yaml_text import text_of

if TYPE_CHECKING:
    from clusters.apply.step import Step

NAMED = 4  # fields that changed meanwhile


class Overtaken(Conflict):
    """Somebody else changed the same place since it was opened. ``newer`` is what they changed."""

    def __init__(self, clash: Clash, newer: Difference, text: str) -> None:
        super().__init__(clash.message, hint="See what is there now, and choose.")
        self.newer = newer
        self.text = text  # what is there now, as an editor shows it


@dataclass(frozen=True, kw_only=True)
class Edited:
    """Which object was opened, and the text that its editor got."""

    kind: str  # "Deployment"
    namespace: str
    name: str
    uid: str
    opened: str

    def check(self, document: Document) -> None:
        """Raises Invalid for the text of something else."""
        if document.number != 1:
            raise Invalid(f"This is the editor of {self.name} alone; several objects are made under “New from YAML”.")
        now = (document.kind, document.name, document.namespace or self.namespace)
        if now != (self.kind, self.name, self.namespace):
            raise Invalid(
                f"This is no longer the {self.kind} {self.name}: kind, name and namespace cannot be changed.",
                hint="What has another name is made under “New from YAML”.",
            )

    def onto(self, step: Step, tree: Mapping[str, Any]) -> dict[str, Any]:
        """The edited tree on what is there now. Raises Missing, Conflict or Overtaken."""
        live = step.before
        if live is None:
            raise Missing(
                f"{self.name} is not there any more.", hint="Your text is kept; “New from YAML” can make it anew."
            )
        if live["metadata"].get("uid") != self.uid:
            raise Conflict(
                f"This is another {self.kind} by now: the one you opened was deleted, and made anew under its name.",
                hint="Open the editor again to change this one.",
            )
        now = masked(bare(live))
        if live.get("apiVersion") != tree.get("apiVersion"):
            raise Invalid(f"This editor shows {live.get('apiVersion')}: the version cannot be changed here.")
        opened = _only(self.opened)
        if opened is None or same(opened, now):
            return dict(tree)
        try:
            made = carried(opened, tree, now)
        except Clash as clash:
            newer = difference(text_of(opened), text_of(now))
            raise Overtaken(clash, newer, text_of(now)) from clash
        places = [words(path) for path in changes(opened, now)]
        more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
        changed = f"Since you opened it, {', '.join(places[:NAMED])}{more} changed."
        step.remarks.append(f"{changed} Your changes are put onto what is there now.")
        return dict(made)


def _only(text: str) -> dict[str, Any] | None:
    documents = read(text) if text.strip() else []
    return documents[0].tree if documents else None
