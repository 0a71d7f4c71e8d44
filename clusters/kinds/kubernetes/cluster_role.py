"""Cluster role: what may be done in the whole cluster, or wherever a role binding gives it."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.permissions import GROUP, Role
from clusters.kinds.kubernetes.permissions_panels import OF_ROLE
from clusters.kinds.kubernetes.role import LETS, RULES, WHAT, delete_role, health, searched

API = f"{GROUP}/clusterroles"

CLUSTER_ROLE: Kind[Role] = Kind(
    model=Role,
    api=API,
    name="cluster-role",
    label="Cluster role",
    plural="Cluster roles",
    icon="shield",
    group="Config and secrets",
    platform="kubernetes",
    namespaced=False,
    words="What may be done in the whole cluster, or in each namespace in which a role binding gives it.",
    health=health,
    columns=(name_column(), STATUS, LETS, WHAT, RULES, AGE),
    panels=(OF_ROLE, EVENTS, YAML),
    actions=(delete_role(API, "clusterrole"),),
    search=searched,
)
