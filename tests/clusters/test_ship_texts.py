"""What is changed by a text that is kept here, as a place of a roll-out, whatever engines and labels say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters.access import Actor, Granted
from clusters.compose.power import PROJECT_LABEL
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.swarm.base import STACK
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.row import Row
from clusters.models import ComposeVersion
from clusters.ship import texts
from clusters.ship.texts import TextUse, as_texts
from clusters.ship.uses import Use

ADA = Actor(1, "ada", (Granted(Role.VIEWER),))
HERE, THERE = (
    ClusterInfo(number, name, name.lower(), "docker", "docker") for number, name in ((1, "Here"), (2, "There"))
)


def container(uid: str, label: str, name: str) -> Container:
    return msgspec.convert({"Id": uid, "Config": {"Image": "shop/web:1", "Labels": {label: name}}}, Container)


def use(where: ClusterInfo, one: Container) -> Use:
    return Use(Row(where, CONTAINER, one, CONTAINER.health(one)), "shop/web:1", image_id="i")


def _by_id(containers: list[Container]) -> dict[str, Container]:
    return {one.uid: one for one in containers}


async def told(monkeypatch: pytest.MonkeyPatch, there: dict[int, list[Container]], *uses: Use) -> list[Any]:
    """How these are shown where the text of "shop" is kept for Here."""

    async def newest(clusters: Any) -> list[ComposeVersion]:
        return [ComposeVersion(cluster_id=1, project="shop", number=3)]

    async def not_followed(cluster: int, project: str) -> bool:
        return False

    def visible(actor: Actor, cluster: int, kind: str) -> list[Container]:
        return there[cluster]

    monkeypatch.setattr(texts, "newest_of_each", newest)
    monkeypatch.setattr(texts, "is_followed", not_followed)
    connections = {
        where.id: SimpleNamespace(
            cluster=where, stores={"container": SimpleNamespace(resources=_by_id(there[where.id]))}
        )
        for where in (HERE, THERE)
        if where.id in there
    }
    door = cast(Gateway, SimpleNamespace(visible=visible))
    return await as_texts(door, ADA, uses, cast("dict[int, Connection]", connections))


async def test_containers_of_a_project_are_one_place_also_through_another_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = [container("a", PROJECT_LABEL, "shop"), container("b", PROJECT_LABEL, "shop")]
    there = {1: mine, 2: mine}
    (one,) = await told(monkeypatch, there, *(use(THERE, each) for each in mine))
    assert isinstance(one, TextUse)
    assert (one.row.cluster, one.row.resource.name, one.number) == (HERE, "shop", 3)


async def test_one_that_says_it_is_of_a_stack_is_none_of_the_project_of_that_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    liar = use(HERE, container("a", STACK, "shop"))
    assert await told(monkeypatch, {1: [liar.row.resource]}, liar) == [liar]


async def test_the_id_of_a_container_of_another_engine_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = container("a", PROJECT_LABEL, "blog")
    liar = use(THERE, container("a", PROJECT_LABEL, "shop"))
    there = {1: [theirs, container("b", PROJECT_LABEL, "shop")], 2: [liar.row.resource]}
    assert await told(monkeypatch, there, liar) == [liar]


async def test_what_is_gone_by_now_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [use(HERE, container(uid, PROJECT_LABEL, "shop")) for uid in "ab"]
    assert await told(monkeypatch, {1: []}, *gone) == gone
