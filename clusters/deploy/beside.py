"""What is there beside what is to be deployed: names that are taken, and things that it needs and that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from clusters.access import Actor
from clusters.deploy.form import PLURALS, DeployForm
from clusters.gateway import Gateway
from clusters.kinds.makers import Remark
from clusters.kinds.readable import readable_labels
from clusters.live.connection import Connection

CLAIM, CONFIG, SECRET, SERVICE = "persistent-volume-claim", "config-map", "secret", "service"
ACCOUNT = "service-account"
KINDS = (*PLURALS, SERVICE, CLAIM, CONFIG, SECRET, ACCOUNT)
_WORDS = {CLAIM: "claim", CONFIG: "config map", SECRET: "secret", ACCOUNT: "service account"}
_ENFORCED = "pod-security.kubernetes.io/enforce"  # a namespace's label
_USUAL = range(30_000, 32_768)  # of ports of nodes, where a cluster was not told others
_SCRATCH = "/tmp"  # noqa: S108 -- a folder inside of copies, not of this machine
_STRICT_WORDS = {
    "non_root": "never as root",
    "no_escalation": "no more rights than it starts with",
    "drop_all": "no capabilities",
    "seccomp": "only ordinary system calls",
}
_SOURCES = {"config": CONFIG, "secret": SECRET}


@dataclass(frozen=True, slots=True)
class Beside:
    """Names by kind (None: that cannot be told), and the entries of config maps and secrets by kind and name.

    ``node_ports`` by number and protocol, with the service that has it; ``level`` is the namespace's pod security.
    """

    names: Mapping[str, Sequence[str] | None]
    entries: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    node_ports: Mapping[tuple[int, str], str] = field(default_factory=dict)
    level: str = ""


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
    services = gateway.visible(actor, connection.cluster.id, SERVICE) if form.on_nodes else ()
    node_ports = {
        (int(port.node_port), port.protocol): f"{one.name} in {one.namespace}"
        for one in services
        for port in one.ports
        if port.node_port and (one.namespace, one.name) != (form.namespace, form.name)
    }
    spaces = gateway.visible(actor, connection.cluster.id, "namespace")
    level = next((one.labels.get(_ENFORCED, "") for one in spaces if one.name == form.namespace), "")
    return Beside(names, entries, node_ports, level)


def offered(there: Beside) -> dict[str, Sequence[str]]:
    """Names to choose from, by kind; "entry" has those of the config maps and secrets that are named already."""
    entries = sorted({name for names in there.entries.values() for name in names})
    return {**{kind: names or () for kind, names in there.names.items()}, "entry": entries}


def taken(form: DeployForm, there: Beside) -> dict[str, str]:
    """Names and ports of nodes that others have already, by the field that must change."""
    if form.name in (there.names[form.kind] or ()):
        word = form.kind.replace("-", " ")
        return {
            "name": f"There is a {word} {form.name} in {form.namespace} already. Change that one, or take another name."
        }
    if form.secrets and form.secret_name in (there.names[SECRET] or ()):
        return {"environment": f"There is a secret {form.secret_name} in {form.namespace} already: take another name."}
    for one in form.ports if form.on_nodes else ():
        if holder := there.node_ports.get((one.node or 0, one.protocol)):
            return {"ports": f"Port {one.node} of every node is taken by the service {holder}."}
    if form.has_service and form.name in (there.names[SERVICE] or ()):
        return {
            "name": f"There is a service {form.name} in {form.namespace} already. Choose another name, or no service."
        }
    return {}


def remarks(form: DeployForm, there: Beside) -> list[Remark]:
    """What is worth knowing, and stops nobody."""
    known = (_missing(form, there), _entries(form, there), _level(form, there))
    alone = (_secrets(form), _labels(form), _service(form), _disks(form), _trust(form))
    return [one for some in (*known, *alone) for one in some]


def _secrets(form: DeployForm) -> Iterator[Remark]:
    if form.secrets and form.name:
        names = ", ".join(name for name, _ in form.secrets)
        into = "its value goes" if len(form.secrets) == 1 else "their values go"
        yield Remark(f"{names}: {into} into the secret {form.secret_name}, which is made with it.")


def _labels(form: DeployForm) -> Iterator[Remark]:
    if words := readable_labels(form.labels):
        yield Remark(words, "warn")


def _missing(form: DeployForm, there: Beside) -> Iterator[Remark]:
    kinds = {"claim": CLAIM, **_SOURCES}
    needed = [(kinds[one.kind], one.name) for one in form.mounts if one.kind in kinds]
    needed += [(kinds[one.kind], one.name) for one in form.sources]
    needed += [(SECRET, form.pull_secret)] if form.pull_secret else []
    needed += [(ACCOUNT, form.security.account)] if form.security.account else []
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
    if strange := [str(one.node) for one in form.ports if one.node and form.on_nodes and one.node not in _USUAL]:
        yield Remark(
            f"In most clusters, ports of nodes are from {_USUAL[0]} to {_USUAL[-1]}: {', '.join(strange)} may not do.",
            "warn",
        )
    if form.service == "Headless" and any(one.service for one in form.ports):
        yield Remark("A headless service has no ports of its own: callers reach the copies on theirs.")
    if form.kind == "stateful-set" and form.service != "Headless":
        yield Remark("Copies are found by their own names only with a headless service.")
    if form.service == "LoadBalancer" and form.ports:
        yield Remark("It can be reached from outside as soon as the cluster's load balancer gives it an address.")


def _level(form: DeployForm, there: Beside) -> Iterator[Remark]:
    """What the namespace refuses: the workload itself would be made, and never get a copy."""
    missing = [words for name, words in _STRICT_WORDS.items() if not getattr(form.security, name)]
    if there.level == "restricted" and missing:
        what = ", ".join(missing)
        yield Remark(
            f"{form.namespace} takes only copies of the pod security level “restricted”: none would be made as it is. "
            f"Choose “Restricted” under Account and security ({what}).",
            "warn",
        )


def _trust(form: DeployForm) -> Iterator[Remark]:
    given = form.security
    if given.non_root and given.user is None:
        yield Remark("Its image must name a user by number that is not root; else name one under User id.")
    if given.read_only_root and not any(one.path.rstrip("/") == _SCRATCH for one in form.mounts):
        yield Remark(f"Programs that write to {_SCRATCH} need a volume there: {_SCRATCH} as an empty folder.")


def _disks(form: DeployForm) -> Iterator[Remark]:
    shared = any(one.kind == "new" for one in form.mounts) and form.kind != "stateful-set"
    if shared and (form.copies > 1 or form.kind == "daemon-set"):
        yield Remark(
            "All copies share the new claim, and most disks are for one node only. A stateful set gives each its own.",
            "warn",
        )
