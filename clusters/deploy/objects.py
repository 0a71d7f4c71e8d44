"""The objects that a form stands for, and their text as YAML. Pure: the same form is always the same text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clusters.deploy.form import DeployForm, Mount, Port, Probe, Source, Toleration
from clusters.kinds.yaml_text import text_of

Tree = dict[str, Any]
NAME_LABEL = "app.kubernetes.io/name"  # what the service and the workload know their copies by
OPEN = "…"
_KINDS = {"deployment": "Deployment", "stateful-set": "StatefulSet", "daemon-set": "DaemonSet"}


def text(form: DeployForm) -> str:
    """All of them, as one text."""
    return "---\n".join(text_of(one) for one in objects(form))


def draft(form: DeployForm) -> str:
    """The text of a form that is not filled in yet: what is missing is left open."""
    named = replace(form, name=form.name or OPEN, namespace=form.namespace or OPEN, image=form.image or OPEN)
    return text(named)


def objects(form: DeployForm) -> list[Tree]:
    """The workload first: it is what people look at afterwards."""
    return [_workload(form), *([_service(form)] if form.has_service else []), *_claims(form)]


def line(form: DeployForm) -> str:
    """The same on a command line, with the text kept in a file."""
    return f"kubectl apply --server-side --field-manager=pilothouse -f {form.name}.yaml"


def _metadata(form: DeployForm, name: str = "") -> Tree:
    labels = {NAME_LABEL: form.name, **dict(form.labels)}
    return {"name": name or form.name, "namespace": form.namespace, "labels": labels}


def _workload(form: DeployForm) -> Tree:
    spec: Tree = {}
    if form.kind != "daemon-set":
        spec["replicas"] = form.copies
    if form.kind == "stateful-set":
        spec["serviceName"] = form.name
    spec["selector"] = {"matchLabels": {NAME_LABEL: form.name}}
    spec["template"] = {"metadata": {"labels": {NAME_LABEL: form.name, **dict(form.labels)}}, "spec": _pod(form)}
    templates = [_claim(one, name) for one, name in _volumes(form) if one.kind == "new" and _is_template(form)]
    if templates:
        spec["volumeClaimTemplates"] = [{"metadata": {"name": name}, "spec": wanted} for name, wanted in templates]
    return {"apiVersion": "apps/v1", "kind": _KINDS[form.kind], "metadata": _metadata(form), "spec": spec}


def _pod(form: DeployForm) -> Tree:
    volumes = [_volume(form, one, name) for one, name in _volumes(form)]
    return _full(
        {
            "containers": [_container(form)],
            "imagePullSecrets": [{"name": form.pull_secret}] if form.pull_secret else [],
            "nodeSelector": dict(form.nodes),
            "tolerations": [_toleration(one) for one in form.tolerations],
            "volumes": [one for one in volumes if one],
        }
    )


def _container(form: DeployForm) -> Tree:
    names = dict(_named(form))
    mounts = [
        {"name": names[_identity(one)], "mountPath": one.path, **({"readOnly": True} if one.read_only else {})}
        for one in form.mounts
    ]
    single = [one for one in form.sources if one.variable]
    return _full(
        {
            "name": form.name,
            "image": form.image,
            "imagePullPolicy": form.pull,
            "command": list(form.entry),
            "args": list(form.arguments),
            "ports": [_port(one) for one in form.ports],
            "env": [*({"name": name, "value": value} for name, value in form.environment), *map(_variable, single)],
            "envFrom": [
                {f"{_REFERENCES[one.kind]}Ref": {"name": one.name}} for one in form.sources if one not in single
            ],
            "resources": _full({"requests": dict(form.requests), "limits": dict(form.limits)}),
            "readinessProbe": _probe(form.ready),
            "livenessProbe": _probe(form.alive),
            "volumeMounts": mounts,
        }
    )


_REFERENCES = {"config": "configMap", "secret": "secret"}


def _variable(one: Source) -> Tree:
    return {"name": one.variable, "valueFrom": {f"{_REFERENCES[one.kind]}KeyRef": {"name": one.name, "key": one.key}}}


def _port(one: Port) -> Tree:
    protocol = {} if one.protocol == "TCP" else {"protocol": one.protocol}
    return {**({"name": one.name} if one.name else {}), "containerPort": one.number, **protocol}


def _probe(probe: Probe | None) -> Tree:
    if probe is None:
        return {}
    ways: dict[str, Tree] = {
        "http": {"httpGet": {"path": probe.path, "port": probe.port}},
        "tcp": {"tcpSocket": {"port": probe.port}},
        "exec": {"exec": {"command": list(probe.command)}},
    }
    times = {"initialDelaySeconds": probe.after, "periodSeconds": probe.every}
    return {**ways[probe.how], **{name: value for name, value in times.items() if value is not None}}


def _toleration(one: Toleration) -> Tree:
    equal = one.value is not None
    found = {"key": one.key, "operator": "Equal" if equal else "Exists", "value": one.value, "effect": one.effect}
    return {name: value for name, value in found.items() if value or (name == "value" and equal)}


def _service(form: DeployForm) -> Tree:
    several = len(form.ports) > 1
    ports = []
    for place, one in enumerate(form.ports):
        outside = form.service_port if place == 0 and form.service_port else one.number
        made: Tree = {"name": one.name or f"{one.protocol.lower()}-{one.number}"} if several or one.name else {}
        made |= {"port": outside, "targetPort": one.name or one.number}
        ports.append(made if one.protocol == "TCP" else {**made, "protocol": one.protocol})
    way = {"clusterIP": "None"} if form.service == "Headless" else {"type": form.service}
    spec = {**way, "selector": {NAME_LABEL: form.name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(form), "spec": spec}


def _claims(form: DeployForm) -> Iterator[Tree]:
    """Claims of their own, where the workload has no templates for them."""
    for one, name in _volumes(form):
        if one.kind == "new" and not _is_template(form):
            claim, spec = _claim(one, f"{form.name}-{name}")
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": _metadata(form, claim),
                "spec": spec,
            }


def _is_template(form: DeployForm) -> bool:
    return form.kind == "stateful-set"


def _claim(one: Mount, name: str) -> tuple[str, Tree]:
    return name, {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": one.name}}}


def _volume(form: DeployForm, one: Mount, name: str) -> Tree:
    """As the pod declares it; nothing for a template, which the workload declares."""
    if one.kind == "new" and _is_template(form):
        return {}
    ways: dict[str, Tree] = {
        "empty": {"emptyDir": {}},
        "claim": {"persistentVolumeClaim": {"claimName": one.name}},
        "new": {"persistentVolumeClaim": {"claimName": f"{form.name}-{name}"}},
        "config": {"configMap": {"name": one.name}},
        "secret": {"secret": {"secretName": one.name}},
    }
    return {"name": name, **ways[one.kind]}


def _identity(one: Mount) -> tuple[str, str]:
    """What is the same volume, mounted in two places: the same claim, config map or secret."""
    return one.kind, one.path if one.kind in ("empty", "new") else one.name


def _named(form: DeployForm) -> Iterator[tuple[tuple[str, str], str]]:
    """Each volume with a name of its own, made of what it is."""
    taken: set[str] = set()
    for identity in dict.fromkeys(map(_identity, form.mounts)):
        kind, about = identity
        plain = re.sub("[^a-z0-9]+", "-", about.lower()).strip("-")[-40:].strip("-") or "root"
        wanted = plain if kind in ("empty", "new") else f"{kind}-{plain}"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        taken.add(name)
        yield identity, name


def _volumes(form: DeployForm) -> list[tuple[Mount, str]]:
    firsts: dict[tuple[str, str], Mount] = {}
    for one in form.mounts:
        firsts.setdefault(_identity(one), one)
    return [(firsts[identity], name) for identity, name in _named(form)]


def _full(tree: Tree) -> Tree:
    """Without what is empty: the cluster's own default is meant."""
    return {name: value for name, value in tree.items() if value or value == 0}
