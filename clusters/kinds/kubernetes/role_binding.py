"""Role binding: who may do in one namespace what a role says."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Action, Column, Health, Kind, Level
from clusters.kinds.base import Role as OurRole
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, labels_text, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import understood
from clusters.kinds.kubernetes.deleting import deleting, needed_by_the_cluster
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.permissions import GROUP, Binding, gives, subject_words
from clusters.kinds.kubernetes.permissions_panels import OF_BINDING


@understood
def health(one: Binding) -> Health:
    """Is there such a role, and somebody who gets it?"""
    if one.missing:
        words = f"It gives nothing: there is no {_sort(one)} {one.role_ref.name}."
        return Health(Level.AT_RISK, "Missing role", words, "roleRef")
    if not one.subjects:
        return Health(Level.STOPPED, "Names nobody", "Nobody gets what it gives.")
    return Health(Level.HEALTHY, "Given")


def _sort(one: Binding) -> str:
    return "cluster role" if one.role_ref.kind == "ClusterRole" else "role"


GIVES: Column[Binding] = Column(
    key="role",
    label="Gives",
    value=lambda one: f"{_sort(one)} {one.role_ref.name}",
    sort=lambda one: one.role_ref.name,
    facet=lambda one: one.role_ref.name,
    width="minmax(160px, 1.6fr)",
)
LETS: Column[Binding] = Column(
    key="lets",
    label="Lets",
    value=lambda one: one.gives or None,
    sort=lambda one: one.gives,
    facet=lambda one: one.gives,
    width="minmax(130px, 1.1fr)",
    words="The most of what its role lets do.",
)
TO: Column[Binding] = Column(
    key="to", label="To", cell="tags", value=subject_words, width="minmax(200px, 2fr)", words="Who may."
)


def searched(one: Binding) -> str:
    """What the search box looks through."""
    return f"{one.role_ref.name} {' '.join(each.words for each in one.named)}\0{labels_text(one)}"


def delete_binding(api: str, noun: str) -> Action[Any]:
    """For bindings of either sort."""
    return deleting(
        api,
        noun,
        effect=lambda one: (
            f"Deletes {one.name}: {', '.join(subject_words(one)) or 'nobody'} may not do any longer what "
            f"{one.role_ref.name} lets, unless another binding says so."
        ),
        stays=lambda one: "The role stays, and so do accounts.",
        refuse=needed_by_the_cluster(),
        role=OurRole.ADMIN,  # who may do what is for those who may do all
    )


_ROLES = ("role", "cluster-role")
ROLE_BINDING: Kind[Binding] = Kind(
    model=Binding,
    api=f"{GROUP}/rolebindings",
    name="role-binding",
    label="Role binding",
    plural="Role bindings",
    icon="users",
    group="Config and secrets",
    platform="kubernetes",
    words="Who may do in one namespace what a role says.",
    health=health,
    join=Join(kinds=_ROLES, make=gives, without=frozenset(_ROLES)),
    columns=(name_column(), STATUS, NAMESPACE, GIVES, LETS, TO, AGE),
    panels=(OF_BINDING, EVENTS, YAML),
    actions=(delete_binding(f"{GROUP}/rolebindings", "rolebinding"),),
    search=searched,
)
