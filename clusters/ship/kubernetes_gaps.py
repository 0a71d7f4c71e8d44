"""What a cluster of Kubernetes cannot do of an app, or does otherwise, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from clusters.kinds.masking import mask_value, mask_words
from clusters.ship.app import App, Gap, Part
from clusters.ship.gaps import common, gap_of, left_out, short
from clusters.ship.kubernetes_pod import DAY, notes_of, plain_name, secret_name, user_of
from clusters.ship.volumes import Volume, volumes_of

TARGET = "Kubernetes"
_HANDLED = {"Sysctls", "DnsSearch", "DnsOptions", "MemoryReservation", "GroupAdd", "SecurityOpt"}
# What the nodes of a cluster take unless they are told otherwise; all other settings of the kernel they refuse.
_SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
_OPTIONS = {"no-new-privileges", "no-new-privileges:true", "seccomp:unconfined"}


def gaps_of(app: App, given: Mapping[str, str]) -> Iterator[Gap]:
    """All of them, part by part."""
    for part in app.parts:
        yield from common(part, TARGET)
        yield from _of_name(app, part)
        yield from _of_secrets(part, given)
        yield from _of_life(part)
        yield from _of_network(app, part)
        for one in volumes_of(part.form):
            yield from _of_volume(app, part, one)
        yield from _of_power(part)
        yield from left_out(part, TARGET, _HANDLED)


def _of_name(app: App, part: Part) -> Iterator[Gap]:
    if plain_name(part.name) != part.name:
        yield Gap("name", f"Nothing can be called {part.name} there: it is {plain_name(part.name)}.", part.name)
    for one in part.names:
        if plain_name(one) != one:
            yield Gap("aliases", f"Others cannot find it as {one}, but as {plain_name(one)}.", part.name)
    if part.form.hostname and not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", part.form.hostname):
        yield Gap("hostname", f"{part.form.hostname[:80]} cannot be the host name of a copy.", part.name)
    labels = {**part.form.rest.labels, **dict(part.form.labels)}
    for name in labels.keys() - notes_of(part).keys():
        secret = mask_value(name, labels[name]) != labels[name]
        why = "holds what looks secret" if secret else "is no name of a note"
        yield Gap("labels", f"The label {name[:80]} {why}: it is left out.", part.name)
    if notes_of(part):
        yield Gap(
            "labels", "Its labels are notes (annotations) of its copies: what looks for labels finds none.", part.name
        )


def _of_secrets(part: Part, given: Mapping[str, str]) -> Iterator[Gap]:
    if not part.secrets:
        return
    names, name = ", ".join(one.name for one in part.secrets), secret_name(part)
    if all(given.get(one.key) for one in part.secrets):
        yield Gap("environment", f"{names}: looks secret, so the secret {name} holds it.", part.name)
    else:
        words = (
            f"{names}: looks secret, so it comes from a secret {name}, which is not in the text without all values: "
        )
        yield Gap("environment", f"{words}its copies wait until there is one.", part.name)


def _of_life(part: Part) -> Iterator[Gap]:
    form, name = part.form, part.name
    if part.ended:
        yield Gap("restart", "It did its work and ended: it is a job, which runs once.", name)
    elif form.restart != "always":
        words = {
            "no": "A deployment starts a copy that ended again, always: it was never started again here.",
            "on-failure": "A deployment starts a copy that ended again, always: here only when it failed.",
        }.get(form.restart, "A deployment keeps it running always: to stop it, scale it to 0.")
        yield Gap("restart", words, name)
    if form.retries and form.restart == "on-failure" and not part.ended:
        yield Gap("restart", f"It is not given up after {form.retries} failures, but tried ever more rarely.", name)
    if form.stop_signal:
        yield Gap(
            "stop_signal", f"Copies are asked to end by the signal of their image, not by {form.stop_signal}.", name
        )
    if form.stop_timeout is not None and form.stop_timeout < 0:
        yield Gap("stop_grace_period", f"It is not waited for without an end, but {DAY // 3600} hours.", name)
    if form.init:
        yield Gap("init", "No small init stands beside its program: what has ended there is not cleared away.", name)
    if form.pids:
        yield Gap("pids_limit", f"At most {form.pids} processes: only each node has such a limit.", name)
    if form.log_driver or form.log_options:
        said = short({"driver": form.log_driver, **dict(form.log_options)})
        yield Gap("logging", f"Where its log goes ({said}) is for each node to say, not for a workload.", name)
    yield from _of_check(part)


def _of_check(part: Part) -> Iterator[Gap]:
    check, name = part.check, part.name
    if check is None:
        return
    if part.ended:
        yield Gap("healthcheck", "A job is not asked whether it is ready: its health check is left out.", name)
        return
    if check.start:
        words = f"The {check.start / 10**9:g} seconds in which its check may fail are needless there: "
        yield Gap("healthcheck", f"{words}until it passes, a copy is only not ready.", name)
    if mask_words(list(check.test)) != list(check.test):
        yield Gap("healthcheck", "Its health check holds what looks secret: type it anew.", name)


def _of_network(app: App, part: Part) -> Iterator[Gap]:
    form, name = part.form, part.name
    for port in form.ports:
        inside = port.inside.removesuffix("/tcp")
        at = f"{port.address + ':' if port.address else ''}{port.outside or 'any port'}"
        words = f"Port {inside} is published on {at} of the machine: here the service answers inside the cluster, on "
        yield Gap("ports", f"{words}{inside}. For people outside, add an ingress or a port of the nodes.", name)
    if app.project and not part.listens:
        yield Gap("ports", "No port of it is known: its name leads to its copies themselves (headless).", name)
    for place in form.networks:
        if place.network == "host":
            yield Gap("network_mode", "It uses the network of its node: most clusters allow that to few.", name)
        elif place.network == "none":
            yield Gap("network_mode", "It has a network there: only a network policy takes it away.", name)
        elif app.short(place.network) != "default":
            words = (
                f"It is on the network {app.short(place.network)} alone: in a cluster all reach all, unless a network "
            )
            yield Gap("networks", f"{words}policy says otherwise.", name)
    for host in form.hosts:
        if host.endswith(":host-gateway"):
            yield Gap("extra_hosts", f"{host.partition(':')[0]} is this machine: no node is that.", name)
    if len(form.dns) > 3:
        yield Gap("dns", f"A copy has three name servers at most: {short(list(form.dns[3:]))} is left out.", name)


def _of_volume(app: App, part: Part, one: Volume) -> Iterator[Gap]:
    name = part.name
    if one.kind == "volume":
        words = f"{one.source} is a new, empty claim of 1Gi, a size that is only a guess: what is in it stays here."
        yield Gap("volumes", words, name)
        users = [
            p.name for p in app.parts if any(v.kind == "volume" and v.source == one.source for v in volumes_of(p.form))
        ]
        if len(users) > 1 or part.copies > 1:
            yield Gap("volumes", f"{one.source} is for several copies: most disks are for one node only.", name)
    elif one.kind == "unnamed":
        yield Gap(
            "volumes", f"{one.target} is a volume without a name: here an empty folder, which ends with its copy.", name
        )
    elif one.kind == "folder":
        engine = one.source.endswith("docker.sock")
        words = f"The folder {one.source} is of this machine: {one.target} is empty there. Give it a claim, or its "
        socket = f"{one.source} is this machine's engine: a cluster gives it to nobody. {one.target} is empty there."
        yield Gap("volumes", socket if engine else f"{words}files as a config map.", name)
    if one.more:
        yield Gap("volumes", f"{one.target} is mounted with {short(one.more)}: a cluster has no such option.", name)


def _of_power(part: Part) -> Iterator[Gap]:
    form, rest, name = part.form, part.form.rest.host, part.name
    user, group = user_of(form.user)
    if form.user and (user is None or (":" in form.user and group is None)):
        yield Gap("user", f"Users are numbers there: {form.user} is left to its image, whatever that says.", name)
    if form.devices:
        said = short([one.outside for one in form.devices])
        yield Gap(
            "devices", f"Devices of the machine ({said}): a cluster gives them by plugins of its nodes only.", name
        )
    groups = [one for one in rest.get("GroupAdd") or () if not str(one).isdecimal()]
    if groups:
        yield gap_of(part, "GroupAdd", groups, TARGET)
    kernel = ", ".join(one for one in rest.get("Sysctls") or {} if one not in _SAFE_SYSCTLS)
    if kernel:
        words = f"Settings of the kernel ({kernel[:200]}): nodes refuse a copy with them, unless told otherwise."
        yield Gap("sysctls", words, name)
    options = [one for one in rest.get("SecurityOpt") or () if str(one).replace("=", ":") not in _OPTIONS]
    if options:
        yield gap_of(part, "SecurityOpt", options, TARGET)
