"""Certificates that are looked at one by one: the secrets that ingresses and gateways name.

They are read when a page is opened, and now and then where an administrator switched that on. What a certificate
says is told to everybody who connects, and is all that is kept; the key beside it is let go of at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.kinds.base import Health, Level
from clusters.kinds.glances import About
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.certificates import Certificate, certificate_of, health_of
from clusters.kinds.kubernetes.steps import step

MOST = 10  # certificates of one ingress or gateway
BAD = (Level.FAILING, Level.AT_RISK)
_WORDS = {  # in a list, where it is not said beforehand that it is about a certificate
    "Expired": "Certificate expired",
    "Ends soon": "Certificate ends",
    "Not yet good": "Certificate not yet",
    "Wrong names": "Wrong certificate",
    "Missing secret": "No certificate",
    "Not readable": "Bad certificate",
    "Not permitted": "Certificate not permitted",
}
SELDOM, OFTEN = 3600.0, 60.0  # seconds between two looks at what is well, and at what is not


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of a secret that holds a certificate."""

    certificate: Certificate | None = None  # None: there is none, or none that can be read
    sort: str = ""  # of the secret
    there: bool = True  # is there such a secret
    holds: bool = True  # and something where its certificate belongs
    granted: bool = True  # and may it be referred to from where that is done

    def health(self, name: str, namespace: str, hosts: Iterable[str]) -> Health:
        """How it is for these hosts."""
        if not self.granted:
            words = f"No reference grant in {namespace} lets it use secret {name}: nobody is served with it."
            return Health(Level.FAILING, "Not permitted", words, "ReferenceGrant")
        if not self.there:
            gone = f"There is no secret {name} in {namespace}, so browsers are shown another certificate."
            return Health(Level.FAILING, "Missing secret", gone, "secretName")
        told = {"type": self.sort, "data": {"tls.crt": ""} if self.holds else {}}
        return health_of(told, self.certificate, hosts)


async def look_at(driver: Driver, about: About) -> Seen:
    """Read the secret, and keep what its certificate says. Raises the cluster's error when that cannot be told."""
    namespace, name = about[:2]
    try:
        secret = await driver.call(Call("GET", (*collection("v1/secrets", namespace), name), timeout=10)) or {}
    except Missing:
        return Seen(there=False)
    holds = "tls.crt" in (secret.get("data") or {})
    return Seen(certificate_of(secret), str(secret.get("type") or ""), holds=holds)


def left_out(named: int) -> list[dict[str, Any]]:
    """Said on a page of those that are more than are looked at."""
    words = f"Only the first {MOST} are looked at."
    more = named - MOST
    return [step("Certificate", f"{more} more", Health(Level.UNKNOWN, "Cannot tell", words))] if more > 0 else []


def in_a_list(name: str, hosts: Iterable[str], how: Health) -> Health:
    """The same where it is not said beforehand which certificate it is about."""
    words = f"Secret {name}, for {', '.join(list(hosts)[:3]) or 'all hosts'}: {how.reason}"
    return Health(how.level, _WORDS.get(how.word, how.word), words, how.code, how.since)


def worst(certificates: Iterable[Health]) -> Health | None:
    """The worst that is known to be wrong with them."""
    return min((how for how in certificates if how.level in BAD), key=lambda how: how.level, default=None)


def again(seen: Seen) -> float:
    """What was put right is to be said soon."""
    return SELDOM if seen.certificate and seen.certificate.health.level is Level.HEALTHY else OFTEN
