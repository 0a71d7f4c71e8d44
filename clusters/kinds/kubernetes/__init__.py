"""The kinds of Kubernetes, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.node import NODE
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET

KINDS: tuple[Kind[Any], ...] = (DEPLOYMENT, POD, REPLICA_SET, NODE)
