"""How the first person gets in: a token that only the console shows, good for one account, once and for ever."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from clusters import audit
from clusters.errors import Refused
from clusters.kinds.base import Role
from clusters.models import Grant, Setup

MINUTES = 30
MAX_WRONG = 5


def new_token() -> str:
    """A fresh token (128 bits) while nobody has an account; the one before it is void. "" once somebody has."""
    with transaction.atomic():
        setup = _row()
        if not _open(setup):
            return ""
        token = secrets.token_urlsafe(16)
        setup.digest, setup.wrong = _digest(token), 0
        setup.expires = timezone.now() + timedelta(minutes=MINUTES)
        setup.save()
    return token


def is_open() -> bool:
    """Is the first account still to be made?"""
    return _open(Setup.objects.filter(pk=1).first() or Setup(pk=1))


def redeem(token: str, name: str, password: str, address: str = "") -> User:
    """Make the first account, an administrator of everything. Raises Refused when the token is not the printed one.

    However many ask at once, one account is made: the token is checked and used up in one transaction.
    """
    with transaction.atomic():
        setup = _row()
        wrong = _why_not(setup, token)
        if wrong:
            setup.wrong += 1
            if setup.wrong >= MAX_WRONG:
                setup.digest = ""  # void: whoever may see the console makes a new one
            setup.save()
        else:
            setup.done, setup.digest = True, ""
            setup.save()
            user = User.objects.create_user(username=name, password=password)
            Grant.objects.create(user=user, role=Role.ADMIN)
        event = audit.Event(actor="nobody" if wrong else name, address=address, verb="set up", kind="person", name=name)
        if wrong:
            audit.record_denied(event, wrong)
        else:
            audit.record(event)
    if wrong:
        raise Refused(wrong, hint="Print a new link with: manage.py setup_token")
    return user


def _row() -> Setup:
    """The one row, locked until the transaction ends."""
    Setup.objects.get_or_create(pk=1)
    return Setup.objects.select_for_update().get(pk=1)


def _open(setup: Setup) -> bool:
    return not setup.done and not User.objects.exists()


def _why_not(setup: Setup, token: str) -> str:
    if not _open(setup):
        return "The first account was made already."
    if not setup.digest or setup.expires is None or setup.expires < timezone.now():
        return "The set-up link has expired."
    return "" if hmac.compare_digest(setup.digest, _digest(token)) else "This is not the token that was printed."


def _digest(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
