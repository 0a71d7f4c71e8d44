"""What the cluster itself must allow to the account that we sign in with, in the words of its API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that an action does there: ``Permission("create", "eviction")`` of a pod is "create pods/eviction"."""

    verb: str  # "patch", "delete", "create"
    part: str = ""  # of the resource: "eviction", "scale"
    api: str = ""  # of another kind than the resource's own: "batch/v1/jobs"


CHANGES = (Permission("patch"),)
DELETES = (Permission("delete"),)
