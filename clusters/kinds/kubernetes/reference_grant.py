"""Reference grant: whose routes and gateways may lead into this namespace, to which of its things."""

from __future__ import annotations

from typing import Any

import msgspec

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.names import plural, said
from clusters.kinds.kubernetes.panels import EVENTS, YAML

API = "gateway.networking.k8s.io/v1beta1/referencegrants"
_GROUP = "gateway.networking.k8s.io"


class From(Part, frozen=True, gc=False, rename="camel"):
    """Who may refer to something here."""

    group: str = ""
    kind: str = ""
    namespace: str = ""

    @property
    def words(self) -> str:
        """ "HTTP routes of shop" """
        return f"{_said(self)[1]} of {self.namespace}"


class To(Part, frozen=True, gc=False, rename="camel"):
    """What they may refer to: one by its name, or all of a kind."""

    group: str = ""
    kind: str = ""
    name: str = ""

    @property
    def words(self) -> str:
        """ "all services", "secret shop-tls" """
        one, many = _said(self)
        return f"{one} {self.name}" if self.name else f"all {many}"


def _said(one: From | To) -> tuple[str, str]:
    return said(".".join(filter(None, (plural(one.kind), one.group))))


class GrantSpec(Part, frozen=True, gc=False, rename="camel"):
    """What is allowed."""

    from_: list[From] | None = msgspec.field(default=None, name="from")
    to: list[To] | None = None


class ReferenceGrant(Object, frozen=True, gc=False, rename="camel"):
    """One of them. It speaks of its own namespace alone."""

    spec: GrantSpec = GrantSpec()

    @property
    def named(self) -> list[From | To]:
        """All that it names."""
        return [*(self.spec.from_ or ()), *(self.spec.to or ())]

    def allows(self, route: Any, backend: Any) -> bool:
        """May that route lead to that backend, as far as this grant is asked?"""
        place = backend.namespace or route.namespace
        return (
            self.namespace == place
            and any(
                one.group == _GROUP and one.kind == route.kind and one.namespace == route.namespace
                for one in self.spec.from_ or ()
            )
            and any(
                one.group == backend.group and one.kind == backend.kind and one.name in ("", backend.name)
                for one in self.spec.to or ()
            )
        )


@understood
def health(one: ReferenceGrant) -> Health:
    """It only says something: nothing of it can fail."""
    if not one.spec.from_ or not one.spec.to:
        return Health(Level.STOPPED, "Allows nothing", "It names nobody, or nothing that may be referred to.")
    return Health(Level.HEALTHY, "Allows")


def _facts(one: ReferenceGrant) -> list[Fact]:
    return [
        Fact("Who may refer", ", ".join(each.words for each in one.spec.from_ or ()) or "nobody"),
        Fact("To what here", ", ".join(each.words for each in one.spec.to or ()) or "nothing"),
        Fact("Namespace", one.namespace, kind="namespace", key=one.namespace),
    ]


REFERENCE_GRANT: Kind[ReferenceGrant] = Kind(
    model=ReferenceGrant,
    api=API,
    also_in=("v1", "v1alpha2"),
    name="reference-grant",
    label="Reference grant",
    plural="Reference grants",
    icon="link",
    group="Networking",
    platform="kubernetes",
    words="Whose routes may lead to services of this namespace from another one.",
    health=health,
    columns=(
        name_column(width="minmax(160px, 1.6fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(
            key="from",
            label="From",
            cell="tags",
            value=lambda one: [each.words for each in one.spec.from_ or ()][:4],
            width="minmax(160px, 1.6fr)",
        ),
        Column(
            key="to",
            label="To",
            cell="tags",
            value=lambda one: [each.words for each in one.spec.to or ()][:4],
            width="minmax(140px, 1.4fr)",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), EVENTS, YAML),
    actions=(
        deleting(
            API,
            "referencegrant",
            effect=lambda one: f"Deletes {one.name}: what it alone allowed leads nowhere then.",
            stays=lambda one: "Routes and services stay as they are.",
        ),
    ),
    search=lambda one: f"{' '.join(f'{each.words} {each.kind}' for each in one.named)}\0{labels_text(one)}",
)
