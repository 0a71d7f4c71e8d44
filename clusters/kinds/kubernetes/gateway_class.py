"""Gateway class: a sort of gateway, and the program that serves it."""

from __future__ import annotations

import time

from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, Users, facts_panel
from clusters.kinds.kubernetes.of_class import users_of_class
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML

GROUP = "gateway.networking.k8s.io/v1"
API, GATEWAYS = f"{GROUP}/gatewayclasses", f"{GROUP}/gateways"
TAKEN_UP = 60.0  # seconds that whoever serves it may take to say so


class GatewayClassSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    controller_name: str = ""
    description: str = ""


class GatewayClassStatus(Part, frozen=True, gc=False, rename="camel"):
    """What the program that serves it says."""

    conditions: list[Condition] | None = None


class GatewayClass(Object, frozen=True, gc=False, rename="camel"):
    """One class."""

    spec: GatewayClassSpec = GatewayClassSpec()
    status: GatewayClassStatus = GatewayClassStatus()


@understood
def health(one: GatewayClass) -> Health:
    """Whether a program serves it."""
    accepted = condition(one.status.conditions, "Accepted")
    if accepted and accepted.status == "True":
        return Health(Level.HEALTHY, "Served", since=accepted.since)
    if accepted and accepted.status == "False":
        return Health(Level.AT_RISK, "Not accepted", accepted.message[:300], accepted.reason, accepted.since)
    if time.time() - one.created < TAKEN_UP:
        return Health(Level.CHANGING, "Waiting", "Nobody has taken it up yet.", since=one.created)
    words = f"Nobody has taken it up. Does {one.spec.controller_name} run in the cluster?"
    return Health(Level.AT_RISK, "Nobody serves it", words, "Accepted: Unknown", one.created)


def _facts(one: GatewayClass) -> list[Fact]:
    return [
        Fact("Served by", one.spec.controller_name or "–", mono=True),
        *((Fact("What it is", one.spec.description),) if one.spec.description else ()),
    ]


async def _users(look: Look) -> Users:
    title, nobody = "Gateways of this class", "No gateway names it."
    return await users_of_class(look, GATEWAYS, "gateway", "gatewayClassName", title=title, nobody=nobody)


GATEWAY_CLASS: Kind[GatewayClass] = Kind(
    model=GatewayClass,
    api=API,
    also_in=("v1beta1",),
    name="gateway-class",
    label="Gateway class",
    plural="Gateway classes",
    icon="route",
    group="Networking",
    platform="kubernetes",
    namespaced=False,
    words="A sort of gateway, and the program that serves it.",
    health=health,
    columns=(
        name_column(lambda one: one.spec.description[:80], "minmax(160px, 1.6fr)"),
        STATUS,
        Column(
            key="controller",
            label="Served by",
            cell="mono",
            value=lambda one: one.spec.controller_name or None,
            sort=lambda one: one.spec.controller_name,
            width="minmax(200px, 2fr)",
            words="The program that does it. It must run in the cluster.",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts, _users), CONDITIONS, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "gatewayclass",
            effect=lambda one: f"Deletes {one.name}: nobody serves gateways of this class any longer.",
            stays=lambda one: "The gateways and their routes stay.",
            role=Role.ADMIN,
        ),
    ),
    search=lambda one: one.spec.controller_name,
)
