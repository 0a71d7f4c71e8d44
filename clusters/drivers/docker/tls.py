"""TLS towards an engine, from certificates kept in memory: the key never lies in a file that has a name."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import suppress
from pathlib import Path

from clusters.drivers.docker.endpoint import Endpoint
from clusters.errors import Invalid


def tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    """What checks the engine (its own CA, or the machine's) and shows our certificate. Raises Invalid."""
    try:
        context = ssl.create_default_context(cadata=endpoint.ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid("The CA is not a certificate in PEM form.", detail=str(error), field="ca") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if endpoint.certificate:
        try:
            _load_pair(context, endpoint.certificate, endpoint.key)
        except (ssl.SSLError, ValueError) as error:
            raise Invalid(
                "The client certificate and its key do not fit, or are not in PEM form without a passphrase.",
                detail=str(error),
                field="key",
            ) from error
    return context


def _no_passphrase() -> str:
    # Without this OpenSSL would ask on the terminal, and wait.
    raise ValueError("the key is protected by a passphrase")


def _load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    pair = f"{certificate.strip()}\n{key.strip()}\n".encode()
    if hasattr(os, "memfd_create"):
        handle, path = os.memfd_create("pilothouse", os.MFD_CLOEXEC), ""
        path = f"/proc/self/fd/{handle}"
    else:
        handle, path = tempfile.mkstemp()  # readable by us alone
    try:
        os.write(handle, pair)
        context.load_cert_chain(path, password=_no_passphrase)
    finally:
        os.close(handle)
        if not path.startswith("/proc/"):
            with suppress(FileNotFoundError):
                Path(path).unlink()
