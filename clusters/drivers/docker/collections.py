"""Where the kinds live in an engine's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NAME = "{name}"


@dataclass(frozen=True, slots=True)
class Collection:
    """Where a kind lives in the engine's API."""

    event: str  # the type its events carry
    list: tuple[str, ...]
    inspect: tuple[str, ...]  # the path of one; NAME stands for its name or id
    query: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()  # actions of its events that change nothing of it
    whole: bool = True  # its list says all there is to say: no inspection of each
    inside: str = ""  # the list is the value of this key
    alone: bool = False  # there is one only, and it is the whole answer
    every: tuple[float, float] | None = None  # seconds between two lists, while somebody looks and while nobody does

    def one(self, name: str) -> tuple[str, ...]:
        """The path of one of them. The name of an image has slashes: each of its parts is checked by itself."""
        parts = tuple(name.split("/")) if self.event == "image" else (name,)
        return tuple(step for part in self.inspect for step in (parts if part == NAME else (part,)))


COLLECTIONS = {
    "containers": Collection(
        "container", ("containers", "json"), ("containers", NAME, "json"), {"all": "1"}, whole=False
    ),
    "networks": Collection("network", ("networks",), ("networks", NAME), ignored=frozenset({"connect", "disconnect"})),
    "images": Collection("image", ("images", "json"), ("images", NAME, "json"), ignored=frozenset({"save"})),
    # That an engine joins or leaves a Swarm has no event.
    "info": Collection("daemon", ("info",), ("info",), alone=True, every=(5.0, 60.0)),
    "volumes": Collection(
        "volume", ("volumes",), ("volumes", NAME), ignored=frozenset({"mount", "unmount"}), inside="Volumes"
    ),
    # Of a Swarm, told by its managers. Tasks have no events, and of a service or a node not all that changes has one.
    "services": Collection("service", ("services",), ("services", NAME), {"status": "true"}, every=(1.5, 10.0)),
    "tasks": Collection("task", ("tasks",), ("tasks", NAME), every=(1.5, 10.0)),
    "nodes": Collection("node", ("nodes",), ("nodes", NAME), every=(5.0, 10.0)),
    "secrets": Collection("secret", ("secrets",), ("secrets", NAME)),
    "configs": Collection("config", ("configs",), ("configs", NAME)),
    # As its engine sees it: that is told also when the managers have lost their majority, and nothing else is.
    "swarm": Collection("swarm", ("info",), ("swarm",), inside="Swarm", alone=True, every=(5.0, 10.0)),
}
