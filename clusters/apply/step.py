"""One object of a text on its way to the cluster: where it belongs, what is there, what would be, whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

from clusters.access import Need
from clusters.apply.difference import Difference, difference
from clusters.apply.documents import Document
from clusters.apply.drawn import without_drawn
from clusters.apply.hidden import bare, shown_pair
from clusters.apply.merging import same
from clusters.apply.owners import OURS, Owned
from clusters.apply.served import ServedKind
from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Role

Choice: TypeAlias = Literal["", "leave", "take"]
CHOICES: tuple[Choice, ...] = ("", "leave", "take")
APPLY = "application/apply-patch+yaml"
LEAST = Need(Role.OPERATOR, "apply")  # without that nothing is applied at all
GIVE_RIGHTS = {"rbac.authorization.k8s.io"}  # groups whose objects say who may do what


def need(served: ServedKind) -> Need:
    """What it takes: what gives rights, or concerns the whole cluster, is for administrators."""
    powerful = not served.namespaced or served.group in GIVE_RIGHTS
    return Need(Role.ADMIN if powerful else Role.OPERATOR, "apply")


@dataclass(kw_only=True)
class Step:
    """Filled in bit by bit while it is planned. ``error`` is why it cannot be done, or there was no dry run of it."""

    document: Document
    choice: Choice = ""  # about what others manage: leave it to them, or take it over
    served: ServedKind | None = None
    namespace: str = ""
    before: dict[str, Any] | None = None  # as it is there now
    wish: dict[str, Any] = field(default_factory=dict)  # as it was written, secrets put in
    sent: dict[str, Any] | None = None  # what of ``wish`` is applied, where the rest is only what was there
    after: dict[str, Any] | None = None  # as it would be, by the cluster's own word
    whole: dict[str, Any] | None = None  # sent instead of ``wish`` where something is taken out that others manage
    conflicts: list[Owned] = field(default_factory=list)
    ours: bool = False  # some of its fields are managed by us in another way: by an action, or an undo
    error: ClusterError | None = None
    waits: str = ""  # why only doing it can tell: another document has to be first
    remarks: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return self.document.name

    @property
    def kind(self) -> str:
        """What its kind is called in the audit."""
        return self.served.name if self.served else self.document.kind

    @property
    def undecided(self) -> bool:
        """Is it still to be said what becomes of what others manage?"""
        return bool(self.conflicts) and not self.choice

    @property
    def what(self) -> Literal["new", "changed", "same", "waits", "unknown"]:
        """What would become of it."""
        if self.error is not None:
            return "unknown"
        if self.waits:
            return "waits"
        if self.before is None:
            return "new"
        return "same" if self.after is None or same(bare(self.before), bare(self.after)) else "changed"

    @cached_property
    def difference(self) -> Difference:
        """Between what is there and what would be, secrets hidden."""
        after = without_drawn(self.after, self.wish, self.before) if self.after is not None else self.wish
        return difference(*shown_pair(self.before, after))

    def path(self) -> tuple[str, ...]:
        """Where it is."""
        assert self.served is not None
        return self.served.path(self.namespace, self.name)

    @property
    def force(self) -> bool:
        """Are fields taken over: from others, by choice, or from ourselves?"""
        return self.ours or self.choice == "take"

    @property
    def applied(self) -> dict[str, Any]:
        """What we manage from then on."""
        return self.wish if self.sent is None else self.sent

    def call(self, *, dry: bool, force: bool = False) -> Call:
        """The request that applies it: to this very object, as it was when we looked."""
        query = {"fieldManager": OURS, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry else {})
        if self.whole is not None:
            return Call("PUT", self.path(), query, self.whole)
        query |= {"force": "true"} if force else {}
        return Call("PATCH", self.path(), query, pinned(self.applied, self.before), APPLY)


def pinned(wish: Mapping[str, Any], live: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same, for this very object in this very version: on any other the cluster refuses it."""
    if live is None:
        return dict(wish)
    known = {key: live["metadata"][key] for key in ("uid", "resourceVersion") if live["metadata"].get(key)}
    return {**wish, "metadata": {**wish["metadata"], **known}}
