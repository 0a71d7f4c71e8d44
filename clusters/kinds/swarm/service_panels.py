"""What a service's page shows."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Look
from clusters.kinds.docker.network_model import Network
from clusters.kinds.formats import count, size
from clusters.kinds.masking import MASK, mask_pair, mask_words
from clusters.kinds.swarm.overview import Fact, Section, overview, panel, seconds
from clusters.kinds.swarm.service_health import UPDATE_WORDS, progress
from clusters.kinds.swarm.service_model import Port, Service, UpdateConfig
from clusters.kinds.swarm.task_model import Amount, Mount, Task, TaskSpec

_MOUNTS = {
    "volume": "Volume",
    "bind": "Folder of the node",
    "tmpfs": "Memory",
    "npipe": "Pipe",
    "cluster": "Volume of the Swarm",
}
_CONDITIONS = {
    "none": "Never started again",
    "on-failure": "Another one is started when one fails",
    "any": "Another one is started when one ends",
}
_ON_FAILURE = {"pause": "it stops there", "continue": "it goes on", "rollback": "it goes back by itself"}


async def _load(look: Look) -> Mapping[str, Any]:
    one: Service = look.resource
    tasks = [task for task in await look.related("task") if task.service_id == one.uid]
    networks = await _names_of_networks(look)
    return overview(
        [
            _update(one, tasks),
            Section("Facts", _facts(one)),
            Section("Network", [*_ports(one), *_networks(one, networks)], "It is on no network and publishes no port."),
            Section("Files from outside", _files(one), "None: what its copies write is gone when they end."),
            Section("Where copies run", _placement(one.template), "On any node that takes tasks."),
            Section("How it changes", [*_settings(one.spec.update_config), *_back(one)]),
            Section("Environment", _environment(one), "No variables."),
        ],
        labels=one.labels,
        tasks=tasks,
        is_new=one.is_new,
        no_tasks=_none_listed(one),
    )


def _none_listed(one: Service) -> str:
    """Its tasks are listed less often than it is heard of itself, by a manager that has much to do."""
    if not one.running:
        return "None was asked for, or none was made yet."
    return f"None are listed yet. {one.running} of {one.desired} run, and appear here by themselves."


def _update(one: Service, tasks: list[Task]) -> Section:
    status = one.update_status
    if status is None or not status.state:
        return Section("Last update", ())
    said = (status.message or "").strip()
    going = status.state in ("updating", "paused", "rollback_started", "rollback_paused")
    return Section(
        "Last update",
        [
            Fact("How it went", UPDATE_WORDS.get(status.state, status.state), tag=status.state.replace("_", " ")),
            Fact("How far it is", progress(one, tasks) if going else ""),
            Fact("Began", at=one.update_began),
            Fact("The Swarm says", said, mono=True),
        ],
    )


def mode_words(one: Service) -> str:
    """ "3 copies, 2 of 3 run", "one copy on each node that fits, 3 of 3 run"; more run while some are being ended."""
    mode = one.spec.mode
    run = f"{one.running} of {one.desired} {'runs' if one.desired == 1 else 'run'}"
    if one.running > one.desired:
        run = f"{count(one.running, 'copy', 'copies')} still {'runs' if one.running == 1 else 'run'}"
    if one.replicas is not None:
        return f"{count(one.replicas, 'copy', 'copies')}, {run}"
    if mode.replicated_job:
        return f"to be done {count(mode.replicated_job.total_completions or 1, 'time')}, {one.completed} done"
    if mode.global_job is not None:
        return f"to be done once on each node, {one.completed} done"
    return f"one copy on each node that fits, {run}"


def _facts(one: Service) -> Iterable[Fact]:
    container, resources, policy = one.template.container, one.template.resources, one.template.restart_policy
    digest = container.image.partition("@")[2]
    yield Fact("Image", one.image, mono=True)
    yield Fact("Pinned to", digest, mono=True)
    yield Fact("Command", shlex.join(mask_words([*(container.command or ()), *(container.args or ())])), mono=True)
    yield Fact("Copies", mode_words(one))
    yield Fact("Each may use", _amount(resources.limits if resources else None) or "as much as there is")
    yield Fact("Kept free for each", _amount(resources.reservations if resources else None) or "nothing")
    if policy and policy.condition:
        attempts = f", {count(policy.max_attempts, 'time')} at most" if policy.max_attempts else ""
        yield Fact("When one ends", f"{_CONDITIONS.get(policy.condition, policy.condition)}{attempts}")
    yield Fact("Runs as", container.user or "", mono=True)
    yield Fact("Working folder", container.dir or "", mono=True)
    yield Fact("Host name", container.hostname or "", mono=True)
    yield Fact("Its own files", "cannot be changed inside" if container.read_only else "")
    yield Fact("Stack", one.namespace, kind="stack", key=one.namespace)
    yield Fact("Made", at=one.created)
    yield Fact("Id", one.uid, mono=True)


def _amount(amount: Amount | None) -> str:
    if amount is None:
        return ""
    cores = f"{amount.nano_cpus / 1e9:g} cores" if amount.nano_cpus > 0 else ""
    memory = size(amount.memory_bytes) if amount.memory_bytes > 0 else ""
    return ", ".join(filter(None, (cores, memory)))


def port_words(port: Port) -> str:
    """ "8080→80", "8080→53/udp"."""
    inside = f"{port.target_port}" if port.protocol == "tcp" else f"{port.target_port}/{port.protocol}"
    return f"{port.published_port}→{inside}" if port.published_port else inside


def _ports(one: Service) -> Iterable[Fact]:
    for port in one.ports:
        how = "on the nodes where a copy runs" if port.publish_mode == "host" else "on every node of the Swarm"
        yield Fact(f"Port {port.target_port}/{port.protocol}", f"{port.published_port or 'a port chosen there'} {how}")
    endpoint = one.spec.endpoint_spec
    if endpoint and endpoint.mode:
        found = "the addresses of its copies" if endpoint.mode == "dnsrr" else "one address for all copies"
        yield Fact("Its name leads to", found, tag=endpoint.mode)


async def _names_of_networks(look: Look) -> Mapping[str, str]:
    """By id, of those that this person may see: they need not be watched for this."""

    async def one(uid: str) -> tuple[str, str]:
        try:
            said = await look.driver.call(Call("GET", ("networks", uid), timeout=10))
            found = msgspec.convert(said, Network)
        except (ClusterError, msgspec.ValidationError):
            return uid, ""
        return uid, found.name if look.sees(found.namespace) else ""

    places = (place.target for place in look.resource.template.networks or () if place.target)
    return dict(await asyncio.gather(*map(one, dict.fromkeys(places))))


def _networks(one: Service, names: Mapping[str, str]) -> Iterable[Fact]:
    for place in one.template.networks or ():
        also = f" as {', '.join(place.aliases)}" if place.aliases else ""
        if name := names.get(place.target):
            yield Fact("Network", f"{name}{also}", kind="network", key=place.target)
        else:
            yield Fact("Network", f"{place.target[:12]}{also}", mono=True)


def _files(one: Service) -> Iterable[Fact]:
    container = one.template.container
    for mount in container.mounts or ():
        yield _mount(mount)
    for secret in container.secrets or ():
        where = f"/run/secrets/{secret.file.name}" if secret.file and secret.file.name else secret.name
        yield Fact(where, f"Secret {secret.name}", kind="swarm-secret", key=secret.uid)
    for config in container.configs or ():
        yield Fact(
            config.file.name if config.file else "", f"Config {config.name}", kind="swarm-config", key=config.uid
        )


def _mount(mount: Mount) -> Fact:
    what = _MOUNTS.get(mount.type, mount.type)
    source = mount.source or ("one without a name for each copy" if mount.type == "volume" else "")
    return Fact(mount.target, f"{what} {source}".strip(), tag="read-only" if mount.read_only else "")


def _placement(template: TaskSpec) -> Iterable[Fact]:
    placement = template.placement
    for rule in (placement.constraints if placement else None) or ():
        yield Fact("Only where", rule, mono=True)
    for wish in (placement.preferences if placement else None) or ():
        if wish.spread:
            yield Fact("Spread evenly over", wish.spread.spread_descriptor, mono=True)
    if placement and placement.max_replicas:
        yield Fact("On one node at most", count(placement.max_replicas, "copy", "copies"))


def _settings(config: UpdateConfig | None) -> Iterable[Fact]:
    given = config or UpdateConfig(parallelism=1, failure_action="pause", order="stop-first")
    yield Fact("An update", _config_words(given))


def _back(one: Service) -> Iterable[Fact]:
    given = one.spec.rollback_config or UpdateConfig(parallelism=1, failure_action="pause", order="stop-first")
    yield Fact("Going back", _config_words(given))
    if one.previous_spec is not None:
        before = one.previous_spec.task_template.container.image.partition("@")[0]
        yield Fact("The version before", before or "another image", mono=True)


def _config_words(config: UpdateConfig) -> str:
    how = "all copies at once" if not config.parallelism else f"{config.parallelism} at a time"
    order = "the new one first" if config.order == "start-first" else "the old one ends first"
    wait = f", {seconds(config.delay)} between them" if config.delay else ""
    watched = f" within {seconds(config.monitor)}" if config.monitor else ""
    share = f" of more than {config.max_failure_ratio:.0%}" if config.max_failure_ratio else ""
    then = _ON_FAILURE.get(config.failure_action, config.failure_action or "it stops there")
    return f"{how}, {order}{wait}; when copies{share} fail{watched}, {then}"


def _environment(one: Service) -> Iterable[Fact]:
    for pair in sorted(one.template.container.env or ()):
        name, _, value = mask_pair(pair).partition("=")
        yield Fact(name, value or "(empty)", mono=True, tag="hidden" if MASK in value else "")


OVERVIEW = panel(_load)
