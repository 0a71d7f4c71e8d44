"""``manage.py setup_token``: print a new link to the first account; the one before it is void."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clusters.setup import MINUTES, new_token


class Command(BaseCommand):
    """Somebody waited too long, or the link was tried with wrong tokens."""

    help = "Print a new one-time link to make the first account."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it, while there is no account."""
        token = new_token()
        if not token:
            raise CommandError("The first account was made already. To get in again: manage.py recover_admin NAME")
        self.stdout.write(f"{settings.URL}/setup/#{token}\n(works once, for {MINUTES} minutes)")
