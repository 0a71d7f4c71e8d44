"""Secrets at rest open with their key and in their place only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from clusters.connect.secrets import Sealed, open_sealed, read_secret, seal, write_secret
from clusters.models import Cluster

CANARY = "canary-f3b1d6"


def another_key(folder: Path) -> Path:
    path = folder / "another-key"
    path.write_text("another master key, forty characters long")
    return path


def test_what_was_sealed_opens_again() -> None:
    assert open_sealed(seal(b"hunter2", "cluster:1:secret"), "cluster:1:secret") == b"hunter2"


def test_the_same_secret_is_sealed_differently_every_time() -> None:
    assert seal(b"x", "a") != seal(b"x", "a")


def test_it_does_not_open_in_another_place() -> None:
    with pytest.raises(Sealed, match="belongs to something else"):
        open_sealed(seal(b"hunter2", "cluster:1:secret"), "cluster:2:secret")


def test_another_master_key_is_said_in_words(settings: Any, tmp_path: Path) -> None:
    sealed = seal(b"hunter2", "a")
    settings.MASTER_KEY_PATH = another_key(tmp_path)
    with pytest.raises(Sealed, match="another master key"):
        open_sealed(sealed, "a")


@pytest.mark.parametrize("cut", [0, 5, 11, 20, 30])
def test_a_damaged_one_is_said_in_words(cut: int) -> None:
    sealed = bytearray(seal(b"hunter2", "a"))
    with pytest.raises(Sealed):
        open_sealed(bytes(sealed[:cut]), "a")
    sealed[-1] ^= 1
    with pytest.raises(Sealed):
        open_sealed(bytes(sealed), "a")


def test_a_cluster_keeps_its_secret_and_another_row_cannot_read_it(shop: Cluster, vault: Cluster) -> None:
    write_secret(shop, {"token": CANARY})
    shop.save()
    assert read_secret(Cluster.objects.get(pk=shop.pk)) == {"token": CANARY}
    vault.secret = shop.secret
    vault.save()
    with pytest.raises(Sealed):
        read_secret(Cluster.objects.get(pk=vault.pk))


def test_with_the_wrong_key_nothing_is_overwritten(shop: Cluster, settings: Any, tmp_path: Path) -> None:
    write_secret(shop, {"token": CANARY})
    shop.save()
    right, before = settings.MASTER_KEY_PATH, bytes(shop.secret)
    settings.MASTER_KEY_PATH = another_key(tmp_path)
    with pytest.raises(Sealed):
        read_secret(Cluster.objects.get(pk=shop.pk))
    for values in ({"token": "new"}, {"token": CANARY}):
        with pytest.raises(Sealed, match="locked"):
            write_secret(shop, values)
    settings.MASTER_KEY_PATH = right
    assert bytes(Cluster.objects.get(pk=shop.pk).secret) == before
    assert read_secret(Cluster.objects.get(pk=shop.pk)) == {"token": CANARY}


@pytest.mark.django_db(transaction=True)
def test_the_database_file_does_not_hold_the_secret(shop: Cluster) -> None:
    write_secret(shop, {"token": CANARY})
    shop.save()
    for path in Path(django_settings.DATA).glob("*.sqlite3*"):
        assert CANARY.encode() not in path.read_bytes()
