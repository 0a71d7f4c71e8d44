"""Network policy: who may talk to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.errors import Unsupported
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel
from clusters.kinds.columns import AGE, NAMESPACE, WIDE_STATUS, labels_text, name_column
from clusters.kinds.formats import count, listed
from clusters.kinds.join import Join
from clusters.kinds.kubernetes.base import collection, understood
from clusters.kinds.kubernetes.copies import OVER, copy_rows
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.leading import nodes_to_lead_to
from clusters.kinds.kubernetes.network_policy_model import INTO, OUT_OF, NetworkPolicy, allowed, join
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.pod_model import Pod

API = "networking.k8s.io/v1/networkpolicies"
MOST = 500  # policies of a namespace that are looked at
MOST_GROUPS, MOST_NAMES = 20, 5  # groups of its pods that are told, and apps that are named of each
ENFORCED = "The cluster keeps these as they are written; whether they are obeyed depends on its network plug-in."


@understood
def health(one: NetworkPolicy) -> Health:
    """Does it apply to anything?"""
    if one.covered is None:
        words = "Whether it applies to any pod cannot be told: our account here may not list pods."
        return Health(Level.UNKNOWN, "Cannot tell", words, "list pods: forbidden")
    if not one.covered:
        return Health(Level.STOPPED, "Covers nobody", f"It does nothing: no pod here is selected ({one.pods_words}).")
    return Health(Level.HEALTHY, "Applies")


def _directions(policies: Sequence[NetworkPolicy], whom: str) -> list[dict[str, Any]]:
    found = []
    for title, direction in ((f"Who may reach {whom}", INTO), (f"Whom {whom} may reach", OUT_OF)):
        words, rows = allowed(policies, direction)
        found.append({"title": title, "key": direction.lower(), "words": words, "rows": rows})
    return found


async def _load(look: Look) -> Mapping[str, Any]:
    one: NetworkPolicy = look.resource
    pods = [pod for pod in await look.related("pod") if one.covers(pod)]
    beside = [
        other.name
        for other in await look.related("network-policy")
        if other.uid != one.uid and any(other.covers(pod) for pod in pods)
    ]
    return {
        "directions": _directions([one], "these pods"),
        "named": False,
        "note": f"{ENFORCED} Other policies add to what it allows: {', '.join(sorted(beside)[:20])}."
        if beside
        else ENFORCED,
        "copies": None if one.covered is None else copy_rows(pods),
        "nodes": await nodes_to_lead_to(look),
    }


async def _load_of_pod(look: Look) -> Mapping[str, Any]:
    """The same for one pod, from all policies of its namespace."""
    pod: Pod = look.resource
    policies, strange = await _inside(look, pod.namespace)
    return _told(_directions([one for one in policies if one.covers(pod)], "this pod"), strange)


async def _load_of_namespace(look: Look) -> Mapping[str, Any]:
    """The same for all pods of a namespace: those to which the same policies apply are told together."""
    inside = look.resource.name
    policies, strange = await _inside(look, inside)
    groups: dict[tuple[str, ...], list[Pod]] = defaultdict(list)
    for pod in await look.related("pod"):
        if pod.namespace == inside and pod.status.phase not in OVER:
            groups[tuple(one.name for one in policies if one.covers(pod))].append(pod)
    directions = []
    for number, (names, pods) in enumerate(sorted(groups.items())[:MOST_GROUPS]):
        mine = [one for one in policies if one.name in names]
        directions += [way | {"key": f"{way['key']}-{number}"} for way in _directions(mine, _apps(pods))]
    found = _told(directions, strange)
    if not directions:
        found["note"] = f"No pod of this namespace is seen to run, so nobody talks. {found['note']}"
    elif len(groups) > MOST_GROUPS:
        found["note"] = f"And {len(groups) - MOST_GROUPS} more groups of pods. {found['note']}"
    return found


def _apps(pods: Sequence[Pod]) -> str:
    """What these pods are of: "basket, cart and 3 more"."""
    names = sorted({pod.labels.get("app.kubernetes.io/name") or pod.labels.get("app") or pod.name for pod in pods})
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return listed([*names[:MOST_NAMES], *more])


async def _inside(look: Look, namespace: str) -> tuple[list[NetworkPolicy], list[str]]:
    """The policies of a namespace, and the names of those that are not understood. Raises Unsupported."""
    call = Call("GET", collection(API, namespace), {"limit": str(MOST)}, timeout=10)
    answer = await look.driver.call(call) or {}
    if (answer.get("metadata") or {}).get("continue"):
        raise Unsupported(f"This namespace has more than {MOST} network policies: too many to put together here.")
    return _read(answer.get("items") or ())


def _told(directions: list[dict[str, Any]], strange: Sequence[str]) -> dict[str, Any]:
    """With what was left out said wherever it matters."""
    found = {"directions": directions, "named": True, "note": ENFORCED, "copies": None}
    if strange:
        names = ", ".join(strange[:20])
        left_out = f"Left out, because Pilothouse does not understand what the cluster says about it: {names}."
        for way in directions:
            way["words"] = f"Cannot tell for sure. {left_out} Without it: {way['words']}"
        found["note"] = f"{left_out} {ENFORCED}"
    return found


def _read(items: Sequence[Any]) -> tuple[list[NetworkPolicy], list[str]]:
    """The policies, and the names of those that are not understood."""
    policies, strange = [], []
    for item in items:
        try:
            policies.append(msgspec.convert(item, NetworkPolicy))
        except msgspec.ValidationError:
            metadata = item.get("metadata") if isinstance(item, dict) else None
            strange.append(str((metadata or {}).get("name", "one without a name"))[:253])
    return policies, strange


OVERVIEW: Panel[NetworkPolicy] = Panel(
    key="overview", label="Who may talk", icon="shield-check", template="who_may_talk", load=_load
)
OF_POD: Panel[Pod] = Panel(
    key="talk", label="Who may talk", icon="shield-check", template="who_may_talk", load=_load_of_pod, live=False
)
OF_NAMESPACE: Panel[Any] = replace(OF_POD, load=_load_of_namespace)


def _said(one: NetworkPolicy, direction: str) -> str:
    if not one.limits(direction):
        return "all may"
    rules = one.rules(direction)
    if not rules:
        return "nobody"
    who = list(dict.fromkeys(who for rule in rules for who in rule.who))
    return "; ".join(who[:3]) + (f"; {count(len(who) - 3, 'more', 'more')}" if len(who) > 3 else "")


NETWORK_POLICY: Kind[NetworkPolicy] = Kind(
    model=NetworkPolicy,
    api=API,
    name="network-policy",
    label="Network policy",
    plural="Network policies",
    icon="shield-check",
    group="Networking",
    platform="kubernetes",
    words="Who may talk to whom: pods that it selects are reached only by those whom one of their policies names.",
    health=health,
    join=Join(kinds=("pod",), make=join, without=frozenset({"pod"})),
    columns=(
        name_column(width="minmax(150px, 1.4fr)"),
        WIDE_STATUS,
        NAMESPACE,
        Column(key="selects", label="Applies to", value=lambda one: one.pods_words, width="minmax(150px, 1.5fr)"),
        Column(
            key="into",
            label="Reached by",
            value=lambda one: _said(one, INTO),
            width="minmax(160px, 2fr)",
            words="Who may open connections to its pods.",
        ),
        Column(
            key="out",
            label="May reach",
            value=lambda one: _said(one, OUT_OF),
            width="minmax(140px, 1.5fr)",
            words="To whom its pods may open connections.",
        ),
        Column(
            key="covered",
            label="Pods",
            cell="number",
            value=lambda one: one.covered,
            sort=lambda one: float(one.covered or 0),
            width="70px",
            end=True,
        ),
        AGE,
    ),
    panels=(OVERVIEW, EVENTS, YAML),
    actions=(
        deleting(
            API,
            "networkpolicy",
            effect=lambda one: f"Deletes {one.name}: it limits and allows nothing any longer for {one.pods_words}.",
            stays=lambda one: "Where no other policy applies to its pods, all may reach them then.",
        ),
    ),
    search=lambda one: f"{one.pods_words} {_said(one, INTO)} {_said(one, OUT_OF)}\0{labels_text(one)}",
)
