"""What went wrong between us and an engine, from the libraries' errors and its status codes to words for people."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl

import aiohttp
import msgspec

from clusters.causes import certificate_fault, root_cause
from clusters.drivers.docker.endpoint import Endpoint
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.kinds.formats import one_spelling

_RPC = re.compile(r"^rpc error: code = \w+ desc = ")  # how the managers of a Swarm begin theirs


class _Message(msgspec.Struct):
    message: str = ""


def not_docker(detail: str = "") -> Unsupported:
    """Something answers, but it is no engine."""
    return Unsupported(
        "Something answers there, but it is not Docker.",
        hint="Check the address and the port.",
        detail=detail,
        field="address",
    )


def connection_error(error: BaseException, endpoint: Endpoint) -> ClusterError:
    """Why there is no answer."""
    where, detail = endpoint.words, f"{type(error).__name__}: {error}"
    cause = root_cause(error)
    if isinstance(cause, ssl.SSLError):
        return _tls_error(cause, endpoint)
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return Unreachable(
            f"{where} did not answer in time.",
            hint="Is the machine on, and is a firewall in between?",
            detail=detail,
            field="address",
        )
    if isinstance(cause, socket.gaierror):
        return Unreachable(
            f"The name {endpoint.host} is not known.", hint="Check the spelling.", detail=detail, field="address"
        )
    number = getattr(cause, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return Refused(
            f"There is no permission to use {where}.",
            hint="Let the user that runs Pilothouse join the group that owns the socket (usually “docker”), and "
            "start Pilothouse again.",
            detail=detail,
            field="address",
        )
    if number in (errno.ENOENT, errno.ENOTSOCK):
        return Unreachable(
            f"{where} is not there.", hint="Is Docker installed and started?", detail=detail, field="address"
        )
    if number == errno.ECONNREFUSED:
        hint = "Docker is not running." if endpoint.scheme == "unix" else "Is Docker running, and is the port right?"
        return Unreachable(f"{where} refuses the connection.", hint=hint, detail=detail, field="address")
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Unreachable(f"There is no way to {where}.", hint="Check the network.", detail=detail, field="address")
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return not_docker(detail)
    return Unreachable(f"The connection to {where} was cut.", detail=detail, field="address")


def answer_error(status: int, body: bytes, subject: str = "") -> ClusterError:
    """What an answer means that is not a success."""
    said = engine_message(body)
    if 300 <= status < 400:
        return Unsupported("The engine sends us elsewhere; that is never followed.", detail=said)
    if "HTTP request to an HTTPS server" in said:
        return Refused("The engine speaks TLS only.", hint="Connect with TLS.", detail=said, field="plain")
    if status in (401, 403):
        return Refused("The engine does not let us do that.", hint="It asks for another sign-in.", detail=said)
    if status == 404:
        return Missing(f"{subject or 'That'} is not there (any more).", detail=said)
    if "update out of sequence" in said:
        return Conflict("Somebody else changed it at the same moment.", hint="Look at it as it is now.", detail=said)
    if "does not have a leader" in said:
        return Unsupported(
            "The Swarm cannot decide: its managers have lost their majority.",
            hint="Bring managers back until more than half of them answer. What runs goes on meanwhile.",
            detail=said,
        )
    if "lost leader status" in said:
        words = "The managers of the Swarm lost their majority before they had decided."
        return ClusterError(words, hint="Whether it was done shows as soon as they decide again.", detail=said)
    if "code = DeadlineExceeded" in said:
        hint = "They may have lost their majority: look at the Swarm itself."
        return ClusterError("The managers of the Swarm did not decide in time.", hint=hint, detail=said)
    if status in (409, 412, 423):
        return Conflict(_sentence(said) or "That is not possible in its present state.", detail=said)
    if status in (400, 406, 411, 413, 415, 422):
        return Invalid(_sentence(said) or "The engine does not accept that.", detail=said)
    if status in (405, 501, 503):
        return Unsupported(_sentence(said) or "The engine cannot do that.", detail=said)
    return ClusterError(_sentence(said) or f"The engine failed (status {status}).", detail=said)


def engine_message(body: bytes) -> str:
    """The text of an error as the engine put it; untrusted."""
    try:
        said = msgspec.json.decode(body, type=_Message).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = body.decode(errors="replace")
    return " ".join(said.split())[:2000]


def _sentence(said: str) -> str:
    text = one_spelling(_RPC.sub("", said.removeprefix("Error response from daemon: "))[:300].strip())
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _tls_error(error: ssl.SSLError, endpoint: Endpoint) -> ClusterError:
    where, detail = endpoint.words, str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = certificate_fault(error)
        if fault == "expired":
            words = f"The certificate of {where} has expired."
            return Refused(words, hint="Renew it on that machine.", detail=detail, field="address")
        if fault == "not yet":
            hint = "Check the clocks of both machines."
            return Refused(f"The certificate of {where} is not valid yet.", hint=hint, detail=detail, field="address")
        if fault == "name":
            return Refused(
                f"The certificate of {where} is made out to another name.",
                hint="Connect by the name that is in the certificate, or make one that has this name.",
                detail=detail,
                field="address",
            )
        if fault == "authority":
            issuer = (
                "was not issued by this CA" if endpoint.ca else "was issued by a CA that this machine does not trust"
            )
            return Refused(
                f"The certificate of {where} {issuer}.",
                hint="Give the ca.pem that belongs to this engine.",
                detail=detail,
                field="ca",
            )
        return Refused(f"The certificate of {where} is not trusted.", detail=detail, field="ca")
    if "WRONG_VERSION_NUMBER" in detail or "RECORD_LAYER" in detail:
        return Refused(
            f"{where} does not speak TLS.", hint="Check the port: TLS is usually 2376.", detail=detail, field="address"
        )
    if "CERTIFICATE_REQUIRED" in detail or "BAD_CERTIFICATE" in detail or "HANDSHAKE_FAILURE" in detail:
        return Refused(
            f"{where} asks for a client certificate that it trusts.",
            hint="Give cert.pem and key.pem, signed by the engine's own CA.",
            detail=detail,
            field="certificate",
        )
    if "ALERT" in detail:
        return Refused(
            f"{where} does not accept our client certificate.",
            hint="Give one that is good now, signed by the engine's own CA.",
            detail=detail,
            field="certificate",
        )
    return Unreachable(f"No safe connection to {where} came about.", detail=detail, field="address")
