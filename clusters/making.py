"""Making something new from a form: who may, what is worth knowing before, and the work as a job.

What in a form gives power over a machine asks for an administrator; that is decided here, from what will be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clusters import audit
from clusters.access import Actor, Area, Need, decide
from clusters.carrying_out import event_of
from clusters.drivers.base import Driver, full_name
from clusters.fields import NotFilledIn
from clusters.gateway import Denied, Gateway
from clusters.jobs import Made
from clusters.kinds.base import Kind, Role, Says
from clusters.kinds.makers import Ended, Maker, Remark
from clusters.live.row import Row
from clusters.long_work import LongWork
from clusters.permissions import HINT, NotPermitted, may_not
from clusters.shells import in_time

CHECK_SECONDS = 8.0


async def origin_of(gateway: Gateway, actor: Actor, row: Row, maker: Maker[Any]) -> Any:
    """What must be known of the resource that the new one is made like. Raises Denied."""
    await _allow(gateway, actor, row.cluster.id, maker, row)
    if maker.like is None:
        return None
    return await in_time(maker.like.load(gateway.driver(actor, row.cluster.id), row.resource), CHECK_SECONDS)


async def remarks(
    gateway: Gateway, actor: Actor, cluster_id: int, kind: Kind[Any], maker: Maker[Any], form: Any
) -> Sequence[Remark]:
    """What is worth knowing before it is sent; what this person may not ask for stops it. Raises Denied."""
    await _allow(gateway, actor, cluster_id, maker, None)
    powers = list(maker.powers(form)) if maker.powers else []
    powers += await _hidden_powers(gateway, actor, cluster_id, maker, form)
    admin = decide(actor, Area(cluster_id, None), Need(Role.ADMIN, maker.right, acts=False)).allowed
    found = [Remark(f"For administrators only: it {why}.", "warn" if admin else "stop") for why in powers]
    driver = gateway.driver(actor, cluster_id)
    if why := await refused_there(driver, kind):
        found.append(Remark(why, "stop"))
    if maker.check is None:
        return found
    all_of_them = gateway.visible(actor, cluster_id, kind.name)
    return [*found, *await in_time(maker.check(driver, form, all_of_them), CHECK_SECONDS)]


async def begin(
    gateway: Gateway,
    actor: Actor,
    cluster_id: int,
    kind: Kind[Any],
    maker: Maker[Any],
    form: Any,
    like: Row | None = None,
) -> str:
    """Begin the job; its key. Raises Denied, with what it is that only administrators may ask for; NotFilledIn where
    something is taken or missing there: who filled in the form has it still, and would not have it beside a failed job.
    """

    async def work(driver: Driver, says: Says) -> Made:
        made = await maker.run(driver, form, says)
        if isinstance(made, Ended):
            return Made(made.words, kind.name, made.name)
        return Made(maker.ended.format(name=made), kind.name, made)

    namespace = like.namespace if like else None
    detail = {"line": maker.record(form), **({"like": like.resource.name} if like else {})}
    powers = list(maker.powers(form)) if maker.powers else []
    try:
        await _allow(gateway, actor, cluster_id, maker, like, admin=bool(powers))  # before the engine is asked anything
        await _allow_beyond(gateway, actor, cluster_id, maker, form, like)
        await _allow_there(gateway, actor, cluster_id, kind, maker)
        powers += await _hidden_powers(gateway, actor, cluster_id, maker, form)
        await _see_nothing_in_the_way(gateway, actor, cluster_id, kind, maker, form)
        need = Need(Role.ADMIN if powers else maker.role, maker.right)
        making = LongWork(
            need=need, verb=_verb(maker), title=maker.title(form), run=work, namespace=namespace, detail=detail
        )
        return await gateway.begin(actor, cluster_id, making)
    except Denied as error:
        if powers and error.known:
            raise Denied(f"Only administrators may do that: it {', it '.join(powers)}.", known=True) from error
        raise


async def _see_nothing_in_the_way(
    gateway: Gateway, actor: Actor, cluster_id: int, kind: Kind[Any], maker: Maker[Any], form: Any
) -> None:
    if maker.check is None:
        return
    all_of_them = gateway.visible(actor, cluster_id, kind.name)
    noted = await in_time(maker.check(gateway.driver(actor, cluster_id), form, all_of_them), CHECK_SECONDS)
    problems: dict[str, str] = {}
    for one in noted:
        if one.level == "stop" and one.field:
            problems[one.field] = f"{problems.get(one.field, '')} {one.text}".strip()
    if problems:
        raise NotFilledIn(problems)


async def _allow_there(gateway: Gateway, actor: Actor, cluster_id: int, kind: Kind[Any], maker: Maker[Any]) -> None:
    """The cluster must allow it, too, as far as it says so. Raises NotPermitted."""
    if why := await refused_there(gateway.driver(actor, cluster_id), kind, newest=True):
        cluster = gateway.connections.cluster(cluster_id)
        await audit.denied(event_of(actor, cluster, kind.name, None, _verb(maker)), why)
        raise NotPermitted(why, hint=HINT)


async def refused_there(driver: Driver, kind: Kind[Any], *, newest: bool = False) -> str:
    """Why the cluster itself would not let one be made; "" when it would, or does not say. (Engines refuse nothing.)"""
    plural, _, group = full_name(kind.api).partition(".")
    may = await in_time(driver.may("create", group, plural, newest=newest), CHECK_SECONDS)
    return may_not("create", plural, group=group, who=driver.acts_as) if may is False else ""


async def _allow_beyond(
    gateway: Gateway, actor: Actor, cluster_id: int, maker: Maker[Any], form: Any, like: Row | None
) -> None:
    """What it uses beside what is in its own namespace is for who may do that on all of the cluster. Raises Denied."""
    beyond = list(maker.reaches_out(form)) if maker.reaches_out and like else []
    if not beyond:
        return
    try:
        await _allow(gateway, actor, cluster_id, maker, None)
    except Denied as error:
        raise Denied(f"Only who may do that on all of it may: it {', it '.join(beyond)}.", known=True) from error


async def _hidden_powers(
    gateway: Gateway, actor: Actor, cluster_id: int, maker: Maker[Any], form: Any
) -> Sequence[str]:
    """Asked anew each time, for a volume of that name may be another one by now."""
    if maker.hidden_powers is None:
        return ()
    return await in_time(maker.hidden_powers(gateway.driver(actor, cluster_id), form), CHECK_SECONDS)


async def _allow(
    gateway: Gateway, actor: Actor, cluster_id: int, maker: Maker[Any], row: Row | None, *, admin: bool = False
) -> None:
    need = Need(Role.ADMIN if admin else maker.role, maker.right)
    kind, resource = (row.kind.name, row.resource) if row else ("", None)
    await gateway.see(
        actor, cluster_id, row.namespace if row else None, need, verb=_verb(maker), kind=kind, resource=resource
    )


def _verb(maker: Maker[Any]) -> str:
    return maker.verb or maker.button.lower()
