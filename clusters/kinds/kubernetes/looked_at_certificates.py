"""Certificates that are looked at one by one: the secrets that ingresses and gateways name.

They are read when a page is opened, and now and then where an administrator switched that on. What a certificate
says is told to everybody who connects, and is all that is kept; the key beside it is let go of at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Column, Health, Level, Look
from clusters.kinds.glances import About, Glances
from clusters.kinds.kubernetes.base import Object, collection
from clusters.kinds.kubernetes.certificates import Certificate, certificate_of, health_of
from clusters.kinds.kubernetes.steps import step
from clusters.kinds.noticing import Noticing

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


def _in_a_list(name: str, hosts: Iterable[str], how: Health) -> Health:
    """The same where it is not said beforehand which certificate it is about."""
    words = f"Secret {name}, for {', '.join(list(hosts)[:3]) or 'all hosts'}: {how.reason}"
    return Health(how.level, _WORDS.get(how.word, how.word), words, how.code, how.since)


def _again(seen: Seen) -> float:
    """What was put right is to be said soon."""
    return SELDOM if seen.certificate and seen.certificate.health.level is Level.HEALTHY else OFTEN


class Certified(Object, frozen=True, gc=False, rename="camel"):
    """What is served with certificates, and how these are as far as they were looked at: no cluster sends that."""

    certificates: tuple[Health, ...] = msgspec.field(default=(), name="$certificates")
    good_until: float = msgspec.field(default=0.0, name="$until")  # the first end of these; 0.0: not known

    @property
    def certificate_trouble(self) -> Health | None:
        """The worst that is known to be wrong with them."""
        bad = (how for how in self.certificates if how.level in BAD)
        return min(bad, key=lambda how: how.level, default=None)


CERTIFICATE: Column[Any] = Column(
    key="certificate",
    label="Certificate until",
    value=lambda one: time.strftime("%d %b %Y", time.gmtime(one.good_until)) if one.good_until else None,
    sort=lambda one: one.good_until,
    width="132px",
    hidden=True,
    words="When the first of its certificates ends; known where the connection looks after certificates.",
)

T = TypeVar("T", bound=Certified)


@dataclass(frozen=True, slots=True)
class Use:
    """A certificate where it is used."""

    about: About  # namespace and name of its secret, and what else the answer depends on
    words: str  # on a page
    hosts: Sequence[str]  # that it is used for; none: for all
    needed: Sequence[str]  # the hosts that it must be for


@dataclass(frozen=True, kw_only=True)
class Certificates(Generic[T]):
    """The certificates of a kind: on its pages, and looked after while nobody opens one."""

    uses: Callable[[T], Iterator[Use]]
    named: Callable[[T], int]  # how many there are
    ask: Callable[[Driver, About], Awaitable[Seen]] = look_at

    def said(self, one: T, how: Health) -> Health:
        """The same of what is well without them, with a word that they are not known, where they are not."""
        number, known = self.named(one), len(one.certificates)
        if how.level is not Level.HEALTHY or known >= number:
            return how
        which = "Its certificate is" if number == 1 else f"{'Some of its' if known else 'Its'} certificates are"
        return dataclasses.replace(how, reason=f"{which} looked at on its page alone.")

    async def steps(self, look: Look, one: T) -> list[dict[str, Any]]:
        """One step for each of them."""
        found = await asyncio.gather(*(self._step(look, use) for use in islice(self.uses(one), MOST)))
        more = self.named(one) - MOST
        left = Health(Level.UNKNOWN, "Cannot tell", f"Only the first {MOST} are looked at.")
        return [*found, *([step("Certificate", f"{more} more", left)] if more > 0 else [])]

    async def _step(self, look: Look, use: Use) -> dict[str, Any]:
        namespace, name = use.about[:2]
        if not name:
            own = "It names no secret: whoever serves it uses a certificate of its own."
            return step("Certificate", use.words, Health(Level.UNKNOWN, "Cannot tell", own))
        if not look.sees(namespace):
            hidden = f"It is in {namespace}, which is not shared with you."
            return step("Certificate", use.words, Health(Level.UNKNOWN, "Cannot tell", hidden))
        try:
            seen = await self.ask(look.driver, use.about)
        except ClusterError as error:
            return step("Certificate", use.words, Health(Level.UNKNOWN, "Cannot tell", error.message))
        link = {"kind": "secret", "key": f"{namespace}/{name}", "name": f"secret {name}"}
        how = seen.health(name, namespace, use.needed)
        return step("Certificate", use.words, how, [link] if seen.there and seen.granted else [])

    def join(self, own: Sequence[T], others: Mapping[str, Sequence[Any]]) -> Sequence[T]:
        """Each with how its certificates are, as far as they were looked at."""
        known: dict[About, Seen] = dict(others.get(self.glances.name, ()))
        return [self._checked(one, known) for one in own] if known else own

    def _checked(self, one: T, known: Mapping[About, Seen]) -> T:
        seen = [(use, known[use.about]) for use in islice(self.uses(one), MOST) if use.about in known]
        if not seen:
            return one
        healths = []
        for use, found in seen:
            namespace, name = use.about[:2]
            healths.append(_in_a_list(name, use.hosts, found.health(name, namespace, use.needed)))
        ends = [found.certificate.ends for _, found in seen if found.certificate]
        return msgspec.structs.replace(one, certificates=tuple(healths), good_until=min(ends, default=0.0))

    @property
    def glances(self) -> Glances[T]:
        """How they are asked for."""
        return Glances(name="certificate", setting="certificates", about=self._about, ask=self.ask, again=_again)

    @property
    def noticing(self) -> Noticing[T]:
        """How what is wrong with them is found."""
        return Noticing(kinds=(), mark=lambda one: 0, find=self._find)

    def _about(self, own: Sequence[T]) -> Iterable[About]:
        for one in own:
            yield from (use.about for use in islice(self.uses(one), MOST) if use.about[1])

    async def _find(self, own: Sequence[T], others: Mapping[str, Sequence[Any]]) -> Sequence[T]:
        return [one for one in self.join(own, others) if one.certificate_trouble]
