"""Who may do what, as one pure question. Everything that is asked of a cluster passes through ``decide``.

The rules, all of them: deny by default; a grant counts for its cluster (or all) and its namespaces (or all); the
best grant wins; administrators have every right, operators those granted, viewers none; a read-only cluster lets
nobody act. Things without a namespace need a grant that is not limited to namespaces. Where a cluster is asked as the
person (impersonation), nobody sees or does more than it lets themselves list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from clusters.kinds.base import Kind, Right, Role
from clusters.rights import label_of

Namespaces: TypeAlias = frozenset[str] | None  # None is all of them, and what has none


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant, as plain data. ``cluster`` None is every cluster; ``namespaces`` empty is every namespace."""

    role: Role
    cluster: int | None = None
    namespaces: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()


class Limits(Protocol):
    """What a cluster that is asked as somebody lets them list there. Two of the same are equal."""

    @property
    def namespaces(self) -> Namespaces:
        """Those in which they see anything at all."""

    @property
    def why(self) -> str:
        """Why they see nothing, in a sentence; "" where they see something, or are merely allowed nothing."""

    def of(self, kind: Kind[Any]) -> Namespaces:
        """Those in which they see this kind."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, with all that was granted to them. ``user_id`` 0 is nobody."""

    user_id: int
    name: str
    grants: tuple[Granted, ...] = ()
    address: str = ""
    limits: tuple[tuple[int, Limits], ...] = ()  # of the clusters that are asked as them, as of a moment ago

    def limits_on(self, cluster: int) -> Limits | None:
        """What that cluster lets them list; None where it is asked as the account of the connection."""
        return next((limits for number, limits in self.limits if number == cluster), None)


@dataclass(frozen=True, slots=True)
class Area:
    """Where something is asked. ``namespace`` None: the cluster as a whole, or a thing without a namespace."""

    cluster: int
    namespace: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What it takes. ``acts`` is False for mere looking."""

    role: Role
    right: Right = ""
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes, or no and why. ``known``: may this person know at all that there is such a thing?"""

    allowed: bool
    reason: str = ""
    known: bool = False


def decide(actor: Actor, area: Area, need: Need) -> Decision:
    """May this actor do there what needs that?"""
    reaching = [grant for grant in actor.grants if _reaches(grant, area)]
    if not reaching:
        return Decision(False, "This is not shared with you.")
    if (limits := actor.limits_on(area.cluster)) and not _within(limits.namespaces, area.namespace):
        return Decision(False, limits.why or "The cluster itself does not show that to you.")
    if need.acts and area.read_only:
        return Decision(False, "This cluster is set to read-only.", known=True)
    if not any(grant.role >= need.role for grant in reaching):
        return Decision(False, f"This needs the role {need.role.name.lower()}.", known=True)
    if not any(grant.role >= need.role and _has(grant, need.right) for grant in reaching):
        called = label_of(need.right)
        return Decision(False, f"This needs the right “{called}”; an administrator can grant it.", known=True)
    return Decision(True, known=True)


def _reaches(grant: Granted, area: Area) -> bool:
    if grant.role == Role.NOBODY or grant.cluster not in (None, area.cluster):
        return False
    return not grant.namespaces or area.namespace in grant.namespaces


def _has(grant: Granted, right: Right) -> bool:
    return not right or grant.role == Role.ADMIN or (grant.role == Role.OPERATOR and right in grant.rights)


def _within(namespaces: Namespaces, namespace: str | None) -> bool:
    return namespaces is None or namespace in namespaces


# Which namespaces of which clusters somebody sees: None is all of them; a cluster that is not in it is not seen.
Scope: TypeAlias = dict[int, frozenset[str] | None]


def scope(actor: Actor, clusters: Iterable[int], kinds: Iterable[Kind[Any]] = ()) -> Scope:
    """What of these clusters this actor may look at. Lists, frames, counts and search all pass through it.

    With ``kinds``: where they see all of these. Apps, findings and what else is told of a namespace as a whole need
    none, because a namespace is only seen by who may list everything that runs in it.
    """
    seen: Scope = {}
    for cluster in clusters:
        grants = [grant for grant in actor.grants if grant.role and grant.cluster in (None, cluster)]
        if any(not grant.namespaces for grant in grants):
            seen[cluster] = None
        elif grants:
            seen[cluster] = frozenset().union(*(grant.namespaces for grant in grants))
        if cluster in seen and (limits := actor.limits_on(cluster)):
            for only in (limits.namespaces, *(limits.of(kind) for kind in kinds if kind.platform == "kubernetes")):
                seen[cluster] = _both(seen[cluster], only)
    return seen


def _both(one: Namespaces, other: Namespaces) -> Namespaces:
    return other if one is None else one if other is None else one & other


def sees_kind(actor: Actor, cluster: int, kind: Kind[Any], namespace: str | None) -> bool:
    """Does the cluster itself show this kind there to them, where it is asked as them?"""
    limits = actor.limits_on(cluster)
    return limits is None or _within(limits.of(kind), namespace)


def reachable(actor: Actor, cluster: int) -> set[str | None]:
    """Where somebody may have any right at all: the cluster as a whole (None), and namespaces that are named."""
    named = {name for grant in actor.grants if grant.cluster in (None, cluster) for name in grant.namespaces}
    limits = actor.limits_on(cluster)
    return {None, *named, *((limits.namespaces or ()) if limits else ())}
