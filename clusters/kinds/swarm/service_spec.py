"""What a form makes of the spec that a Swarm keeps of a service: only what was filled in is written, all else stays."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from clusters.kinds.docker.run_form import Check, Membership, Mount
from clusters.kinds.swarm.base import Tree
from clusters.kinds.swarm.service_form import Given, Memory, ServiceForm, ServicePort

_HEALTH = frozenset(f"health_{one}" for one in ("command", "interval", "timeout", "start", "retries"))
_TEXTS: Mapping[
    str, tuple[str, Callable[[ServiceForm], Any]]
] = {  # fields of the form: the place in a container, and how it is written there
    "command": ("Args", lambda form: list(form.command)),
    "entrypoint": ("Command", lambda form: list(form.entrypoint)),
    "user": ("User", lambda form: form.user),
    "working_dir": ("Dir", lambda form: form.working_dir),
    "hostname": ("Hostname", lambda form: form.hostname),
    "stop_signal": ("StopSignal", lambda form: form.stop_signal),
    "tty": ("TTY", lambda form: form.tty),
    "init": ("Init", lambda form: form.init),
    "read_only": ("ReadOnly", lambda form: form.read_only),
}
# What a Swarm takes where nothing is said; written out as soon as one part of it is said.
ROLLOUT: Mapping[str, Any] = {
    "Parallelism": 1,
    "FailureAction": "pause",
    "Monitor": 5_000_000_000,
    "MaxFailureRatio": 0,
    "Order": "stop-first",
}
AGAIN: Mapping[str, Any] = {"Condition": "any", "Delay": 5_000_000_000, "MaxAttempts": 0}


def write(
    spec: Tree, form: ServiceForm, changed: Container[str], names: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Write these fields of the form, as the API has them. Images, secrets and configs are the caller's to look up.

    ``names`` of the networks that it is on, by id.
    """
    template = spec.setdefault("TaskTemplate", {})
    container = template.setdefault("ContainerSpec", {})
    for name, (place, value) in _TEXTS.items():
        if name in changed:
            _put(container, place, value(form))
    if "stop_timeout" in changed:
        grace = None if form.stop_timeout is None else form.stop_timeout * 10**9
        _put(container, "StopGracePeriod", grace, zero=True)
    if any(one in changed for one in _HEALTH):
        _put(container, "Healthcheck", _check(form.check))
    if "environment" in changed:
        _put(container, "Env", merged(container.get("Env"), variable_of, form.environment, str))
    if "volumes" in changed or "tmpfs" in changed:
        _put(container, "Mounts", _mounts(container.get("Mounts") or (), form, changed))
    if "labels" in changed:
        kept = {name: value for name, value in (spec.get("Labels") or {}).items() if not is_plain_label(name, value)}
        spec["Labels"] = {**kept, **dict(form.labels)}
    _where(spec, template, form, changed, names)
    _amounts(template, form, changed)
    _when(spec, template, form, changed)


def _put(tree: Tree, name: str, value: Any, *, zero: bool = False) -> None:
    if value or (zero and value is not None):
        tree[name] = value
    else:
        tree.pop(name, None)


def merged(
    there: Iterable[Any] | None, key_of: Callable[[Any], Hashable], wanted: Iterable[Any], make: Callable[[Any], Any]
) -> list[Any]:
    """Entries as wanted. One that stays keeps what a form does not show; what no form can say stays."""
    known = {key_of(one): one for one in there or ()}
    rest = [one for one in there or () if key_of(one) is None]
    return [*rest, *(known[one] if one in known else make(one) for one in wanted)]


def variable_of(pair: Any) -> str | None:
    """A variable that is one line of a form."""
    return pair if isinstance(pair, str) and "=" in pair and pair.isprintable() and pair == pair.strip() else None


def is_plain_label(name: str, value: Any) -> bool:
    """Whether a form shows it: what says to which stack it belongs is the program's that deploys stacks."""
    return not name.startswith("com.docker.stack.") and str(value).isprintable()


def mount_of(tree: Any) -> Mount | Memory | None:
    """A mount that a form can say; options of its own stay with it."""
    sort, target = tree.get("Type"), str(tree.get("Target") or "")
    if sort == "tmpfs":
        return Memory(target, int((tree.get("TmpfsOptions") or {}).get("SizeBytes") or 0))
    if sort not in ("volume", "bind") or ":" in target:
        return None
    source = str(tree.get("Source") or "")
    return None if ":" in source else Mount(source, target, bool(tree.get("ReadOnly")))


def _mounts(there: Sequence[Any], form: ServiceForm, changed: Container[str]) -> list[Tree]:
    now = [mount_of(one) for one in there]
    volumes: Sequence[Any] = form.mounts if "volumes" in changed else [one for one in now if isinstance(one, Mount)]
    memory: Sequence[Any] = form.tmpfs if "tmpfs" in changed else [one for one in now if isinstance(one, Memory)]
    return merged(there, mount_of, [*volumes, *memory], _mount)


def _mount(one: Mount | Memory) -> Tree:
    if isinstance(one, Memory):
        return {
            "Type": "tmpfs",
            "Target": one.target,
            **({"TmpfsOptions": {"SizeBytes": one.size}} if one.size else {}),
        }
    named = {"Source": one.source} if one.source else {}
    read_only = {"ReadOnly": True} if one.read_only else {}
    return {"Type": "bind" if one.is_folder else "volume", **named, "Target": one.target, **read_only}


def port_of(tree: Any) -> ServicePort:
    """A port as a form has it."""
    numbers = (int(tree.get("TargetPort") or 0), int(tree.get("PublishedPort") or 0))
    return ServicePort(*numbers, str(tree.get("Protocol") or "tcp"), tree.get("PublishMode") == "host")


def _port(one: ServicePort) -> Tree:
    outside = {"PublishedPort": one.outside} if one.outside else {}
    mode = "host" if one.host else "ingress"
    return {"Protocol": one.protocol, "TargetPort": one.inside, **outside, "PublishMode": mode}


def given_of(kind: str) -> Callable[[Any], Given | None]:
    """Of a reference to a "Secret" or "Config": how a form says it."""

    def read(tree: Any) -> Given | None:
        name, file = str(tree.get(f"{kind}Name") or ""), tree.get("File") or {}
        target = str(file.get("Name") or "") if isinstance(file, Mapping) else ""
        return Given(name, "" if target == name else target) if name and target else None

    return read


def reference(kind: str, one: Given, uid: str) -> Tree:
    """The same as the API has it: readable by everybody inside, as the docker program makes it."""
    file = {"Name": one.target, "UID": "0", "GID": "0", "Mode": 0o444}
    return {"File": file, f"{kind}ID": uid, f"{kind}Name": one.name}


def _check(check: Check | None) -> Tree:
    if check is None:
        return {}
    times = {"Interval": check.interval, "Timeout": check.timeout, "StartPeriod": check.start}
    numbers = {**times, "Retries": check.retries}
    return {"Test": list(check.test), **{name: value for name, value in numbers.items() if value}}


def _where(spec: Tree, template: Tree, form: ServiceForm, changed: Container[str], names: Mapping[str, str]) -> None:
    if "mode" in changed or "copies" in changed:
        spec["Mode"] = {"Global": {}} if form.copies is None else {"Replicated": {"Replicas": form.copies}}
    if "ports" in changed or "endpoint" in changed:
        endpoint = spec.setdefault("EndpointSpec", {})
        if "endpoint" in changed:
            endpoint["Mode"] = form.endpoint or "vip"
        if "ports" in changed:
            _put(endpoint, "Ports", merged(endpoint.get("Ports"), port_of, form.ports, _port))
    if "networks" in changed:
        there = [*(template.get("Networks") or ()), *(spec.pop("Networks", None) or ())]  # the latter: of old programs
        _put(template, "Networks", merged(there, membership_of(names), form.networks, _attached))
    if any(one in changed for one in ("constraints", "spread", "most_on_node")):
        _put(template, "Placement", _placement(dict(template.get("Placement") or {}), form, changed))


def membership_of(names: Mapping[str, str]) -> Callable[[Any], Membership | None]:
    """Of a network that it is on: how a form says it. ``names`` of networks, by id."""

    def read(tree: Any) -> Membership | None:
        name = names.get(str(tree.get("Target") or ""))
        return Membership(name, tuple(tree.get("Aliases") or ())) if name else None

    return read


def _attached(one: Membership) -> Tree:
    return {"Target": one.network, **({"Aliases": list(one.aliases)} if one.aliases else {})}


def _placement(placement: Tree, form: ServiceForm, changed: Container[str]) -> Tree:
    if "constraints" in changed:
        _put(placement, "Constraints", list(form.constraints))
    if "spread" in changed:
        _put(placement, "Preferences", [{"Spread": {"SpreadDescriptor": one}} for one in form.spread])
    if "most_on_node" in changed:
        _put(placement, "MaxReplicas", form.most_on_node)
    return placement


def _amounts(template: Tree, form: ServiceForm, changed: Container[str]) -> None:
    for part, suffix, amounts in (("Limits", "", form.limits), ("Reservations", "_kept", form.kept)):
        for name, key, value in (
            (f"memory{suffix}", "MemoryBytes", amounts.memory),
            (f"cpus{suffix}", "NanoCPUs", amounts.cpus),
            (f"pids{suffix}", "Pids", amounts.pids),
        ):
            if name in changed:
                resources = dict(template.get("Resources") or {})
                said = dict(resources.get(part) or {})
                _put(said, key, value)
                _put(resources, part, said)
                _put(template, "Resources", resources)


def _when(spec: Tree, template: Tree, form: ServiceForm, changed: Container[str]) -> None:
    again = form.again
    for place, prefix, rollout in (("UpdateConfig", "", form.rollout), ("RollbackConfig", "back_", form.back)):
        said = {
            "at_once": ("Parallelism", 1 if rollout.at_once is None else rollout.at_once),
            "delay": ("Delay", rollout.delay),
            "order": ("Order", rollout.order or ROLLOUT["Order"]),
            "failure": ("FailureAction", rollout.failure or ROLLOUT["FailureAction"]),
            "watched": ("Monitor", rollout.watched or ROLLOUT["Monitor"]),
        }
        if found := {key: value for name, (key, value) in said.items() if f"{prefix}{name}" in changed}:
            spec[place] = {**(spec.get(place) or ROLLOUT), **found}
    said = {
        "again": ("Condition", again.condition or AGAIN["Condition"]),
        "again_delay": ("Delay", again.delay or AGAIN["Delay"]),
        "again_attempts": ("MaxAttempts", again.attempts or 0),
        "again_window": ("Window", again.window),
    }
    if found := {key: value for name, (key, value) in said.items() if name in changed}:
        template["RestartPolicy"] = {**(template.get("RestartPolicy") or AGAIN), **found}
