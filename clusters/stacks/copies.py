"""How many copies of a stack's services run: as its text says, or as somebody scaled them since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from clusters.compose.copies import said_by_text
from clusters.compose.text import read, written
from clusters.drivers.base import Driver
from clusters.kinds.swarm.base import STACK, list_of
from clusters.kinds.swarm.service_model import Service

_NUMBERED = (None, "replicated")  # modes of a service that have a number of copies


def called_in_text(stack: str, service: Service) -> str:
    """Its name in the text: a Swarm puts that of the stack before it."""
    return service.name.removeprefix(f"{stack}_")


async def services_of(driver: Driver, stack: str) -> Sequence[Service]:
    """As the Swarm has them now. Raises ClusterError."""
    return await list_of(driver, "services", Service, {"filters": json.dumps({"label": [f"{STACK}={stack}"]})})


def scaled(project: Mapping[str, Any], stack: str, services: Iterable[Service]) -> dict[str, int]:
    """Of which of the stack's services another number of copies is asked for now than its text says."""
    found = {}
    for one in services:
        name = called_in_text(stack, one)
        text = (project.get("services") or {}).get(name)
        if one.namespace != stack or text is None or one.replicas is None:
            continue
        if (text.get("deploy") or {}).get("mode") in _NUMBERED and one.replicas != said_by_text(text):
            found[name] = one.replicas
    return found


def with_copies(text: str, scale: Mapping[str, int]) -> str:
    """A text as the program gets it, without anchors, in which these services have so many copies."""
    if not scale:
        return text
    node = read(text).node
    for name, number in sorted(scale.items()):
        deploy = _below(_below(_below(node, "services"), name), "deploy")
        deploy.value = [pair for pair in deploy.value if pair[0].value != "replicas"]
        deploy.value.append((_scalar("replicas", deploy), _scalar(str(number), deploy)))
    return written(node)


def _below(node: yaml.MappingNode, name: str) -> yaml.MappingNode:
    """What stands there, which is a mapping by now, or an empty one."""
    pairs = node.value
    for number, (key, value) in enumerate(pairs):
        if key.value == name:
            if not isinstance(value, yaml.MappingNode):  # nothing stands there
                value = _mapping(node)
                pairs[number] = (key, value)
            return value
    pairs.append((_scalar(name, node), _mapping(node)))
    found: yaml.MappingNode = pairs[-1][1]
    return found


def _mapping(at: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode("tag:yaml.org,2002:map", [], at.start_mark, at.end_mark)


def _scalar(text: str, at: yaml.Node) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, at.start_mark, at.end_mark)
