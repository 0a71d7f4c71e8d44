"""What the cluster itself allows to the account that we sign in with: asked before it is offered, kept for a minute.

One review of all rules of a namespace answers most questions at once. It may be incomplete, and it mixes what holds in
that namespace with what holds everywhere; so whatever it does not allow, and whatever is about the whole cluster, is
asked by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import msgspec

from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.decode import MALFORMED
from clusters.ending import end
from clusters.errors import ClusterError

KEPT = 60.0  # seconds that an answer is believed
SILENT = 10.0  # seconds until a cluster that did not say is asked again
WITHIN = 5.0  # seconds that a review may take
MOST = 5000  # answers that are kept
AT_ONCE = 4  # reviews
REVIEWS = ("apis", "authorization.k8s.io", "v1")


class Rule(msgspec.Struct, frozen=True, rename="camel"):
    """Verbs on resources of groups; "*" is any. With names, on those objects alone."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None

    def allows(self, question: Question) -> bool:
        """Does this rule by itself allow it?"""
        return (
            _fits(self.verbs, question.verb)
            and _fits(self.api_groups, question.group)
            and (_fits(self.resources, question.resource) or _any_of_that_part(self.resources, question.resource))
            and (not self.resource_names or question.name in self.resource_names)
        )


def _fits(names: list[str] | None, name: str) -> bool:
    return bool(names) and (name in names or "*" in names)  # type: ignore[operator]


def _any_of_that_part(names: list[str] | None, resource: str) -> bool:
    _, slash, part = resource.partition("/")
    return bool(slash and names) and f"*/{part}" in names  # type: ignore[operator]


class RulesStatus(msgspec.Struct, frozen=True, rename="camel"):
    """All that a review of the rules says and we read."""

    resource_rules: list[Rule] | None = None
    incomplete: bool = False  # there may be more, by something that cannot list its rules


class RulesReview(msgspec.Struct, frozen=True):
    """The answer to a SelfSubjectRulesReview."""

    status: RulesStatus


class AccessStatus(msgspec.Struct, frozen=True):
    """Yes or no to one question."""

    allowed: bool


class AccessReview(msgspec.Struct, frozen=True):
    """The answer to a SelfSubjectAccessReview."""

    status: AccessStatus


@dataclass(frozen=True, slots=True)
class Question:
    """May our account do that? ``resource`` is "pods" or "pods/eviction"; ``namespace`` "" is the whole cluster."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


T = TypeVar("T")
Answer: TypeAlias = "list[Rule] | bool | None"  # None: the cluster did not say


class AccessReviews:
    """The questions and answers of one connection. Whoever asks what is being asked already waits for that answer."""

    def __init__(self, server: Callable[[], ApiServer], clock: Callable[[], float] = time.monotonic) -> None:
        self._server, self._clock = server, clock
        self._answers: dict[str | Question, tuple[float, Answer]] = {}  # rules by namespace, else by question
        self._asking: dict[str | Question, asyncio.Task[Answer]] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def may(self, question: Question, *, newest: bool = False) -> bool | None:
        """Yes, no, or None where the cluster does not say. ``newest``: a "no" of before is asked again."""
        if question.namespace and await self._allowed_by_rules(question):
            return True
        answer = await self._answer(question, lambda: self._review(question), newest)
        return answer if isinstance(answer, bool) else None

    def forget(self) -> None:
        """Something was refused, or granted, against what we believed."""
        self._answers.clear()

    async def close(self) -> None:
        """Ask no more."""
        await end(self._asking.values())

    async def _allowed_by_rules(self, question: Question) -> bool:
        place = question.namespace
        rules = await self._answer(place, lambda: self._rules(place))
        return isinstance(rules, list) and any(rule.allows(question) for rule in rules)

    async def _answer(
        self, key: str | Question, ask: Callable[[], Coroutine[Any, Any, Answer]], newest: bool = False
    ) -> Answer:
        until, known = self._answers.get(key, (0.0, None))
        if self._clock() < until and not (newest and known is False):
            return known
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._ask(key, ask()), name="access review")
        # Whoever waits may give up; the answer is kept all the same, for the next one.
        return await asyncio.shield(self._asking[key])

    async def _ask(self, key: str | Question, asked: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            async with self._turn:
                answer = await asked
        except ClusterError:
            answer = None
        finally:
            self._asking.pop(key, None)
        if len(self._answers) >= MOST:
            self._answers.clear()
        self._answers[key] = (self._clock() + (SILENT if answer is None else KEPT), answer)
        return answer

    async def _rules(self, namespace: str) -> Answer:
        status = (await self._post("selfsubjectrulesreviews", {"namespace": namespace}, RulesReview)).status
        return status.resource_rules or []

    async def _review(self, question: Question) -> Answer:
        resource, _, part = question.resource.partition("/")
        attributes = {
            "verb": question.verb, "group": question.group, "resource": resource, "subresource": part,
            "namespace": question.namespace, "name": question.name,
        }  # fmt: skip
        asked = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
        return (await self._post("selfsubjectaccessreviews", asked, AccessReview)).status.allowed

    async def _post(self, review: str, spec: dict[str, Any], type_: type[T]) -> T:
        body = await self._server().bytes("POST", (*REVIEWS, review), body={"spec": spec}, within=WITHIN)
        try:
            return msgspec.json.decode(body, type=type_)
        except MALFORMED as error:
            raise ClusterError("The cluster's answer about our rights makes no sense.", detail=str(error)) from error
