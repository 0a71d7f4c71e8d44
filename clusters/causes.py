"""What is at the bottom of an error of a client library, and what is wrong with a certificate."""

from __future__ import annotations

import ssl
from typing import Literal

# OpenSSL's X509_V_ERR_* numbers.
_EXPIRED, _NOT_YET, _NAME, _IP = 10, 9, 62, 64
_UNKNOWN_CA = {18, 19, 20, 21}


def root_cause(error: BaseException) -> BaseException:
    """The system's or OpenSSL's error under what the client library wrapped around it."""
    for _ in range(4):
        wrapped = getattr(error, "os_error", None) or getattr(error, "certificate_error", None)
        inner = wrapped or (None if isinstance(error, ssl.SSLError) else error.__cause__)
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def certificate_fault(error: ssl.SSLCertVerificationError) -> Literal["expired", "not yet", "name", "authority", ""]:
    """Which check of the certificate failed."""
    if error.verify_code == _EXPIRED:
        return "expired"
    if error.verify_code == _NOT_YET:
        return "not yet"
    if error.verify_code in (_NAME, _IP):
        return "name"
    return "authority" if error.verify_code in _UNKNOWN_CA else ""
