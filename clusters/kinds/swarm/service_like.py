"""A service that is there as the form that would change it: what a form can say of its spec."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from clusters.kinds.base import JSON
from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.origin import understood
from clusters.kinds.docker.run_form import Mount
from clusters.kinds.swarm.base import Tree
from clusters.kinds.swarm.service_form import Memory
from clusters.kinds.swarm.service_spec import given_of, is_plain_label, membership_of, mount_of, port_of, variable_of


@understood
def values_of(spec: Mapping[str, Any], names: Mapping[str, str] = MappingProxyType({})) -> dict[str, JSON]:
    """The form as it would be filled in, with secrets. ``names`` of the networks that it is on, by id."""
    template = spec.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    around = _around(spec, template, names)
    return {**_inside(container), **_files(container), **around, **_limits(template), **_when(spec)}


def _inside(container: Tree) -> dict[str, JSON]:
    grace, check = container.get("StopGracePeriod"), container.get("Healthcheck") or {}
    seconds = grace // 10**9 if isinstance(grace, int) and grace % 10**9 == 0 else None
    return {
        "image": _tagged(str(container.get("Image") or "")),
        "command": shlex.join(container.get("Args") or ()),
        "entrypoint": shlex.join(container.get("Command") or ()),
        "environment": lines(variable_of, container.get("Env"), str),
        "user": container.get("User") or "",
        "working_dir": container.get("Dir") or "",
        "hostname": container.get("Hostname") or "",
        "stop_signal": container.get("StopSignal") or "",
        "stop_timeout": seconds,
        "init": bool(container.get("Init")),
        "tty": bool(container.get("TTY")),
        "read_only": bool(container.get("ReadOnly")),
        "health_command": _test(check.get("Test") or ()),
        "health_interval": write_seconds(check.get("Interval") or 0),
        "health_timeout": write_seconds(check.get("Timeout") or 0),
        "health_start": write_seconds(check.get("StartPeriod") or 0),
        "health_retries": check.get("Retries") or None,
    }


def _files(container: Tree) -> dict[str, JSON]:
    mounts = container.get("Mounts")
    return {
        "volumes": lines(lambda one: found if isinstance(found := mount_of(one), Mount) else None, mounts),
        "tmpfs": lines(lambda one: found if isinstance(found := mount_of(one), Memory) else None, mounts),
        "secrets": lines(given_of("Secret"), container.get("Secrets")),
        "configs": lines(given_of("Config"), container.get("Configs")),
    }


def _around(spec: Mapping[str, Any], template: Tree, names: Mapping[str, str]) -> dict[str, JSON]:
    networks = [*(template.get("Networks") or ()), *(spec.get("Networks") or ())]
    placement, endpoint = template.get("Placement") or {}, spec.get("EndpointSpec") or {}
    spread = [(one.get("Spread") or {}).get("SpreadDescriptor") for one in placement.get("Preferences") or ()]
    labels = [f"{name}={value}" for name, value in (spec.get("Labels") or {}).items() if is_plain_label(name, value)]
    return {
        "copies": ((spec.get("Mode") or {}).get("Replicated") or {}).get("Replicas"),
        "networks": lines(membership_of(names), networks, lambda one: " ".join((one.network, *one.aliases))),
        "ports": lines(port_of, endpoint.get("Ports")),
        "endpoint": "dnsrr" if endpoint.get("Mode") == "dnsrr" else "",
        "constraints": "\n".join(placement.get("Constraints") or ()),
        "spread": "\n".join(filter(None, spread)),
        "most_on_node": placement.get("MaxReplicas") or None,
        "labels": "\n".join(labels),
    }


def _limits(template: Tree) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for part, suffix in (("Limits", ""), ("Reservations", "_kept")):
        said = (template.get("Resources") or {}).get(part) or {}
        found[f"memory{suffix}"] = write_size(said.get("MemoryBytes") or 0)
        found[f"cpus{suffix}"] = write_cpus((said.get("NanoCPUs") or 0) / 1e9)
        found[f"pids{suffix}"] = said.get("Pids") or None
    del found["pids_kept"]
    return found


def _when(spec: Mapping[str, Any]) -> dict[str, JSON]:
    again, found = (spec.get("TaskTemplate") or {}).get("RestartPolicy"), dict[str, JSON]()
    for place, prefix in (("UpdateConfig", ""), ("RollbackConfig", "back_")):
        rollout = spec.get(place) or {}
        found |= {
            f"{prefix}at_once": (rollout.get("Parallelism") or 0) if rollout else None,
            f"{prefix}delay": write_seconds(rollout.get("Delay") or 0),
            f"{prefix}order": rollout.get("Order") or "",
            f"{prefix}failure": rollout.get("FailureAction") or "",
            f"{prefix}watched": write_seconds(rollout.get("Monitor") or 0),
        }
    found |= {"again": "", "again_delay": "", "again_attempts": None, "again_window": ""}
    if again:
        found |= {
            "again": again.get("Condition") or "",
            "again_delay": write_seconds(again.get("Delay") or 0),
            "again_attempts": again.get("MaxAttempts"),
            "again_window": write_seconds(again.get("Window") or 0),
        }
    return found


def lines(
    read: Callable[[Any], Any], there: Iterable[Any] | None, write: Callable[[Any], str] = lambda one: str(one.text)
) -> str:
    """Those entries that a form can say, each as its line."""
    found = (read(one) for one in there or ())
    return "\n".join(write(one) for one in found if one is not None)


def _tagged(image: str) -> str:
    """Without the digest that its tag was pinned to; an image by its digest alone keeps it."""
    name, _, _ = image.partition("@")
    return name if ":" in name.rpartition("/")[2] else image


def _test(test: Iterable[str]) -> str:
    words = list(test)
    if not words:
        return ""
    if words[0] == "NONE":
        return "none"
    return words[-1] if words[0] == "CMD-SHELL" else json.dumps(words[1:])
