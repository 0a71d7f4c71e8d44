"""What only some may deploy: what gives power over a machine, and what reaches others than the project or stack."""

from __future__ import annotations

from collections.abc import Sequence

from clusters.access import Actor, Need
from clusters.gateway import Denied, Gateway
from clusters.kinds.base import Role


async def see_beyond(
    gateway: Gateway,
    actor: Actor,
    cluster_id: int,
    need: Need,
    about: tuple[str, str],
    powers: Sequence[str],
    outside: Sequence[str],
    whole: str,
) -> None:
    """``powers`` take an administrator, what is ``outside`` takes whoever may do it on the ``whole`` ("that host").

    ``about`` is the kind and the name. Raises Denied, with what it is.
    """
    if not powers and not outside:
        return
    kind, name = about
    takes = Need(Role.ADMIN, need.right) if powers else need
    try:
        await gateway.see(actor, cluster_id, None, takes, verb="deploy", kind=kind, name=name)
    except Denied as error:
        who = "Only administrators may" if powers else f"Only who may deploy on all of {whole} may"
        raise Denied(f"{who} do that: it {', it '.join(powers or outside)}.", known=True) from error
