"""The certificates of an ingress: is the secret there, is what it holds good, and is it for the hosts it is used for?

They are read when its page is opened, and now and then where an administrator switched that on. What a certificate
says is told to everybody who connects, and is all that is kept; the key beside it is let go of at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Health, Level, Look
from clusters.kinds.glances import About, Glances
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.certificates import Certificate, certificate_of, covers, health_of
from clusters.kinds.kubernetes.ingress_model import Ingress, Tls
from clusters.kinds.kubernetes.steps import step
from clusters.kinds.noticing import Noticing

MOST = 10  # certificates of one ingress
BAD = (Level.FAILING, Level.AT_RISK)
_WORDS = {  # in a list, where it is not said beforehand that it is about a certificate
    "Expired": "Certificate expired",
    "Ends soon": "Certificate ends",
    "Not yet good": "Certificate not yet",
    "Wrong names": "Wrong certificate",
    "Missing secret": "No certificate",
    "Not readable": "Bad certificate",
}
SELDOM, OFTEN = 3600.0, 60.0  # seconds between two looks at what is well, and at what is not


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of a secret that holds a certificate."""

    certificate: Certificate | None = None  # None: there is none, or none that can be read
    sort: str = ""  # of the secret
    there: bool = True  # is there such a secret
    holds: bool = True  # and something where its certificate belongs

    def health(self, name: str, namespace: str, hosts: Iterable[str]) -> Health:
        """How it is for these hosts."""
        if not self.there:
            gone = f"There is no secret {name} in {namespace}, so browsers are shown another certificate."
            return Health(Level.FAILING, "Missing secret", gone, "secretName")
        told = {"type": self.sort, "data": {"tls.crt": ""} if self.holds else {}}
        return health_of(told, self.certificate, hosts)


async def look_at(driver: Driver, about: About) -> Seen:
    """Read the secret, and keep what its certificate says. Raises the cluster's error when that cannot be told."""
    namespace, name = about
    try:
        secret = await driver.call(Call("GET", (*collection("v1/secrets", namespace), name), timeout=10)) or {}
    except Missing:
        return Seen(there=False)
    holds = "tls.crt" in (secret.get("data") or {})
    return Seen(certificate_of(secret), str(secret.get("type") or ""), holds=holds)


async def certificate_steps(look: Look, one: Ingress) -> list[dict[str, Any]]:
    """One step for each of its certificates."""
    return list(await asyncio.gather(*(_step(look, one, tls) for tls in (one.spec.tls or ())[:MOST])))


async def _step(look: Look, one: Ingress, tls: Tls) -> dict[str, Any]:
    hosts = hosts_of(one, tls)
    words = f"for {', '.join(hosts[:4]) or 'all hosts'}"
    if not tls.secret_name:
        own = "It names no secret: whoever serves it uses a certificate of its own."
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", own))
    try:
        seen = await look_at(look.driver, (one.namespace, tls.secret_name))
    except ClusterError as error:
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", error.message))
    how = seen.health(tls.secret_name, one.namespace, hosts)
    link = {"kind": "secret", "key": f"{one.namespace}/{tls.secret_name}", "name": f"secret {tls.secret_name}"}
    return step("Certificate", words, how, [link] if seen.there else [])


def hosts_of(one: Ingress, tls: Tls) -> list[str]:
    """The hosts that a certificate is for; one without any has those that no other one is for."""
    if tls.hosts:
        return tls.hosts
    others = [name for each in one.spec.tls or () for name in each.hosts or ()]
    return [host for host in one.hosts if host != "*" and not any(covers(name, host) for name in others)]


# --- Looked after while nobody opens the ingress --------------------------------------------------------------------


def with_certificates(own: Sequence[Ingress], seen: Sequence[tuple[About, Seen]]) -> Sequence[Ingress]:
    """Each ingress with how its certificates are, as far as they were looked at."""
    known = dict(seen)
    return [_checked(one, known) for one in own] if known else own


def _checked(one: Ingress, known: Mapping[About, Seen]) -> Ingress:
    healths, ends = list[Health](), list[float]()
    for tls in (one.spec.tls or ())[:MOST]:
        found = known.get((one.namespace, tls.secret_name))
        if found is None:
            continue
        hosts = hosts_of(one, tls)
        how = found.health(tls.secret_name, one.namespace, hosts)
        words = f"Secret {tls.secret_name}, for {', '.join(hosts[:3]) or 'all hosts'}: {how.reason}"
        healths.append(Health(how.level, _WORDS.get(how.word, how.word), words, how.code, how.since))
        ends += [found.certificate.ends] if found.certificate else []
    if not healths:
        return one
    checked = msgspec.structs.replace(one.checked, certificates=tuple(healths), good_until=min(ends, default=0.0))
    return msgspec.structs.replace(one, checked=checked)


def certificate_trouble(one: Ingress) -> Health | None:
    """The worst that is known to be wrong with them."""
    bad = (how for how in one.checked.certificates if how.level in BAD)
    return min(bad, key=lambda how: how.level, default=None)


def _about(own: Sequence[Ingress]) -> Iterable[About]:
    for one in own:
        yield from ((one.namespace, tls.secret_name) for tls in (one.spec.tls or ())[:MOST] if tls.secret_name)


def _again(seen: Seen) -> float:
    """What was put right is to be said soon."""
    return SELDOM if seen.certificate and seen.certificate.health.level is Level.HEALTHY else OFTEN


async def _find(own: Sequence[Ingress], others: Mapping[str, Sequence[Any]]) -> Sequence[Ingress]:
    return [one for one in with_certificates(own, others[CERTIFICATES.name]) if certificate_trouble(one)]


CERTIFICATES: Glances[Ingress] = Glances(
    name="certificate", setting="certificates", about=_about, ask=look_at, again=_again
)
CERTIFICATE_TROUBLE: Noticing[Ingress] = Noticing(kinds=(), mark=lambda one: 0, find=_find)
