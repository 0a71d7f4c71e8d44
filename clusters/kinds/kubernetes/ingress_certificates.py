"""The certificates of an ingress: is the secret there, is what it holds good, and is it for the hosts of its use?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from clusters.errors import ClusterError
from clusters.kinds.base import Health, Level, Look
from clusters.kinds.glances import About, Glances
from clusters.kinds.kubernetes.certificates import covers
from clusters.kinds.kubernetes.ingress_model import Ingress, Tls
from clusters.kinds.kubernetes.looked_at_certificates import MOST, Seen, again, in_a_list, left_out, look_at, worst
from clusters.kinds.kubernetes.steps import step
from clusters.kinds.noticing import Noticing


async def certificate_steps(look: Look, one: Ingress) -> list[dict[str, Any]]:
    """One step for each of its certificates."""
    named = one.spec.tls or ()
    return [*await asyncio.gather(*(_step(look, one, tls) for tls in named[:MOST])), *left_out(len(named))]


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
        healths.append(in_a_list(tls.secret_name, hosts, how))
        ends += [found.certificate.ends] if found.certificate else []
    if not healths:
        return one
    checked = msgspec.structs.replace(one.checked, certificates=tuple(healths), good_until=min(ends, default=0.0))
    return msgspec.structs.replace(one, checked=checked)


def certificate_trouble(one: Ingress) -> Health | None:
    """The worst that is known to be wrong with them."""
    return worst(one.checked.certificates)


def _about(own: Sequence[Ingress]) -> Iterable[About]:
    for one in own:
        yield from ((one.namespace, tls.secret_name) for tls in (one.spec.tls or ())[:MOST] if tls.secret_name)


async def _find(own: Sequence[Ingress], others: Mapping[str, Sequence[Any]]) -> Sequence[Ingress]:
    return [one for one in with_certificates(own, others[CERTIFICATES.name]) if certificate_trouble(one)]


CERTIFICATES: Glances[Ingress] = Glances(
    name="certificate", setting="certificates", about=_about, ask=look_at, again=again
)
CERTIFICATE_TROUBLE: Noticing[Ingress] = Noticing(kinds=(), mark=lambda one: 0, find=_find)
