"""What went wrong between us and a registry, in words for people; wrong password, wrong address, no way told apart."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Any

import msgspec

from clusters.causes import certificate_fault, root_cause
from clusters.errors import (
    ClusterError,
    Conflict,
    Faulty,
    Invalid,
    Missing,
    Refused,
    TooOften,
    Unreachable,
    Unsupported,
)
from clusters.kinds.docker.full_disk import is_full
from clusters.registries.reference import HUB, called

_OFFLINE = "This machine may have no way to the internet."


class ForbiddenAddress(OSError):
    """A name led to an address that is never opened."""


class _One(msgspec.Struct):
    code: str = ""
    message: str = ""
    detail: Any = None


class _Errors(msgspec.Struct):
    errors: list[_One] | None = None


def not_a_registry(where: str, detail: str = "") -> Unsupported:
    """Something answers, but it is none."""
    return Unsupported(
        f"Something answers at {where}, but it is not a registry.",
        hint="Check the address and the port.",
        detail=detail[:500],
        field="host",
    )


def wrong_credentials(where: str, user: str, detail: str = "") -> Refused:
    """It does not let us in as whom we say we are; or it wants to know who we are."""
    if not user:
        return Refused(f"{where} asks for a user and a password.", hint="Enter them.", detail=detail, field="user")
    return Refused(
        f"{where} does not accept the password of {user}.",
        hint="Check the user and the password; a token may have expired.",
        detail=detail,
        field="password",
    )


def may_not(where: str, user: str, subject: str, detail: str = "") -> Refused:
    """It knows who we are, and that is not enough for this."""
    who = f"{user} may" if user else "Without signing in you may"
    return Refused(f"{who} not do that with {subject} at {where}.", detail=detail)


def connection_error(error: BaseException, where: str) -> ClusterError:
    """Why there is no answer."""
    where, detail = called(where), f"{type(error).__name__}: {error}"
    cause = root_cause(error)
    if isinstance(cause, ForbiddenAddress):
        return Refused(f"{where} leads to an address that is never opened.", detail=detail, field="host")
    if isinstance(cause, ssl.SSLError):
        return _tls_error(cause, where)
    if isinstance(error, TimeoutError):
        hint = "Is it on, and is a firewall in between?"
        return Unreachable(f"{where} did not answer in time.", hint=hint, detail=detail, field="host")
    if isinstance(cause, socket.gaierror):
        hint = _OFFLINE if where == called(HUB) else "Check the spelling."
        return Unreachable(f"The name of {where} is not known.", hint=hint, detail=detail, field="host")
    number = getattr(cause, "errno", None)
    if number == errno.ECONNREFUSED:
        hint = "Does the registry run, and is the port right?"
        return Unreachable(f"{where} refuses the connection.", hint=hint, detail=detail, field="host")
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Unreachable(f"There is no way to {where}.", hint="Check the network.", detail=detail, field="host")
    import aiohttp  # here: see transport.py

    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return not_a_registry(where, detail)
    return Unreachable(f"The connection to {where} was cut.", detail=detail)


def answer_error(status: int, body: bytes, where: str, subject: str, user: str) -> ClusterError:
    """What an answer means that is not a success. ``subject`` is what it was about."""
    where = called(where)
    codes, said = _read(body)
    if status == 507 or is_full(said):
        return Conflict(f"The disk of {where} is full.", hint="Make room there and try again.", detail=said)
    if status == 413:
        hint = "What stands before the registry (a proxy) may have a limit of its own."
        return Conflict(f"{where} does not take {subject}: it is too large.", hint=hint, detail=said)
    detail = f"status {status}: {said}"[:2000]
    if 300 <= status < 400:
        return Unsupported(f"{where} sends us elsewhere; that is not followed.", detail=detail)
    if status == 401:
        return wrong_credentials(where, user, detail)
    if status == 403 or "DENIED" in codes:
        return may_not(where, user, subject, detail)
    if status == 404:
        if "NAME_UNKNOWN" in codes:
            return Missing(f"There is no repository {subject} at {where}.", detail=detail)
        return Missing(f"{subject} is not at {where}.", detail=detail)
    if status in (405, 501) or "UNSUPPORTED" in codes:
        return Unsupported(f"{where} does not offer that.", detail=detail)
    if status == 429:
        return TooOften(f"{where} was asked too often.", hint="Try again in a while.", detail=detail)
    if status in (409, 423):
        return Conflict(f"{where} cannot do that with {subject} now.", detail=detail)
    if status < 500:
        return Invalid(f"{where} does not accept that.", detail=detail)
    return Faulty(f"{where} has a fault of its own (status {status}).", hint="Try again later.", detail=detail)


def _read(body: bytes) -> tuple[set[str], str]:
    """The codes and the text of an error, as the registry put it; untrusted."""
    try:
        found = msgspec.json.decode(body, type=_Errors).errors or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return set(), " ".join(body[:500].decode(errors="replace").split())
    return {one.code for one in found[:20]}, " · ".join(_words(one) for one in found[:5])


def _words(one: _One) -> str:
    detail = msgspec.json.encode(one.detail).decode()[:300] if one.detail else ""
    return f"{one.code} {one.message}"[:300] + (f" {detail}" if detail else "")


def _tls_error(error: ssl.SSLError, where: str) -> ClusterError:
    detail = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        words, hint, field = {
            "expired": ("has expired", "Renew it there.", "host"),
            "not yet": ("is not valid yet", "Check the clocks of both machines.", "host"),
            "name": ("is made out to another name", "Use the name that is in the certificate.", "host"),
            "authority": ("was issued by an authority that is not known here", "Give its CA in PEM form.", "ca"),
            "": ("is not trusted", "", "ca"),
        }[certificate_fault(error)]
        return Refused(f"The certificate of {where} {words}.", hint=hint, detail=detail, field=field)
    if "WRONG_VERSION_NUMBER" in detail or "RECORD_LAYER" in detail or "HTTP_REQUEST" in detail:
        hint = "Check the port; if it speaks plain HTTP only, tick that you accept the risk."
        return Refused(f"{where} does not speak TLS.", hint=hint, detail=detail, field="plain")
    return Unreachable(f"No safe connection to {where} came about.", detail=detail)
