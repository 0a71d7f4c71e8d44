"""A roll-out is over when what was asked for runs; what nobody can know, and what runs nothing, is not called well."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec
import pytest

from clusters.errors import ClusterError, Conflict, Missing, Unreachable, Unsure
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.live.connection import Connection
from clusters.live.contact import Contact
from clusters.live.resource import Broken, Changed, Listed
from clusters.live.store import Store
from clusters.ship import well
from clusters.ship.well import End, Watch, until_well
from tests.clusters.heard import Heard

OLD, NEW = "shop/web:1", "shop/web:2"
FALLEN = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def web(image: str, generation: int, *, ready: int = 1, wanted: int = 1, **more: Any) -> Deployment:
    """A deployment as its cluster tells of it."""
    counted = {"replicas": wanted, "updatedReplicas": ready, "readyReplicas": ready, "availableReplicas": ready}
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    one = {
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u1", "generation": generation,
            "resourceVersion": f"{generation}{ready}{image}{more}",
        },
        "spec": {"replicas": wanted, "template": template, "paused": more.pop("paused", False)},
        "status": {**counted, "observedGeneration": generation, **more},
    }  # fmt: skip
    return msgspec.convert(one, Deployment)


class Line:
    """A connection as far as it is looked at: one store that is fed by hand, and how well it is heard."""

    def __init__(self) -> None:
        self.store = Store(1, DEPLOYMENT)
        self.stores = {"deployment": self.store}
        self.contact = Contact()
        self.contact.hear(time.time())
        self.store.apply(Listed([web(OLD, 1)]))
        self.looks = 0

    @contextmanager
    def wanted(self, *names: str) -> Iterator[None]:
        self.looks += 1
        try:
            yield
        finally:
            self.looks -= 1

    def tell(self, one: Deployment) -> None:
        self.store.apply(Changed([one], []))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"NOTICED": 0.05, "SILENT": 0.05, "SETTLED": 0.02, "GIVEN_UP": 0.03, "LONGEST": 0.5, "EVERY": 0.005}
    for name, seconds in times.items():
        monkeypatch.setattr(well, name, seconds)


async def wait(line: Line, heard: Heard | None = None, find: Callable[[], Any] | None = None) -> End:
    def image_of(one: Any) -> str:
        return str(one.image)

    there = find or (lambda: cast(Connection, line))
    watch = Watch(there, "deployment", "u1", "Shop / web", NEW, image_of, "1")
    try:
        return await until_well(watch, heard or Heard(), "slot")
    finally:
        assert line.looks == 0, "it is watched no longer than that"


async def test_what_runs_the_new_image_is_well() -> None:
    line = Line()
    asyncio.get_running_loop().call_later(0.02, line.tell, web(NEW, 2))
    assert await wait(line) == End(True, "it is well")


async def test_what_the_cluster_does_not_show_is_not_well_but_unknown() -> None:
    with pytest.raises(Unsure, match="did not show it"):
        await wait(Line())


async def test_one_whose_status_alone_changed_is_not_taken_for_changed() -> None:
    line = Line()
    line.tell(web(OLD, 1, ready=0))
    line.tell(web(OLD, 1, ready=1, collisionCount=1))
    with pytest.raises(Unsure, match="did not show it"):
        await wait(line)


async def test_one_that_went_back_or_was_changed_by_others_says_what_it_runs() -> None:
    line = Line()
    line.tell(web(NEW, 2, ready=0))
    asyncio.get_running_loop().call_later(0.02, line.tell, web(OLD, 3))
    with pytest.raises(Conflict, match="asked to run shop/web:1 now, not shop/web:2"):
        await wait(line)


async def test_one_that_fails_says_why_and_only_after_a_while() -> None:
    line, heard = Line(), Heard()
    line.tell(web(NEW, 2, ready=0, conditions=[FALLEN]))
    with pytest.raises(Conflict, match="It is not well: Its new version is stuck"):
        await wait(line, heard)
    assert heard.newest["slot"].startswith("Shop / web: Stuck")
    line.tell(web(NEW, 2, ready=0, conditions=[FALLEN], x=1))
    asyncio.get_running_loop().call_later(0.01, line.tell, web(NEW, 2))
    assert (await wait(line)).is_well, "what starts badly may still get well"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (web(NEW, 2, paused=True), "it was changed, and is paused. Its rollout is paused"),
        (web(NEW, 2, ready=0, wanted=0), "it was changed, and is stopped. No copies were asked for."),
    ],
)
async def test_one_that_is_paused_or_has_no_copies_is_changed_and_not_well(one: Deployment, words: str) -> None:
    line = Line()
    line.tell(one)
    end = await wait(line)
    assert (end.is_well, end.words[: len(words)]) == (False, words)


async def test_one_that_was_deleted_is_said() -> None:
    line = Line()
    line.store.apply(Changed([], ["u1"]))
    with pytest.raises(Missing, match="not there any more"):
        await wait(line)


def _down(line: Line) -> None:
    line.contact.lose(Unreachable("It does not answer."))


def _stale(line: Line) -> None:
    line.contact.hear(time.time() - 40)


def _broken(line: Line) -> None:
    line.store.apply(Broken(ClusterError("Its list was cut."), 1.0))


@pytest.mark.parametrize("silence", [_down, _stale, _broken])
async def test_a_cluster_that_falls_silent_is_no_proof_however_well_it_was(silence: Callable[[Line], None]) -> None:
    line = Line()
    line.tell(web(NEW, 2))
    silence(line)
    with pytest.raises(Unsure, match="How it is now cannot be told"):
        await wait(line)
    silence(line)
    line.contact.hear(time.time())
    line.store.apply(Listed([web(NEW, 2)]))
    assert (await wait(line)).is_well, "one that answers again is looked at again"


async def test_a_cluster_that_was_removed_meanwhile_is_said() -> None:
    line = Line()
    there: list[Any] = [line]
    asyncio.get_running_loop().call_later(0.02, there.clear)
    with pytest.raises(Unsure, match="not connected any more"):
        await wait(line, find=lambda: there[0] if there else None)
    with pytest.raises(Unsure, match="not connected any more"):
        await wait(line, find=lambda: None)
