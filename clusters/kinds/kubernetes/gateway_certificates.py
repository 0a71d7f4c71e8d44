"""The certificates of a gateway's listeners, as those of ingresses are looked at.

A secret of another namespace is read only where a reference grant there allows gateways of this one to use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Health, Level, Look
from clusters.kinds.glances import About, Glances
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.gateway_model import CertificateRef, Gateway, Listener
from clusters.kinds.kubernetes.looked_at_certificates import MOST, Seen, again, in_a_list, left_out, look_at, worst
from clusters.kinds.kubernetes.reference_grant import API as GRANTS
from clusters.kinds.kubernetes.reference_grant import ReferenceGrant
from clusters.kinds.kubernetes.steps import step
from clusters.kinds.noticing import Noticing


@dataclass(frozen=True, slots=True)
class _Gateways:
    """Those of a namespace, as a reference grant names them."""

    namespace: str
    kind: str = "Gateway"


async def certificate_steps(look: Look, one: Gateway) -> list[dict[str, Any]]:
    """One step for each of its certificates."""
    named = sum(len(listener.secrets) for listener in one.spec.listeners or ())
    return [*await asyncio.gather(*(_step(look, one, *each) for each in _named(one))), *left_out(named)]


async def _step(look: Look, one: Gateway, listener: Listener, ref: CertificateRef) -> dict[str, Any]:
    words, about = f"{listener.name}, for {listener.hostname or 'all hosts'}", _about_one(one, ref)
    namespace = about[0]
    if not look.sees(namespace):
        hidden = f"It is in {namespace}, which is not shared with you."
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", hidden))
    try:
        seen = await _ask(look.driver, about)
    except ClusterError as error:
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", error.message))
    link = {"kind": "secret", "key": f"{namespace}/{ref.name}", "name": f"secret {ref.name}"}
    how = seen.health(ref.name, namespace, _hosts(listener))
    return step("Certificate", words, how, [link] if seen.there and seen.granted else [])


def _named(one: Gateway) -> list[tuple[Listener, CertificateRef]]:
    return [(listener, ref) for listener in one.spec.listeners or () for ref in listener.secrets][:MOST]


def _hosts(listener: Listener) -> list[str]:
    """The host that its certificate must be for: of several, one is enough, and which it is nobody says."""
    return [listener.hostname] if listener.hostname and len(listener.secrets) == 1 else []


def _about_one(one: Gateway, ref: CertificateRef) -> About:
    """Namespace and name; of a secret elsewhere also who refers to it."""
    place = ref.namespace or one.namespace
    return (place, ref.name) if place == one.namespace else (place, ref.name, one.namespace)


async def _ask(driver: Driver, about: About) -> Seen:
    namespace, name, *others = about
    for other in others:
        if not await _granted(driver, _Gateways(other), CertificateRef(namespace=namespace, name=name)):
            return Seen(granted=False)
    return await look_at(driver, about)


async def _granted(driver: Driver, who: _Gateways, ref: CertificateRef) -> bool:
    try:
        answer = await driver.call(Call("GET", collection(GRANTS, ref.namespace), {"limit": "500"}, timeout=10)) or {}
    except Missing:
        return False
    for item in answer.get("items") or ():
        with suppress(msgspec.ValidationError):  # what is no grant as we know it allows nothing
            if msgspec.convert(item, ReferenceGrant).allows(who, ref):
                return True
    if (answer.get("metadata") or {}).get("continue"):
        raise ClusterError(f"There are more reference grants in {ref.namespace} than are looked through.")
    return False


# --- Looked after while nobody opens the gateway --------------------------------------------------------------------


def with_certificates(own: Sequence[Gateway], seen: Sequence[tuple[About, Seen]]) -> Sequence[Gateway]:
    """Each gateway with how its certificates are, as far as they were looked at."""
    known = dict(seen)
    return [_checked(one, known) for one in own] if known else own


def _checked(one: Gateway, known: Mapping[About, Seen]) -> Gateway:
    healths, ends = list[Health](), list[float]()
    for listener, ref in _named(one):
        about = _about_one(one, ref)
        if (found := known.get(about)) is None:
            continue
        how = found.health(ref.name, about[0], _hosts(listener))
        healths.append(in_a_list(ref.name, filter(None, [listener.hostname]), how))
        ends += [found.certificate.ends] if found.certificate else []
    if not healths:
        return one
    return msgspec.structs.replace(one, certificates=tuple(healths), good_until=min(ends, default=0.0))


def certificate_trouble(one: Gateway) -> Health | None:
    """The worst that is known to be wrong with them."""
    return worst(one.certificates)


def _about(own: Sequence[Gateway]) -> Iterable[About]:
    for one in own:
        yield from (_about_one(one, ref) for _, ref in _named(one))


async def _find(own: Sequence[Gateway], others: Mapping[str, Sequence[Any]]) -> Sequence[Gateway]:
    return [one for one in with_certificates(own, others[CERTIFICATES.name]) if certificate_trouble(one)]


CERTIFICATES: Glances[Gateway] = Glances(
    name="certificate", setting="certificates", about=_about, ask=_ask, again=again
)
CERTIFICATE_TROUBLE: Noticing[Gateway] = Noticing(kinds=(), mark=lambda one: 0, find=_find)
