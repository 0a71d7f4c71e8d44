"""``manage.py audit_verify``: read the whole audit and say whether it is as it was written."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clusters.audit import mark, verify


class Command(BaseCommand):
    """For a nightly job: its checkpoint, kept on another machine, shows even that the end was cut off."""

    help = "Check the audit's chain. Prints a checkpoint; give it back next time to find rows cut off at the end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What was printed the last time."""
        parser.add_argument("--checkpoint", default="", help="the checkpoint that an earlier run printed")

    def handle(self, *args: Any, checkpoint: str, **options: Any) -> None:
        """Name the first row that is not as it was written, if there is one."""
        verdict = verify(checkpoint)
        if verdict.broken is not None:
            raise CommandError(f"Entry {verdict.broken} (after {verdict.rows} good ones): {verdict.why}", returncode=2)
        self.stdout.write(f"{verdict.rows} entries, all as they were written.\ncheckpoint {mark()}")
