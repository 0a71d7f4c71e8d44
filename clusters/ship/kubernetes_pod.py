"""The pod of a part: its one container, and all that stands around it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from clusters.kinds.docker.run_form import Check
from clusters.kinds.masking import mask_value, mask_words
from clusters.ship.app import Part
from clusters.ship.copied import Copied
from clusters.ship.volumes import Volume, volumes_of

Tree = dict[str, Any]
_NOTE = re.compile(r"(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_NANO = 10**9
DAY = 86_400
# What an engine does where a check says nothing else; a cluster would ask far more often.
EVERY, WITHIN, FAILURES = 30, 30, 3


def plain_name(name: str) -> str:
    """A name that a cluster takes for a workload, a service and a claim alike."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return (plain if plain[:1].isalpha() else f"app-{plain}".rstrip("-"))[:50].rstrip("-")


def secret_name(part: Part) -> str:
    """Of what holds its secret variables."""
    return f"{plain_name(part.name)}-secrets"


def file_name(app: str, one: Copied) -> str:
    """Of the config map or secret that holds a file."""
    return plain_name(f"{app}-{one.name}-{one.kind}")


def literal(text: str) -> str:
    """Where ``$(NAME)`` is replaced by a variable: a dollar that is meant there is written twice."""
    return re.sub(r"\$(?=[$(])", "$$", text)


def notes_of(part: Part) -> dict[str, str]:
    """Its labels, as notes: labels of a cluster may not hold just any text."""
    labels = {**part.form.rest.labels, **dict(part.form.labels)}
    return {name: text for name, text in labels.items() if _NOTE.fullmatch(name) and mask_value(name, text) == text}


def pod_of(part: Part, claims: Mapping[str, str], files: Mapping[str, str]) -> Tree:
    """The whole of it; ``claims`` and ``files`` are the names of what stands for its volumes and copied files."""
    form, rest = part.form, part.form.rest.host
    groups = [int(one) for one in rest.get("GroupAdd") or () if str(one).isdecimal()]
    sysctls = [{"name": name, "value": str(value)} for name, value in (rest.get("Sysctls") or {}).items()]
    networks = {one.network for one in form.networks}
    waits = form.stop_timeout
    declared = {name: _declared(one, name, claims) for one, name in _named(part)}
    pod = _full(
        {
            "restartPolicy": ("OnFailure" if form.restart == "on-failure" else "Never") if part.ended else "",
            "hostname": form.hostname if re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", form.hostname) else "",
            "hostNetwork": "host" in networks,
            "hostPID": form.host_pid,
            "hostIPC": form.host_ipc,
            "terminationGracePeriodSeconds": None if waits is None else waits if waits >= 0 else DAY,
            "securityContext": _full({"supplementalGroups": groups, "sysctls": sysctls}),
            "dnsConfig": _dns(part),
            "hostAliases": _hosts(part),
            "containers": [_container(part, files)],
            "volumes": [*declared.values(), *_file_volumes(part, files)],
        }
    )
    # An engine tells a container of no other one by variables that it did not ask for.
    return {"enableServiceLinks": False, **pod}


def _container(part: Part, files: Mapping[str, str]) -> Tree:
    form = part.form
    return _full(
        {
            "name": plain_name(part.name),
            "image": form.image,
            "command": [literal(one) for one in mask_words(list(form.entrypoint))],
            "args": [literal(one) for one in mask_words(list(form.command))],
            "workingDir": form.working_dir,
            "env": _environment(part),
            "ports": [_port(one) for one in part.listens],
            "readinessProbe": {} if part.ended else probe_of(part.check),
            "resources": _resources(part),
            "volumeMounts": [*(_mount(one, name) for one, name in _named(part)), *_file_mounts(part, files)],
            "securityContext": _trust(part),
            "stdin": form.tty,
            "tty": form.tty,
        }
    )


def _environment(part: Part) -> list[Tree]:
    kept = {"name": secret_name(part)}
    return [
        *({"name": name, "value": literal(value)} for name, value in part.variables),
        *({"name": one.name, "valueFrom": {"secretKeyRef": {**kept, "key": one.name}}} for one in part.secrets),
    ]


def _port(one: str) -> Tree:
    number, _, protocol = one.partition("/")
    return {"containerPort": int(number), **({} if protocol == "tcp" else {"protocol": protocol.upper()})}


def probe_of(check: Check | None) -> Tree:
    """A health check as the question whether it is ready. An engine does nothing else with what is not, either."""
    if check is None or check.test[:1] == ("NONE",):
        return {}
    words = mask_words(list(check.test))
    command = ["/bin/sh", "-c", *words[1:]] if words[0] == "CMD-SHELL" else words[1:]
    return {
        "exec": {"command": command},
        "periodSeconds": _seconds(check.interval) or EVERY,
        "timeoutSeconds": _seconds(check.timeout) or WITHIN,
        "failureThreshold": check.retries or FAILURES,
    }


def _seconds(nano: int) -> int:
    return math.ceil(nano / _NANO)


def _resources(part: Part) -> Tree:
    form = part.form
    kept = form.rest.host.get("MemoryReservation") or 0
    cpu = {"cpu": f"{math.ceil(form.cpus / 10**6)}m"} if form.cpus else {}
    limits = {**cpu, **({"memory": memory(form.memory)} if form.memory else {})}
    return _full({"requests": {"memory": memory(kept)} if kept else {}, "limits": limits})


def memory(size: int) -> str:
    """Bytes as a cluster writes them: 536870912 -> "512Mi"."""
    for unit, length in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if size % length == 0:
            return f"{size // length}{unit}"
    return str(size)


def user_of(text: str) -> tuple[int | None, int | None]:
    """``1000:1000`` as numbers; None for what is no number."""
    user, _, group = text.partition(":")
    return (int(user) if user.isdecimal() else None, int(group) if group.isdecimal() else None)


def _trust(part: Part) -> Tree:
    form = part.form
    options = [str(one).replace("=", ":") for one in form.rest.host.get("SecurityOpt") or ()]
    user, group = user_of(form.user)
    capabilities = {"add": _capabilities(form.cap_add), "drop": _capabilities(form.cap_drop)}
    closed = {"no-new-privileges", "no-new-privileges:true"} & set(options)
    made = _full(
        {
            "privileged": form.privileged,
            "readOnlyRootFilesystem": form.read_only,
            "capabilities": _full(capabilities),
            "seccompProfile": {"type": "Unconfined"} if "seccomp:unconfined" in options else {},
        }
    )
    numbers = {name: one for name, one in (("runAsUser", user), ("runAsGroup", group)) if one is not None}
    return {**made, **numbers, **({"allowPrivilegeEscalation": False} if closed else {})}


def _capabilities(names: Any) -> list[str]:
    return [str(one).removeprefix("CAP_") for one in names]


def _dns(part: Part) -> Tree:
    rest = part.form.rest.host
    options = []
    for one in rest.get("DnsOptions") or ():
        name, colon, value = str(one).partition(":")
        options.append({"name": name, **({"value": value} if colon else {})})
    servers, searches = list(part.form.dns)[:3], list(rest.get("DnsSearch") or ())
    return _full({"nameservers": servers, "searches": searches, "options": options})


def _hosts(part: Part) -> list[Tree]:
    found: dict[str, list[str]] = {}
    for one in part.form.hosts:
        name, _, address = one.partition(":")
        if address != "host-gateway":
            found.setdefault(address, []).append(name)
    return [{"ip": address, "hostnames": names} for address, names in found.items()]


def _named(part: Part) -> list[tuple[Volume, str]]:
    """Each volume with a name of its own in the pod."""
    taken: dict[str, Volume] = {}
    found = []
    for one in volumes_of(part.form):
        wanted = plain_name(one.source if one.kind == "volume" else one.target)[-40:].strip("-")
        name, number = wanted, 2
        while name in taken and (one.kind != "volume" or taken[name].source != one.source):
            name, number = f"{wanted}-{number}", number + 1
        taken[name] = one
        found.append((one, name))
    return found


def _mount(one: Volume, name: str) -> Tree:
    return {"name": name, "mountPath": one.target, **({"readOnly": True} if one.read_only else {})}


def _file_volumes(part: Part, files: Mapping[str, str]) -> list[Tree]:
    found = {}
    for one in part.files:
        if one.key in files:
            name = files[one.key]
            found[name] = {"secret": {"secretName": name}} if one.is_secret else {"configMap": {"name": name}}
    return [{"name": f"file-{name}"[:63].rstrip("-"), **source} for name, source in found.items()]


def _file_mounts(part: Part, files: Mapping[str, str]) -> list[Tree]:
    return [
        {
            "name": f"file-{files[one.key]}"[:63].rstrip("-"),
            "mountPath": one.target,
            "subPath": one.entry,
            "readOnly": True,
        }
        for one in part.files
        if one.key in files
    ]


def _declared(one: Volume, name: str, claims: Mapping[str, str]) -> Tree:
    if one.kind == "volume":
        return {"name": name, "persistentVolumeClaim": {"claimName": claims[one.source]}}
    if one.kind == "memory":
        size = {"sizeLimit": memory(one.size)} if one.size else {}
        return {"name": name, "emptyDir": {"medium": "Memory", **size}}
    return {"name": name, "emptyDir": {}}


def _full(tree: Tree) -> Tree:
    """Without what is empty: the cluster's own default is meant."""
    return {name: value for name, value in tree.items() if value or (value == 0 and value is not False)}
