"""What a certificate says of itself, to whoever connects: for whom, until when, and whether its key fits.

Keys are compared and let go of at once; nothing of them is kept, shown or written down.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from clusters.kinds.base import Health, Level
from clusters.kinds.formats import span

SOON = 14 * 86400.0  # seconds before its end from which that is said
TYPE = "kubernetes.io/tls"
FINE = Health(Level.HEALTHY, "Fine")
_SHAPE = Encoding.DER, PublicFormat.SubjectPublicKeyInfo


@dataclass(frozen=True, slots=True)
class Certificate:
    """The first of a chain. Times are epoch seconds."""

    names: tuple[str, ...]
    begins: float
    ends: float
    key_fits: bool | None  # None: it is not known

    @property
    def health(self) -> Health:
        """Whether it is good now, and for how long."""
        now = time.time()
        if self.key_fits is False:
            words = "The key beside it belongs to another certificate: nobody can be served with it."
            return Health(Level.FAILING, "Wrong key", words, "tls.key")
        if now >= self.ends:
            words = f"It has expired {span(now - self.ends)} ago: browsers refuse it."
            return Health(Level.FAILING, "Expired", words, "notAfter", self.ends)
        if now < self.begins:
            words = f"It is good in {span(self.begins - now)} only: until then browsers refuse it."
            return Health(Level.FAILING, "Not yet good", words, "notBefore")
        if self.ends - now <= SOON:
            return Health(Level.AT_RISK, "Ends soon", f"It expires in {span(self.ends - now)}.", "notAfter")
        return FINE

    def missing(self, hosts: Iterable[str]) -> list[str]:
        """Which of these hosts it is not for."""
        return [host for host in hosts if not any(covers(name, host) for name in self.names)]


def certificate_of(secret: Mapping[str, Any]) -> Certificate | None:
    """The certificate in a secret; None when there is none that can be read."""
    data = secret.get("data") or {}
    try:
        found = x509.load_pem_x509_certificate(_bytes(data.get("tls.crt")))
        begins, ends = found.not_valid_before_utc.timestamp(), found.not_valid_after_utc.timestamp()
        return Certificate(_names(found), begins, ends, _fits(found, data))
    except (ValueError, TypeError, OverflowError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def health_of(secret: Mapping[str, Any], found: Certificate | None, hosts: Iterable[str] = ()) -> Health:
    """How what a secret holds is, for these hosts; ``found`` is the certificate in it."""
    if "tls.crt" not in (secret.get("data") or {}):
        words = f"The secret holds no certificate: its type is {str(secret.get('type') or 'not said')[:60]}."
        return Health(Level.FAILING, "No certificate", words, "tls.crt")
    if found is None:
        return Health(Level.FAILING, "Not readable", "What the secret holds is no certificate.", "tls.crt")
    if found.health.level is Level.FAILING:
        return found.health
    if missing := found.missing(hosts):
        words = f"It is for {', '.join(found.names[:4]) or 'no host'}, and not for {', '.join(missing[:3])}."
        return Health(Level.AT_RISK, "Wrong names", words, "subjectAltName")
    return found.health


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = (str(one) for one in names.get_values_for_type(x509.IPAddress))
        return (*names.get_values_for_type(x509.DNSName), *addresses)
    except x509.ExtensionNotFound:
        return tuple(str(one.value) for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _fits(found: x509.Certificate, data: Mapping[str, Any]) -> bool | None:
    key = _bytes(data.get("tls.key"))
    if not key:
        return None
    try:
        # Nothing is done with the key, so that it is a good one need not be proved: that takes most of a second, in
        # which nothing else of ours runs, not even in other threads.
        private = load_pem_private_key(key, password=None, unsafe_skip_rsa_key_validation=True)
        return private.public_key().public_bytes(*_SHAPE) == found.public_key().public_bytes(*_SHAPE)
    except Exception:  # both may have any shape, and what is wrong with the key must not be told
        return None


def covers(name: str, host: str) -> bool:
    """A star stands for one part of a name; a host with a star needs the same star."""
    name, host = name.casefold(), host.casefold()
    first, dot, rest = host.partition(".")
    return name == host or (bool(dot) and name == f"*.{rest}" and first != "*")
