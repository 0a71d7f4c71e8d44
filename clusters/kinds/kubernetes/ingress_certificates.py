"""The certificates of an ingress: is the secret there, is what it holds good, and is it for the hosts it is used for?

They are read when the page is opened. What the certificate says is told to everybody who connects; the key beside it
is let go of at once.
"""

from __future__ import annotations

import asyncio
from typing import Any

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Missing
from clusters.kinds.base import Health, Level, Look
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.certificates import certificate_of, covers, health_of
from clusters.kinds.kubernetes.ingress_model import Ingress, Tls
from clusters.kinds.kubernetes.steps import step

MOST = 10  # certificates of one ingress


async def certificate_steps(look: Look, one: Ingress) -> list[dict[str, Any]]:
    """One step for each of its certificates."""
    return list(await asyncio.gather(*(_step(look, one, tls) for tls in (one.spec.tls or ())[:MOST])))


async def _step(look: Look, one: Ingress, tls: Tls) -> dict[str, Any]:
    hosts = tls.hosts or _rest(one)
    words = f"for {', '.join(hosts[:4]) or 'all hosts'}"
    if not tls.secret_name:
        own = "It names no secret: whoever serves it uses a certificate of its own."
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", own))
    try:
        path = (*collection("v1/secrets", one.namespace), tls.secret_name)
        secret = await look.driver.call(Call("GET", path, timeout=10)) or {}
        how = health_of(secret, certificate_of(secret), hosts)
    except Missing:
        gone = f"There is no secret {tls.secret_name} in {one.namespace}, so browsers are shown another certificate."
        return step("Certificate", words, Health(Level.FAILING, "Missing secret", gone, "secretName"))
    except ClusterError as error:
        return step("Certificate", words, Health(Level.UNKNOWN, "Cannot tell", error.message))
    link = {"kind": "secret", "key": f"{one.namespace}/{tls.secret_name}", "name": f"secret {tls.secret_name}"}
    return step("Certificate", words, how, [link])


def _rest(one: Ingress) -> list[str]:
    """The hosts that are left to a certificate without hosts of its own: those that no other one is for."""
    others = [name for tls in one.spec.tls or () for name in tls.hosts or ()]
    return [host for host in one.hosts if host != "*" and not any(covers(name, host) for name in others)]
