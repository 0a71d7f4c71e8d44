"""Ingress class: whoever serves ingresses."""

from __future__ import annotations

import msgspec

from clusters.kinds.base import Column, Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.base import Metadata, Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, Users, facts_panel
from clusters.kinds.kubernetes.of_class import users_of_class
from clusters.kinds.kubernetes.panels import EVENTS, YAML

API = "networking.k8s.io/v1/ingressclasses"
DEFAULT = "ingressclass.kubernetes.io/is-default-class"


class ClassAnnotations(Part, frozen=True, gc=False):
    """The annotation that makes it the one of ingresses that name none."""

    default: str = msgspec.field(default="", name=DEFAULT)


class ClassMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """With that annotation."""

    annotations: ClassAnnotations | None = None  # type: ignore[assignment]


class ClassSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    controller: str = ""


class IngressClass(Object, frozen=True, gc=False, rename="camel"):
    """Whoever serves ingresses of this class."""

    metadata: ClassMetadata = ClassMetadata()
    spec: ClassSpec = ClassSpec()

    @property
    def is_default(self) -> bool:
        """Does it serve ingresses that name no class?"""
        return bool(self.metadata.annotations and self.metadata.annotations.default == "true")


@understood
def health(one: IngressClass) -> Health:
    """There is nothing of its own that could be ill."""
    return Health(Level.HEALTHY, "Default" if one.is_default else "Known")


def _facts(one: IngressClass) -> list[Fact]:
    return [
        Fact("Served by", one.spec.controller or "–", mono=True),
        Fact("Given to", "all ingresses that name no class" if one.is_default else "ingresses that name it"),
    ]


async def _users(look: Look) -> Users:
    return await users_of_class(
        look,
        "networking.k8s.io/v1/ingresses",
        "ingress",
        "ingressClassName",
        title="Ingresses of this class",
        nobody="No ingress names it.",
        without=lambda one: one.is_default,
    )


INGRESS_CLASS: Kind[IngressClass] = Kind(
    model=IngressClass,
    api=API,
    name="ingress-class",
    label="Ingress class",
    plural="Ingress classes",
    icon="route",
    group="Networking",
    platform="kubernetes",
    namespaced=False,
    words="A sort of ingress, and the program that serves it.",
    health=health,
    columns=(
        name_column(width="minmax(160px, 1.6fr)"),
        STATUS,
        Column(
            key="controller",
            label="Served by",
            cell="mono",
            value=lambda one: one.spec.controller or None,
            sort=lambda one: one.spec.controller,
            width="minmax(160px, 1.6fr)",
            words="The program that does it. It must run in the cluster.",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts, _users), EVENTS, YAML),
    actions=(
        deleting(
            API,
            "ingressclass",
            effect=lambda one: f"Deletes {one.name}: whoever serves ingresses of this class passes them over then.",
            stays=lambda one: "The ingresses and the services behind them stay.",
            role=Role.ADMIN,
        ),
    ),
)
