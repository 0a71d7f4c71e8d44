"""Compose projects that are deployed from here: their versions, and the git address they follow."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from clusters.models.connected import Cluster
from clusters.models.work import Job


class ComposeVersion(models.Model):
    """One text of a Compose project that somebody deployed, with its values; sealed, for it may hold secrets."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    project = models.CharField(max_length=63)
    number = models.PositiveIntegerField()  # of that project on that cluster, from 1
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL)  # how it went
    note = models.CharField(max_length=200, blank=True)  # what else than another text it was about
    sealed = models.BinaryField(editable=False)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "project", "number"], name="one_compose_version_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.number}"


class ComposeSource(models.Model):
    """A git address that a Compose project is deployed from whenever it changes, and what came of it the last time."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    project = models.CharField(max_length=63)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)  # whose rights count
    url = models.CharField(max_length=1000)
    branch = models.CharField(max_length=201, blank=True)  # or a tag; "": the main branch of that server
    path = models.CharField(max_length=300)  # of the Compose file
    ca = models.TextField(blank=True)  # the authority of the server's certificate, in PEM form
    minutes = models.PositiveIntegerField(default=0)  # between two looks; 0: not by the clock
    hook = models.CharField(max_length=32, blank=True, db_index=True)  # in the address of its webhook; "": it has none
    sealed = models.BinaryField(editable=False)  # the token, the values, and what signs the webhook
    checked = models.DateTimeField(null=True)
    commit = models.CharField(max_length=64, blank=True)  # the last one that was tried
    state = models.CharField(max_length=10, blank=True)  # "", "same", "deployed", "failed"; "wrong": that commit is
    words = models.TextField(blank=True)  # why it failed
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL)  # the last deployment

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "project"], name="one_compose_source_of_a_project")
        ]

    def __str__(self) -> str:
        return f"{self.project} from {self.url}"


class ComposeDelivery(models.Model):
    """A call of a webhook that was taken: none is taken twice."""

    source = models.ForeignKey(ComposeSource, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)  # of its id, or of what it said
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "digest"], name="one_compose_delivery_of_a_digest")
        ]

    def __str__(self) -> str:
        return self.digest
