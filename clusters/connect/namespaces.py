"""Which namespaces a cluster is looked at in, for an account that may not list all of it."""

from __future__ import annotations

import asyncio
import contextlib

from asgiref.sync import sync_to_async

from clusters.access import Actor
from clusters.connect import cluster as domain
from clusters.connect.renewing import KeptInRow
from clusters.connect.secrets import read_secret
from clusters.errors import ClusterError
from clusters.fields import NotFilledIn, clean
from clusters.kinds.field import Field
from clusters.live.supervisor import make_driver
from clusters.models import Cluster
from clusters.permissions import may_not

WITHIN = 8.0  # seconds for the cluster to say what it allows
NAME = "namespaces"


def field_of(cluster: Cluster) -> Field | None:
    """What is filled in; None where there are no namespaces to choose."""
    return next((one for one in domain.driver_fields(cluster.driver) if one.name == NAME), None)


async def choose(by: Actor, cluster: Cluster, text: str) -> None:
    """Look into these alone; "" is all of them. The caller tells the engine.

    Raises Invalid for a namespace that our account may not look into: nothing would be seen there either.
    """
    field = field_of(cluster)
    if field is None:
        raise NotFilledIn({NAME: "This cluster has no namespaces to choose."})
    chosen = " ".join(dict.fromkeys(str(clean((field,), {NAME: text})[NAME]).split()))
    refused = [name for name in chosen.split() if await _is_refused(cluster, name)]
    if refused:
        raise NotFilledIn({NAME: " ".join(may_not("list", "pods", name) for name in refused)})
    await sync_to_async(domain.narrow)(by, cluster, {NAME: chosen})


async def _is_refused(cluster: Cluster, namespace: str) -> bool:
    """Does the cluster say that our account may not list pods there? When it does not say, it is tried."""
    driver = make_driver(
        cluster.driver, cluster.settings, await sync_to_async(read_secret)(cluster), KeptInRow(cluster.pk)
    )
    try:
        return await asyncio.wait_for(driver.may("list", "", "pods", namespace), WITHIN) is False
    except (ClusterError, TimeoutError):
        return False
    finally:
        with contextlib.suppress(ClusterError, TimeoutError):
            await asyncio.wait_for(driver.close(), 5)
