"""Which things are meant: by the labels that they have."""

from __future__ import annotations

from collections.abc import Mapping

from clusters.kinds.kubernetes.base import Part


class Expression(Part, frozen=True, gc=False, rename="camel"):
    """What must hold of one label."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Does it hold of these?"""
        values = self.values or []
        if self.operator == "In":
            return labels.get(self.key) in values
        if self.operator == "NotIn":
            return labels.get(self.key) not in values
        return (self.key in labels) == (self.operator == "Exists")

    @property
    def words(self) -> str:
        """ "tier is front or edge" """
        among = " or ".join(self.values or ())
        known = {"In": f"{self.key} is {among}", "NotIn": f"{self.key} is not {among}", "Exists": f"label {self.key}"}
        return known.get(self.operator, f"no label {self.key}")


class LabelSelector(Part, frozen=True, gc=False, rename="camel"):
    """All of this must hold; an empty one holds of everything."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Expression] | None = None

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Does it select what has these labels?"""
        wanted = (self.match_labels or {}).items()
        return all(labels.get(key) == value for key, value in wanted) and all(
            one.holds(labels) for one in self.match_expressions or ()
        )

    @property
    def words(self) -> str:
        """ "app=web, tier is front"; "" for everything."""
        labels = [f"{key}={value}" for key, value in sorted((self.match_labels or {}).items())]
        return ", ".join([*labels, *(one.words for one in self.match_expressions or ())])
