"""The certificates of a gateway's listeners, as those of ingresses are looked at.

A secret of another namespace is read only where a reference grant there allows gateways of this one to use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.glances import About
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.gateway_model import CertificateRef, Gateway
from clusters.kinds.kubernetes.looked_at_certificates import Certificates, Seen, Use, look_at
from clusters.kinds.kubernetes.reference_grant import API as GRANTS
from clusters.kinds.kubernetes.reference_grant import ReferenceGrant


@dataclass(frozen=True, slots=True)
class _Gateways:
    """Those of a namespace, as a reference grant names them."""

    namespace: str
    kind: str = "Gateway"


def _uses(one: Gateway) -> Iterator[Use]:
    for listener in one.spec.listeners or ():
        hosts = [listener.hostname] if listener.hostname else []
        # It must be for its host: of several, one is enough, and which it is nobody says.
        needed = hosts if len(listener.secrets) == 1 else []
        for ref in listener.secrets:
            yield Use(_about(one, ref), f"{listener.name}, for {listener.hostname or 'all hosts'}", hosts, needed)


def _named(one: Gateway) -> int:
    return sum(len(listener.secrets) for listener in one.spec.listeners or ())


def _about(one: Gateway, ref: CertificateRef) -> About:
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


CERTIFICATES: Certificates[Gateway] = Certificates(uses=_uses, named=_named, ask=_ask)
