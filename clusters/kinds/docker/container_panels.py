"""What a container's page shows: the overview, the runs of its health check, and the whole object."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.kinds.base import Look, Panel
from clusters.kinds.docker.container_health import health
from clusters.kinds.docker.container_model import Container, Mount
from clusters.kinds.formats import count, epoch, short_id, size
from clusters.kinds.masking import MASK, mask_pair, mask_value, mask_words

_POLICIES = {
    "": "Never started again by itself",
    "no": "Never started again by itself",
    "always": "Always started again",
    "unless-stopped": "Always started again, unless somebody stopped it",
}
_MOUNTS = {"volume": "Volume", "bind": "Folder of the machine", "tmpfs": "Memory", "npipe": "Pipe"}


async def load_overview(look: Look) -> Mapping[str, Any]:
    """All of it, from the live resource alone: no call to the engine."""
    return overview(look.resource)


def overview(container: Container) -> Mapping[str, Any]:
    """The context of templates/panels/container_overview.html."""
    found = health(container)
    return {
        "health": found,
        "times": _times(container),
        "facts": _facts(container),
        "ports": [
            {"address": address or "every address", "outside": outside, "inside": inside}
            for address, outside, inside in container.ports
        ],
        "image_id": container.image_id,
        "project": container.label("com.docker.compose.project"),
        "networks": [
            {
                "name": name,
                "uid": (place.network_id if place else "") or name,
                "addresses": [one for one in (place.ip_address, place.ipv6_address) if one] if place else [],
                "aliases": (place.aliases or []) if place else [],
            }
            for name, place in sorted((container.network_settings.networks or {}).items())
        ],
        "mounts": [_mount(mount) for mount in container.mounts or ()],
        "environment": _environment(container),
        "labels": [(name, mask_value(name, value)) for name, value in sorted(container.labels.items())],
    }


def checks(container: Container) -> list[dict[str, Any]]:
    """The runs of its health check that the engine still remembers, newest first."""
    log = (container.state.health.log if container.state.health else None) or []
    return [
        {
            "at": epoch(probe.end) or epoch(probe.start),
            "passed": probe.exit_code == 0,
            "code": probe.exit_code,
            "output": (probe.output or "").strip()[:4000],
        }
        for probe in reversed(log)
    ]


async def _load_checks(look: Look) -> Mapping[str, Any]:
    """Asked for anew: the engine tells of a check only when its result is another one."""
    whole = await look.driver.get(look.kind, look.resource.namespace, look.resource.name)
    container = msgspec.convert(whole, Container)
    check = container.state.health
    streak = check.failing_streak if check else 0
    return {"status": container.health_status, "streak": streak, "checks": checks(container)}


def _times(container: Container) -> list[tuple[str, float]]:
    ended = 0.0 if container.running else container.finished
    times = (("Made", container.created), ("Started", container.started), ("Ended", ended))
    return [(label, at) for label, at in times if at]


def _facts(container: Container) -> list[tuple[str, str, bool]]:
    """(label, value, is it technical) for what is known."""
    config, host = container.config, container.host_config
    facts = [
        ("Image", container.image, True),
        ("Command", shlex.join(mask_words(container.command)), True),
        ("Restart policy", _policy(container), False),
        ("Restarts", str(container.restart_count), False),
        ("Processor limit", f"{container.cpu_limit:g} cores" if container.cpu_limit else "None", False),
        ("Memory limit", size(container.memory_limit) if container.memory_limit else "None", False),
        ("Runs as", config.user or "root, unless the image says otherwise", bool(config.user)),
        ("Working folder", config.working_dir or "", True),
        ("Host name", config.hostname or "", True),
        ("Network mode", host.network_mode or "", True),
        ("Privileged", "Yes: it may do anything to its machine" if host.privileged else "", False),
        ("Removes itself", "When it stops (--rm)" if host.auto_remove else "", False),
        ("Id", short_id(container.uid), True),
    ]
    return [(label, value, technical) for label, value, technical in facts if value]


def _policy(container: Container) -> str:
    policy = container.host_config.restart_policy
    name = policy.name if policy else ""
    if policy and name == "on-failure":
        limit = policy.maximum_retry_count
        most = f", {count(limit, 'time')} at most" if limit else ""
        return f"Started again when it fails{most}"
    return _POLICIES.get(name, name)


def _mount(mount: Mount) -> dict[str, Any]:
    return {
        "type": _MOUNTS.get(mount.type, mount.type),
        "volume": mount.type == "volume" and bool(mount.name),
        "source": (mount.name if mount.type == "volume" else mount.source) or "",
        "destination": mount.destination,
        "writable": mount.rw is not False,
    }


def _environment(container: Container) -> list[dict[str, Any]]:
    entries = []
    for pair in sorted(container.config.env or ()):
        name, _, value = mask_pair(pair).partition("=")
        entries.append({"name": name, "value": value, "hidden": MASK in value})
    return entries


OVERVIEW: Panel[Container] = Panel(
    key="overview", label="Overview", icon="layout-dashboard", template="container_overview", load=load_overview
)
CHECKS: Panel[Container] = Panel(
    key="checks",
    label="Health checks",
    icon="activity",
    template="container_checks",
    load=_load_checks,
    when=lambda one: one.state.health is not None,
)
