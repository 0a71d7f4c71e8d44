"""What the cluster itself finds wrong with the objects of a form, as words beside the fields that they come from."""

from __future__ import annotations

import re

from clusters.apply.plan import Plan

_POD = "spec.template.spec."
_INSIDE = rf"{re.escape(_POD)}containers\[\d+\]\."
# Where a complaint begins, and the field that it is about: the first that fits.
_FIELDS: tuple[tuple[str, str], ...] = (
    (r"metadata\.name\b", "name"),
    (r"metadata\.labels", "labels"),
    (r"spec\.replicas", "copies"),
    (r"spec\.ports", "ports"),
    (rf"{_INSIDE}image\b", "image"),
    (rf"{_INSIDE}ports", "ports"),
    (rf"{_INSIDE}envFrom", "sources"),
    (rf"{_INSIDE}env\[\d+\]\.valueFrom", "sources"),
    (rf"{_INSIDE}env", "environment"),
    (rf"{_INSIDE}resources\.limits\.?\[?cpu", "cpu_limit"),
    (rf"{_INSIDE}resources\.limits", "memory_limit"),
    (rf"{_INSIDE}resources\.requests\.?\[?cpu", "cpu_request"),
    (rf"{_INSIDE}resources\.requests", "memory_request"),
    (rf"{_INSIDE}readinessProbe", "ready_at"),
    (rf"{_INSIDE}livenessProbe", "alive_at"),
    (rf"{_INSIDE}volumeMounts", "volumes"),
    (re.escape(f"{_POD}initContainers"), "init"),
    (re.escape(f"{_POD}volumes"), "volumes"),
    (r"spec\.volumeClaimTemplates|spec\.resources", "volumes"),
    (re.escape(f"{_POD}nodeSelector"), "nodes"),
    (re.escape(f"{_POD}tolerations"), "tolerations"),
    (re.escape(f"{_POD}serviceAccountName"), "service_account"),
    (re.escape(f"{_POD}securityContext.runAsUser"), "user"),
    (re.escape(f"{_POD}securityContext.runAsGroup"), "user_group"),
    (re.escape(f"{_POD}securityContext.fsGroup"), "volume_group"),
    (re.escape(f"{_POD}imagePullSecrets"), "pull_secret"),
)


def by_field(plan: Plan) -> dict[str, str]:
    """The cluster's words for each field that it refuses; what is about none of them is told with its object."""
    found: dict[str, str] = {}
    for step in plan.steps:
        for cause in step.error.causes if step.error else ():
            place = cause.field.lstrip(".")
            field = next((name for begin, name in _FIELDS if re.match(begin, place)), "")
            if field and cause.message:
                found.setdefault(field, f"The cluster says: {cause.message[:300]}")
    return found
