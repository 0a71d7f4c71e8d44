"""The objects that a form stands for, and their text as YAML. Pure: the same form is always the same text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clusters.deploy.form import DeployForm, Init, Port, Probe, Security, Source, Toleration
from clusters.deploy.volumes import claims_of, mounts_of, templates_of, volumes_of
from clusters.kinds.masking import MASK, mask_words, masked
from clusters.kinds.yaml_text import text_of

Tree = dict[str, Any]
NAME_LABEL = "app.kubernetes.io/name"  # what the service and the workload know their copies by
OPEN = "…"
_KINDS = {"deployment": "Deployment", "stateful-set": "StatefulSet", "daemon-set": "DaemonSet"}


def text(form: DeployForm) -> str:
    """All of them, as one text."""
    return "---\n".join(text_of(one) for one in objects(form))


def draft(form: DeployForm) -> tuple[str, str]:
    """The text of a form that is not filled in yet: what is missing is left open, and what is secret hidden.

    And all of it, where anything is hidden: then it does not make what the form makes. Else "".
    """
    named = replace(form, name=form.name or OPEN, namespace=form.namespace or OPEN, image=form.image or OPEN)
    made = objects(named)
    shown = [_as_switched(masked(one), one) for one in made]
    return "---\n".join(map(text_of, shown)), "" if shown == made else "---\n".join(map(text_of, made))


def without_secrets(form: DeployForm) -> DeployForm:
    """The same with something else in place of what is secret: to be tried where it may never be made."""
    return replace(
        form,
        secrets=tuple((name, MASK) for name, _ in form.secrets),
        entry=mask_words(list(form.entry)),
        arguments=mask_words(list(form.arguments)),
        ready=_unseen(form.ready),
        alive=_unseen(form.alive),
    )


def _unseen(probe: Probe | None) -> Probe | None:
    return replace(probe, command=tuple(mask_words(list(probe.command)))) if probe else None


def _as_switched(shown: Tree, made: Tree) -> Tree:
    """With its plain variables as they are: one that looks secret is plain because somebody said so."""
    pod, plain = (one["spec"]["template"]["spec"] if "template" in one.get("spec", {}) else {} for one in (shown, made))
    for part in ("initContainers", "containers"):
        for one, other in zip(pod.get(part, ()), plain.get(part, ()), strict=True):
            if "env" in other:
                one["env"] = other["env"]
    return shown


def objects(form: DeployForm) -> list[Tree]:
    """The secret first: copies would fail until it is there."""
    return [
        *([_secret(form)] if form.secrets else []),
        _workload(form),
        *([_service(form)] if form.has_service else []),
        *_claims(form),
    ]


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
    if templates := templates_of(form):
        spec["volumeClaimTemplates"] = templates
    return {"apiVersion": "apps/v1", "kind": _KINDS[form.kind], "metadata": _metadata(form), "spec": spec}


def _pod(form: DeployForm) -> Tree:
    trusted = form.security
    user = {"runAsUser": trusted.user, "runAsGroup": trusted.group, "fsGroup": trusted.volume_group}
    return _full(
        {
            "serviceAccountName": trusted.account,
            **({"automountServiceAccountToken": False} if trusted.no_token else {}),
            "securityContext": {
                **({"runAsNonRoot": True} if trusted.non_root else {}),
                **{name: number for name, number in user.items() if number is not None},
                **({"seccompProfile": {"type": "RuntimeDefault"}} if trusted.seccomp else {}),
            },
            "initContainers": [_init(form, one) for one in form.init],
            "containers": [_container(form)],
            "imagePullSecrets": [{"name": form.pull_secret}] if form.pull_secret else [],
            "nodeSelector": dict(form.nodes),
            "tolerations": [_toleration(one) for one in form.tolerations],
            "volumes": volumes_of(form),
        }
    )


def _init(form: DeployForm, one: Init) -> Tree:
    runs = {"name": one.name, "image": one.image, "imagePullPolicy": form.pull, "command": list(one.command)}
    return _full({**runs, **_surroundings(form)})


def _container(form: DeployForm) -> Tree:
    return _full(
        {
            "name": form.name,
            "image": form.image,
            "imagePullPolicy": form.pull,
            "command": list(form.entry),
            "args": list(form.arguments),
            "ports": [_port(one) for one in form.ports],
            "readinessProbe": _probe(form.ready),
            "livenessProbe": _probe(form.alive),
            **_surroundings(form),
        }
    )


def _surroundings(form: DeployForm) -> Tree:
    """What init containers share with the container that they run before."""
    single = [one for one in form.sources if one.variable]
    whole = [one for one in form.sources if not one.variable]
    return {
        "env": [
            *({"name": name, "value": value} for name, value in form.environment),
            *(_variable(Source("secret", form.secret_name, name, name)) for name, _ in form.secrets),
            *map(_variable, single),
        ],
        "envFrom": [{f"{_REFERENCES[one.kind]}Ref": {"name": one.name}} for one in whole],
        "resources": _full({"requests": dict(form.requests), "limits": dict(form.limits)}),
        "volumeMounts": mounts_of(form),
        "securityContext": _trust(form.security),
    }


def _trust(given: Security) -> Tree:
    return {
        **({"allowPrivilegeEscalation": False} if given.no_escalation else {}),
        **({"capabilities": {"drop": ["ALL"]}} if given.drop_all else {}),
        **({"readOnlyRootFilesystem": True} if given.read_only_root else {}),
    }


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


def _secret(form: DeployForm) -> Tree:
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(form, form.secret_name), "type": "Opaque"}
    return {**made, "stringData": dict(form.secrets)}


def _service(form: DeployForm) -> Tree:
    several = len(form.ports) > 1
    ports = []
    for one in form.ports:
        made: Tree = {"name": one.name or f"{one.protocol.lower()}-{one.number}"} if several or one.name else {}
        made |= {"port": one.service or one.number, "targetPort": one.name or one.number}
        made |= {"nodePort": one.node} if one.node and form.on_nodes else {}
        ports.append(made if one.protocol == "TCP" else {**made, "protocol": one.protocol})
    way = {"clusterIP": "None"} if form.service == "Headless" else {"type": form.service}
    spec = {**way, "selector": {NAME_LABEL: form.name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(form), "spec": spec}


def _claims(form: DeployForm) -> list[Tree]:
    return [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": _metadata(form, name), "spec": spec}
        for name, spec in claims_of(form)
    ]


def _full(tree: Tree) -> Tree:
    """Without what is empty: the cluster's own default is meant."""
    return {name: value for name, value in tree.items() if value or value == 0}
