"""The live engine alone, in this process: from the lines of a watch to the frames of a window."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import msgspec

from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.siblings import Siblings
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.kinds.kubernetes.pod import POD
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.frame import Frame
from clusters.live.hub import Hub
from clusters.live.memory import settle
from clusters.live.query import Query, parse
from clusters.live.resource import Changed, Listed, Resource
from clusters.live.store import Store
from tests.bench.fake_cluster import filled, template
from tests.bench.figures import Figure, at_least, at_most, count, milliseconds

EVENTS = 5_000
SIZES = {10_000: 10.0, 100_000: 60.0}  # rows, and the milliseconds that opening a view of them may take
BLOCK = {10_000: 10.0, 100_000: 60.0}  # and those that nobody else may have a turn meanwhile


class _Driver(OnlyOurKinds):
    platform = "kubernetes"


class _Tab:
    def __init__(self) -> None:
        self.frames = 0

    def deliver(self, frame: Frame) -> None:
        """As a socket would."""
        frame.text(1)
        self.frames += 1


def measure() -> Iterator[Figure]:
    """Needs nothing but Python."""
    settle()
    for rows, limit in SIZES.items():
        yield from asyncio.run(_over(rows, limit))


async def _over(rows: int, limit: float) -> list[Figure]:
    connection = Connection(ClusterInfo(1, "bench", "bench", "kubernetes", "kubernetes"), _Driver(), lambda _: None)
    store = connection.stores["pod"]
    store.apply(Listed(_as_fed(rows)))
    connection.wanted = lambda *names: ExitStack()  # type: ignore[assignment,method-assign]  # nobody is watched here
    hub = Hub(lambda: [connection], lambda row: "/")
    figures = []
    for words, text in (("a first look at", ""), ("a first sort by restarts of", "sort=-restarts")):
        took, longest = await _prepared(hub, parse("pod", text, {1: None}))
        figures.append(Figure(what=f"{words} {rows:,} rows, in slices", measured=milliseconds(took)))
        figures.append(at_most("the same: the longest time nobody else had a turn", longest, BLOCK[rows], milliseconds))
    await _prepared(hub, parse("pod", "q=web", {1: None}))
    for words, text in (("", ""), (", searched", "q=web-0001"), (", by labels", "labels=app+in+(web-0001,web-0002),!canary"), (", filtered", "namespace=-load-01"),
                        (", sorted by restarts", "sort=-restarts")):  # fmt: skip
        query = parse("pod", text, {1: None})

        def look(query: Query = query) -> None:
            with hub.window(query, 0, 100) as window:
                window.snapshot()

        took = _median(look, lambda: hub.reset())
        figures.append(at_most(f"open a view of {rows:,} rows{words}", took, limit, milliseconds))
    events = b"".join(_event(number % rows, restarts=number % 7) for number in range(EVENTS))
    alone = Store(1, POD)
    alone.apply(Listed(tuple(store.resources.values())))
    figures.append(
        at_least(f"events a second, from bytes to a store of {rows:,}", _events_a_second(events, alone), 15_000, count)
    )
    tab = _Tab()
    with hub.window(parse("pod", "", {1: None}), 0, 100) as window:
        window.snapshot()
        window.followers.add(tab)
        figures.append(
            Figure(what="the same, with families and an open view", measured=count(_events_a_second(events, store)))
        )
        flushes = []
        for turn in range(20):
            for number in range(50):
                store.apply(Changed((_pod(number, restarts=turn + 1),), ()))
            began = time.process_time()
            hub.flush()
            flushes.append((time.process_time() - began) * 1000)
        figures.append(
            at_most(f"flush of 50 changed rows of {rows:,}, median", statistics.median(flushes), 10, milliseconds)
        )
        hub.reset()
    return figures


async def _prepared(hub: Hub, query: Query) -> tuple[float, float]:
    """Milliseconds of processor until a question can be asked; and the longest of them without a pause for others."""
    longest, last, done = 0.0, time.process_time(), False

    async def others() -> None:
        nonlocal longest, last
        while not done:
            now = time.process_time()
            longest, last = max(longest, now - last), now
            await asyncio.sleep(0)

    began, waiting = time.process_time(), asyncio.create_task(others())
    await hub.prepare(query)
    done = True
    await waiting
    now = time.process_time()
    return (now - began) * 1000, max(longest, now - last) * 1000


def _events_a_second(events: bytes, store: Store) -> float:
    """Per second of processor, from the lines of a watch to what this store and its listeners know."""
    began = time.process_time()
    for line in decode.Lines().feed(events):
        event = decode.event(line)
        store.apply(Changed((decode.resource(event.object, POD.model),), ()))  # type: ignore[arg-type]
    return EVENTS / (time.process_time() - began)


def _pod(number: int, restarts: int = 0) -> Resource:
    body = filled(template(number), restarts + 1, restarts)
    made = decode.resource(msgspec.Raw(body), POD.model)
    assert made is not None
    return made


def _as_fed(rows: int) -> list[Resource]:
    """Copies of one owner hold their labels once, as a feed leaves them."""
    siblings, pods = Siblings(), [_pod(number) for number in range(rows)]
    for pod in pods:
        siblings.join(pod)
    return pods


def _event(number: int, restarts: int) -> bytes:
    return b'{"type":"MODIFIED","object":' + filled(template(number), restarts + 2, restarts) + b"}\n"


def _median(work: Callable[[], None], afterwards: Callable[[], None]) -> float:
    took = []
    for _ in range(5):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1000)
        afterwards()
    return statistics.median(took)
