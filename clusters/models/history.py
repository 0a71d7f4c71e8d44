"""What was done and what changed: the audit, moments, and what can still be taken back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from clusters.models.connected import Cluster


class AuditEntry(models.Model):
    """Who did what and how it ended: an intent before the call, an outcome after it. Rows are only ever added.

    Each row carries the hash of the one before, so that an edit, a removal or a swap can be found.
    """

    at = models.DateTimeField()
    request = models.CharField(max_length=32, db_index=True)  # ties the outcome to its intent
    stage = models.CharField(max_length=8)  # "intent", "outcome", "denied"
    actor = models.CharField(max_length=150)  # the user's name, kept when the user is gone
    address = models.CharField(max_length=64, blank=True)
    cluster = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=80, blank=True)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253, blank=True)
    uid = models.CharField(max_length=128, blank=True)
    verb = models.CharField(max_length=40)
    result = models.CharField(max_length=20, blank=True)  # "done", "failed", "unknown"
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.kind} {self.name}"


class Moment(models.Model):
    """One recorded change of the past; outlives the cluster's own events."""

    at = models.DateTimeField(db_index=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    kind = models.CharField(max_length=80)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=128)
    what = models.CharField(max_length=40)  # "scaled", "failing", "recovered", "new version"
    words = models.CharField(max_length=300)
    level = models.SmallIntegerField(default=6)  # kinds.base.Level after it
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return self.words


class Undo(models.Model):
    """What somebody applied and may take back: as it was before, sealed. Forgotten when it is done, and after a day."""

    key = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    uids = models.TextField()  # of the objects, each between spaces
    sealed = models.BinaryField(editable=False)
    size = models.PositiveIntegerField()  # bytes of what is sealed

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.cluster} {self.at}"
