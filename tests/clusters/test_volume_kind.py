"""Volumes: who mounts them and where, what may be done, and what a new one may be made of."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from clusters.drivers.base import Call
from clusters.errors import Conflict, Invalid, Missing
from clusters.fields import clean
from clusters.kinds.base import Level, Look
from clusters.kinds.docker.volume import OVERVIEW, VOLUME
from clusters.kinds.docker.volume_actions import CREATE
from clusters.kinds.docker.volume_model import Volume, join
from tests.clusters.docker_things import ENGINES, read, recorded, row, shop_web
from tests.clusters.fakes import all_shared
from tests.clusters.heard import Heard

each_engine = pytest.mark.parametrize("engine", ENGINES)


class Driver:
    def __init__(self, there: bool = False) -> None:
        self.calls: list[Call] = []
        self.there = there

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if call.method == "GET" and not self.there:
            raise Missing("No such volume.")
        return {}


def mounted(engine: str = "29") -> Volume:
    found: Volume = join([read(recorded("volume", engine), Volume)], {"container": [shop_web(engine)]})[0]
    return found


@each_engine
def test_a_real_one_says_who_mounts_it_and_where(engine: str) -> None:
    one = mounted(engine)
    assert VOLUME.key(one) == "shop/shop_data"
    assert [(user.name, user.details) for user in one.users] == [("shop-web-1", ("/data",))]
    health = VOLUME.health(one)
    assert (health.level, health.word) == (Level.HEALTHY, "In use")
    assert one.created > 1.7e9
    remove = VOLUME.action("remove")
    assert remove is not None
    assert remove.refuse is not None
    assert remove.refuse(one) == "shop-web-1 uses it."


def test_one_that_nothing_mounts_may_be_removed() -> None:
    one = join([read(recorded("volume", "29"), Volume)], {"container": []})[0]
    assert VOLUME.health(one).word == "Unused"
    remove = VOLUME.action("remove")
    assert remove is not None
    assert remove.refuse is not None
    assert remove.refuse(one) == ""
    assert "cannot be brought back" in remove.effect(one)
    assert remove.danger


def test_its_version_changes_with_who_mounts_it() -> None:
    alone = read(recorded("volume", "29"), Volume)
    assert mounted().version == mounted().version
    assert mounted().version != join([alone], {"container": []})[0].version


@each_engine
async def test_its_page_links_to_its_containers_and_project_and_hides_secrets(engine: str) -> None:
    async def related(kind: str) -> list[Any]:
        return []

    driver: Any = Driver()
    one = mounted(engine)
    look = Look(cluster_id=1, kind=VOLUME, resource=one, driver=driver, related=related, sees=all_shared)
    assert OVERVIEW.load is not None
    context = {"data": await OVERVIEW.load(look), "row": row(VOLUME, one), "panel": OVERVIEW}
    page = render_to_string("panels/docker_overview.html", context)
    assert 'href="/clusters/box/container/shop/shop-web-1/"' in page
    assert 'href="/clusters/box/project/shop/"' in page
    assert "not measured" in page
    assert "hunter2" not in page
    assert driver.calls == []


@pytest.mark.parametrize(
    ("name", "anonymous"), [("data", False), ("0" * 64, True), ("g" * 64, False), ("0" * 63, False)]
)
def test_a_volume_without_a_name_is_known(name: str, anonymous: bool) -> None:
    assert read({"Name": name}, Volume).anonymous is anonymous
    assert read({"Name": "x", "Labels": {"com.docker.volume.anonymous": ""}}, Volume).anonymous


def fill(**values: str) -> Any:
    return CREATE.read(clean(CREATE.fields, {"driver": "local", **values}))


def test_the_form_is_the_same_as_its_line() -> None:
    form = fill(name="shop_data", labels="a=b c\ntier=db", options="type=nfs\no=addr=10.0.0.5,rw\ndevice=:/x")
    line = "docker volume create --opt type=nfs --opt o=addr=10.0.0.5,rw --opt device=:/x --label 'a=b c' --label tier=db shop_data"
    assert CREATE.line(form) == line
    secret = fill(name="share", options="type=cifs\no=username=ada,password=s3cret\ndevice=//nas/x")
    assert "s3cret" in CREATE.line(secret)
    assert "s3cret" not in CREATE.record(secret)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "x"}, "cannot be the name"),
        ({"name": "../x"}, "cannot be the name"),
        ({"name": "a b"}, "cannot be the name"),
        ({"name": "data", "options": "type"}, "name=value"),
        ({"name": "data", "labels": "a=1\na=2"}, "there twice"),
        ({"name": "data", "options": "type=none\no=bind\ndevice=/etc"}, "folder of the machine"),
        ({"name": "data", "options": "type=nfs\no=rw,BIND\ndevice=/etc"}, "folder of the machine"),
        ({"name": "data", "options": "type=ext4\ndevice=/dev/sda1"}, "folder of the machine"),
        ({"name": "data", "options": "device=/etc"}, "folder of the machine"),
    ],
)
def test_what_makes_no_sense_or_gives_power_over_the_machine_is_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        fill(**values)


async def test_a_name_that_is_taken_is_said_and_nothing_is_made() -> None:
    driver: Any = Driver(there=True)
    with pytest.raises(Conflict, match="already"):
        await CREATE.run(driver, fill(name="data"), Heard())
    assert [call.method for call in driver.calls] == ["GET"]


async def test_what_was_filled_in_is_what_is_made() -> None:
    driver: Any = Driver()
    assert await CREATE.run(driver, fill(name="data", labels="a=b"), Heard()) == "data"
    body = {"Name": "data", "Driver": "local", "DriverOpts": {}, "Labels": {"a": "b"}}
    assert (driver.calls[-1].path, driver.calls[-1].body) == (("volumes", "create"), body)
