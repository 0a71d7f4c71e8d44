"""What went wrong between us and an API server, from the libraries' errors and its status to words for people."""

from __future__ import annotations

import errno
import re
import socket
import ssl

import aiohttp
import msgspec

from clusters.drivers.kubernetes import behind
from clusters.drivers.no_redirects import ELSEWHERE
from clusters.errors import Cause as Reason
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.permissions import HINT, NotPermitted, may_not

MOST_CAUSES = 100  # of one answer
# OpenSSL's X509_V_ERR_* numbers.
_EXPIRED, _NOT_YET, _NAME, _IP = 10, 9, 62, 64
_UNKNOWN_CA = {18, 19, 20, 21}
_FORBIDDEN = re.compile(
    r'cannot (\w+) resource "([^"]{1,100})"(?: in API group "([^"]{0,100})")?(?:.* in the namespace "([^"]{1,63})")?',
    re.DOTALL,
)


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One detail of a Status: an exit code, a field that is wrong."""

    reason: str | None = None
    message: str | None = None
    field: str | None = None


class Details(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What a Status says beside its message."""

    causes: tuple[Cause, ...] | None = None
    retry_after_seconds: int | None = None


class Status(msgspec.Struct, frozen=True, gc=False):
    """How the API server says that something did not work. All of it is untrusted text."""

    kind: str = ""
    status: str | None = None
    message: str | None = None
    reason: str | None = None
    code: int | None = None
    details: Details | None = None


class Gone(ClusterError):
    """Status 410: the version we know is forgotten, so the whole list is needed."""


class Busy(Unreachable):
    """Status 429 or 5xx: it answers, but not now. ``wait`` is what it asked for, in seconds; 0.0 when it did not."""

    def __init__(self, message: str, *, hint: str = "", detail: str = "", wait: float = 0.0) -> None:
        super().__init__(message, hint=hint, detail=detail)
        self.wait = wait


class TooNew(Busy):
    """The server has not caught up with the version we already saw ("Too large resource version")."""


class SignIn(Refused):
    """Status 401: who we are is not believed."""


def not_kubernetes(detail: str = "") -> Unsupported:
    """Something answers, but it is no API server."""
    return Unsupported(
        "Something answers there, but it is not Kubernetes.",
        hint="Check the address and the port.",
        detail=detail,
        field="server",
    )


def connection_error(error: BaseException, where: str) -> ClusterError:
    """Why there is no answer. ``where`` is the server's name and port."""
    detail = f"{type(error).__name__}: {error}"
    cause = _root(error)
    if isinstance(cause, ClusterError):
        return cause
    if isinstance(cause, ssl.SSLError):
        return _tls_error(cause, where)
    if isinstance(error, TimeoutError):
        hint = "Is the cluster on, and is a firewall in between?"
        return Unreachable(f"{where} did not answer in time.", hint=hint, detail=detail, field="server")
    if isinstance(cause, socket.gaierror):
        return _unsent(f"The name of {where} is not known.", "Check the spelling.", detail)
    number = getattr(cause, "errno", None)
    if number == errno.ECONNREFUSED:
        return _unsent(f"{where} refuses the connection.", "Is the API server running, and is the port right?", detail)
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return _unsent(f"There is no way to {where}.", "Check the network, or the VPN to it.", detail)
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return not_kubernetes(detail)
    return Unreachable(f"The connection to {where} was cut.", detail=detail, field="server")


def answer_error(code: int, body: bytes, wait: float = 0.0) -> ClusterError:
    """What an answer means that is not a success."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        status = Status()
    if status.kind != "Status" and code not in (401, 403, 429) and code < 500:
        if 300 <= code < 400:
            return Unsupported(ELSEWHERE, detail=f"status {code}")
        if b"HTTP request to an HTTPS server" in body:
            return Invalid("The server speaks TLS only.", hint="Begin the address with https://.", field="server")
        if code != 404 or b"404 page not found" not in body:
            return not_kubernetes(f"status {code}: {body[:200].decode(errors='replace')}")
    return status_error(status, code, wait)


def status_error(status: Status, code: int = 0, wait: float = 0.0) -> ClusterError:
    """The error that a Status stands for; from an answer, or from an ERROR event of a watch."""
    error = _status_error(status, code, wait)
    listed = (status.details and status.details.causes) or ()
    error.causes = [
        Reason((one.reason or "")[:100], (one.message or "")[:1000], (one.field or "")[:500])
        for one in listed[:MOST_CAUSES]
    ]
    return error


def _status_error(status: Status, code: int, wait: float) -> ClusterError:
    code, said = code or status.code or 0, " ".join((status.message or "").split())[:2000]
    wait = wait or float((status.details and status.details.retry_after_seconds) or 0)
    if "Too large resource version" in said:
        return TooNew("The server has not caught up yet.", detail=said, wait=wait)
    return _refusal(status, code, said, wait) or _fault(code, said, wait)


def _refusal(status: Status, code: int, said: str, wait: float) -> ClusterError | None:
    """What the code itself says; None where it only says that something failed."""
    match code:
        case 401:
            return SignIn(
                "The cluster does not know who we are.",
                hint="The token or the client certificate is wrong, has expired or was withdrawn: give another one.",
                detail=said,
                field="token",
            )
        case 403 if reason := _not_a_right(said):
            return Conflict(reason, detail=said)
        case 403:
            return _forbidden(said)
        case 404:
            return Missing("That is not there (any more).", detail=said)
        case 409:
            return Conflict("Somebody else changed it meanwhile.", hint="Look at it as it is now.", detail=said)
        case 410:
            return Gone("The cluster has forgotten that version.", detail=said)
        case 400 | 413 | 415 | 422 if reason := _not_a_right(said):
            return Conflict(reason, detail=said)
        case 400 | 413 | 415 | 422:
            return Invalid(_sentence(said) or "The cluster does not accept that.", detail=said)
        case 405 | 406 | 501:
            return Unsupported("The cluster cannot do that.", detail=said)
        case 429:
            causes = [
                one for one in (status.details and status.details.causes) or () if one.reason == "DisruptionBudget"
            ]
            if causes:
                why = _sentence(" ".join((causes[0].message or "").split()))
                return Conflict("A disruption budget does not allow it now.", hint=why, detail=said)
            return Busy("The cluster is too busy to answer.", hint="It is tried again.", detail=said, wait=wait)
    return None


def _fault(code: int, said: str, wait: float) -> ClusterError:
    """It could not do it, by its own word: whose fault that is, its words tell."""
    if code == 500 and (wrong := _UNTYPED.search(said)):  # what it calls a fault of its own is one of the text
        return Invalid(_untyped(wrong[1]), detail=said)
    if "more than one PodDisruptionBudget" in said:
        hint = "Delete all of these budgets but one."
        return Conflict(
            "Several disruption budgets guard it at once: the cluster never moves it.", hint=hint, detail=said
        )
    if code >= 500 and (words := behind.silent_webhook(said)):
        return Conflict(words, hint=behind.WEBHOOK_HINT, detail=said)
    if code >= 500 and behind.is_silent_machine(said):
        return Busy(behind.NODE, hint=behind.NODE_HINT, detail=f"status {code}: {said}", wait=wait)
    if code >= 500:
        return Busy("The cluster answers with an error of its own.", detail=f"status {code}: {said}", wait=wait)
    return ClusterError(_sentence(said) or f"The cluster failed (status {code}).", detail=said)


_DENIED = re.compile(r'admission webhook "([^"]{1,253})" denied the request(?: without explanation|: (.*))?', re.DOTALL)
_POLICY = re.compile(r"ValidatingAdmissionPolicy '([^']{1,253})' .*?denied request: (.*)", re.DOTALL)


def _not_a_right(said: str) -> str:
    """What is refused though the account may do such a thing: by a quota, a policy, a webhook. "" for a right."""
    if denied := _DENIED.search(said):
        return f"The webhook {denied[1]} of the cluster does not allow it{_because(denied[2])}"
    if policy := _POLICY.search(said):
        return f"The policy {policy[1]} of the cluster does not allow it{_because(policy[2])}"
    if "exceeded quota" in said or "failed quota" in said:
        return f"A quota of the namespace does not allow it: {said.partition(' quota: ')[2][:300]}."
    if "violates PodSecurity" in said:
        return f"The namespace allows only safer pods: {said.partition('violates PodSecurity ')[2][:300]}."
    if "because it is being terminated" in said:
        return "The namespace is going away, so nothing new is taken into it."
    return ""


CHOOSE = "Where it may, the namespaces can be chosen on the page of the cluster."
_UNTYPED = re.compile(r"failed to create typed patch object \([^)]*\): (.*)", re.DOTALL)


def _untyped(said: str) -> str:
    """What does not fit the type of an object: one sentence for each field."""
    wrong = []
    for one in said.removeprefix("errors:").strip().split(" ."):
        field, _, words = one.strip().lstrip(".").partition(": ")
        missing = "field not declared in schema" in words
        wrong.append(f"There is no field {field[:200]}." if missing else f"{field[:200]}: {words[:200].rstrip('.')}.")
    return " ".join(wrong[:10])


def _because(text: str | None) -> str:
    return f": {' '.join(text.split())[:300].rstrip('.')}." if text else ", and does not say why."


def _forbidden(said: str) -> Refused:
    match = _FORBIDDEN.search(said)
    if match is None:  # a quota, a policy
        return Refused("The cluster does not allow that.", hint=_sentence(said), detail=said)
    verb, resource, group, namespace = match.groups(default="")
    words = may_not(verb, resource, namespace, group)
    everywhere = verb == "list" and words.endswith("in all namespaces.")
    return NotPermitted(words, hint=f"{HINT} {CHOOSE}" if everywhere else HINT, detail=said)


def _sentence(said: str) -> str:
    text = said[:300].strip()
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _unsent(message: str, hint: str, detail: str) -> Unreachable:
    error = Unreachable(message, hint=hint, detail=detail, field="server")
    error.sent = False
    return error


def _root(error: BaseException) -> BaseException:
    """The system's or OpenSSL's error under what the client library wrapped around it."""
    for _ in range(4):
        # aiohttp's own certificate error calls itself an SSLError, too, but only the one inside it says why.
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        if inner is None and not isinstance(error, ssl.SSLError | ClusterError):
            inner = error.__cause__
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _tls_error(error: ssl.SSLError, where: str) -> ClusterError:
    detail = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        if code == _EXPIRED:
            return _no(f"The certificate of {where} has expired.", "Renew it on the cluster's side.", detail)
        if code == _NOT_YET:
            return _no(f"The certificate of {where} is not valid yet.", "Check the clocks of both sides.", detail)
        if code in (_NAME, _IP):
            hint = "Connect by a name that is in it, or fill in the name in the certificate."
            return _no(f"The certificate of {where} is made out to another name.", hint, detail, "tls_server_name")
        if code in _UNKNOWN_CA:
            hint = "Give the CA certificate of this cluster. If it was right before, its CA may have been changed."
            return _no(f"The certificate of {where} was not issued by this CA.", hint, detail, "ca_data")
        return _no(f"The certificate of {where} is not trusted.", "", detail, "ca_data")
    if "WRONG_VERSION_NUMBER" in detail or "RECORD_LAYER" in detail:
        return _no(f"{where} does not speak TLS.", "Check the port: it is usually 6443 or 443.", detail)
    if "CERTIFICATE_EXPIRED" in detail:
        return _no("Our client certificate has expired.", "Give one that is good now.", detail, "cert_data")
    if "CERTIFICATE_REQUIRED" in detail:
        hint = "Is this the port of the API server? It is usually 6443 or 443."
        return _no(f"{where} asks for a client certificate.", hint, detail, "cert_data")
    if "ALERT" in detail:
        hint = "Give one that the cluster trusts."
        return _no(f"{where} does not accept our client certificate.", hint, detail, "cert_data")
    return Unreachable(f"No safe connection to {where} came about.", detail=detail, field="server")


def _no(message: str, hint: str, detail: str, field: str = "server") -> Refused:
    return Refused(message, hint=hint, detail=detail, field=field)
