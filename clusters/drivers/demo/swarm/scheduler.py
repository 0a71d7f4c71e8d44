"""Where a copy can run: the nodes that fit it, and the words of a Swarm for those that do not."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.swarm.world import SwarmWorld

_RULE = re.compile(r"(?P<what>[^=!\s]+)\s*(?P<how>==|!=)\s*(?P<value>.+)")
CLOSED, RULES, FULL = (
    "not available for new tasks",
    "scheduling constraints not satisfied",
    "max replicas per node limit exceed",
)


def fits(node: Object, template: Object) -> bool:
    """Does it keep all placement rules?"""
    return all(_keeps(node, rule) for rule in (template.get("Placement") or {}).get("Constraints") or ())


def _keeps(node: Object, rule: str) -> bool:
    match = _RULE.fullmatch(rule.strip())
    if match is None:
        return False
    what, spec = match["what"], node["Spec"]
    known = {"node.id": node["ID"], "node.hostname": node["Description"]["Hostname"], "node.role": spec["Role"]}
    known |= {f"node.labels.{name}": value for name, value in (spec.get("Labels") or {}).items()}
    known |= {"node.platform.os": "linux", "node.platform.arch": "x86_64"}
    return (known.get(what, "") == match["value"].strip()) is (match["how"] == "==")


def takes_tasks(node: Object) -> bool:
    """Is it there, and neither paused nor drained?"""
    return bool(node["Status"]["State"] == "ready" and node["Spec"]["Availability"] == "active")


def choose(world: SwarmWorld, service: Object) -> tuple[str, str]:
    """The id of the node with the fewest copies among those that fit; or "" and why there is none."""
    template = service["Spec"]["TaskTemplate"]
    most = (template.get("Placement") or {}).get("MaxReplicas") or 0
    tasks = [one for one in world.all("tasks") if one["DesiredState"] in ("running", "ready")]
    own = Counter(one["NodeID"] for one in tasks if one["ServiceID"] == service["ID"])
    all_of = Counter(one["NodeID"] for one in tasks)
    why, found = Counter[str](), list[Object]()
    for node in world.all("nodes"):
        if not takes_tasks(node):
            why[CLOSED] += 1
        elif not fits(node, template):
            why[RULES] += 1
        elif most and own[node["ID"]] >= most:
            why[FULL] += 1
        else:
            found.append(node)
    if found:
        best = min(found, key=lambda node: (own[node["ID"]], all_of[node["ID"]], node["Description"]["Hostname"]))
        return best["ID"], ""
    parts = [f"{words} on {many} node{'' if many == 1 else 's'}" for words, many in why.items() if words != CLOSED]
    parts += [f"{why[CLOSED]} node{' ' if why[CLOSED] == 1 else 's '}{CLOSED}"] if why[CLOSED] else []
    return "", f"no suitable node ({'; '.join(parts)})"
