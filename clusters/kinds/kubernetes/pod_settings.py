"""What a pod's containers are told and how they are checked: read from the whole object when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from clusters.kinds.kubernetes.base import Part
from clusters.kinds.masking import MASK, mask_value
from clusters.live.resource import Number

_MOST = 200  # variables of one container that are shown


class Reference(Part, frozen=True, rename="camel"):
    """Where a value comes from."""

    name: str = ""
    key: str = ""
    field_path: str = ""
    resource: str = ""


class Source(Part, frozen=True, rename="camel"):
    """One of these."""

    secret_key_ref: Reference | None = None
    config_map_key_ref: Reference | None = None
    field_ref: Reference | None = None
    resource_field_ref: Reference | None = None


class Variable(Part, frozen=True, rename="camel"):
    """One variable of the environment."""

    name: str = ""
    value: str = ""
    value_from: Source | None = None


class Bundle(Part, frozen=True, rename="camel"):
    """All entries of a config map or a secret as variables."""

    secret_ref: Reference | None = None
    config_map_ref: Reference | None = None


class Door(Part, frozen=True, rename="camel"):
    """What a check knocks at."""

    path: str = "/"
    port: Number | str = ""
    scheme: str = "HTTP"


class Command(Part, frozen=True, rename="camel"):
    """What a check runs."""

    command: list[str] | None = None


class Probe(Part, frozen=True, rename="camel"):
    """A check."""

    http_get: Door | None = None
    tcp_socket: Door | None = None
    grpc: Door | None = None
    exec: Command | None = None
    period_seconds: Number = 10
    failure_threshold: Number = 3


class Container(Part, frozen=True, rename="camel"):
    """The part of a container that this is about."""

    name: str = ""
    env: list[Variable] | None = None
    env_from: list[Bundle] | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class _Spec(Part, frozen=True, rename="camel"):
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class _Pod(Part, frozen=True, rename="camel"):
    spec: _Spec = _Spec()


def settings(whole: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By container: ``checks`` (what for, how) and ``environment`` (name, value or where from, hidden or not)."""
    try:
        spec = msgspec.convert(whole, _Pod).spec
    except msgspec.ValidationError:
        return {}
    containers = [*(spec.init_containers or ()), *(spec.containers or ())]
    return {one.name: {"checks": list(_checks(one)), "environment": list(_environment(one))} for one in containers}


def _checks(one: Container) -> Iterator[tuple[str, str]]:
    for words, probe, then in (
        ("Has it started?", one.startup_probe, "restarts it"),
        ("Is it alive?", one.liveness_probe, "restarts it"),
        ("Can it take work?", one.readiness_probe, "sends it no work"),
    ):
        if probe:
            times = "once" if probe.failure_threshold == 1 else f"{probe.failure_threshold} times in a row"
            yield words, f"{_how(probe)} every {probe.period_seconds} s; failing {times} {then}"


def _how(probe: Probe) -> str:
    if door := probe.http_get:
        return f"{door.scheme} {door.path} on port {door.port}"
    if door := probe.tcp_socket:
        return f"connects to port {door.port}"
    if door := probe.grpc:
        return f"gRPC on port {door.port}"
    return " ".join((probe.exec and probe.exec.command) or ())[:300] or "nothing said"


def _environment(one: Container) -> Iterator[tuple[str, str, bool]]:
    for bundle in (one.env_from or ())[:_MOST]:
        if bundle.secret_ref:
            yield "everything of", f"secret {bundle.secret_ref.name}", True
        elif bundle.config_map_ref:
            yield "everything of", f"config map {bundle.config_map_ref.name}", False
    for variable in (one.env or ())[:_MOST]:
        if variable.value_from:
            yield variable.name, _origin(variable.value_from), variable.value_from.secret_key_ref is not None
        else:
            shown = mask_value(variable.name, variable.value)
            yield variable.name, shown[:1000], MASK in shown


def _origin(source: Source) -> str:
    if ref := source.secret_key_ref:
        return f"{ref.key} of secret {ref.name}"
    if ref := source.config_map_key_ref:
        return f"{ref.key} of config map {ref.name}"
    if ref := source.field_ref:
        return f"the pod's {ref.field_path}"
    if ref := source.resource_field_ref:
        return f"the container's {ref.resource}"
    return "elsewhere"
