"""Who may what, and what somebody keeps for themselves."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from clusters.kinds.base import Role
from clusters.models.connected import Cluster


class Grant(models.Model):
    """Who has which role where. No row, no right."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.SmallIntegerField(choices=[(int(role), role.name.lower()) for role in Role if role])
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.CASCADE)  # null: all of them
    namespaces: models.JSONField[list[str], list[str]] = models.JSONField(default=list)  # empty: all of them
    rights: models.JSONField[list[str], list[str]] = models.JSONField(default=list)  # "run", "build", "exec", …
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} is {Role(self.role).name.lower()} on {self.cluster or 'every cluster'}"


class AccessRevision(models.Model):
    """One row: a number that is replaced whenever anybody's rights, account or session changes (see actors.py)."""

    number = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.number)


class LogSearch(models.Model):
    """A view of logs that somebody keeps by name: whose, what is looked for, how far back. Nobody else sees it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="log_searches")
    name = models.CharField(max_length=80)
    address = models.TextField()  # the page's own, with all of its state
    kept = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "name"], name="one_log_search_of_a_name")]

    def __str__(self) -> str:
        return self.name
