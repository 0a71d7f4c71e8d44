"""Until when a credential is good, in words: a token says it itself, a certificate too. Read, never believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509

from clusters.token_ends import token_ends

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When what we sign in with ends. ``words`` is a whole sentence."""

    what: str
    at: datetime

    @property
    def over(self) -> bool:
        """Is it useless already?"""
        return self.at <= datetime.now(UTC)

    @property
    def soon(self) -> bool:
        """Over, or within a month."""
        return self.at <= datetime.now(UTC) + SOON

    @property
    def words(self) -> str:
        """What a page says."""
        day = f"{self.at.day} {self.at:%b %Y}"
        if self.over:
            return f"Its {self.what} expired on {day}."
        left = self.at - datetime.now(UTC)
        until = f"{day}, {self.at:%H:%M} UTC" if left < timedelta(days=2) else day
        return f"Its {self.what} is good until {until} ({_left(left)} left)."


def first_expiry(settings: Mapping[str, Any], secret: Mapping[str, Any]) -> Expiry | None:
    """The first thing to end of what signs in: the token, unless it is renewed, and the client certificate.

    None when nothing says so.
    """
    found = [
        _of_token(str(secret.get("token") or "")) if not secret.get("refresh_token") else None,
        _of_certificate(str(settings.get("cert_data") or settings.get("certificate") or "")),
    ]
    return min((one for one in found if one), key=lambda one: one.at, default=None)


def _of_token(token: str) -> Expiry | None:
    ends = token_ends(token)
    try:
        return Expiry("token", datetime.fromtimestamp(ends, UTC)) if ends is not None else None
    except (ValueError, OverflowError, OSError):
        return None


def _of_certificate(pem: str) -> Expiry | None:
    try:
        ends = [one.not_valid_after_utc for one in x509.load_pem_x509_certificates(pem.encode())[:1]] if pem else []
    except ValueError:
        return None
    return Expiry("client certificate", ends[0]) if ends else None


def _left(span: timedelta) -> str:
    for number, name in ((span.days // 365, "year"), (span.days // 30, "month"), (span.days, "day")):
        if number > 1 or (number == 1 and name == "day"):
            return f"{number} {name}{'s' if number > 1 else ''}"
    hours, minutes = span.seconds // 3600, span.seconds // 60
    return f"{hours} hour{'s' if hours > 1 else ''}" if hours else f"{minutes} minute{'' if minutes == 1 else 's'}"
