"""What keeps pods away from nodes, and which pods bear it."""

from __future__ import annotations

from clusters.kinds.kubernetes.base import Part

KEEPS_AWAY = {"NoSchedule", "NoExecute"}  # effects of taints


class Taint(Part, frozen=True, gc=False, rename="camel"):
    """Keeps pods away that do not tolerate it."""

    key: str = ""
    value: str = ""
    effect: str = ""


class Toleration(Part, frozen=True, gc=False, rename="camel"):
    """A taint that it bears."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def bears(self, taint: Taint) -> bool:
        """Does it bear that one?"""
        if self.effect and self.effect != taint.effect:
            return False
        if not self.key:
            return self.operator == "Exists"
        return self.key == taint.key and (self.operator == "Exists" or self.value == taint.value)
