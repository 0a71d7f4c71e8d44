"""Where somebody may deploy: the namespaces in which both we and the cluster itself allow it, or why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clusters.access import Actor, decide, reachable
from clusters.apply.step import LEAST
from clusters.drivers.base import Driver
from clusters.gateway import Gateway
from clusters.kinds import DESCRIBED
from clusters.kinds.formats import plain
from clusters.permissions import HINT, may_not, subject
from clusters.reach import area_in

GROUP = "apps"
MOST = 200  # namespaces that the cluster is asked about, one by one
PATIENCE = 3.0  # seconds for the cluster to say it; what is not known then is offered, and tried


@dataclass(frozen=True, slots=True)
class Where:
    """``namespaces`` in which it may be made; none and no ``why_not``: their names are not known, any may be tried."""

    namespaces: Sequence[str] = ()
    why_not: str = ""

    def begins_in(self, wanted: str = "") -> str:
        """The namespace that a form begins with: the one that is ``wanted`` where that may be."""
        usual = "default" if "default" in self.namespaces or not self.namespaces else self.namespaces[0]
        return wanted if wanted and (wanted in self.namespaces or not self.namespaces) else usual


async def where(
    gateway: Gateway,
    actor: Actor,
    cluster_id: int,
    plural: str,
    chosen: Iterable[str] = (),
    *,
    within: float = PATIENCE,
) -> Where:
    """``plural`` is what is made there ("deployments"); ``chosen`` the namespaces that the cluster is looked at in."""
    cluster = gateway.connections.cluster(cluster_id)
    known = {name for name in reachable(actor, cluster_id) if name}
    names = {one.name for one in gateway.visible(actor, cluster_id, "namespace")} | set(chosen) | known
    anywhere = decide(actor, area_in(cluster), LEAST)
    ours = sorted(name for name in names if decide(actor, area_in(cluster, name), LEAST).allowed)
    if not ours and not anywhere.allowed:
        return Where(why_not=anywhere.reason)
    try:
        async with asyncio.timeout(within):
            return await _allowed_there(gateway.driver(actor, cluster_id), plural, ours)
    except TimeoutError:
        return Where(ours)


async def _allowed_there(driver: Driver, plural: str, names: Sequence[str]) -> Where:
    if await driver.may("create", GROUP, plural, "") is not False:
        return Where(names)
    if not names:
        return Where()  # it may be allowed in one whose name we do not know
    asked = names[:MOST]
    answers = await asyncio.gather(*(driver.may("create", GROUP, plural, name) for name in asked))
    allowed = [name for name, answer in zip(asked, answers, strict=True) if answer is not False]
    if allowed:
        return Where(allowed)
    if len(names) == 1:
        return Where(why_not=f"{may_not('create', plural, names[0], GROUP, driver.acts_as)} {HINT}")
    what = plain(DESCRIBED[f"{plural}.{GROUP}"].plural)
    return Where(why_not=f"{subject(driver.acts_as)} may make {what} in no namespace. {HINT}")
