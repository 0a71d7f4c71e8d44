"""What takes long: jobs with what they say, and builds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from clusters.models.connected import Cluster


class Job(models.Model):
    """Something that takes long. Its end is truthful: done, failed, unknown, cancelled, or interrupted by a restart."""

    key = models.CharField(max_length=32, unique=True, validators=[RegexValidator(r"^[0-9a-f]{32}$")])
    title = models.CharField(max_length=200)
    verb = models.CharField(max_length=40)
    cluster = models.ForeignKey(Cluster, null=True, on_delete=models.SET_NULL)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=12, default="running")
    reason = models.TextField(blank=True)  # why it failed, in plain words
    result: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.title


class JobLine(models.Model):
    """One line a job said. Progress of one thing overwrites its own line (``slot``)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    text = models.TextField()
    level = models.CharField(max_length=8, default="info")
    done = models.BigIntegerField(null=True)  # of something that is counted (bytes of a layer), how much
    total = models.BigIntegerField(null=True)  # of how much; 0 while that is not known

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="one_line_per_number")]

    def __str__(self) -> str:
        return self.text


class Build(models.Model):
    """One build of an image: what was asked, how each step went, what came of it. Secrets are not in it."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="build")
    tag = models.CharField(max_length=300, db_index=True)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # BuildForm.kept
    dockerfile = models.TextField()
    steps: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)  # as graph.Step.frame gives them
    output: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # lines by step
    warnings: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    failure: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # words.Failure
    image = models.CharField(max_length=100, blank=True)  # its id
    size = models.BigIntegerField(null=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.tag
