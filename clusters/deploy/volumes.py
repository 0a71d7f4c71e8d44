"""The volumes of a workload: what they are called, how the pod declares them, and the claims that they need."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clusters.deploy.form import DeployForm, Mount

Tree = dict[str, Any]


def mounts_of(form: DeployForm) -> list[Tree]:
    """Where the container has them."""
    names = dict(_named(form))
    return [
        {"name": names[_identity(one)], "mountPath": one.path}
        | ({"subPath": one.inside} if one.inside else {})
        | ({"readOnly": True} if one.read_only else {})
        for one in form.mounts
    ]


def volumes_of(form: DeployForm) -> list[Tree]:
    """As the pod declares them; those of claim templates the workload declares."""
    return [_volume(form, one, name) for one, name in _each(form) if not (one.kind == "new" and _has_templates(form))]


def templates_of(form: DeployForm) -> list[Tree]:
    """New claims of which each copy gets one of its own."""
    new = [(one, name) for one, name in _each(form) if one.kind == "new" and _has_templates(form)]
    return [{"metadata": {"name": name}, "spec": _claim(one)} for one, name in new]


def claims_of(form: DeployForm) -> list[tuple[str, Tree]]:
    """New claims that all copies share: their names, and what is asked for."""
    new = [(one, name) for one, name in _each(form) if one.kind == "new" and not _has_templates(form)]
    return [(f"{form.name}-{name}", _claim(one)) for one, name in new]


def _has_templates(form: DeployForm) -> bool:
    return form.kind == "stateful-set"


def _claim(one: Mount) -> Tree:
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": one.name}}}


def _volume(form: DeployForm, one: Mount, name: str) -> Tree:
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


def _each(form: DeployForm) -> list[tuple[Mount, str]]:
    firsts: dict[tuple[str, str], Mount] = {}
    for one in form.mounts:
        firsts.setdefault(_identity(one), one)
    return [(firsts[identity], name) for identity, name in _named(form)]
