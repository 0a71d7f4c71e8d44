"""An app as a Swarm's stack: text in the format of Compose, and what a Swarm cannot do of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.run_form import BUILT_IN, Check, Port
from clusters.kinds.masking import mask_value, mask_words
from clusters.kinds.yaml_text import text_of
from clusters.ship.apart import distinct, kept_apart
from clusters.ship.app import App, Converted, Gap, Part
from clusters.ship.copied import Copied
from clusters.ship.gaps import common, left_out, of_absent, of_files, short
from clusters.ship.volumes import Volume, volumes_of

Tree = dict[str, Any]
TARGET = "a Swarm"
_HANDLED = {"Sysctls", "Ulimits", "DnsSearch", "MemoryReservation"}
_CONDITIONS = {"no": "none", "on-failure": "on-failure"}
_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 -- as it was published


def stack(app: App) -> Converted:
    """The whole stack."""
    app, _, renamed = kept_apart(app, {}, service_name)
    volumes = volume_names(app)
    services = {service_name(one.name): _service(app, one, volumes) for one in app.parts}
    networks = {name: _network(name) for part in app.parts for name in _networks(app, part)}
    tree = {
        "services": services,
        "networks": {name: given for name, given in networks.items() if name != "default"},
        "volumes": {name: {} for name in volumes.values()},
        "configs": {one.name: {"content": escaped(one.content or "")} for one in _files(app, "config")},
        "secrets": {one.name: {"environment": one.variable} for one in _files(app, "secret")},
    }
    text = text_of({name: value for name, value in tree.items() if value})
    return Converted(text, tuple(dict.fromkeys((*renamed, *_gaps(app)))))


def service_name(name: str) -> str:
    """A name that a Swarm takes for a service."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:50].rstrip("-_") or "app"


def volume_names(app: App) -> dict[str, str]:
    """The names of its volumes in the stack, which puts its own before them."""
    found = (one.source for part in app.parts for one in volumes_of(part.form) if one.kind == "volume")
    return distinct(found, app.short)


def _files(app: App, section: str) -> list[Copied]:
    """What was copied into its containers and is known, as what a stack has it: a secret is one whatever it was."""
    wanted = section == "secret"
    return [one for one in app.files.values() if one.content is not None and one.is_secret is wanted]


def variable_of(app: App, part: Part, name: str) -> str:
    """The value of the stack that a secret variable asks for: one for all that have the same."""
    values = {one.value for one in app.secrets if one.name == name}
    wanted = name if len(values) == 1 else f"{part.name}_{name}".upper()
    return re.sub(r"[^A-Za-z0-9_]", "_", wanted)


def _service(app: App, part: Part, volumes: Mapping[str, str]) -> Tree:
    form, rest = part.form, part.form.rest.host
    return _full(
        {
            "image": escaped(form.image),
            "entrypoint": _each_escaped(mask_words(list(form.entrypoint))),
            "command": _each_escaped(mask_words(list(form.command))),
            "user": escaped(form.user),
            "working_dir": escaped(form.working_dir),
            "hostname": escaped(form.hostname),
            "environment": _environment(app, part),
            "ports": [_port(one) for one in form.ports if one.address in _ANYWHERE],
            "volumes": [_volume(one, volumes) for one in volumes_of(form)],
            "configs": _given(part, is_secret=False),
            "secrets": _given(part, is_secret=True),
            "networks": _networks(app, part) if set(_networks(app, part)) != {"default"} or part.names else {},
            "dns": list(form.dns),
            "dns_search": _each_escaped(rest.get("DnsSearch") or ()),
            "extra_hosts": [one for one in form.hosts if not one.endswith(":host-gateway")],
            "healthcheck": _check(form.check),
            "stop_signal": form.stop_signal,
            "stop_grace_period": "" if form.stop_timeout is None or form.stop_timeout < 0 else f"{form.stop_timeout}s",
            "labels": {
                name: escaped(value) for name, value in _labels(part).items() if mask_value(name, value) == value
            },
            "logging": _logging(part),
            "init": form.init,
            "tty": form.tty,
            "stdin_open": form.tty,
            "read_only": form.read_only,
            "cap_add": list(form.cap_add),
            "cap_drop": list(form.cap_drop),
            "sysctls": {name: escaped(str(value)) for name, value in (rest.get("Sysctls") or {}).items()},
            "ulimits": {
                str(one.get("Name")): {"soft": one.get("Soft"), "hard": one.get("Hard")}
                for one in rest.get("Ulimits") or ()
            },
            "deploy": _deploy(part),
        }
    )


def _deploy(part: Part) -> Tree:
    form = part.form
    limits = {"cpus": write_cpus(form.cpus / 1e9), "memory": write_size(form.memory), "pids": form.pids}
    kept = {"memory": write_size(form.rest.host.get("MemoryReservation") or 0)}
    policy = {"condition": _CONDITIONS.get(form.restart, "any"), "max_attempts": form.retries}
    resources = _full({"limits": _full(limits), "reservations": _full(kept)})
    return _full({"replicas": part.copies, "resources": resources, "restart_policy": _full(policy)})


def _environment(app: App, part: Part) -> Tree:
    asked = {one.name: f"${{{variable_of(app, part, one.name)}:?}}" for one in part.secrets}
    return {**{name: escaped(value) for name, value in part.variables}, **asked}


def _labels(part: Part) -> dict[str, str]:
    return {**part.form.rest.labels, **dict(part.form.labels)}


def _port(one: Port) -> Tree:
    number, _, protocol = one.inside.partition("/")
    published = {"published": int(one.outside.partition("-")[0])} if one.outside else {}  # of a range the first
    return {"target": int(number), **published, **({"protocol": protocol} if protocol != "tcp" else {})}


def _given(part: Part, *, is_secret: bool) -> list[Tree]:
    known = [one for one in part.files if one.content is not None and one.is_secret is is_secret]
    return [{"source": one.name, "target": escaped(one.target)} for one in known]


def _volume(one: Volume, volumes: Mapping[str, str]) -> Tree:
    kinds = {"folder": "bind", "memory": "tmpfs"}
    source = one.source if one.kind == "folder" else volumes.get(one.source, "")
    found = {"type": kinds.get(one.kind, "volume"), "source": escaped(source), "target": escaped(one.target)}
    size = {"tmpfs": {"size": one.size}} if one.size else {}
    return _full({**found, "read_only": one.read_only, **size})


def _networks(app: App, part: Part) -> dict[str, Tree]:
    """By their names in the stack; its own, where it had none or that of its project."""
    found: dict[str, Tree] = {}
    aliases = [one for one in part.names if one != service_name(part.name)]
    for place in part.form.networks:
        if place.network in ("bridge", "default"):
            continue
        name = app.short(place.network)
        given = [one for one in place.aliases if one in aliases]
        found[name] = {"aliases": given} if given else {}
    return found or {"default": {"aliases": aliases} if aliases else {}}


def _network(name: str) -> Tree:
    return {"name": name, "external": True} if name in BUILT_IN and name != "default" else {"driver": "overlay"}


def _check(check: Check | None) -> Tree:
    if check is None:
        return {}
    if check.test == ("NONE",):
        return {"disable": True}
    times = {"interval": check.interval, "timeout": check.timeout, "start_period": check.start}
    test = _each_escaped(mask_words(list(check.test)))
    return _full({"test": test, **{name: write_seconds(one) for name, one in times.items()}, "retries": check.retries})


def _logging(part: Part) -> Tree:
    form = part.form
    options = {name: escaped(value) for name, value in form.log_options if mask_value(name, value) == value}
    return _full({"driver": form.log_driver, "options": options})


def escaped(text: str) -> str:
    """Where ``$NAME`` is replaced by a value: a dollar that is meant is written twice."""
    return text.replace("$", "$$")


def _each_escaped(words: Any) -> list[str]:
    return [escaped(str(one)) for one in words]


def _full(tree: Mapping[str, Any]) -> Tree:
    return {name: value for name, value in tree.items() if value not in ("", 0, None, [], {}, (), False)}


def _gaps(app: App) -> Iterator[Gap]:
    for part in app.parts:
        yield from common(part, TARGET)
        yield from _of_program(part)
        yield from _of_network(app, part)
        for one in volumes_of(part.form):
            yield from _of_volume(part, one)
        yield from _of_power(part)
        yield from left_out(part, TARGET, _HANDLED)
    yield from of_absent(app)
    yield from of_files(app, TARGET, (), "it is asked for when the stack is deployed.")
    if any(one.content is not None for one in app.files.values()):
        words = "Content of configs and secrets in a text is understood here; docker's own program reads files only."
        yield Gap("configs", words)
    if any(part.form.ports for part in app.parts):
        words = "A published port answers on every machine of the Swarm, not on one alone."
        yield Gap("ports", words)


def _of_program(part: Part) -> Iterator[Gap]:
    form, name = part.form, part.name
    if service_name(name) != name:
        yield Gap("name", f"No service can be called {name}: it is {service_name(name)}.", name)
    if part.secrets:
        names = ", ".join(one.name for one in part.secrets)
        words = (
            f"{names}: looks secret, so no value is in the text; it is asked for when the stack is deployed. A Swarm "
        )
        yield Gap("environment", f"{words}shows variables to whoever sees the service: a secret of it is better.", name)
    if form.restart == "no":
        yield Gap(
            "restart", "It is never started again, as it was: also not on another machine when its own is lost.", name
        )
    if form.restart == "unless-stopped":
        yield Gap("restart", "A Swarm keeps it running always: to stop it, scale it to 0.", name)
    if form.stop_timeout is not None and form.stop_timeout < 0:
        yield Gap("stop_grace_period", "It is not waited for without an end: a Swarm ends it after 10 seconds.", name)
    hidden = [one for one, value in _labels(part).items() if mask_value(one, value) != value]
    hidden += [one for one, value in form.log_options if mask_value(one, value) != value]
    for one in hidden:
        yield Gap("labels", f"{one[:80]} holds what looks secret: it is left out.", name)
    if form.check and mask_words(list(form.check.test)) != list(form.check.test):
        yield Gap("healthcheck", "Its health check holds what looks secret: type it anew.", name)


def _of_network(app: App, part: Part) -> Iterator[Gap]:
    form, name = part.form, part.name
    for port in form.ports:
        if port.address not in _ANYWHERE:
            inside = port.inside.removesuffix("/tcp")
            words = (
                f"Port {inside} is published on {port.address} alone. A Swarm publishes on all addresses, so it is not."
            )
            yield Gap("ports", words, name)
        elif "-" in port.outside:
            first = port.outside.partition("-")[0]
            words = f"It has whichever port of {port.outside} is free on its machine. A Swarm publishes one: {first}."
            yield Gap("ports", words, name)
    for place in form.networks:
        if place.network in ("host", "none"):
            yield Gap("network_mode", f"It stays on the network “{place.network}”, which gives it no name there.", name)
        elif place.network == "bridge":
            yield Gap("networks", "It leaves the engine's own bridge for the network of the stack.", name)
        elif not app.project:
            words = f"{place.network} is of this engine alone: the stack makes one of that name over all machines."
            yield Gap("networks", words, name)
    for host in form.hosts:
        if host.endswith(":host-gateway"):
            yield Gap("extra_hosts", f"{host.partition(':')[0]} is this machine: no machine of a Swarm is that.", name)


def _of_volume(part: Part, one: Volume) -> Iterator[Gap]:
    name = part.name
    if one.kind == "volume":
        words = f"{one.source} is made anew, empty, on each machine where a copy runs: what is in it stays here."
        yield Gap("volumes", words, name)
    elif one.kind == "unnamed":
        yield Gap("volumes", f"What is in {one.target} is in a volume without a name: each copy begins empty.", name)
    elif one.kind == "folder":
        engine = one.source.endswith("docker.sock")
        words = f"{one.source} must be on every machine where a copy may run: a Swarm takes no folder along."
        yield Gap("volumes", f"{one.source} is the engine of whichever machine it runs on." if engine else words, name)
    if one.more:
        yield Gap("volumes", f"{one.target} is mounted with {short(one.more)}: a stack has no such option.", name)


def _of_power(part: Part) -> Iterator[Gap]:
    form = part.form
    given = (
        ("privileged", "All power over its machine", form.privileged),
        ("pid", "Seeing all processes of its machine", form.host_pid),
        ("ipc", "Sharing memory with its machine", form.host_ipc),
        ("devices", f"Devices of the machine ({short([one.outside for one in form.devices])})", bool(form.devices)),
    )
    for setting, words, is_set in given:
        if is_set:
            yield Gap(setting, f"{words}: a Swarm gives that to no service.", part.name)
