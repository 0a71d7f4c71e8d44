"""What was applied can be taken back for a day, also after a restart; it is sealed, and forgotten afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from clusters.apply import undo
from clusters.apply.served import ServedKind
from clusters.apply.written import Written
from clusters.connect.rotation import rotate
from clusters.connect.secrets import Sealed
from clusters.errors import Missing
from clusters.models import Cluster, Undo

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ServedKind("v1", "secrets", "Secret", namespaced=True)


def written(uid: str = "u1", value: str = "canary-value") -> Written:
    tree: dict[str, Any] = {"metadata": {"name": "s", "uid": uid}, "data": {"x": value, "n": 1, "f": 0.5, "no": None}}
    return Written(SECRETS, "shop", "s", uid, tree, {**tree, "data": {}})


async def test_it_comes_back_as_it_was_once_for_who_applied_it(shop: Cluster, ada: User, vera: User) -> None:
    key = await undo.keep(ada.pk, shop.pk, [written()])
    row = await Undo.objects.aget()
    assert b"canary" not in bytes(row.sealed)
    assert "canary" not in repr({**row.__dict__, "sealed": ""})
    for who, where in ((vera.pk, shop.pk), (ada.pk, shop.pk + 1)):
        with pytest.raises(Missing, match="no longer be undone"):
            await undo.read(who, where, key)
        with pytest.raises(Missing, match="no longer be undone"):
            await undo.use_up(who, where, key)
    for _ in range(2):
        assert await undo.read(ada.pk, shop.pk, key) == [written()]
    used = await undo.use_up(ada.pk, shop.pk, key)
    for again in (undo.read, undo.use_up):
        with pytest.raises(Missing):
            await again(ada.pk, shop.pk, key)
    assert not await Undo.objects.aexists()
    assert await undo.give_back(used)
    assert await undo.read(ada.pk, shop.pk, key) == [written()]
    assert await undo.keep(ada.pk, shop.pk, []) == ""


async def test_what_was_sealed_for_one_is_worth_nothing_in_the_row_of_another(
    shop: Cluster, ada: User, vera: User
) -> None:
    await undo.keep(ada.pk, shop.pk, [written()])
    theirs = await undo.keep(vera.pk, shop.pk, [written("u2")])
    stolen = await Undo.objects.aget(user=ada)
    await Undo.objects.filter(user=vera).aupdate(sealed=bytes(stolen.sealed))
    with pytest.raises(Sealed):
        await undo.read(vera.pk, shop.pk, theirs)


async def test_after_a_day_it_is_over_and_forgotten(shop: Cluster, ada: User) -> None:
    key = await undo.keep(ada.pk, shop.pk, [written()])
    assert (await undo.latest(ada.pk, shop.pk, "u1")) is not None
    await Undo.objects.aupdate(at=datetime.now(UTC) - undo.KEEP_FOR - timedelta(seconds=1))
    assert await undo.latest(ada.pk, shop.pk, "u1") is None
    with pytest.raises(Missing):
        await undo.read(ada.pk, shop.pk, key)
    await undo.keep(ada.pk, shop.pk, [written("u2")])
    assert [one.uids async for one in Undo.objects.all()] == [" u2 "]


async def test_the_oldest_goes_where_there_is_too_much_and_what_is_too_large_is_not_kept(
    shop: Cluster, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for uid in ("u1", "u2", "u3"):
        await undo.keep(ada.pk, shop.pk, [written(uid)])
    size = (await Undo.objects.afirst()).size  # type: ignore[union-attr]
    monkeypatch.setattr(undo, "MOST", 2 * size + 10)
    await undo.keep(ada.pk, shop.pk, [])
    assert [one.uids async for one in Undo.objects.all()] == [" u3 ", " u2 "]
    monkeypatch.setattr(undo, "LARGEST", 10)
    assert await undo.keep(ada.pk, shop.pk, [written()]) == ""


async def test_of_one_object_the_last_change_is_offered_and_never_that_of_several(shop: Cluster, ada: User) -> None:
    await undo.keep(ada.pk, shop.pk, [written("u1")])
    last = await undo.keep(ada.pk, shop.pk, [written("u1")])
    await undo.keep(ada.pk, shop.pk, [written("u1"), written("u2")])
    found = await undo.latest(ada.pk, shop.pk, "u1")
    assert found is not None
    assert found.key == last
    assert await undo.latest(ada.pk, shop.pk, "") is None


def test_another_master_key_seals_it_anew(shop: Cluster, ada: User) -> None:
    from asgiref.sync import async_to_sync

    key = async_to_sync(undo.keep)(ada.pk, shop.pk, [written()])
    before = bytes(Undo.objects.get().sealed)
    assert rotate(undo.sealed_undos) == 1
    assert bytes(Undo.objects.get().sealed) != before
    assert async_to_sync(undo.read)(ada.pk, shop.pk, key) == [written()]


async def test_what_cannot_be_kept_is_done_all_the_same(
    ada: User, shop: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await undo.keep(ada.pk, 999, [written()]) == ""  # the cluster was removed in that moment

    def away() -> None:
        raise OperationalError("database is locked")

    for part in ("tidy", "refuse_while_locked"):
        with monkeypatch.context() as patch:
            patch.setattr(undo, part, away)
            assert await undo.keep(ada.pk, shop.pk, [written()]) == ""
