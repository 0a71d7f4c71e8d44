"""What a debug container may do, by the names that kubectl has for it. Nothing here gives power over the node."""

from __future__ import annotations

from typing import Any

NOBODY = "65534"  # whom a container runs as that must not be root, where its pod names nobody
PROFILES = (
    ("", "What its pod may"),
    ("general", "Trace processes, too (general)"),
    ("netadmin", "Capture packets and change its network (netadmin)"),
    ("restricted", "As little as possible, not as root (restricted)"),
)
_MORE = {"general": ["SYS_PTRACE"], "netadmin": ["NET_ADMIN", "NET_RAW"]}


def context(profile: str, user: str) -> dict[str, Any]:
    """The security context of such a container; {} is that of its pod."""
    if profile == "restricted":
        return {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": int(user or NOBODY),
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    return {"capabilities": {"add": _MORE[profile]}} if profile in _MORE else {}


def user_of(pod: dict[str, Any], container: str) -> str:
    """Whom a container of this pod runs as, where it says so and it is not root: its files are read as the same."""
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]  # sidecars are among the latter
    mine: dict[str, Any] = next((one for one in containers if one.get("name") == container), {})
    for part in (mine, spec):
        user = (part.get("securityContext") or {}).get("runAsUser")
        if user is not None:
            return str(user) if user else NOBODY
    return NOBODY
