"""What we keep, one file a subject."""

from __future__ import annotations

from clusters.models.compose import ComposeDelivery, ComposeSource, ComposeVersion
from clusters.models.connected import Cluster, Registry
from clusters.models.history import AuditEntry, Moment, Undo
from clusters.models.installation import KeyCheck, Setup
from clusters.models.people import AccessRevision, Grant, LogSearch
from clusters.models.work import Build, Job, JobLine

__all__ = [
    "AccessRevision",
    "AuditEntry",
    "Build",
    "Cluster",
    "ComposeDelivery",
    "ComposeSource",
    "ComposeVersion",
    "Grant",
    "Job",
    "JobLine",
    "KeyCheck",
    "LogSearch",
    "Moment",
    "Registry",
    "Setup",
    "Undo",
]
