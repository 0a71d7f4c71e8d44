"""An app as objects of Kubernetes: for each part a workload, its service, its claims, and its secret when given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clusters.deploy.objects import NAME_LABEL
from clusters.kinds.yaml_text import text_of
from clusters.ship.app import App, Converted, Part
from clusters.ship.kubernetes_gaps import gaps_of
from clusters.ship.kubernetes_pod import notes_of, plain_name, pod_of, secret_name
from clusters.ship.volumes import volumes_of

Tree = dict[str, Any]
PART_OF = "app.kubernetes.io/part-of"
SIZE = "1Gi"  # of a new claim: a volume of an engine has no size that it could be taken from


def manifests(app: App, given: Mapping[str, str] | None = None) -> Converted:
    """All objects as one text. ``given``: values of secrets by their key; a part's stand in the text only together."""
    found = [one for part in app.parts for one in _objects(app, part, given or {})]
    return Converted("---\n".join(map(text_of, found)), tuple(dict.fromkeys(gaps_of(app, given or {}))))


def _objects(app: App, part: Part, given: Mapping[str, str]) -> Iterator[Tree]:
    values = {one.name: given[one.key] for one in part.secrets if given.get(one.key)}
    if values and len(values) == len(part.secrets):
        data = {"stringData": values}
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(app, part, secret_name(part)), **data}
    yield _workload(app, part)
    names = dict.fromkeys(map(plain_name, (part.name, *part.names)))
    yield from (_service(app, part, name) for name in names if app.project or part.names or part.listens)
    for claim in dict.fromkeys(
        claim_name(app, part, one.source) for one in volumes_of(part.form) if one.kind == "volume"
    ):
        if claim_owner(app, claim) == part.name:
            yield _claim(app, part, claim)


def claim_name(app: App, part: Part, source: str) -> str:
    """Of a volume: the project's own go by its name, those of a container by that of the container."""
    return plain_name(f"{app.project or part.name}-{app.short(source)}")


def claim_owner(app: App, claim: str) -> str:
    """The first part that uses it: with that one it is made."""
    for part in app.parts:
        if any(one.kind == "volume" and claim_name(app, part, one.source) == claim for one in volumes_of(part.form)):
            return part.name
    return ""


def _labels(app: App, part: Part) -> dict[str, str]:
    more = {PART_OF: plain_name(app.project)} if app.project else {}
    return {NAME_LABEL: plain_name(part.name), **more}


def _metadata(app: App, part: Part, name: str = "") -> Tree:
    return {"name": name or plain_name(part.name), "labels": _labels(app, part)}


def _workload(app: App, part: Part) -> Tree:
    claims = {one.source: claim_name(app, part, one.source) for one in volumes_of(part.form) if one.kind == "volume"}
    labels, notes = _labels(app, part), notes_of(part)
    metadata = {"labels": labels, **({"annotations": notes} if notes else {})}
    template = {"metadata": metadata, "spec": pod_of(part, claims)}
    if part.ended:
        retries = part.form.retries if part.form.restart == "on-failure" else 0
        spec: Tree = {
            **({"backoffLimit": retries} if retries or part.form.restart == "no" else {}),
            "template": template,
        }
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": _metadata(app, part), "spec": spec}
    # A disk is for one node only: the old copy has to let it go before the new one can have it.
    strategy = {"strategy": {"type": "Recreate"}} if claims else {}
    spec = {"replicas": part.copies, **strategy, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(app, part), "spec": spec}


def _service(app: App, part: Part, name: str) -> Tree:
    """So that others find it by that name. Where no port is known, the name leads to its copies themselves."""
    ports = []
    for one in part.listens:
        number, _, protocol = one.partition("/")
        upper = {} if protocol == "tcp" else {"protocol": protocol.upper()}
        ports.append({"name": f"{protocol}-{number}", "port": int(number), "targetPort": int(number), **upper})
    how: Tree = {"selector": _labels(app, part), "ports": ports} if ports else {"clusterIP": "None"}
    spec = {**how, "selector": _labels(app, part)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(app, part, name), "spec": spec}


def _claim(app: App, part: Part, claim: str) -> Tree:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": SIZE}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(app, part, claim),
        "spec": spec,
    }
