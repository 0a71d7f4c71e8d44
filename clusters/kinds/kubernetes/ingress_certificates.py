"""The certificates of an ingress: is the secret there, is what it holds good, and is it for the hosts of its use?"""

from __future__ import annotations

from collections.abc import Iterator

from clusters.kinds.kubernetes.certificates import covers
from clusters.kinds.kubernetes.ingress_model import Ingress, Tls
from clusters.kinds.kubernetes.looked_at_certificates import Certificates, Use


def _uses(one: Ingress) -> Iterator[Use]:
    for tls in one.spec.tls or ():
        hosts = _hosts(one, tls)
        yield Use((one.namespace, tls.secret_name), f"for {', '.join(hosts[:4]) or 'all hosts'}", hosts, hosts)


def _hosts(one: Ingress, tls: Tls) -> list[str]:
    """The hosts that a certificate is for; one without any has those that no other one is for."""
    if tls.hosts:
        return tls.hosts
    others = [name for each in one.spec.tls or () for name in each.hosts or ()]
    return [host for host in one.hosts if host != "*" and not any(covers(name, host) for name in others)]


CERTIFICATES: Certificates[Ingress] = Certificates(uses=_uses, named=lambda one: len(one.spec.tls or ()))
