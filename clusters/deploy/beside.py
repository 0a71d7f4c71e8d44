"""What is there beside what is to be deployed: names that are taken, and things that it needs and that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clusters.access import Actor
from clusters.deploy.form import PLURALS, DeployForm
from clusters.gateway import Gateway
from clusters.kinds.makers import Remark
from clusters.live.connection import Connection

CLAIM, CONFIG, SECRET, SERVICE = "persistent-volume-claim", "config-map", "secret", "service"
KINDS = (*PLURALS, SERVICE, CLAIM, CONFIG, SECRET)
_WORDS = {CLAIM: "claim", CONFIG: "config map", SECRET: "secret"}
_SOURCES = {"config": CONFIG, "secret": SECRET}


@dataclass(frozen=True, slots=True)
class Beside:
    """Names by kind (None: that cannot be told), and the entries of config maps and secrets by kind and name."""

    names: Mapping[str, Sequence[str] | None]
    entries: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)


def beside(gateway: Gateway, actor: Actor, connection: Connection, form: DeployForm) -> Beside:
    """What this person may see in its namespace."""
    names: dict[str, Sequence[str] | None] = {}
    entries: dict[tuple[str, str], Sequence[str]] = {}
    asked = {(_SOURCES[one.kind], one.name) for one in form.sources}
    for kind in KINDS:
        store = connection.stores.get(kind)
        known = store is not None and store.listed and store.trouble is None
        seen = gateway.visible(actor, connection.cluster.id, kind)
        there = {one.name: one for one in seen if one.namespace == form.namespace}
        names[kind] = sorted(there) if known else None
        for name, one in there.items():
            if (kind, name) in asked:
                entries[kind, name] = list(one.sizes) if kind == CONFIG else one.entries
    return Beside(names, entries)


def offered(there: Beside) -> dict[str, Sequence[str]]:
    """Names to choose from, by kind; "entry" has those of the config maps and secrets that are named already."""
    entries = sorted({name for names in there.entries.values() for name in names})
    return {**{kind: names or () for kind, names in there.names.items()}, "entry": entries}


def taken(form: DeployForm, there: Beside) -> dict[str, str]:
    """Names that others have already, by the field that must change."""
    if form.name in (there.names[form.kind] or ()):
        word = form.kind.replace("-", " ")
        return {
            "name": f"There is a {word} {form.name} in {form.namespace} already. Change that one, or take another name."
        }
    if form.has_service and form.name in (there.names[SERVICE] or ()):
        return {
            "name": f"There is a service {form.name} in {form.namespace} already. Choose another name, or no service."
        }
    return {}


def remarks(form: DeployForm, there: Beside) -> list[Remark]:
    """What is worth knowing, and stops nobody."""
    return [*_missing(form, there), *_entries(form, there), *_service(form), *_disks(form)]


def _missing(form: DeployForm, there: Beside) -> Iterator[Remark]:
    kinds = {"claim": CLAIM, **_SOURCES}
    needed = [(kinds[one.kind], one.name) for one in form.mounts if one.kind in kinds]
    needed += [(kinds[one.kind], one.name) for one in form.sources]
    needed += [(SECRET, form.pull_secret)] if form.pull_secret else []
    for kind, name in dict.fromkeys(needed):
        names = there.names[kind]
        if names is not None and name not in names:
            yield Remark(
                f"There is no {_WORDS[kind]} {name} in {form.namespace} yet: copies wait until it is there.", "warn"
            )


def _entries(form: DeployForm, there: Beside) -> Iterator[Remark]:
    for one in form.sources:
        entries = there.entries.get((_SOURCES[one.kind], one.name))
        if one.key and entries and one.key not in entries:  # of a secret without any noted, nothing can be told
            what = f"{_WORDS[_SOURCES[one.kind]]} {one.name}"
            yield Remark(
                f"The {what} has no entry {one.key}: copies wait for it. It has {', '.join(entries[:5])}.", "warn"
            )


def _service(form: DeployForm) -> Iterator[Remark]:
    if form.name and form.service and not form.ports:
        yield Remark("No service is made: it listens on no port.")
    if form.kind == "stateful-set" and form.service != "Headless":
        yield Remark("Copies are found by their own names only with a headless service.")
    if form.service == "LoadBalancer" and form.ports:
        yield Remark("It can be reached from outside as soon as the cluster's load balancer gives it an address.")


def _disks(form: DeployForm) -> Iterator[Remark]:
    shared = any(one.kind == "new" for one in form.mounts) and form.kind != "stateful-set"
    if shared and (form.copies > 1 or form.kind == "daemon-set"):
        yield Remark(
            "All copies share the new claim, and most disks are for one node only. A stateful set gives each its own.",
            "warn",
        )
