"""Another master key: everything opens before, while and after, also when it is killed in the middle."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from clusters.connect import keys, secrets
from clusters.connect.rotation import rotate, sealed_rows
from clusters.connect.secrets import Sealed, is_current, is_locked, open_text, read_secret, seal_text, write_secret
from clusters.models import AuditEntry, Cluster, KeyCheck, Registry
from dashboard.passkeys import ABOUT
from tests.server import ROOT, Server

pytestmark = pytest.mark.django_db
CANARY = "canary-4c7e11"


@pytest.fixture
def key_file(tmp_path: Path, settings: Any) -> Path:
    """A key file of this test's own."""
    path = tmp_path / "master-key"
    path.write_text("the first master key, forty characters long\n")
    settings.MASTER_KEY_PATH = path
    return path


@pytest.fixture
def kept(key_file: Path, ada: User) -> tuple[Cluster, Registry, Authenticator]:
    """One secret of each sort."""
    cluster = Cluster.objects.create(name="Far", slug="far", driver="docker", platform="docker")
    registry = Registry.objects.create(name="Store", slug="store", host="store.test")
    for row in (cluster, registry):
        write_secret(row, {"token": CANARY})
        row.save()
    factor = Authenticator.objects.create(user=ada, type="totp", data={"secret": seal_text(CANARY, ABOUT)})
    return cluster, registry, factor


def opens(kept: tuple[Cluster, Registry, Authenticator]) -> bool:
    for row in kept:
        row.refresh_from_db()
    cluster, registry, factor = kept
    return read_secret(cluster) == read_secret(registry) == {"token": CANARY} and open_text(
        factor.data["secret"], ABOUT
    ) == CANARY  # fmt: skip


def test_everything_is_sealed_with_a_new_key_and_opens(kept: Any, key_file: Path) -> None:
    before = key_file.read_text()
    call_command("rotate_keys")
    lines = key_file.read_text().splitlines()
    assert len(lines) == 2
    assert lines[1] == before.strip()
    assert oct(key_file.stat().st_mode)[-3:] == "600"
    assert opens(kept)
    assert all(is_current(one.data) for one in sealed_rows())
    assert AuditEntry.objects.get(verb="rotate keys").detail["sealed"] == 3
    assert lines[0] not in str(list(AuditEntry.objects.values()))


def test_old_keys_go_only_when_nothing_needs_them(kept: Any, key_file: Path) -> None:
    call_command("rotate_keys")
    old = bytes(kept[0].secret)
    kept[0].refresh_from_db()
    new = bytes(kept[0].secret)
    Cluster.objects.filter(pk=kept[0].pk).update(secret=old)  # as from a form that was read before
    with pytest.raises(CommandError, match="older key"):
        call_command("rotate_keys", "--drop-old")
    Cluster.objects.filter(pk=kept[0].pk).update(secret=new)
    call_command("rotate_keys", "--drop-old")
    assert len(key_file.read_text().splitlines()) == 1
    assert opens(kept)


def test_what_an_interrupted_run_began_is_finished_with_the_same_key(kept: Any, key_file: Path) -> None:
    secrets.set_key_check()
    keys.begin_new_key()
    begun = key_file.read_text()
    assert opens(kept)
    call_command("rotate_keys")
    assert key_file.read_text() == begun
    assert all(is_current(one.data) for one in sealed_rows())
    assert opens(kept)


def test_a_key_that_somebody_put_there_is_used(kept: Any, key_file: Path) -> None:
    key_file.write_text("a key of somebody's own, forty characters long\n" + key_file.read_text())
    before = key_file.read_text()
    call_command("rotate_keys", "--keep-key")
    assert key_file.read_text() == before
    assert opens(kept)


def test_with_a_wrong_key_it_is_locked_and_nothing_is_overwritten(kept: Any, key_file: Path) -> None:
    assert not is_locked()
    right = key_file.read_text()
    before = [bytes(kept[0].secret), bytes(kept[1].secret), kept[2].data["secret"]]
    key_file.write_text("a wrong key, which is forty characters long")
    assert is_locked()
    with pytest.raises(Sealed, match="locked"):
        write_secret(kept[0], {"token": "new"})
    with pytest.raises(Sealed, match="locked"):
        seal_text("new", ABOUT)
    for arguments in ((), ("--keep-key",)):
        with pytest.raises(CommandError, match="locked"):
            call_command("rotate_keys", *arguments)
    with pytest.raises(CommandError):
        call_command("rotate_keys", "--drop-old")
    assert key_file.read_text() == "a wrong key, which is forty characters long"
    key_file.write_text(right)
    assert opens(kept)
    assert [bytes(kept[0].secret), bytes(kept[1].secret), kept[2].data["secret"]] == before


def test_a_lost_key_is_given_up_by_name(kept: Any, key_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    is_locked()
    key_file.write_text("a new key for a lost one, forty characters long")
    call_command("rotate_keys", "--lost")
    said = capsys.readouterr().out
    assert "Far" in said
    assert "Store" in said
    assert not is_locked()
    kept[0].refresh_from_db()
    assert bytes(kept[0].secret) == b""
    assert not Authenticator.objects.exists()
    write_secret(kept[0], {"token": "again"})


def test_one_secret_that_opens_with_no_key_stops_it_before_anything_is_changed(kept: Any, key_file: Path) -> None:
    is_locked()
    Registry.objects.update(secret=b"PH1" + b"x" * 40)
    before = key_file.read_text()
    with pytest.raises(Sealed):
        rotate(sealed_rows)
    assert key_file.read_text() == before
    kept[0].refresh_from_db()
    assert read_secret(kept[0]) == {"token": CANARY}


def test_a_key_file_that_cannot_be_written_is_said_with_what_to_do(
    kept: Any, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CommandError, match="--keep-key"):
        call_command("rotate_keys")
    assert opens(kept)
    assert KeyCheck.objects.exists() or not is_locked()


MANY = 400
MAKE = f"""
from clusters.connect.secrets import is_locked, write_secret
from clusters.models import Cluster
from django.db import transaction
with transaction.atomic():
    for number in range({MANY}):
        row = Cluster.objects.create(name=f"c{{number}}", slug=f"c{{number}}", driver="docker", platform="docker", settings={{"address": "unix:///none"}})
        write_secret(row, {{"token": f"{CANARY}{{number}}"}})
        row.save()
"""
COUNT = """
from clusters.connect.secrets import is_current, is_locked, read_secret
from clusters.models import Cluster
rows = [row for row in Cluster.objects.exclude(secret=b"").order_by("pk")]
assert not is_locked()
assert [read_secret(row)["token"] for row in rows] == [f"CANARY{number}" for number in range(len(rows))], "lost"
print(len(rows), sum(is_current(bytes(row.secret)) for row in rows))
"""


def test_killed_in_the_middle_every_secret_opens_and_the_next_run_finishes() -> None:
    """The real command in a process of its own, killed with SIGKILL while half is done, then run to its end."""
    with tempfile.TemporaryDirectory(prefix="pilothouse-rotation-") as folder:
        server = Server(PILOTHOUSE_DATA=folder, PILOTHOUSE_DATABASE_URL="")  # never started: only its environment
        command = partial(subprocess.run, cwd=ROOT, env=server.environment, check=True)
        command([sys.executable, "manage.py", "migrate", "-v", "0"])
        server.manage(MAKE)
        run = subprocess.Popen([sys.executable, "manage.py", "rotate_keys"], cwd=ROOT, env=server.environment)
        wait_for_two_keys(Path(folder) / "pilothouse.sqlite3", run)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        rows, current = map(int, server.manage(COUNT.replace("CANARY", CANARY)).split())
        assert rows == MANY
        assert 0 < current < MANY, "it was not hit in the middle: make MANY larger"
        command([sys.executable, "manage.py", "rotate_keys"])
        assert server.manage(COUNT.replace("CANARY", CANARY)).split() == [str(MANY), str(MANY)]
        assert len((Path(folder) / "master-key").read_text().splitlines()) == 2
        server.leave()


def wait_for_two_keys(database: Path, run: subprocess.Popen[bytes]) -> None:
    """Until some rows are sealed with the new key, and others are not yet."""
    line = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    while run.poll() is None:
        sealed = line.execute(
            "SELECT COUNT(DISTINCT hex(substr(secret, 1, 11))) FROM clusters_cluster WHERE secret != x''"
        )
        if sealed.fetchone()[0] == 2:
            break
    line.close()
