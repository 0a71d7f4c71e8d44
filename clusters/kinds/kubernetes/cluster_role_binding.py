"""Cluster role binding: who may do in the whole cluster what a cluster role says."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.permissions import GROUP, Binding, gives
from clusters.kinds.kubernetes.permissions_panels import OF_BINDING
from clusters.kinds.kubernetes.role_binding import GIVES, LETS, TO, delete_binding, health, searched

API = f"{GROUP}/clusterrolebindings"

CLUSTER_ROLE_BINDING: Kind[Binding] = Kind(
    model=Binding,
    api=API,
    name="cluster-role-binding",
    label="Cluster role binding",
    plural="Cluster role bindings",
    icon="users",
    group="Config and secrets",
    platform="kubernetes",
    namespaced=False,
    words="Who may do in the whole cluster what a cluster role says.",
    health=health,
    join=Join(kinds=("cluster-role",), make=gives, without=frozenset({"cluster-role"})),
    columns=(name_column(), STATUS, GIVES, LETS, TO, AGE),
    panels=(OF_BINDING, EVENTS, YAML),
    actions=(delete_binding(API, "clusterrolebinding"),),
    search=searched,
)
