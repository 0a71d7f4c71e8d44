"""Another value for a secret or config: nothing is lost by it, and nobody changes or learns of what is not shared."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict, Missing
from clusters.kinds.actions import Quiet
from clusters.kinds.base import Look
from clusters.kinds.swarm import kept_rotation
from clusters.kinds.swarm.kept_model import User
from clusters.kinds.swarm.service_model import Service
from clusters.kinds.swarm.service_rollout import NotUpYet, NotWell
from tests.clusters.heard import Heard
from tests.clusters.swarm_things import named, read, recorded, resources


class Manager:
    """Answers as the manager that was recorded; ``stops`` at that call."""

    def __init__(self, stops: str = "", refuses: Mapping[str, ClusterError] = MappingProxyType({})) -> None:
        self.calls: list[Call] = []
        self.stops, self.refuses = stops, refuses

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.stops and self.stops in call.path:
            raise asyncio.CancelledError
        if error := self.refuses.get(call.path[1]):
            raise error
        if call.method == "POST":
            return {"ID": "new"}
        (tree,) = [one for one in recorded(call.path[0]) if one["ID"] == call.path[1]]
        tree["Spec"]["Templating"] = {"Name": "golang"}
        return tree


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> dict[str, ClusterError]:
    """How each service comes up that was given another value: well, but for those that are named."""
    failed: dict[str, ClusterError] = {}

    async def until_all_well(driver: Any, names: dict[str, str], says: Any) -> dict[str, ClusterError | None]:
        return {uid: failed.get(name) for uid, name in names.items()}

    monkeypatch.setattr(kept_rotation, "until_all_well", until_all_well)
    return failed


def _rotate(kind: str, manager: Manager, one: Any = None, says: Any = None, **more: Any) -> Any:
    one = one or resources(named(kind))[0]
    action = named(kind).action("rotate")
    assert action
    assert action.run_saying
    return action.run_saying(cast(Any, manager), one, {"value": "new", **more}, says or Quiet())


async def test_the_old_one_stays_for_services_that_go_back_and_the_new_one_is_made_like_it() -> None:
    manager = Manager()
    words = await _rotate("swarm-config", manager)
    assert words == "shop_web_conf-v2 is in use in the place of shop_web_conf, which stays until somebody removes it"
    assert "DELETE" not in {call.method for call in manager.calls}
    made = next(call.body for call in manager.calls if call.path[-1] == "create")
    assert made["Templating"] == {"Name": "golang"}
    assert (made["Name"], made["Data"]) == ("shop_web_conf-v2", "bmV3")
    assert made["Labels"] == {"com.docker.stack.namespace": "shop"}


async def test_the_old_one_is_removed_where_that_is_asked_for_and_all_are_well(ends: dict[str, ClusterError]) -> None:
    (one,) = resources(named("swarm-config"))
    manager = Manager()
    words = await _rotate("swarm-config", manager, remove=True)
    assert words == "shop_web_conf-v2 is in use in the place of shop_web_conf, which is removed"
    assert manager.calls[-1].method == "DELETE"
    assert manager.calls[-1].path == ("configs", one.uid)
    ends[one.users[0].name] = NotWell("It does not come up.")
    manager = Manager()
    with pytest.raises(NotWell, match="not all is well"):
        await _rotate("swarm-config", manager, remove=True)
    assert "DELETE" not in {call.method for call in manager.calls}


async def test_an_old_one_that_the_swarm_does_not_let_go_is_told_to_stay() -> None:
    class Keeps(Manager):
        async def call(self, call: Call) -> Any:
            if call.method == "DELETE":
                raise Conflict("It is in use by the service api.")
            return await super().call(call)

    says = Heard()
    words = await _rotate("swarm-config", Keeps(), says=says, remove=True)
    assert words.endswith("which stays until somebody removes it")
    assert "shop_web_conf was not removed: It is in use by the service api." in says.text


async def test_the_name_that_is_free_is_told_before() -> None:
    (one,) = resources(named("swarm-config"))
    rotate = named("swarm-config").action("rotate")
    assert rotate
    assert rotate.preview

    async def related(kind: str) -> list[Any]:
        return [one, SimpleNamespace(name=f"{one.name}-v2")] if kind == "swarm-config" else []

    told = await rotate.preview(cast(Look, SimpleNamespace(resource=one, related=related)), {})
    assert told.effect.startswith(f"Makes {one.name}-v3 with the new value")


async def test_a_service_whose_new_copies_fail_is_told_with_the_way_back(ends: dict[str, ClusterError]) -> None:
    ends["shop_web"] = NotWell("shop_web: Its update stopped, because a new copy failed. exit 9.")
    with pytest.raises(
        NotWell, match=r"-v2 was given to shop_web, and not all is well\. shop_web: .*exit 9\.$"
    ) as caught:
        await _rotate("swarm-config", Manager())
    assert caught.value.hint == "shop_web_conf stays: “Roll back” on the page of a service goes back to it."


async def test_what_takes_longer_than_anybody_waits_is_not_called_a_failure(ends: dict[str, ClusterError]) -> None:
    ends["shop_web"] = NotUpYet("shop_web is not up after 10 minutes: Updating. 2 of 5 copies are new.")
    with pytest.raises(
        NotUpYet, match=r"not all have changed to it yet\. shop_web is not up after 10 minutes"
    ) as caught:
        await _rotate("swarm-config", Manager())
    assert caught.value.hint.startswith("The Swarm goes on with it by itself; their pages show how it ends.")


async def test_a_service_that_refuses_it_is_named_with_those_that_keep_the_old_one() -> None:
    (one,) = resources(named("swarm-config"))
    three = msgspec.structs.replace(one, users=(*one.users, User("u8", "shop_api", ""), User("u9", "shop_jobs", "")))
    refused = Conflict("update out of sequence")
    with pytest.raises(ClusterError) as caught:
        await _rotate("swarm-config", Manager(refuses={"u8": refused}), three)
    words = "shop_api could not be given shop_web_conf-v2: update out of sequence shop_web has the new one. "
    assert caught.value.message == f"{words}shop_jobs keeps shop_web_conf, which stays."
    gone = {uid: Missing("It is not there any more.") for uid in ("u8", "u9")}
    assert "is in use in the place of" in await _rotate("swarm-config", Manager(refuses=gone), three)


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
