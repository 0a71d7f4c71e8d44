"""The kinds of Kubernetes, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.cron_job import CRON_JOB
from clusters.kinds.kubernetes.daemon_set import DAEMON_SET
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.ingress import INGRESS
from clusters.kinds.kubernetes.ingress_class import INGRESS_CLASS
from clusters.kinds.kubernetes.job import JOB
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.kubernetes.service import SERVICE
from clusters.kinds.kubernetes.stateful_set import STATEFUL_SET

KINDS: tuple[Kind[Any], ...] = (
    DEPLOYMENT,
    STATEFUL_SET,
    DAEMON_SET,
    JOB,
    CRON_JOB,
    POD,
    REPLICA_SET,
    SERVICE,
    INGRESS,
    INGRESS_CLASS,
    NODE,
)
