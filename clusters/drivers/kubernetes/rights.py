"""What the cluster lets one person list: asked as them, in few requests, and read for any kind without another one."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from clusters.access import Namespaces
from clusters.drivers.base import full_name
from clusters.drivers.kubernetes.access import AT_ONCE, REVIEWS, AccessReview, Question, Rule, RulesReview, RulesStatus
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.drivers.kubernetes.person import PersonalServer
from clusters.errors import ClusterError, Missing, Refused, Unsupported
from clusters.kinds import KINDS
from clusters.kinds.base import Kind

T = TypeVar("T")
WITHIN = 5.0  # seconds that a review may take
MOST = 200  # namespaces that are asked about, one by one
# What a namespace is told by: apps, their copies, findings, counts and usage are all made of these.
WORKLOADS = tuple(kind for kind in KINDS["kubernetes"] if kind.workload)
_BY_NAME = {kind.name: kind for kind in KINDS["kubernetes"]}
# The rules of a namespace are those that hold everywhere, and its own. One that is not there has none of its own.
NOWHERE = f"pilothouse-{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Rights:
    """The rules that hold everywhere, and those in each namespace where these do not say it all (``Limits``)."""

    everywhere: tuple[Rule, ...] = ()
    inside: tuple[tuple[str, tuple[Rule, ...]], ...] = ()
    why: str = ""
    _known: dict[str, Namespaces] = field(default_factory=dict, compare=False, repr=False)  # by API, once worked out

    @property
    def namespaces(self) -> Namespaces:
        """Those of which everything that runs there may be listed: of a part of it, too much would be told."""
        return _all(self._lists(kind) for kind in WORKLOADS)

    def of(self, kind: Kind[Any]) -> Namespaces:
        """Where that kind may be listed, and with it what its rows are completed from in the same namespace."""
        beside = [_BY_NAME[name] for name in (kind.join.kinds if kind.join else ()) if name in _BY_NAME]
        return _all(self._lists(one) for one in (kind, *(one for one in beside if one.namespaced)))

    def _lists(self, kind: Kind[Any]) -> Namespaces:
        if kind.api not in self._known:
            self._known[kind.api] = self._worked_out(kind)
        return self._known[kind.api]

    def _worked_out(self, kind: Kind[Any]) -> Namespaces:
        if not kind.api:
            return None  # made of others
        asked = question(kind)
        if any(rule.allows(asked) for rule in self.everywhere):
            return None
        allowed = (name for name, rules in self.inside if any(rule.allows(asked) for rule in rules))
        return frozenset(allowed if kind.namespaced or kind.own_namespace else ())


def question(kind: Kind[Any]) -> Question:
    """May they list it?"""
    plural, _, group = full_name(kind.api).partition(".")
    return Question("list", group, plural)


def _all(each: Iterable[Namespaces]) -> Namespaces:
    narrow = [one for one in each if one is not None]
    return frozenset.intersection(*narrow) if narrow else None


async def rights(server: PersonalServer, namespaces: Iterable[str]) -> Rights:
    """What the cluster lets this person list. Raises the cluster's error."""
    await really_as(server)
    told = await _rules(server, NOWHERE)
    everywhere = _listing(told)
    if told.incomplete:
        everywhere += await _answered_alone(server, everywhere)
    if any(rule.allows(Question("list", "*", "*")) for rule in everywhere):
        return Rights(tuple(everywhere))
    turn = asyncio.Semaphore(AT_ONCE)

    async def inside(name: str) -> tuple[str, tuple[Rule, ...]]:
        async with turn:
            return name, tuple(_listing(await _rules(server, name)))

    names = sorted(set(namespaces))[:MOST]
    return Rights(tuple(everywhere), tuple(await asyncio.gather(*map(inside, names))))


async def really_as(server: PersonalServer) -> None:
    """A machine in between may drop the headers, and all would be asked as the account itself. Raises Refused."""
    try:
        answer = await server.json(
            "POST", ("apis", "authentication.k8s.io", "v1", "selfsubjectreviews"), body={}, within=WITHIN
        )
    except Missing as error:
        raise Unsupported("This cluster cannot say whom it takes somebody for (before 1.28).") from error
    try:
        name = str(answer["status"]["userInfo"]["username"])
    except (KeyError, TypeError) as error:
        raise Refused("The cluster does not say whom it takes you for.") from error
    if name != server.user:
        raise Refused(
            f"The cluster takes you for “{name[:100]}” instead of “{server.user}”.",
            hint="Does something between us and it drop the headers that say who acts (Impersonate-User)?",
        )


async def _rules(server: PersonalServer, namespace: str) -> RulesStatus:
    return (await _review(server, "selfsubjectrulesreviews", {"namespace": namespace}, RulesReview)).status


def _listing(told: RulesStatus) -> list[Rule]:
    """Those that let list something, each once and in one order: a cluster tells the same ones in any."""
    rules = [rule for rule in told.resource_rules or () if {"list", "*"} & set(rule.verbs or ())]
    return sorted({msgspec.json.encode(one): one for one in map(_in_order, rules)}.values(), key=msgspec.json.encode)


def _in_order(rule: Rule) -> Rule:
    parts = (rule.verbs, rule.api_groups, rule.resources, rule.resource_names)
    return Rule(*(sorted(set(part or ())) for part in parts))


async def _answered_alone(server: PersonalServer, known: Collection[Rule]) -> list[Rule]:
    """Who decides by a webhook cannot list its rules: what is not among them is asked about, kind by kind."""
    asked = [question(kind) for kind in KINDS["kubernetes"] if kind.api]
    asked = [one for one in asked if not any(rule.allows(one) for rule in known)]
    turn = asyncio.Semaphore(AT_ONCE)

    async def allowed(one: Question) -> bool:
        attributes = {"verb": one.verb, "group": one.group, "resource": one.resource}
        async with turn:
            spec = {"resourceAttributes": attributes}
            return (await _review(server, "selfsubjectaccessreviews", spec, AccessReview)).status.allowed

    answers = await asyncio.gather(*map(allowed, asked))
    return [Rule(["list"], [one.group], [one.resource]) for one, yes in zip(asked, answers, strict=True) if yes]


async def _review(server: PersonalServer, review: str, spec: dict[str, Any], type_: type[T]) -> T:
    body = await server.bytes("POST", (*REVIEWS, review), body={"spec": spec}, within=WITHIN)
    try:
        return msgspec.json.decode(body, type=type_)
    except MALFORMED as error:
        raise ClusterError("The cluster's answer about your rights makes no sense.", detail=str(error)) from error
