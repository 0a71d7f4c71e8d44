"""What would make a container again: the `docker run` line, and the service of a Compose file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from clusters.kinds.base import Look, Panel
from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.origin import Origin, load_origin, understood
from clusters.kinds.docker.run_form import BUILT_IN, RunForm
from clusters.kinds.docker.run_hidden import hide
from clusters.kinds.docker.run_like import rest_of, values_of
from clusters.kinds.docker.run_line import docker_lines, port_text
from clusters.kinds.docker.run_read import read_form
from clusters.kinds.masking import MASK, mask_pair, mask_value


def compose_file(form: RunForm) -> str:
    """A Compose file with this one service. Volumes and networks are those that are there already."""
    volumes = {one.source: {"name": one.source, "external": True} for one in form.mounts if _is_named(one.source)}
    networks = {one.network: {"external": True} for one in form.networks if one.network not in BUILT_IN}
    tree = {"services": {form.name or "app": _service(form)}, "volumes": volumes, "networks": networks}
    text = yaml.safe_dump(
        {name: value for name, value in _escaped(tree).items() if value},
        sort_keys=False,
        allow_unicode=True,
        width=1000,
        default_flow_style=False,
    )
    return str(text)


def _is_named(source: str) -> bool:
    return bool(source) and not source.startswith("/")


def _service(form: RunForm) -> dict[str, Any]:
    alone = form.networks[0].network if len(form.networks) == 1 else ""
    places = {
        one.network: {"aliases": list(one.aliases)} if one.aliases else {}
        for one in form.networks
        if one.network not in BUILT_IN
    }
    retries = f":{form.retries}" if form.retries and form.restart == "on-failure" else ""
    service = {
        "image": form.image,
        "container_name": form.name,
        "platform": form.platform,
        "entrypoint": list(form.entrypoint),
        "command": list(form.command),
        "user": form.user,
        "working_dir": form.working_dir,
        "hostname": form.hostname,
        "restart": "" if form.restart == "no" else f"{form.restart}{retries}",
        "ports": [port_text(one) for one in form.ports],
        "environment": [*form.rest.environment, *form.environment],
        "volumes": [one.text for one in form.mounts],
        "tmpfs": [f"{at}:{how}" if how else at for at, how in form.tmpfs],
        "network_mode": alone if alone in BUILT_IN else "",
        "networks": places,
        "dns": list(form.dns),
        "extra_hosts": list(form.hosts),
        "mem_limit": write_size(form.memory),
        "cpus": float(write_cpus(form.cpus / 1e9) or 0),
        "pids_limit": form.pids,
        "healthcheck": _check(form),
        "stop_signal": form.stop_signal,
        "stop_grace_period": "" if form.stop_timeout is None else f"{form.stop_timeout}s",
        "labels": [f"{name}={value}" for name, value in (*form.rest.labels.items(), *form.labels)],
        "logging": _logging(form),
        "init": form.init,
        "tty": form.tty,
        "stdin_open": form.tty,
        "read_only": form.read_only,
        "privileged": form.privileged,
        "pid": "host" if form.host_pid else "",
        "ipc": "host" if form.host_ipc else "",
        "cap_add": list(form.cap_add),
        "cap_drop": list(form.cap_drop),
        "devices": [f"{one.outside}:{one.inside}:{one.may}" for one in form.devices],
    }
    return {name: value for name, value in service.items() if value}


def _check(form: RunForm) -> dict[str, Any]:
    check = form.check
    if check is None:
        return {}
    if check.test == ("NONE",):
        return {"disable": True}
    found = {
        "test": list(check.test),
        "interval": write_seconds(check.interval),
        "timeout": write_seconds(check.timeout),
        "start_period": write_seconds(check.start),
        "retries": check.retries,
    }
    return {name: value for name, value in found.items() if value}


def _logging(form: RunForm) -> dict[str, Any]:
    if not form.log_driver and not form.log_options:
        return {}
    driver = {"driver": form.log_driver} if form.log_driver else {}
    return {**driver, **({"options": dict(form.log_options)} if form.log_options else {})}


def _escaped(tree: Any) -> Any:
    """Compose replaces ``$NAME`` by a variable of its own: a dollar that is meant is written twice."""
    if isinstance(tree, dict):
        return {name: _escaped(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_escaped(one) for one in tree]
    return tree.replace("$", "$$") if isinstance(tree, str) else tree


@understood
def again(origin: Origin, *, hidden: bool) -> Mapping[str, Any]:
    """The context of templates/panels/container_again.html. Raises Invalid."""
    values, rest = values_of(origin), rest_of(origin)
    form = read_form(hide(values) if hidden else values)
    if hidden:
        environment = tuple(mask_pair(one) for one in rest.environment)
        rest = replace(rest, environment=environment, labels={k: mask_value(k, v) for k, v in rest.labels.items()})
    form = replace(form, rest=rest)
    # Compose gives its own labels anew.
    service = replace(form, labels=tuple(one for one in form.labels if not one[0].startswith("com.docker.compose.")))
    line, compose = docker_lines(form, hidden=hidden), compose_file(service)
    left = sorted({*rest.host, *rest.config} - {"CgroupnsMode"})
    return {"line": line, "compose": compose, "left": left, "hidden": hidden and MASK in line + compose}


async def _load_hidden(look: Look) -> Mapping[str, Any]:
    return again(await load_origin(look.driver, look.resource), hidden=True)


async def _load_revealed(look: Look) -> Mapping[str, Any]:
    return again(await load_origin(look.driver, look.resource), hidden=False)


AGAIN: Panel[Container] = Panel(
    key="again", label="Make it again", icon="copy", template="container_again", load=_load_hidden, live=False
)
AGAIN_REVEALED: Panel[Container] = Panel(
    key="again-revealed",
    label="Make it again, with secrets",
    icon="eye",
    template="container_again",
    load=_load_revealed,
    right="reveal",
    live=False,
    tab=False,
)
