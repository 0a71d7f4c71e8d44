"""Words of the Kubernetes API that stand in every object: kept once in memory, however many objects there are.

A hundred thousand pods say "Ready" and "True" four times each: as texts of their own these words took an eighth of
all the memory for pods. A word that is not listed here is text like any other.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, TypeAlias


class _Term(enum.StrEnum):
    NONE = ""
    # Statuses of conditions.
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"
    # Types of a pod's conditions, and of a node's.
    READY = "Ready"
    INITIALIZED = "Initialized"
    CONTAINERS_READY = "ContainersReady"
    POD_SCHEDULED = "PodScheduled"
    POD_READY_TO_START = "PodReadyToStartContainers"
    DISRUPTION_TARGET = "DisruptionTarget"
    MEMORY_PRESSURE = "MemoryPressure"
    DISK_PRESSURE = "DiskPressure"
    PID_PRESSURE = "PIDPressure"
    NETWORK_UNAVAILABLE = "NetworkUnavailable"
    # Types of a workload's conditions.
    AVAILABLE = "Available"
    PROGRESSING = "Progressing"
    REPLICA_FAILURE = "ReplicaFailure"
    COMPLETE = "Complete"
    FAILED = "Failed"
    # Phases of a pod.
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    # Restart policies, qualities of service, protocols.
    ALWAYS = "Always"
    ON_FAILURE = "OnFailure"
    NEVER = "Never"
    GUARANTEED = "Guaranteed"
    BURSTABLE = "Burstable"
    BEST_EFFORT = "BestEffort"
    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"

    @classmethod
    def _missing_(cls, value: object) -> _Term:
        """A word that we do not know, as it is: conditions of others have any name."""
        term = str.__new__(cls, value)
        term._name_ = term._value_ = str(value)
        return term


# Text to all who read it; the decoder alone knows that there are few different ones.
if TYPE_CHECKING:
    Term: TypeAlias = str
else:
    Term = _Term
