"""The Swarm's objects as its managers write them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from clusters.drivers.demo.host.networks import uid_of
from clusters.drivers.demo.host.objects import when
from clusters.drivers.demo.swarm.apps import App, Machine
from clusters.drivers.demo.world import Object

STACK = "com.docker.stack.namespace"
MIB = 1024**2
ADDRESS = "10.20.0.{}"
VERSION = "29.0.1"


def uid(what: str) -> str:
    """An id as a Swarm makes them: 25 small letters and digits; the same for the same words."""
    number, letters = int(hashlib.sha256(what.encode()).hexdigest(), 16), "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(letters[(number // 36**place) % 36] for place in range(25))


def kept(name: str, at: float, spec: Object) -> Object:
    """What every object of a Swarm has."""
    return {"ID": uid(name), "Version": {"Index": 10}, "CreatedAt": when(at), "UpdatedAt": when(at), "Spec": spec}


def node(machine: Machine, number: int, at: float) -> Object:
    """One machine; the first one leads."""
    address = ADDRESS.format(number)
    resources = {"NanoCPUs": machine.cores * 10**9, "MemoryBytes": machine.memory << 30}
    return {
        **kept(
            f"node {machine.name}", at, {"Role": "manager", "Availability": "active", "Labels": dict(machine.labels)}
        ),
        "Description": {
            "Hostname": machine.name,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": resources,
            "Engine": {"EngineVersion": VERSION},
        },
        "Status": {"State": "ready", "Addr": address},
        "ManagerStatus": {"Leader": number == 1, "Reachability": "reachable", "Addr": f"{address}:2377"},
    }


def network(name: str, at: float, number: int) -> Object:
    """A network of the whole Swarm."""
    stack = name.partition("_")[0]
    return {
        "Id": uid(f"network {name}") if name != "ingress" else uid_of(name)[:25],
        "Name": name,
        "Created": when(at),
        "Scope": "swarm",
        "Driver": "overlay",
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Config": [{"Subnet": f"10.0.{number}.0/24", "Gateway": f"10.0.{number}.1"}]},
        "Internal": False,
        "Attachable": False,
        "Ingress": name == "ingress",
        "Options": {},
        "Labels": {} if name == "ingress" else {STACK: stack},
    }


def secret(name: str, at: float) -> Object:
    """Nobody is told what it holds."""
    return kept(f"secret {name}", at, {"Name": name, "Labels": {STACK: name.partition("_")[0]}})


def config(name: str, text: str, at: float) -> Object:
    """A file for copies."""
    data = base64.b64encode(text.encode()).decode()
    return kept(f"config {name}", at, {"Name": name, "Labels": {STACK: name.partition("_")[0]}, "Data": data})


def service(app: App, at: float) -> Object:
    """As its stack asked for it."""
    labels = {STACK: app.stack, "com.docker.stack.image": app.image} if app.stack else {}
    mode: Object = {"Global": {}} if app.copies is None else {"Replicated": {"Replicas": app.copies}}
    ports = [
        {"Protocol": "tcp", "TargetPort": into, "PublishedPort": out, "PublishMode": "ingress"}
        for out, into in app.ports
    ]
    spec = {
        "Name": app.service,
        "Labels": labels,
        "TaskTemplate": _template(app),
        "Mode": mode,
        "UpdateConfig": {
            "Parallelism": 1,
            "Delay": 5 * 10**9,
            "FailureAction": "pause",
            "Monitor": 5 * 10**9,
            "MaxFailureRatio": 0,
            "Order": "stop-first",
        },
        "EndpointSpec": {"Mode": "vip", **({"Ports": ports} if ports else {})},
    }
    return {**kept(f"service {app.service}", at, spec), "Endpoint": {"Spec": spec["EndpointSpec"], "Ports": ports}}


def _template(app: App) -> Object:
    container: dict[str, Any] = {
        "Image": app.image,
        "Env": list(app.env),
        "Labels": {STACK: app.stack} if app.stack else {},
        "Isolation": "default",
    }
    for place, kind, given in (
        ("Secrets", "Secret", {one: one for one in app.secrets}),
        ("Configs", "Config", app.configs),
    ):
        if given:
            container[place] = [
                {
                    "File": {"Name": file, "UID": "0", "GID": "0", "Mode": 0o444},
                    f"{kind}ID": uid(f"{kind.lower()} {name}"),
                    f"{kind}Name": name,
                }
                for name, file in given.items()
            ]
    if app.volume:
        container["Mounts"] = [{"Type": "volume", "Source": app.volume, "Target": app.mount}]
    return {
        "ContainerSpec": container,
        "Resources": {
            "Limits": {"MemoryBytes": app.limit * MIB},
            "Reservations": {"MemoryBytes": app.limit * MIB // 4},
        },
        "RestartPolicy": {"Condition": "any", "Delay": 5 * 10**9, "MaxAttempts": 0},
        "Placement": {"Constraints": list(app.constraints)} if app.constraints else {},
        "Networks": [{"Target": uid(f"network {name}"), "Aliases": [app.name]} for name in app.networks],
        "ForceUpdate": 0,
    }
