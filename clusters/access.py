"""Who may do what, as one pure question. Everything that is asked of a cluster passes through ``decide``.

The rules, all of them: deny by default; a grant counts for its cluster (or all) and its namespaces (or all); the
best grant wins; administrators have every right, operators those granted, viewers none; a read-only cluster lets
nobody act. Things without a namespace need a grant that is not limited to namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from clusters.kinds.base import Right, Role


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant, as plain data. ``cluster`` None is every cluster; ``namespaces`` empty is every namespace."""

    role: Role
    cluster: int | None = None
    namespaces: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, with all that was granted to them. ``user_id`` 0 is nobody."""

    user_id: int
    name: str
    grants: tuple[Granted, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What it is about. ``namespace`` None: the cluster as a whole, or a thing without a namespace."""

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
    """Yes, or no and why. ``known``: may this person know at all that the target exists?"""

    allowed: bool
    reason: str = ""
    known: bool = False


def decide(actor: Actor, target: Target, need: Need) -> Decision:
    """May this actor do what needs that, to this target?"""
    reaching = [grant for grant in actor.grants if _reaches(grant, target)]
    if not reaching:
        return Decision(False, "This is not shared with you.")
    if need.acts and target.read_only:
        return Decision(False, "This cluster is set to read-only.", known=True)
    if not any(grant.role >= need.role for grant in reaching):
        return Decision(False, f"This needs the role {need.role.name.lower()}.", known=True)
    if not any(grant.role >= need.role and _has(grant, need.right) for grant in reaching):
        return Decision(False, f"This needs the right “{need.right}”; an administrator can grant it.", known=True)
    return Decision(True, known=True)


def _reaches(grant: Granted, target: Target) -> bool:
    if grant.role == Role.NOBODY or grant.cluster not in (None, target.cluster):
        return False
    return not grant.namespaces or target.namespace in grant.namespaces


def _has(grant: Granted, right: Right) -> bool:
    return not right or grant.role == Role.ADMIN or (grant.role == Role.OPERATOR and right in grant.rights)


# Which namespaces of which clusters somebody sees: None is all of them; a cluster that is not in it is not seen.
Scope: TypeAlias = dict[int, frozenset[str] | None]


def scope(actor: Actor, clusters: Iterable[int]) -> Scope:
    """What of these clusters this actor may look at. Lists, frames, counts and search all pass through it."""
    seen: Scope = {}
    for cluster in clusters:
        grants = [grant for grant in actor.grants if grant.role and grant.cluster in (None, cluster)]
        if any(not grant.namespaces for grant in grants):
            seen[cluster] = None
        elif grants:
            seen[cluster] = frozenset().union(*(grant.namespaces for grant in grants))
    return seen
