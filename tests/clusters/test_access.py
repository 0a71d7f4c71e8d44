"""The rules of ``decide``, as examples and as properties that hold for any grants."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.access import Actor, Area, Granted, Need, decide, scope
from clusters.kinds.base import Right, Role
from clusters.rights import RIGHTS

roles = st.sampled_from(list(Role))
namespaces = st.sampled_from(["front", "back", "kube-system"])
rights = st.frozensets(st.sampled_from(["run", "build", "exec", "reveal"]))
grants = st.builds(
    Granted,
    role=roles,
    cluster=st.sampled_from([None, 1, 2]),
    namespaces=st.frozensets(namespaces, max_size=2),
    rights=rights,
)
targets = st.builds(Area, cluster=st.sampled_from([1, 2]), namespace=st.none() | namespaces, read_only=st.booleans())
needs = st.builds(
    Need,
    role=st.sampled_from([Role.VIEWER, Role.OPERATOR, Role.ADMIN]),
    right=st.sampled_from(["", "run", "build", "exec", "reveal"]),
    acts=st.booleans(),
)


def who(*given: Granted) -> Actor:
    return Actor(1, "somebody", given)


@given(st.lists(grants, max_size=4), grants, targets, needs)
def test_one_more_grant_never_takes_a_right_away(had: list[Granted], more: Granted, target: Area, need: Need) -> None:
    if decide(who(*had), target, need).allowed:
        assert decide(who(*had, more), target, need).allowed


@given(grants, targets, needs)
def test_a_higher_role_may_all_that_the_lower_one_may(one: Granted, target: Area, need: Need) -> None:
    allowed = [
        decide(who(Granted(role, one.cluster, one.namespaces, one.rights)), target, need).allowed
        for role in (Role.NOBODY, Role.VIEWER, Role.OPERATOR, Role.ADMIN)
    ]
    assert allowed == sorted(allowed)
    assert allowed[0] is False


@given(st.lists(grants, max_size=4), targets, needs)
def test_what_is_allowed_is_known_and_within_the_scope(had: list[Granted], target: Area, need: Need) -> None:
    decision = decide(who(*had), target, need)
    seen = scope(who(*had), [1, 2])
    if decision.allowed:
        assert decision.known
    if decision.known:
        allowed = seen[target.cluster]
        assert allowed is None or target.namespace in allowed


@given(st.lists(grants, max_size=4), targets, needs)
def test_nobody_acts_on_a_read_only_cluster(had: list[Granted], target: Area, need: Need) -> None:
    if target.read_only and need.acts:
        assert not decide(who(*had), target, need).allowed


@given(targets, needs)
def test_without_grants_nothing_is_allowed_and_nothing_is_known(target: Area, need: Need) -> None:
    decision = decide(who(), target, need)
    assert (decision.allowed, decision.known) == (False, False)


@given(st.lists(grants, max_size=4), targets)
def test_a_right_is_never_given_to_a_viewer(had: list[Granted], target: Area) -> None:
    viewers = [Granted(min(one.role, Role.VIEWER), one.cluster, one.namespaces, one.rights) for one in had]
    assert not decide(who(*viewers), target, Need(Role.OPERATOR, "exec")).allowed
    assert not decide(who(*viewers), target, Need(Role.VIEWER, "reveal", acts=False)).allowed


def test_a_grant_for_one_namespace_does_not_reach_things_without_a_namespace() -> None:
    operator = who(Granted(Role.OPERATOR, 1, frozenset({"front"})))
    assert decide(operator, Area(1, "front"), Need(Role.OPERATOR)).allowed
    assert not decide(operator, Area(1, None), Need(Role.VIEWER, acts=False)).known
    assert not decide(operator, Area(1, ""), Need(Role.VIEWER, acts=False)).known


@pytest.mark.parametrize("right", [one for one in get_args(Right) if one])
def test_a_refusal_calls_a_missing_right_as_the_page_does_where_it_is_granted(right: Right) -> None:
    decision = decide(who(Granted(Role.OPERATOR)), Area(1), Need(Role.OPERATOR, right))
    (called,) = [words.label for words in RIGHTS if words.right == right]
    assert decision.reason == f"This needs the right “{called}”; an administrator can grant it."
