"""An app as objects of Kubernetes: for each part a workload, its service, its claims, and its secret when given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clusters.deploy.objects import NAME_LABEL
from clusters.kinds.yaml_text import text_of
from clusters.ship.apart import distinct, kept_apart
from clusters.ship.app import App, Converted, Gap, Part
from clusters.ship.gaps import of_absent, of_files
from clusters.ship.kubernetes_gaps import TARGET, gaps_of
from clusters.ship.kubernetes_pod import file_name, notes_of, plain_name, pod_of, secret_name
from clusters.ship.volumes import volumes_of

Tree = dict[str, Any]
PART_OF = "app.kubernetes.io/part-of"
SIZE = "1Gi"  # of a new claim: a volume of an engine has no size that it could be taken from


@dataclass(frozen=True, slots=True)
class _Names:
    """What things of an app are called in a cluster, each differently: claims by volume, files by their key."""

    claims: Mapping[str, str]
    files: Mapping[str, str]
    services: Mapping[str, str]  # a name by which others find it, and the part it leads to


def manifests(app: App, given: Mapping[str, str] | None = None) -> Converted:
    """All objects as one text. ``given``: values of secrets by their key; a part's stand in the text only together."""
    app, values, renamed = kept_apart(app, given or {}, plain_name)
    names = _names_of(app)
    found = [*_files(app, names, values), *(one for part in app.parts for one in _objects(app, part, names, values))]
    gaps = (
        *renamed,
        *gaps_of(app, values),
        *of_absent(app),
        *of_files(app, TARGET, values, "its copies wait until it is given."),
        *_shared_names(app, names),
    )
    return Converted("---\n".join(map(text_of, found)), tuple(dict.fromkeys(gaps)))


def _names_of(app: App) -> _Names:
    sources = (one.source for part in app.parts for one in volumes_of(part.form) if one.kind == "volume")
    whole = app.project or app.parts[0].name  # the project's own go by its name, those of a container by that of it
    known = {one.key: one for one in app.files.values() if one.content is not None}
    services: dict[str, str] = {}
    for name, part in [(one.name, one) for one in app.parts] + [(name, one) for one in app.parts for name in one.names]:
        services.setdefault(plain_name(name), part.name)  # a service's own name is nobody else's
    return _Names(
        claims=distinct(sources, lambda source: plain_name(f"{whole}-{app.short(source)}")),
        files=distinct(known, lambda key: file_name(whole, known[key])),
        services=services,
    )


def _shared_names(app: App, names: _Names) -> Iterator[Gap]:
    for part in app.parts:
        for one in part.names:
            if (other := names.services[plain_name(one)]) != part.name:
                words = f"{plain_name(one)} is a name of {other}, too: there it leads to {other} alone."
                yield Gap("aliases", words, part.name)


def _files(app: App, names: _Names, given: Mapping[str, str]) -> Iterator[Tree]:
    for key, one in app.files.items():
        if key not in names.files or (one.is_secret and not given.get(key)):
            continue
        metadata: Tree = {"name": names.files[key]}
        if app.project:
            metadata["labels"] = {PART_OF: plain_name(app.project)}
        if one.is_secret:
            data: Tree = {"stringData": {one.entry: given[key]}}
            yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **data}
        else:
            data = {"data": {one.entry: one.content}}
            yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **data}


def _objects(app: App, part: Part, names: _Names, given: Mapping[str, str]) -> Iterator[Tree]:
    values = {one.name: given[one.key] for one in part.secrets if given.get(one.key)}
    if values and len(values) == len(part.secrets):
        data = {"stringData": values}
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": _metadata(app, part, secret_name(part)), **data}
    yield _workload(app, part, names)
    for name in dict.fromkeys(map(plain_name, (part.name, *part.names))):
        if names.services[name] == part.name and (app.project or part.names or part.listens):
            yield _service(app, part, name)
    for claim in dict.fromkeys(_claims(part, names).values()):
        if _owner(app, names, claim) == part.name:
            yield _claim(app, part, claim)


def _claims(part: Part, names: _Names) -> dict[str, str]:
    """Those of a part, by their volume."""
    found = (one.source for one in volumes_of(part.form) if one.kind == "volume")
    return {source: names.claims[source] for source in found}


def _owner(app: App, names: _Names, claim: str) -> str:
    """The first part that uses it: with that one it is made."""
    return next((part.name for part in app.parts if claim in _claims(part, names).values()), "")


def _labels(app: App, part: Part) -> dict[str, str]:
    more = {PART_OF: plain_name(app.project)} if app.project else {}
    return {NAME_LABEL: plain_name(part.name), **more}


def _metadata(app: App, part: Part, name: str = "") -> Tree:
    return {"name": name or plain_name(part.name), "labels": _labels(app, part)}


def _workload(app: App, part: Part, names: _Names) -> Tree:
    claims = _claims(part, names)
    labels, notes = _labels(app, part), notes_of(part)
    metadata = {"labels": labels, **({"annotations": notes} if notes else {})}
    template = {"metadata": metadata, "spec": pod_of(part, claims, names.files)}
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
