"""Where a page may lead to: only to what is there, and what whoever asks may see."""

from __future__ import annotations

from collections.abc import Collection

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Missing, Refused
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.base import collection


async def leads(look: Look, kind: str, key: str) -> bool:
    """Is there a page of that kind and key ("shop/web") for whoever asks?"""
    from clusters.kinds import kind_named  # here, because it knows every kind, those that ask this too

    of = kind_named("kubernetes", kind)
    namespace, _, name = key.rpartition("/")
    if of is None or not name or not look.sees(namespace or None):
        return False
    known = await look.related(kind)
    if known or of.always:
        return any((one.namespace, one.name) == (namespace, name) for one in known)
    try:  # nobody watches it now
        await look.driver.call(Call("GET", (*collection(of.api, namespace), name), timeout=10))
    except (Missing, Refused):
        return False
    except ClusterError:
        return True  # that it does not answer now says nothing
    return True


async def nodes_to_lead_to(look: Look) -> Collection[str]:
    """The nodes that have a page for whoever asks."""
    return {one.name for one in await look.related("node")}
