"""Role: what may be done in one namespace."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Action, Column, Health, Kind, Level
from clusters.kinds.base import Role as OurRole
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.kubernetes.base import understood
from clusters.kinds.kubernetes.deleting import deleting, needed_by_the_cluster
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.permissions import GROUP, Role, summary
from clusters.kinds.kubernetes.permissions_panels import OF_ROLE


@understood
def health(one: Role) -> Health:
    """That it is there; whether it lets do anything."""
    if not one.rules:
        return Health(Level.STOPPED, "Empty", "It lets nobody do anything.")
    return Health(Level.HEALTHY, "Ready")


LETS: Column[Role] = Column(
    key="lets",
    label="Lets",
    value=lambda one: summary(one.rules),
    sort=lambda one: summary(one.rules),
    facet=lambda one: summary(one.rules),
    width="minmax(150px, 1.3fr)",
    words="The most of what it lets do.",
)
WHAT: Column[Role] = Column(
    key="what",
    label="With",
    value=lambda one: ", ".join(dict.fromkeys(rule.what for rule in one.rules or ()))[:300] or None,
    width="minmax(200px, 2.4fr)",
    words="With which kinds.",
)
RULES: Column[Role] = Column(
    key="rules",
    label="Rules",
    cell="number",
    value=lambda one: len(one.rules or ()),
    sort=lambda one: float(len(one.rules or ())),
    width="70px",
    end=True,
)


def searched(one: Role) -> str:
    """What the search box looks through."""
    return f"{' '.join(rule.what for rule in one.rules or ())}\0{labels_text(one)}"


def delete_role(api: str, noun: str) -> Action[Any]:
    """For roles of either sort."""
    return deleting(
        api,
        noun,
        effect=lambda one: f"Deletes {one.name}: whoever was given it may do nothing of it any longer.",
        stays=lambda one: "The bindings that give it stay, and give nothing.",
        refuse=needed_by_the_cluster(),
        role=OurRole.ADMIN,  # who may do what is for those who may do all
    )


ROLE: Kind[Role] = Kind(
    model=Role,
    api=f"{GROUP}/roles",
    name="role",
    label="Role",
    plural="Roles",
    icon="shield",
    group="Config and secrets",
    platform="kubernetes",
    words="What may be done in one namespace. Role bindings say who may.",
    health=health,
    columns=(name_column(), STATUS, NAMESPACE, LETS, WHAT, RULES, AGE),
    panels=(OF_ROLE, EVENTS, YAML),
    actions=(delete_role(f"{GROUP}/roles", "role"),),
    search=searched,
)
