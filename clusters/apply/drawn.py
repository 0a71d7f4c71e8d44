"""What a dry run makes up: an address or a port that is drawn anew when it is done in earnest."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

_DRAWN = ("clusterIP", "clusterIPs", "healthCheckNodePort")


def without_drawn(
    after: Mapping[str, Any], wish: Mapping[str, Any], before: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """The same without what nobody asked for, that is not there yet, and that will be another one: of a service, its
    address and the ports of nodes."""
    spec = after.get("spec")
    if after.get("kind") != "Service" or not isinstance(spec, Mapping):
        return after
    known = [tree["spec"] for tree in (wish, before or {}) if isinstance(tree.get("spec"), Mapping)]
    told = {key: value for key, value in spec.items() if key not in _DRAWN or any(one.get(key) for one in known)}
    ports = [port for one in known for port in one.get("ports") or () if isinstance(port, Mapping)]
    asked = {port.get("nodePort") for port in ports}
    told["ports"] = [
        {key: value for key, value in port.items() if key != "nodePort" or value in asked}
        if isinstance(port, Mapping)
        else port
        for port in copy.deepcopy(spec.get("ports") or [])
    ]
    if not told["ports"]:
        del told["ports"]
    return {**after, "spec": told}
