"""Compose projects: found by labels alone, judged by their containers, acted on in the order of their needs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.template.loader import render_to_string

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict
from clusters.kinds.base import Level, Look
from clusters.kinds.docker import network_model, project_down, volume_model
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.project import OVERVIEW, PROJECT
from clusters.kinds.docker.project_model import Project, in_order, join
from tests.clusters.docker_things import ENGINES, read, recorded, row, shop_web
from tests.clusters.fakes import all_shared

FOLDER = "/srv/shop"


def container(service: str, status: str = "running", needs: str = "", project: str = "shop", **state: Any) -> Container:
    labels = {
        "com.docker.compose.project": project,
        "com.docker.compose.service": service,
        "com.docker.compose.depends_on": needs,
        "com.docker.compose.project.working_dir": FOLDER,
        "com.docker.compose.project.config_files": f"{FOLDER}/compose.yaml,{FOLDER}/more.yaml",
    }
    name = f"{project}-{service}-1"
    tree = {"Id": f"id-{name}", "Name": f"/{name}", "State": {"Status": status, **state}}
    found = read({**tree, "Config": {"Labels": labels, "Image": "web:1"}}, Container)
    assert isinstance(found, Container)
    return found


def project(*containers: Container) -> Project:
    (found,) = join([], {"container": containers, "network": [], "volume": []})
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_a_real_one_is_found_with_all_that_belongs_to_it(engine: str) -> None:
    web = shop_web(engine)
    networks = network_model.join([read(recorded("network", engine), network_model.Network)], {"container": [web]})
    volumes = volume_model.join([read(recorded("volume", engine), volume_model.Volume)], {"container": [web]})
    (one,) = join([], {"container": [web], "network": networks, "volume": volumes})
    assert (PROJECT.key(one), one.namespace) == ("shop", "shop")
    assert list(one.services) == ["web"]
    assert [name for _, name in one.networks] == ["shop_default"]
    assert [name for _, name in one.volumes] == ["shop_data"]
    assert PROJECT.health(one).word == "Running"


def test_what_is_left_of_a_project_is_found_too() -> None:
    volume = read(recorded("volume", "29"), volume_model.Volume)
    (one,) = join([], {"container": [], "network": [], "volume": [volume]})
    assert (one.name, PROJECT.health(one).word) == ("shop", "Empty")


def test_what_has_no_label_belongs_to_none() -> None:
    alone = read({"Id": "1", "Name": "/alone"}, Container)
    assert join([], {"container": [alone], "network": [], "volume": []}) == []


@pytest.mark.parametrize(
    ("states", "level", "word"),
    [
        ([("running", 0), ("running", 0)], Level.HEALTHY, "Running"),
        ([("running", 0), ("exited", 0)], Level.HEALTHY, "Running"),
        ([("running", 0), ("exited", 137)], Level.AT_RISK, "Partly stopped"),
        ([("running", 0), ("exited", 1)], Level.FAILING, "Failing"),
        ([("exited", 137), ("exited", 0)], Level.STOPPED, "Stopped"),
        ([("running", 0), ("paused", 0)], Level.PAUSED, "Paused"),
        ([("running", 0), ("created", 0)], Level.AT_RISK, "Partly stopped"),
    ],
)
def test_its_state_is_that_of_its_containers_in_plain_words(
    states: list[tuple[str, int]], level: Level, word: str
) -> None:
    one = project(*(container(f"s{n}", status, ExitCode=code) for n, (status, code) in enumerate(states)))
    health = PROJECT.health(one)
    assert (health.level, health.word) == (level, word)


def test_those_come_first_that_others_need_and_a_circle_ends() -> None:
    web = container("web", needs="db:service_healthy:false,cache:service_started:true")
    db, cache = container("db"), container("cache", needs="db:service_started:false")
    assert [[one.label("com.docker.compose.service") for one in step] for step in in_order([web, db, cache])] == [
        ["db"],
        ["cache"],
        ["web"],
    ]
    left, right = container("a", needs="b:x:y"), container("b", needs="a:x:y")
    assert [len(step) for step in in_order([left, right])] == [2]


class Driver:
    def __init__(self, fails: str = "") -> None:
        self.calls: list[Call] = []
        self.fails = fails

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if call.path[1] == self.fails:
            raise Conflict("The port is taken.")


def action(verb: str) -> Any:
    found = PROJECT.action(verb)
    assert found is not None
    return found


async def test_stopping_names_exactly_what_stops_and_goes_against_the_needs() -> None:
    one = project(container("web", needs="db:x:y"), container("db"), container("old", "exited"))
    assert action("stop").effect(one).startswith("Stops 2 containers: shop-db-1, shop-web-1.")
    driver = Driver()
    assert await action("stop").run(driver, one, {}) == "2 containers of shop are stopped."
    assert [call.path for call in driver.calls] == [
        ("containers", "id-shop-web-1", "stop"),
        ("containers", "id-shop-db-1", "stop"),
    ]
    assert [(call.query, call.timeout) for call in driver.calls] == [({}, 40.0)] * 2  # the engine knows how long
    assert action("stop").line(one, {}) == "docker compose --project-name shop stop"


async def test_what_failed_is_said_and_the_rest_is_done() -> None:
    one = project(container("web", "exited", needs="db:x:y"), container("db", "exited"))
    driver = Driver(fails="id-shop-db-1")
    with pytest.raises(ClusterError, match=r"1 of 2 containers started\. shop-db-1: The port is taken"):
        await action("start").run(driver, one, {})
    assert len(driver.calls) == 2


def test_what_makes_no_sense_is_refused() -> None:
    runs, stands = project(container("web")), project(container("web", "exited"))
    assert action("start").refuse(runs)
    assert not action("stop").refuse(runs)
    assert action("stop").refuse(stands)
    assert action("restart").refuse(stands)


async def test_its_page_links_to_all_of_it_and_says_where_it_comes_from() -> None:
    async def related(kind: str) -> list[Any]:
        return []

    one, driver = project(container("web"), container("db", project="shop")), Driver()
    asked = Look(cluster_id=1, kind=PROJECT, resource=one, driver=driver, related=related, sees=all_shared)  # type: ignore[arg-type]
    assert OVERVIEW.load is not None
    context = {"data": await OVERVIEW.load(asked), "row": row(PROJECT, one), "panel": OVERVIEW}
    page = render_to_string("panels/project_overview.html", context)
    for words in ("/clusters/box/container/shop/shop-web-1/", FOLDER, "more.yaml"):
        assert words in page
    assert driver.calls == []


def test_one_more_passed_health_check_is_nothing_new() -> None:
    probe = {"Status": "healthy", "FailingStreak": 0, "Log": [{"ExitCode": 0, "End": "2026-01-01T00:00:00Z"}]}
    later = {**probe, "Log": [{"ExitCode": 0, "End": "2026-01-01T00:00:05Z"}]}
    before, after = container("web", Health=probe), container("web", Health=later)
    assert before.version != after.version
    assert project(before).version == project(after).version


async def test_where_no_program_reaches_nothing_is_taken_down_and_it_is_said_before() -> None:
    one = project(container("web"), container("db"))
    for verb in ("down", "down-volumes"):
        look = Look(cluster_id=1, kind=PROJECT, resource=one, related=no_others, driver=Driver(), sees=all_shared)  # type: ignore[arg-type]
        ahead = await action(verb).preview(look, {"lose": True})
        assert "No Compose projects are deployed there" in ahead.held
        assert ahead.effect.startswith("Nothing would be done.")
    assert "shop-db-1, shop-web-1" in action("down").effect(one)
    assert action("down-volumes").refuse(one) == "It has no volumes. “Take down” removes all of it."


async def test_a_volume_without_a_name_stays_with_nothing_that_leads_to_it_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def possible(driver: object) -> str:
        return ""

    monkeypatch.setattr(project_down, "_held", possible)
    one = msgspec.structs.replace(project(container("web")), nameless_volumes=("a" * 64,))
    look = Look(cluster_id=1, kind=PROJECT, resource=one, related=no_others, driver=Driver(), sees=all_shared)  # type: ignore[arg-type]
    stays = (await action("down").preview(look, {})).told[-1]
    assert list(stays.items) == [("a" * 12, "volume without a name: stays, and nothing leads to it")]
    lost = (await action("down-volumes").preview(look, {"lose": True})).told[-1]
    assert list(lost.items) == [("a" * 12, "has no name; is deleted with its container")]


async def no_others(kind: str) -> list[Any]:
    return []
