"""Networks: the kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, STATUS
from clusters.kinds.docker.network_actions import ACTIONS
from clusters.kinds.docker.network_form import CREATE
from clusters.kinds.docker.network_model import Network, join
from clusters.kinds.docker.overview import PROJECT_COLUMN, driver_column, overview, overview_panel, users_column
from clusters.kinds.docker.used_by import used_health
from clusters.kinds.join import Join
from clusters.kinds.masking import mask_value
from clusters.kinds.panels import RAW

_WHAT = {
    "bridge": "bridge: containers of this machine see each other",
    "host": "host: no network of its own, but the machine's",
    "null": "none: no network at all",
    "overlay": "overlay: reaches over all machines of the Swarm",
    "macvlan": "macvlan: its containers are machines of their own in the network outside",
    "ipvlan": "ipvlan: its containers share the machine's card in the network outside",
}


def health(one: Network) -> Health:
    """In use or not; what the engine made itself is never called unused."""
    if one.predefined and not one.running:
        return Health(Level.HEALTHY, "Built in")
    return used_health(one, "No container is on it")


async def _load(look: Look) -> Mapping[str, Any]:
    one: Network = look.resource
    facts = [
        ("Driver", _WHAT.get(one.driver, one.driver), False),
        *(("Subnet", subnet.subnet or "", True) for subnet in one.ranges),
        *(("Gateway", subnet.gateway or "", True) for subnet in one.ranges),
        *(("Addresses from", subnet.ip_range or "", True) for subnet in one.ranges),
        ("Reach", "all machines of the Swarm" if one.scope == "swarm" else "this machine", False),
        ("Outside", "cut off: its containers reach each other only" if one.internal else "", False),
        ("IPv6", "on" if one.ipv6 else "", False),
        ("Joining by hand", "allowed" if one.attachable else "", False),
        *((f"Option {name}", mask_value(name, value), True) for name, value in sorted((one.options or {}).items())),
        ("Id", one.id[:12], True),
    ]
    return overview(
        one,
        health(one),
        facts=facts,
        users="On this network",
        how="Addresses",
        nobody="No container is on it now.",
        labels=one.labels,
        may_leave=not one.ingress and one.title not in ("host", "none"),
    )


OVERVIEW: Panel[Network] = overview_panel(_load)

NETWORK: Kind[Network] = Kind(
    name="network",
    label="Network",
    plural="Networks",
    icon="network",
    group="Networking",
    platform="docker",
    api="networks",
    model=Network,
    words="Containers on the same network reach each other, by name where somebody made the network; others do not.",
    health=health,
    at_hand=True,
    make=CREATE,
    join=Join(kinds=("container",), make=join),
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, "made by the engine itself" if one.predefined else ""],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(180px, 2fr)",
        ),
        STATUS,
        Column(
            key="subnets",
            label="Subnets",
            value=lambda one: one.subnets,
            cell="tags",
            sort=lambda one: (one.subnets or ["~"])[0],
            width="minmax(132px, 1.2fr)",
            words="The addresses its containers get.",
        ),
        users_column("Containers", "Who is on it."),
        driver_column("How it is made: “bridge” joins containers of one machine, “overlay” those of a Swarm."),
        Column(
            key="outside",
            label="Outside",
            value=lambda one: "cut off" if one.internal else "reachable",
            facet=lambda one: "cut off" if one.internal else "reachable",
            hidden=True,
            words="Can its containers reach what is outside of it?",
        ),
        PROJECT_COLUMN,
        AGE,
    ),
    panels=(OVERVIEW, RAW),
    actions=ACTIONS,
    search=lambda one: " ".join((one.id, one.driver, *one.subnets, *(user.name for user in one.users))),
)
