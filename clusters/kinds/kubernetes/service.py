"""Service: one address for all copies of an app."""

from __future__ import annotations

from clusters.kinds.base import Column, Kind
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.ports import OF_SERVICE
from clusters.kinds.kubernetes.selecting_nothing import SELECTS_NOTHING
from clusters.kinds.kubernetes.service_health import health
from clusters.kinds.kubernetes.service_model import Service, join
from clusters.kinds.kubernetes.service_panels import OVERVIEW, address, port_words

API = "v1/services"
_KEEPERS = ("pod", "deployment", "stateful-set")


def _selector(one: Service) -> list[str]:
    return [f"{key}={value}" for key, value in sorted((one.spec.selector or {}).items())]


SERVICE: Kind[Service] = Kind(
    model=Service,
    api=API,
    name="service",
    label="Service",
    plural="Services",
    icon="waypoints",
    group="Networking",
    platform="kubernetes",
    words="One address and name for all copies of an app: whoever calls it reaches one that is ready.",
    health=health,
    join=Join(kinds=_KEEPERS, make=join, without=frozenset(_KEEPERS)),
    noticing=SELECTS_NOTHING,
    columns=(
        name_column(width="minmax(160px, 1.6fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(
            key="ready",
            label="Ready",
            cell="pips",
            value=lambda one: (
                [one.answers.ready, one.answers.copies, 0] if one.selects and not one.answers.hidden else None
            ),
            sort=lambda one: one.answers.ready / (one.answers.copies or 1),
            width="minmax(104px, .9fr)",
            words="Its copies that may be sent requests.",
        ),
        Column(
            key="type",
            label="Type",
            value=lambda one: one.spec.type,
            sort=lambda one: one.spec.type,
            facet=lambda one: one.spec.type,
            width="minmax(104px, .9fr)",
            words="Who reaches it: ClusterIP those inside the cluster, NodePort and LoadBalancer those outside, too.",
        ),
        Column(key="address", label="Cluster address", cell="mono", value=address, sort=address),
        Column(
            key="ports",
            label="Ports",
            cell="tags",
            value=lambda one: [port_words(port) for port in one.ports],
            sort=lambda one: float(one.ports[0].port) if one.ports else 0.0,
            width="minmax(132px, 1.2fr)",
            words="On which it answers, and the ports of its copies to which they lead.",
        ),
        Column(
            key="selector",
            label="Selector",
            cell="tags",
            value=_selector,
            hidden=True,
            width="minmax(140px, 1.4fr)",
            words="Copies with all of these labels answer.",
        ),
        AGE,
    ),
    panels=(OVERVIEW, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "service",
            effect=lambda one: f"Deletes {one.name}: nothing reaches its copies under its name and address any longer.",
            stays=lambda one: "Its copies go on.",
        ),
    ),
    forwarding=OF_SERVICE,
    search=lambda one: f"{one.spec.cluster_ip} {' '.join(_selector(one))}\0{labels_text(one)}",
)
