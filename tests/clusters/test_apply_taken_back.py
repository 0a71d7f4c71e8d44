"""An undo is used up by what it undid, and by nothing else: not by a no, not by silence before anything was written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from clusters.access import Actor, Granted
from clusters.apply import undo, writing
from clusters.connect.secrets import Sealed
from clusters.drivers.base import Call
from clusters.errors import Conflict, Missing, Refused, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.kinds.base import Role
from clusters.kinds.kubernetes.base import TRIES
from clusters.models import AuditEntry, Cluster, Undo
from tests.clusters.fakes import FakeConnections, FakeDriver
from tests.clusters.test_apply_undo import written

pytestmark = pytest.mark.django_db(transaction=True)


class Answering(FakeDriver):
    """A cluster that has the object as it was applied, and says to each request what it is told to."""

    says: Callable[[Call], None] = staticmethod(lambda call: None)

    async def call(self, call: Call) -> Any:
        self.calls.append((call.method, call.path))
        self.says(call)
        return written().after

    def refuse(self, method: str, error: Exception) -> None:
        def says(call: Call) -> None:
            if call.method == method:
                raise error

        self.says = says


@pytest.fixture
def there(shop: Cluster) -> FakeConnections:
    connections = FakeConnections(id=shop.pk)
    connections.fake = Answering()
    return connections


def person(user: User, role: Role = Role.ADMIN) -> Actor:
    return Actor(user.pk, user.username, (Granted(role),))


async def back(there: FakeConnections, who: Actor, key: str) -> writing.Applied:
    return await writing.take_back(Gateway(there), who, there.one.id, key)


async def outcome() -> str:
    return (await AuditEntry.objects.filter(stage="outcome").alatest("id")).result


async def test_who_may_not_does_not_use_it_up(there: FakeConnections, ada: User) -> None:
    key = await undo.keep(ada.pk, there.one.id, [written()])
    with pytest.raises(Denied):
        await back(there, person(ada, Role.VIEWER), key)
    assert there.fake.calls == []
    assert (await back(there, person(ada), key)).well


async def test_what_another_key_sealed_is_still_there_when_the_right_one_is(there: FakeConnections, ada: User) -> None:
    key = await undo.keep(ada.pk, there.one.id, [written()])
    right = bytes((await Undo.objects.aget()).sealed)
    await Undo.objects.aupdate(sealed=right[:-1] + bytes([right[-1] ^ 1]))
    with pytest.raises(Sealed):
        await back(there, person(ada), key)
    await Undo.objects.aupdate(sealed=right)
    assert (await back(there, person(ada), key)).well


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("GET", Unreachable("It does not answer.")),  # it was only looked at
        ("GET", Missing("Gone.")),
        ("PUT", Refused("Not permitted.")),
    ],
)
async def test_where_nothing_was_undone_it_can_be_tried_again(
    there: FakeConnections, ada: User, method: str, error: Exception
) -> None:
    key = await undo.keep(ada.pk, there.one.id, [written()])
    there.fake.refuse(method, error)  # type: ignore[attr-defined]
    result = await back(there, person(ada), key)
    assert ([one.state for one in result.results], result.undo, await outcome()) == (["failed"], key, "failed")
    there.fake.refuse("", error)  # type: ignore[attr-defined]
    assert (await back(there, person(ada), key)).well
    with pytest.raises(Missing, match="no longer be undone"):
        await back(there, person(ada), key)


async def test_what_never_left_gives_it_back_and_what_may_have_arrived_does_not(
    there: FakeConnections, ada: User
) -> None:
    key = await undo.keep(ada.pk, there.one.id, [written()])
    refused = Unreachable("Nobody listens there.")
    refused.sent = False
    there.fake.refuse("PUT", refused)  # type: ignore[attr-defined]
    assert (await back(there, person(ada), key)).undo == key
    there.fake.refuse("PUT", Unreachable("The line was cut."))  # type: ignore[attr-defined]
    result = await back(there, person(ada), key)
    assert ([one.state for one in result.results], result.undo, await outcome()) == (["unknown"], "", "unknown")
    assert not await Undo.objects.aexists()


class Restless(FakeDriver):
    """A cluster where the object changes by itself right before each of so many writes, as ``moves`` says."""

    def __init__(self, moments: int, moves: Callable[[dict[str, Any]], object]) -> None:
        super().__init__()
        self.moments, self.moves = moments, moves
        self.now: dict[str, Any] = copy.deepcopy(written().after)
        self.now["metadata"]["resourceVersion"] = "1"

    async def call(self, call: Call) -> Any:
        self.calls.append((call.method, call.path))
        if call.method == "GET":
            return copy.deepcopy(self.now)
        if self.moments:
            self.moments -= 1
            self.moves(self.now)
            self.now["metadata"]["resourceVersion"] += "1"
        if call.body["metadata"]["resourceVersion"] != self.now["metadata"]["resourceVersion"]:
            raise Conflict("Somebody else changed it meanwhile.")
        self.now = {**copy.deepcopy(call.body), "status": self.now.get("status")}
        return self.now


async def test_a_status_that_changes_in_the_same_moment_is_in_nobodys_way(there: FakeConnections, ada: User) -> None:
    moved = there.fake = Restless(2, lambda tree: tree.update(status={"replicas": len(moved.calls)}))
    key = await undo.keep(ada.pk, there.one.id, [written()])
    assert (await back(there, person(ada), key)).well
    assert moved.now["data"] == written().before["data"]  # type: ignore[index]
    assert moved.now["status"] == {"replicas": 4}
    assert [method for method, _ in moved.calls] == ["GET", "PUT"] * 3
    assert await outcome() == "done"


async def test_what_somebody_changed_in_the_same_moment_stays_and_is_named(there: FakeConnections, ada: User) -> None:
    foreign = there.fake = Restless(1, lambda tree: tree.update(data={"x": "theirs"}))
    key = await undo.keep(ada.pk, there.one.id, [written()])
    result = await back(there, person(ada), key)
    assert "Somebody changed data.x of s since then" in result.results[0].words
    assert (foreign.now["data"], result.undo) == ({"x": "theirs"}, key)


async def test_it_is_not_tried_for_ever(there: FakeConnections, ada: User) -> None:
    there.fake = Restless(1000, lambda tree: tree.update(status={}))
    key = await undo.keep(ada.pk, there.one.id, [written()])
    result = await back(there, person(ada), key)
    assert ([one.state for one in result.results], result.undo) == (["failed"], key)
    assert len(there.fake.calls) == 2 * TRIES


async def test_of_two_at_once_one_writes(there: FakeConnections, ada: User) -> None:
    key = await undo.keep(ada.pk, there.one.id, [written()])

    real = there.fake.call  # type: ignore[attr-defined]

    async def call(call: Call) -> Any:
        await Undo.objects.all().adelete()
        return await real(call)

    there.fake.call = call  # type: ignore[attr-defined]
    result = await back(there, person(ada), key)
    assert [one.state for one in result.results] == ["failed"]
    assert "no longer be undone" in result.results[0].words
    assert [method for method, _ in there.fake.calls] == ["GET"]
