"""Hosts: what an engine is and warns of, in plain words; what takes room; and cleaning up that removes what was shown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.template.loader import render_to_string

from clusters.cleaning import clean_up
from clusters.drivers.base import Call
from clusters.errors import Conflict, Unreachable
from clusters.kinds.base import Level, Look
from clusters.kinds.cleaners import Cleaner, Leftover
from clusters.kinds.docker.disk import counted, last, uses, volume_size
from clusters.kinds.docker.host import HOST, OVERVIEW
from clusters.kinds.docker.host_model import Host, join
from clusters.kinds.docker.host_words import plain
from clusters.kinds.docker.leftovers import CLEANERS
from tests.clusters.docker_things import ENGINES, read, recorded, row, shop_web
from tests.clusters.fakes import all_shared
from tests.clusters.heard import Heard

each_engine = pytest.mark.parametrize("engine", ENGINES)


class Driver:
    """Answers by the last part of the path; what is removed is noted."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[Call] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        await self.slow.wait()
        answer = self.answers.get(call.path[-1] if call.method != "DELETE" else call.path[1])
        if isinstance(answer, Exception):
            raise answer
        return answer


def cleaner(key: str) -> Cleaner:
    return next(one for one in CLEANERS if one.key == key)


@each_engine
async def test_a_real_one_says_what_it_is(engine: str) -> None:
    async def related(kind: str) -> list[Any]:
        return []

    one = join([read(recorded("host", engine), Host)], {"container": [shop_web(engine)]})[0]
    assert one.server_version.startswith(engine)
    assert (one.running, one.containers) == (1, 1)
    assert one.store == ("containerd" if engine == "29" else "docker")
    driver: Any = Driver(version={"ApiVersion": "1.52", "MinAPIVersion": "1.40"})
    look = Look(cluster_id=1, kind=HOST, resource=one, driver=driver, related=related, sees=all_shared)
    assert OVERVIEW.load is not None
    page = render_to_string("panels/host_overview.html", {"data": await OVERVIEW.load(look), "row": row(HOST, one)})
    for words in (
        one.server_version,
        "1.52, down to 1.40",
        "1 of 1 container run",
        "seccomp",
        "cgroup v1",
        "/var/lib/docker",
    ):
        assert words in page, words
    await OVERVIEW.load(look)
    assert len(driver.calls) == 1, "the version is asked once"


@pytest.mark.parametrize(
    ("said", "words", "risk"),
    [
        ("WARNING: No swap limit support", "swap", False),
        ("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.", "rules this machine", True),
        ("WARNING: bridge-nf-call-iptables is disabled", "firewall", False),
        ("WARNING: Support for cgroup v1 is deprecated and planned to be removed", "cgroup v1", False),
        ("WARNING: something new <b>", "something new <b>", False),
    ],
)
def test_warnings_are_told_in_plain_words(said: str, words: str, risk: bool) -> None:
    assert words in plain(said)[0]
    assert plain(said)[1] is risk
    one = read({"ID": "x", "Name": "box", "Warnings": [said]}, Host)
    assert (HOST.health(one).level == Level.AT_RISK) is risk


@each_engine
async def test_what_takes_room_is_counted_only_when_asked_and_kept(engine: str) -> None:
    driver: Any = Driver(df=recorded("df", engine))
    assert last(driver) is None
    assert volume_size(driver, "shop_data") == "not measured"
    count = await counted(driver)
    by_label = {one["label"]: one for one in uses(count)}
    assert by_label["Images"]["count"] == 1
    assert by_label["Images"]["unused"] == 0
    assert by_label["Containers"]["unused"] == 0
    # An engine counts no volume that has options of its driver: it may be anywhere.
    assert by_label["Volumes"]["count"] == 0
    assert volume_size(driver, "shop_data") == "not measured"
    await counted(driver)
    assert len(driver.calls) == 1


async def test_the_size_of_a_volume_is_told_once_it_was_measured() -> None:
    driver: Any = Driver(df=DF)
    assert volume_size(driver, "data") == "not measured"
    await counted(driver)
    assert volume_size(driver, "data") == "1000 B"
    assert volume_size(driver, "e" * 64) == "not measured"


async def test_a_slow_count_goes_on_and_is_waited_for_by_nobody() -> None:
    driver: Any = Driver(df={"Volumes": []})
    driver.slow.clear()
    assert not (await counted(driver, wait=0.01)).ended
    assert not (await counted(driver, wait=0.01)).ended
    assert len(driver.calls) == 1
    driver.slow.set()
    assert (await counted(driver, wait=1.0)).ended


async def test_a_count_that_failed_is_said_and_begun_anew() -> None:
    driver: Any = Driver(df=Unreachable("It is silent."))
    with pytest.raises(Unreachable):
        await counted(driver)
    driver.answers["df"] = {}
    assert (await counted(driver)).ended


DF = {
    "Images": [
        {"Id": "sha256:used", "RepoTags": ["a:1"], "Size": 50, "SharedSize": 10},
        {"Id": "sha256:free", "RepoTags": ["b:1", "r.test/b:2"], "Size": 100, "SharedSize": 60, "RepoDigests": ["b@x"]},
        {"Id": "sha256:" + "d" * 64, "RepoTags": None, "Size": 30, "SharedSize": 0},
    ],
    "Containers": [
        {"Id": "c1", "Names": ["/run"], "State": "running", "ImageID": "sha256:used", "SizeRw": 5},
        {"Id": "c2", "Names": ["/old"], "State": "exited", "Status": "Exited (0)", "ImageID": "sha256:used", "SizeRw": 7},
    ],
    "Volumes": [
        {"Name": "data", "UsageData": {"Size": 1000, "RefCount": 1}},
        {"Name": "old_data", "Driver": "local", "UsageData": {"Size": 500, "RefCount": 0}},
        {"Name": "e" * 64, "UsageData": {"Size": -1, "RefCount": 0}},
    ],
    "BuildCache": [
        {"ID": "b1", "Description": "first", "Size": 3, "InUse": False, "CreatedAt": "2026-01-01T00:00:00Z"},
        {"ID": "b2", "Description": "second", "Size": 4, "InUse": False, "CreatedAt": "2026-01-02T00:00:00Z"},
        {"ID": "b3", "Description": "busy", "Size": 4, "InUse": True},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("containers", [("old", 7, True)]),
        ("images", [("b:1, r.test/b:2", 40, True)]),
        ("dangling", [("d" * 12, 30, True)]),
        ("volumes", [("e" * 64, -1, True), ("old_data", 500, False)]),
        ("build-cache", [("second", 4, True), ("first", 3, True)]),
    ],
)
async def test_leftovers_are_what_nothing_uses_with_what_they_take_alone(key: str, found: list[Any]) -> None:
    driver: Any = Driver(df=DF)
    listed = await cleaner(key).find(driver, 1.0)
    assert [(one.name, one.size, one.chosen) for one in listed or ()] == found


async def test_networks_are_left_over_when_not_even_a_stopped_container_is_on_them() -> None:
    networks = [
        {"Id": name, "Name": name, "Scope": "local", "Driver": "bridge"} for name in ("bridge", "one", "two", "x")
    ]
    networks[3]["Scope"] = "swarm"
    containers = [{"NetworkSettings": {"Networks": {"one": {"NetworkID": ""}}}}]
    driver: Any = Driver(networks=networks, json=containers)
    assert [one.name for one in await cleaner("networks").find(driver, 1.0) or ()] == ["two"]


async def test_exactly_what_was_chosen_is_removed_and_nothing_is_forced() -> None:
    driver: Any = Driver(df=DF)
    says = Heard()
    words = await clean_up(driver, cleaner("volumes"), {"old_data"}, says)
    removed = [call for call in driver.calls if call.method == "DELETE"]
    assert [(call.path, dict(call.query)) for call in removed] == [(("volumes", "old_data"), {})]
    assert words == "1 of 1 removed; 500 B regained"


async def test_what_is_used_again_meanwhile_is_left_alone_and_said() -> None:
    driver: Any = Driver(df=DF)
    says = Heard()
    assert await clean_up(driver, cleaner("volumes"), {"old_data", "data"}, says) == "1 of 2 removed; 500 B regained"
    assert any(level == "warning" and text.startswith("Left alone") for text, level in says.lines)


async def test_what_the_engine_refuses_is_said_and_the_rest_goes_on() -> None:
    driver: Any = Driver(df=DF, old_data=Conflict("It is in use."))
    says = Heard()
    assert (await clean_up(driver, cleaner("volumes"), {"old_data", "e" * 64}, says)).startswith("1 of 2 removed")
    assert ("old_data: It is in use.", "error") in says.lines
    with pytest.raises(Conflict, match="None of it"):
        await clean_up(driver, cleaner("volumes"), {"old_data"}, Heard())


async def test_the_room_of_images_is_measured_before_and_after_for_they_share_it() -> None:
    room = iter([100, 70])

    async def find(driver: Any, wait: float) -> list[Leftover]:
        return [Leftover("1", "a", size=10)]

    async def remove(driver: Any, one: Leftover) -> int:
        return -1

    async def taken(driver: Any) -> int:
        return next(room)

    asked = Cleaner(key="x", label="X", icon="x", words="", find=find, remove=remove, taken=taken, shared=True)
    driver: Any = Driver()
    assert await clean_up(driver, asked, {"1"}, Heard()) == "1 of 1 removed; 30 B regained"


def test_every_cleaner_has_words_and_a_key_of_its_own() -> None:
    assert len({one.key for one in CLEANERS}) == len(CLEANERS)
    assert all(one.words.endswith(".") for one in CLEANERS)
