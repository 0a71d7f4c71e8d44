"""The kinds of Kubernetes, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.api_service import API_SERVICE
from clusters.kinds.kubernetes.cluster_role import CLUSTER_ROLE
from clusters.kinds.kubernetes.cluster_role_binding import CLUSTER_ROLE_BINDING
from clusters.kinds.kubernetes.config_map import CONFIG_MAP
from clusters.kinds.kubernetes.cron_job import CRON_JOB
from clusters.kinds.kubernetes.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION
from clusters.kinds.kubernetes.daemon_set import DAEMON_SET
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.disruption_budget import DISRUPTION_BUDGET
from clusters.kinds.kubernetes.editing_pairs import with_pairs
from clusters.kinds.kubernetes.endpoint_slice import ENDPOINT_SLICE
from clusters.kinds.kubernetes.event import EVENT
from clusters.kinds.kubernetes.gateway import GATEWAY
from clusters.kinds.kubernetes.gateway_class import GATEWAY_CLASS
from clusters.kinds.kubernetes.grpc_route import GRPC_ROUTE
from clusters.kinds.kubernetes.horizontal_autoscaler import HORIZONTAL_AUTOSCALER
from clusters.kinds.kubernetes.http_route import HTTP_ROUTE
from clusters.kinds.kubernetes.ingress import INGRESS
from clusters.kinds.kubernetes.ingress_class import INGRESS_CLASS
from clusters.kinds.kubernetes.job import JOB
from clusters.kinds.kubernetes.lease import LEASE
from clusters.kinds.kubernetes.limit_range import LIMIT_RANGE
from clusters.kinds.kubernetes.mutating_webhook import MUTATING_WEBHOOK
from clusters.kinds.kubernetes.namespace import NAMESPACE
from clusters.kinds.kubernetes.network_policy import NETWORK_POLICY
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.persistent_volume import PERSISTENT_VOLUME
from clusters.kinds.kubernetes.persistent_volume_claim import PERSISTENT_VOLUME_CLAIM
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.priority_class import PRIORITY_CLASS
from clusters.kinds.kubernetes.reference_grant import REFERENCE_GRANT
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.kubernetes.resource_quota import RESOURCE_QUOTA
from clusters.kinds.kubernetes.role import ROLE
from clusters.kinds.kubernetes.role_binding import ROLE_BINDING
from clusters.kinds.kubernetes.secret import SECRET
from clusters.kinds.kubernetes.service import SERVICE
from clusters.kinds.kubernetes.service_account import SERVICE_ACCOUNT
from clusters.kinds.kubernetes.stateful_set import STATEFUL_SET
from clusters.kinds.kubernetes.storage_class import STORAGE_CLASS
from clusters.kinds.kubernetes.tcp_route import TCP_ROUTE
from clusters.kinds.kubernetes.tls_route import TLS_ROUTE
from clusters.kinds.kubernetes.validating_webhook import VALIDATING_WEBHOOK

_ALL: tuple[Kind[Any], ...] = (
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    JOB,
    CRON_JOB,
    POD,
    REPLICA_SET,
    HORIZONTAL_AUTOSCALER,
    DISRUPTION_BUDGET,
    NODE,
    NAMESPACE,
    SERVICE,
    INGRESS,
    INGRESS_CLASS,
    GATEWAY,
    HTTP_ROUTE,
    GRPC_ROUTE,
    TLS_ROUTE,
    TCP_ROUTE,
    REFERENCE_GRANT,
    GATEWAY_CLASS,
    ENDPOINT_SLICE,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    PERSISTENT_VOLUME,
    STORAGE_CLASS,
    CONFIG_MAP,
    SECRET,
    SERVICE_ACCOUNT,
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    RESOURCE_QUOTA,
    LIMIT_RANGE,
    PRIORITY_CLASS,
    VALIDATING_WEBHOOK,
    MUTATING_WEBHOOK,
    EVENT,
    LEASE,
    API_SERVICE,
    CUSTOM_RESOURCE_DEFINITION,
)

# What can be done to every object of Kubernetes is declared once.
KINDS: tuple[Kind[Any], ...] = tuple(with_pairs(kind) for kind in _ALL)
