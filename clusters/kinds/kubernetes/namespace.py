"""Namespace: a part of a cluster with names, rights and limits of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Health, Kind, Level, Look, Role
from clusters.kinds.columns import AGE, STATUS, name_column
from clusters.kinds.formats import count, epoch, listed
from clusters.kinds.kubernetes.base import Condition, Object, Part, collection, condition, understood_to_the_end
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.names import counted, page_of, said
from clusters.kinds.kubernetes.namespace_form import CREATE
from clusters.kinds.kubernetes.network_policy import OF_NAMESPACE
from clusters.kinds.kubernetes.panels import CONDITIONS, EVENTS, YAML
from clusters.kinds.makers import PULL_SECRET

API, NOUN = "v1/namespaces", "namespace"
# Seconds that deleting one may take. What finalizers of Kubernetes itself wait for takes its time: a disk that a copy
# uses until it has ended. Any other that is still there after two minutes most likely waits for a program that is gone.
HELD, STUCK, HOPELESS = 120.0, 600.0, 3600.0
ITS_OWN = ("kube-system", "kube-public", "kube-node-lease", "default")
# As the cluster words it: "example.com/audit in 2 resource instances", "configmaps. has 1 resource instances".
_HOLDERS = re.compile(r"(\S+) in (\d{1,9}) resource instances")
_REMAINING = re.compile(r"(\S+) has (\d{1,9}) resource instances")
# "foregroundDeletion", "kubernetes.io/pvc-protection", "service.kubernetes.io/load-balancer-cleanup"
_BUILT_IN = re.compile(r"^[^/]+$|^([a-z0-9-]+\.)?kubernetes\.io/")
MOST_HELD = 50  # things of one kind that are looked through for what holds them
_FAILS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
)


class NamespaceSpec(Part, frozen=True, gc=False, rename="camel"):
    """What must let go of it before it is gone."""

    finalizers: list[str] | None = None


class NamespaceStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    phase: str = ""
    conditions: list[Condition] | None = None


class Namespace(Object, frozen=True, gc=False, rename="camel"):
    """One namespace."""

    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()

    def _said(self, type_: str) -> str:
        found = condition(self.status.conditions, type_)
        return found.message if found and found.status == "True" else ""

    @property
    def contents(self) -> list[str]:
        """What is still in it, as the cluster counts while it goes: the full names of kinds, "configmaps"."""
        return [name.rstrip(".") for name, _ in _REMAINING.findall(self._said("NamespaceContentRemaining"))]

    @property
    def finalizers(self) -> dict[str, int]:
        """Those on what is in it, by the cluster's count: of how many things."""
        return {name: int(many) for name, many in _HOLDERS.findall(self._said("NamespaceFinalizersRemaining"))}

    @property
    def own_finalizers(self) -> list[str]:
        """Those on itself, but for the one that empties it."""
        named = (*(self.metadata.finalizers or ()), *(self.spec.finalizers or ()))
        return [name for name in named if name != "kubernetes"]

    @property
    def held_by_others(self) -> bool:
        """Does a finalizer hold it that is not one of Kubernetes itself?"""
        return any(not _BUILT_IN.search(name) for name in (*self.finalizers, *self.own_finalizers))

    @property
    def held_by(self) -> str:
        """What keeps it from going: how many things of which kinds with which finalizer; "" when nothing does."""
        held = [message for type_ in _FAILS if (message := self._said(type_))]
        holders, content = self._said("NamespaceFinalizersRemaining"), self._said("NamespaceContentRemaining")
        things = {name.rstrip("."): int(many) for name, many in _REMAINING.findall(content)}
        held += [_left_words(things, self.finalizers)] if things else [content] if content else []
        held += [holders] if holders and not (things and self.finalizers) else []
        held += [f"its own finalizer {name}" for name in self.own_finalizers]
        return "; ".join(held)[:600]


def _left_words(things: Mapping[str, int], finalizers: Mapping[str, int]) -> str:
    """ "1 config map with the finalizer a"; "2 pods and 1 secret, 1 of them with the finalizer a"."""
    words, all_of_them = listed([counted(many, name) for name, many in things.items()]), sum(things.values())
    if finalizers and all(many == all_of_them for many in finalizers.values()):
        return f"{words} with the {'finalizer' if len(finalizers) == 1 else 'finalizers'} {listed(list(finalizers))}"
    return ", ".join([words, *(f"{many} of them with the finalizer {name}" for name, many in finalizers.items())])


@understood_to_the_end
def health(one: Namespace) -> Health:
    """There, going, or stuck while it goes."""
    since = epoch(one.metadata.deletion_timestamp)
    if not since:
        return Health(Level.HEALTHY, "Active")
    age = time.time() - since
    if age < (HELD if one.held_by_others else STUCK):
        still = f" Still there: {one.held_by}." if one.held_by else ""
        return Health(Level.CHANGING, "Ending", f"It is being deleted with all that is in it.{still}", since=since)
    words = f"It should be gone by now. Still held by: {one.held_by or 'something that the cluster does not name'}."
    return Health(Level.FAILING if age > HOPELESS else Level.AT_RISK, "Stuck ending", words, "Terminating", since)


_COUNTED = (  # path of a collection -> one, many: what people look for before they delete
    (("apis", "apps", "v1"), "deployments", "deployment", "deployments"),
    (("apis", "apps", "v1"), "statefulsets", "stateful set", "stateful sets"),
    (("apis", "apps", "v1"), "daemonsets", "daemon set", "daemon sets"),
    (("api", "v1"), "pods", "pod", "pods"),
    (("api", "v1"), "services", "service", "services"),
    (("api", "v1"), "configmaps", "config map", "config maps"),
    (("api", "v1"), "persistentvolumeclaims", "claim", "claims"),
    (("apis", "batch", "v1"), "jobs", "batch job", "batch jobs"),
    (("apis", "batch", "v1"), "cronjobs", "cron job", "cron jobs"),
    (("apis", "networking.k8s.io", "v1"), "ingresses", "ingress", "ingresses"),
)


async def _contents(look: Look) -> list[str]:
    """How many of what people look for are in it: one small request each, because nothing of it need be watched."""
    found = []
    for root, plural, one, many in _COUNTED:
        path = (*root, "namespaces", look.resource.name, plural)
        try:
            answer = await look.driver.call(Call("GET", path, {"limit": "1"}, timeout=5))
        except ClusterError:
            continue  # not allowed, or the cluster has no such kind: then it is not counted
        number = len(answer.get("items") or ()) + int((answer.get("metadata") or {}).get("remainingItemCount") or 0)
        if number:
            found.append(count(number, one, many))
    return found


async def _load(look: Look) -> Mapping[str, Any]:
    one: Namespace = look.resource
    inside = await _contents(look)
    facts = [
        Fact("In it", ", ".join(inside) or "none of the things that were counted"),
        Fact("State", one.status.phase or "–"),
        *((Fact("Held by", one.held_by),) if one.metadata.deletion_timestamp and one.held_by else ()),
    ]
    if not one.metadata.deletion_timestamp:
        return await overview(look, facts)
    title, nobody = "What is still in it", "Nothing that the cluster names."
    return await overview(look, facts, Users(title, nobody, await _left(look), "Held by finalizers"))


async def _left(look: Look) -> list[User]:
    """What is still in a namespace that goes, thing by thing, with what holds each."""
    wanted, rows = look.resource.contents[:8], list[User]()
    try:
        known = {found.name: found for found in await look.driver.discover()} if wanted else {}
        for found in (known[name] for name in wanted if name in known):
            call = Call("GET", collection(found.api, look.resource.name), {"limit": str(MOST_HELD)}, timeout=5)
            for item in (await look.driver.call(call)).get("items") or ():
                meta = item.get("metadata") or {}
                held = ", ".join(meta.get("finalizers") or ()) or "nothing: it is going"
                name, what = str(meta.get("name", "")), said(found.name)[0]
                label = found.label if what == found.name else what
                rows.append(User(page_of(found.name), name, f"{look.resource.name}/{name}", label, held[:300]))
    except ClusterError:
        return rows  # what could be seen
    return rows


DELETE = deleting(
    API,
    NOUN,
    effect=lambda one: (
        f"Deletes {one.name} and all that is in it: apps with their copies, addresses, settings, secrets, batch jobs, "
        "and disks (claims) with their data."
    ),
    stays=lambda one: "Disks stay whose class says “Retain”. What belongs to the whole cluster stays.",
    refuse=lambda one: "The cluster itself needs it." if one.name in ITS_OWN else "",
    role=Role.ADMIN,
)

NAMESPACE: Kind[Namespace] = Kind(
    model=Namespace,
    api=API,
    name="namespace",
    label="Namespace",
    plural="Namespaces",
    icon="folder",
    group="Hosts and nodes",
    platform="kubernetes",
    namespaced=False,
    own_namespace=True,
    always=True,
    words="A part of a cluster with names, rights and limits of its own.",
    health=health,
    columns=(name_column(), STATUS, AGE),
    make=CREATE,
    offers=(PULL_SECRET,),
    panels=(panel(_load), OF_NAMESPACE, CONDITIONS, EVENTS, YAML),
    actions=(DELETE,),
)
