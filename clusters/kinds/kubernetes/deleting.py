"""Deleting an object: what goes with it, and what stays, is said before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clusters.kinds.actions import kubectl_line, one_call
from clusters.kinds.base import Action, Role
from clusters.kinds.kubernetes.base import delete
from clusters.kinds.permission import DELETES

ENDING = "It was asked to go already."


def needed_by_the_cluster(prefix: str = "system:") -> Callable[[Any], str]:
    """``refuse`` for what the cluster keeps for itself, told by its name."""
    return lambda one: "The cluster itself needs it." if one.name.startswith(prefix) else ""


def deleting(
    api: str,
    noun: str,
    *,
    effect: Callable[[Any], str],
    stays: Callable[[Any], str] | None = None,
    refuse: Callable[[Any], str] = lambda one: "",
    role: Role = Role.OPERATOR,
) -> Action[Any]:
    """``noun`` is what kubectl calls it; what it owns is removed after it by the cluster (as kubectl does it)."""

    def refused(one: Any) -> str:
        return ENDING if one.metadata.deletion_timestamp else refuse(one)

    return Action(
        verb="delete",
        label="Delete",
        icon="trash-2",
        # Not said, Kubernetes leaves the pods of a deleted job behind.
        run=one_call(lambda one, values: delete(api, one, propagationPolicy="Background"), "{name} was asked to go"),
        effect=effect,
        stays=stays,
        refuse=refused,
        role=role,
        permissions=DELETES,
        danger=True,
        more=True,
        line=lambda one, values: kubectl_line("delete", noun, one),
    )
