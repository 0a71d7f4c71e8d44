"""Another value for a secret or config: nothing is lost by it, and nobody changes or learns of what is not shared."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.actions import Quiet
from clusters.kinds.base import Look
from clusters.kinds.swarm import kept_rotation
from clusters.kinds.swarm.kept_model import User
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.service_rollout import NotWell
from tests.clusters.swarm_things import named, read, recorded, resources


class Manager:
    """Answers as the manager that was recorded; ``stops`` at that call."""

    def __init__(self, stops: str = "") -> None:
        self.calls: list[Call] = []
        self.stops = stops

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.stops and self.stops in call.path:
            raise asyncio.CancelledError
        if call.method == "POST":
            return {"ID": "new"}
        (tree,) = [one for one in recorded(call.path[0]) if one["ID"] == call.path[1]]
        tree["Spec"]["Templating"] = {"Name": "golang"}
        return tree


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> dict[str, ClusterError]:
    """How each service comes up that was given another value: well, but for those that are named."""
    failed: dict[str, ClusterError] = {}

    async def until_well(driver: Any, uid: str, name: str, says: Any) -> None:
        if name in failed:
            raise failed[name]

    monkeypatch.setattr(kept_rotation, "until_well", until_well)
    return failed


def _rotate(kind: str, manager: Manager) -> Any:
    (one,) = resources(named(kind))
    action = named(kind).action("rotate")
    assert action
    assert action.run_saying
    return action.run_saying(cast(Any, manager), one, {"value": "new"}, Quiet())


async def test_the_old_one_stays_for_services_that_go_back_and_the_new_one_is_made_like_it() -> None:
    manager = Manager()
    words = await _rotate("swarm-config", manager)
    assert words == "shop_web_conf-v2 is in use in the place of shop_web_conf, which stays until somebody removes it"
    assert "DELETE" not in {call.method for call in manager.calls}
    made = next(call.body for call in manager.calls if call.path[-1] == "create")
    assert made["Templating"] == {"Name": "golang"}
    assert (made["Name"], made["Data"]) == ("shop_web_conf-v2", "bmV3")
    assert made["Labels"] == {"com.docker.stack.namespace": "shop"}


async def test_a_service_whose_new_copies_fail_is_told_with_the_way_back(ends: dict[str, ClusterError]) -> None:
    ends["shop_web"] = NotWell("shop_web: Its update stopped, because a new copy failed. exit 9.")
    with pytest.raises(
        NotWell, match=r"-v2 was given to shop_web, and not all is well\. shop_web: .*exit 9\.$"
    ) as caught:
        await _rotate("swarm-config", Manager())
    assert caught.value.hint == "shop_web_conf stays: “Roll back” on the page of a service goes back to it."


async def test_one_that_is_stopped_says_what_is_done_and_what_is_not() -> None:
    with pytest.raises(
        asyncio.CancelledError, match=r"-v2 is made\. .*Whether shop_web was given it.*shop_db_password"
    ):
        await _rotate("swarm-secret", Manager(stops="update"))
    with pytest.raises(asyncio.CancelledError, match="nobody was given another value"):
        await _rotate("swarm-secret", Manager(stops="create"))


async def test_the_old_one_says_who_can_still_go_back_to_it() -> None:
    """A service whose update stopped has the new one, and its version before the old one."""
    kind, (one,) = named("swarm-secret"), resources(named("swarm-secret"))
    (user, *_) = one.users
    tree = next(tree for tree in recorded("services") if tree["ID"] == user.uid)
    tree["PreviousSpec"] = {"TaskTemplate": tree["Spec"]["TaskTemplate"]}
    tree["Spec"] = {**tree["Spec"], "TaskTemplate": {"ContainerSpec": {"Image": "busybox"}}}
    remove, join = kind.action("remove"), kind.join
    assert join
    assert remove
    (old,) = join.make([one], {"swarm-service": [read(tree, Service)]})
    back = f"{user.name} can still go back to it"
    assert (old.users, [who.name for who in old.before]) == ((), [user.name])
    assert kind.health(old).reason == f"No service uses it now; {back}"
    assert remove.refuse
    assert remove.refuse(old) == ""
    assert back in remove.effect(old)

    async def related(name: str) -> list[Any]:
        return []

    load = kind.panels[0].load
    assert load
    page = await load(cast(Look, SimpleNamespace(resource=old, related=related)))
    assert back in page["nobody"]
    assert "It can be removed" not in page["nobody"]
    elsewhere = msgspec.structs.replace(old, before=(User("u9", "bank_vault", "bank"),))
    assert remove.effect(elsewhere).endswith(
        "Services of other stacks can still go back to it now, and not after that."
    )


async def test_services_of_other_stacks_are_counted_in_and_not_named() -> None:
    kind, (one,) = named("swarm-secret"), resources(named("swarm-secret"))
    shared = msgspec.structs.replace(one, users=(*one.users, User("u9", "bank_vault", "bank")))
    remove, rotate = kind.action("remove"), kind.action("rotate")
    assert remove
    assert remove.refuse
    assert rotate
    assert rotate.changes_in
    assert set(rotate.changes_in(shared)) == {"shop", "bank"}
    assert remove.refuse(shared) == "shop_web and services of other stacks use it."
    assert kind.search
    words = f"{rotate.effect(shared)}{kind.search(shared)}{[column.value(shared) for column in kind.columns]}"
    assert "services of other stacks" in words
    assert "bank" not in words

    async def related(name: str) -> list[Any]:
        return resources(named(name))

    load = kind.panels[0].load
    assert load
    page = await load(cast(Look, SimpleNamespace(resource=shared, related=related)))
    assert page["users_more"] == "And services that are not shared with you."
