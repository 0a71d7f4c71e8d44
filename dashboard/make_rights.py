"""Where somebody may make something new of a kind, or begin what stands beside its list: for what a page offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import reverse

from clusters.access import Actor, Need
from clusters.kinds.base import Kind
from clusters.kinds.makers import Maker, Offer
from clusters.live.cluster import ClusterInfo
from dashboard import pull_hosts
from dashboard.nowhere import Offered, as_a_whole, offered, seen, somewhere


def clusters_for(actor: Actor, kind: Kind[Any], maker: Maker[Any]) -> list[ClusterInfo]:
    """The clusters on which they may make one; those of the demonstration last."""
    need = Need(maker.role, maker.right)
    found = [one for one in _having(actor, kind) if as_a_whole(actor, one, need).allowed]
    return sorted(found, key=lambda one: (one.driver == "demo", one.name.casefold()))


def make_offered(actor: Actor, kind: Kind[Any]) -> Offered | None:
    """The button that leads to the form of a new one; None where they see no cluster that could have one."""
    if kind.make is None:
        return None
    need = Need(kind.make.role, kind.make.right)
    return offered(reverse("run", args=[kind.name]), [as_a_whole(actor, one, need) for one in _having(actor, kind)])


def beside_list(actor: Actor, kinds: Iterable[Kind[Any]]) -> Iterator[tuple[Offer, Offered]]:
    """What is begun beside a list of these kinds, each with its button."""
    for kind in kinds:
        for offer in kind.offers:
            if button := _button(actor, kind, offer):
                yield offer, button


def _button(actor: Actor, kind: Kind[Any], offer: Offer) -> Offered | None:
    if offer.onto_host:
        why_not = pull_hosts.why_not(actor)
        return Offered("", why_not) if why_not else Offered(reverse(offer.key))
    need = Need(offer.role, offer.right)
    return offered(reverse(offer.key), [somewhere(actor, one, need) for one in _having(actor, kind)])


def _having(actor: Actor, kind: Kind[Any]) -> list[ClusterInfo]:
    return [one.cluster for one in seen(actor) if kind.name in one.stores]
