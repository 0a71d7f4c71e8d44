"""``manage.py rotate_keys``: a new master key, and everything that is secret at rest sealed with it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clusters.apply.undo import sealed_undos
from clusters.compose.source import sealed_sources
from clusters.compose.versions import sealed_versions
from clusters.connect.rotation import Sealed, drop_old_keys, forget_lost, rotate, sealed_rows
from clusters.errors import ClusterError
from dashboard.passkeys import sealed_factors


def _everything() -> Iterator[Sealed]:
    yield from sealed_rows()
    yield from sealed_factors()
    yield from sealed_undos()
    yield from sealed_versions()
    yield from sealed_sources()


class Command(BaseCommand):
    """Safe at any time, also while Pilothouse runs; stopped in the middle, run it again."""

    help = "Make a new master key and seal every stored secret with it. Old keys stay readable until --drop-old."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What else can be wanted of the keys."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--keep-key", action="store_true", help="seal with the first key of the file")
        what.add_argument("--drop-old", action="store_true", help="take the old keys out of the file")
        what.add_argument("--lost", action="store_true", help="the key is lost: forget what cannot be read any more")

    def handle(self, *args: Any, keep_key: bool, drop_old: bool, lost: bool, **options: Any) -> None:
        """Do it, recorded as done at the console."""
        try:
            self.stdout.write(_done(keep_key=keep_key, drop_old=drop_old, lost=lost))
        except ClusterError as error:
            raise CommandError(f"{error.message} {error.hint}".strip()) from error


def _done(*, keep_key: bool, drop_old: bool, lost: bool) -> str:
    path = settings.MASTER_KEY_PATH
    if lost:
        names = forget_lost(_everything)
        return f"Forgotten, to be entered again: {', '.join(names)}." if names else "Nothing was lost: all of it opens."
    if drop_old:
        return f"{drop_old_keys(_everything)} old keys taken out of {path}. Backups from before need them: keep a copy."
    count = rotate(_everything, new_key=not keep_key)
    return (
        f"{count} secrets sealed with the first key of {path}. Old keys stay in it: backups from before need them.\n"
        "Keep a copy of that file."
    )
