"""What applying a text would do. Every object of it is authorised before the first dry run, and nothing is changed.

By us (``decide``), then by the cluster (SelfSubjectAccessReview); then each is sent as a dry run with strict checking
of fields. Conflicts name who manages the fields; what becomes of them is to be chosen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.crypto import salted_hmac
from msgspec.json import encode

from clusters.access import Actor, Need
from clusters.apply import edit
from clusters.apply.documents import Document, read
from clusters.apply.hidden import bare, filled, restored
from clusters.apply.merging import in_order, same, taken_out
from clusters.apply.minimal import minimal
from clusters.apply.newest import newest, same_as_seen
from clusters.apply.owners import OURS, Owned, conflicts_of, managers_of, without
from clusters.apply.schema import types_of
from clusters.apply.served import ServedKinds
from clusters.apply.step import LEAST, Choice, Step, need
from clusters.apply.typed import typed_as
from clusters.drivers.base import Driver, Found
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused
from clusters.gateway import Gateway
from clusters.kinds.kubernetes.base import TRIES
from clusters.permissions import HINT, may_not
from clusters.shells import in_time

AT_ONCE = 4  # dry runs at the same time
SECONDS = 60.0  # for all of them together


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody wants to apply. ``edited``: it is the text of one object that was opened to be changed."""

    cluster_id: int
    text: str
    namespace: str = "default"  # of what names none
    choices: Mapping[int, Choice] = field(default_factory=dict)  # by the number of the document
    edited: edit.Edited | None = None
    found: Sequence[Found] = ()  # every kind of the cluster, for hints
    typed: Sequence[Mapping[str, Any]] = field(default=(), repr=False)  # objects of a form: what is hidden in the text


@dataclass(frozen=True)
class Plan:
    """All of it. ``refused``: not everything may be done, so there was no dry run."""

    steps: Sequence[Step]
    refused: bool = False

    @property
    def errors(self) -> list[Step]:
        """What cannot be done."""
        return [one for one in self.steps if one.error is not None]

    @property
    def undecided(self) -> bool:
        """Is a choice missing?"""
        return any(one.undecided for one in self.steps)

    @property
    def idle(self) -> bool:
        """Is everything as it was wanted already?"""
        return all(one.what == "same" for one in self.steps)

    @property
    def ready(self) -> bool:
        """Can it be applied as it is?"""
        return not self.errors and not self.undecided and not self.idle

    @property
    def seal(self) -> str:
        """The same for the same wishes about the same objects: what somebody saw is what is done."""
        about = [
            [one.served.api if one.served else "", one.namespace, one.name, one.choice, one.wish,
             one.before and [one.before["metadata"].get("uid"), bare(one.before)]]
            for one in self.steps
        ]  # fmt: skip
        return salted_hmac("clusters.apply", encode(about, order="sorted").decode(), algorithm="sha256").hexdigest()


async def plan(gateway: Gateway, actor: Actor, asked: Asked) -> Plan:
    """Look ahead. Raises Invalid for a text that cannot be read, and the cluster's error when it answers nothing."""
    documents = await asyncio.to_thread(read, asked.text)
    if not documents:
        raise Invalid("There is no object in this text.")
    driver = gateway.driver(actor, asked.cluster_id)
    return await in_time(_plan(gateway, actor, asked, documents, driver), SECONDS)


async def _plan(gateway: Gateway, actor: Actor, asked: Asked, documents: Sequence[Document], driver: Driver) -> Plan:
    steps = [Step(document=one, choice=asked.choices.get(one.number, "")) for one in documents]
    for step in steps:  # before the cluster is asked anything at all
        await _allowed_by_us(gateway, actor, asked, step, LEAST)
    if any(step.error for step in steps):
        return Plan(steps, refused=True)
    known = ServedKinds(driver, documents, asked.found)
    for step in steps:
        await _find_kind(step, known, asked)
    _check_doubles(steps)
    for step in steps:
        if step.served is not None:
            await _allowed_by_us(gateway, actor, asked, step, need(step.served))
    if any(isinstance(step.error, Refused) for step in steps):
        return Plan(steps, refused=True)
    await _each(steps, lambda step: _look(driver, step))
    await _each(steps, lambda step: _allowed_there(driver, step))
    if any(isinstance(step.error, Refused) for step in steps):
        return Plan(steps, refused=True)
    for step in steps:
        _wish(step, asked, documents)
    if asked.edited is not None:
        await _each(steps, lambda step: _least(driver, asked.cluster_id, step))
    await _each(steps, lambda step: _try(driver, step, asked.edited is not None))
    _excuse(steps)
    return Plan(steps)


async def _find_kind(step: Step, known: ServedKinds, asked: Asked) -> None:
    document = step.document
    try:
        if asked.edited is not None:
            asked.edited.check(document)
        step.served = await known.of(document)
        step.namespace = (document.namespace or asked.namespace) if step.served.namespaced else ""
        if document.namespace and not step.served.namespaced:
            raise Invalid(f"A {document.kind} belongs to the whole cluster: take metadata.namespace out.")
    except ClusterError as error:
        step.error = error


def _check_doubles(steps: Iterable[Step]) -> None:
    seen: dict[tuple[str, ...], Step] = {}
    for step in steps:
        if step.served is None or step.error is not None:
            continue
        about = (step.served.group, step.served.plural, step.namespace, step.name)
        if first := seen.get(about):
            step.error = Invalid(f"This is the same object as document {first.document.number}.")
        seen.setdefault(about, step)


async def _allowed_by_us(gateway: Gateway, actor: Actor, asked: Asked, step: Step, takes: Need) -> None:
    namespace: str | None = step.document.namespace or asked.namespace
    if step.served is not None and not step.served.namespaced:
        namespace = None
    try:
        await gateway.see(actor, asked.cluster_id, namespace, takes, verb="apply", kind=step.kind, name=step.name)
    except Refused as error:
        step.error = error


async def _look(driver: Driver, step: Step) -> None:
    if step.served is None or step.served.promised:
        return
    step.before = await newest(driver, step.path())


async def _allowed_there(driver: Driver, step: Step) -> None:
    """The cluster says for its own part whether our account may. Where it does not say, the dry run tells."""
    if step.served is None:
        return
    served = step.served
    for verb in ("patch",) if step.before is not None else ("create", "patch"):
        if await driver.may(verb, served.group, served.plural, step.namespace, step.name, newest=True) is False:
            words = may_not(verb, served.plural, step.namespace, served.group, who=driver.acts_as)
            raise Refused(words, hint=HINT)


def _wish(step: Step, asked: Asked, documents: Sequence[Document]) -> None:
    """What will be sent: the text, on what is there now where it is an edit, with its secrets in their places."""
    if step.served is None or step.error is not None:
        return
    try:
        tree = bare(step.document.tree)
        if asked.edited is not None:
            tree = asked.edited.onto(step, tree)
        elif left := sorted({*step.document.tree, *step.document.tree["metadata"]} - {*tree, *tree["metadata"]}):
            step.remarks.append(f"Left out, because the cluster itself writes it: {', '.join(left)}.")
        known = typed_as(step.document, documents, asked.typed, asked.namespace, is_new=step.before is None)
        tree = filled(tree, known) if known else tree
        tree = restored(tree, bare(step.before) if step.before else {})
        metadata = {**tree["metadata"]} | ({"namespace": step.namespace} if step.served.namespaced else {})
        step.wish = {**tree, "metadata": metadata}
    except ClusterError as error:
        step.error = error


async def _least(driver: Driver, cluster_id: int, step: Step) -> None:
    """What was only looked at stays with those who manage it."""
    if step.before is not None:
        types = await types_of(driver, cluster_id, str(step.wish.get("apiVersion")))
        step.sent = minimal(step.wish, step.before, bare(step.before), types)


async def _try(driver: Driver, step: Step, editing: bool) -> None:
    if step.served is None or step.served.promised:
        step.waits = "Its kind comes with another document: there is no dry run of it."
        return
    step.after = await _dry_run(driver, step)
    if editing and step.before is not None and step.after is not None:
        await _take_out(driver, step)


async def _dry_run(driver: Driver, step: Step) -> dict[str, Any] | None:
    """On its newest version, where only the status moved on since we looked."""
    for tries in range(TRIES):
        try:
            return await _dry(driver, step)
        except Conflict:
            if step.before is None or tries == TRIES - 1:
                raise
            await same_as_seen(driver, step)
    raise AssertionError


async def _dry(driver: Driver, step: Step) -> dict[str, Any] | None:
    try:
        return _object(await driver.call(step.call(dry=True)))
    except Conflict as error:
        named = conflicts_of(error)
        if not named:
            raise
    step.conflicts = [one for one in named if one.manager != OURS]  # what we wrote in another way is ours
    step.ours = len(step.conflicts) < len(named)
    if step.choice == "leave":
        left = [one.field for one in step.conflicts]
        step.wish = without(step.wish, left)
        step.sent = None if step.sent is None else without(step.sent, left)
        return _object(await driver.call(step.call(dry=True, force=step.ours)))
    return _object(await driver.call(step.call(dry=True, force=True)))  # what taking it over would do


async def _take_out(driver: Driver, step: Step) -> None:
    """Applying leaves what others manage: what was taken out of the text is then taken out by replacing the object.

    It is replaced, too, where what is new stands in its list in another place than it was written in.
    """
    assert step.before is not None
    assert step.after is not None
    whole, gone = taken_out(bare(step.before), step.wish, step.after)
    ordered = in_order(step.wish, whole)
    moved = not same(ordered, whole)
    owned: list[Owned] = [one for path in gone for one in managers_of(step.before, path)]
    step.conflicts += owned
    if (not gone or (owned and step.choice == "leave")) and not moved:
        return
    step.whole = ordered if gone and not (owned and step.choice == "leave") else in_order(step.wish, step.after)
    step.after = await _dry_run(driver, step)


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("metadata"), dict):
        raise ClusterError("The cluster answers with something that is no object.")
    return answer


def _excuse(steps: Sequence[Step]) -> None:
    """What was not found only because an earlier document makes its namespace is no mistake."""
    made: set[str] = set()
    for step in steps:
        if isinstance(step.error, Missing) and step.before is None and step.namespace in made:
            step.error = None
            step.waits = f"Its namespace {step.namespace} comes with another document, so no dry run is possible."
        if step.served and step.served.api == "v1/namespaces" and step.before is None and step.error is None:
            made.add(step.name)


async def _each(steps: Sequence[Step], work: Any) -> None:
    """On every object that nothing is wrong with so far; what goes wrong is kept with it."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(step: Step) -> None:
        async with turn:
            try:
                await work(step)
            except ClusterError as error:
                step.error = error

    async with asyncio.TaskGroup() as group:
        for step in steps:
            if step.error is None:
                group.create_task(one(step))
