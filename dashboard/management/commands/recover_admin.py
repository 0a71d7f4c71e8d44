"""``manage.py recover_admin NAME``: for whoever may use this machine's console, when no administrator can sign in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils.http import urlsafe_base64_encode

from clusters.access import Actor
from clusters.people import recover


class Command(BaseCommand):
    """Make somebody administrator of everything, and print the link that sets their password."""

    help = "Make NAME (a new person, or one there is) administrator and print a link to set the password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who."""
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        """Do it, recorded as done at the console."""
        user: User = recover(Actor(0, "console"), name)
        token = default_token_generator.make_token(user)
        address = reverse("welcome", args=[urlsafe_base64_encode(str(user.pk).encode()), token])
        self.stdout.write(f"{name} is administrator. Set the password here:\n{settings.URL}{address}")
