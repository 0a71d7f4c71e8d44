"""Where an image is rolled out to: by which action that gets it, and why it may not be able to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusters.kinds.docker.container_edit import EDIT
from clusters.registries.reference import read_reference
from clusters.ship.texts import TextUse
from clusters.ship.uses import Use

_UNKNOWN_TEXT = "Its project was not deployed from here: Compose's next “up” takes what its text says, not known here."
_UNKNOWN_STACK = "Its stack was not deployed from here: the next deployment takes what its text says, not known here."
SAME, DEPLOY = "set-image", "deploy"


@dataclass(frozen=True, slots=True)
class Place:
    """Something that is to run another image: by which verb, and why that cannot be ("" when it can)."""

    use: Use
    verb: str
    words: str
    why_not: str = ""

    @property
    def name(self) -> str:
        """What a job calls it."""
        row, part = self.use.row, self.use.part
        inside = f" ({part})" if part not in ("", row.resource.name) else ""
        return f"{row.cluster.name} / {row.key}{inside}"


def place_of(use: Use, image: str, image_ids: Sequence[str] = ()) -> Place:
    """How it gets there. ``image_ids``: of that image on engines, where what runs under its name may be older."""
    same = use.image == image
    if isinstance(use, TextUse):
        is_it = same and use.image_id in image_ids
        return Place(use, DEPLOY, _of_text(use), "It runs this very image." if is_it else "")
    if use.row.kind.name == "container":
        if same and use.image_id in image_ids:
            return Place(use, "edit", "", "It runs this very image.")
        if (refuse := EDIT.like.refuse if EDIT.like else None) and (why := refuse(use.row.resource)):
            return Place(use, "edit", "", why)
        compose = f" {_UNKNOWN_TEXT}" if use.row.namespace else ""
        return Place(use, "edit", f"Made again with it; if that is not well, the old one comes back.{compose}")
    action = use.row.kind.action(SAME)
    if action is None:
        return Place(use, SAME, "", "Its image cannot be changed from here.")
    if not same or use.row.kind.name == "swarm-service":
        why = action.refuse(use.row.resource) if action.refuse else ""
        stack = f" {_UNKNOWN_STACK}" if use.row.kind.name == "swarm-service" and use.row.namespace else ""
        return Place(use, SAME, f"Its copies are replaced, as its own rules for that say.{stack}", why)
    if read_reference(image).tag == "latest":
        return Place(use, "restart", "It asks for that name already: started again, its nodes pull what is there now.")
    why = "It asks for that name already, and nodes that have it do not ask again: give the build a tag of its own."
    return Place(use, SAME, "", why)


def _of_text(use: TextUse) -> str:
    words = f"Its text gets it for {', '.join(use.services)}, and is deployed as version {use.number + 1}:"
    git = " It is deployed from git, too: the next commit there brings what its file says." if use.follows_git else ""
    return f"{words} Go back leads to version {use.number}.{git}"
