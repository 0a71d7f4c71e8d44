"""Containers and projects to be converted, and what is asked of each result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from clusters.kinds.docker.origin import Origin
from clusters.ship.app import App, Converted, part_of
from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import stack

UID = "f" * 64
WORD = st.from_regex(r"[a-z][a-z0-9]{2,8}", fullmatch=True)
PATH = WORD.map(lambda word: f"/{word}")

TARGETS = (stack, manifests)
Conversion = Callable[[App], Converted]


def origin_of(config: dict[str, Any], host: dict[str, Any], **more: Any) -> Origin:
    container = {
        "Id": UID,
        "Name": "/web",
        "Config": {"Image": "registry.test/shop/web:1", **config},
        "HostConfig": {"NetworkMode": "bridge", "RestartPolicy": {"Name": "always"}, **host},
        "NetworkSettings": {"Networks": {"bridge": {}}},
        **more,
    }
    return Origin(container, {"RepoDigests": ["x"], "Config": {}})


def app_of(*origins: Origin, project: str = "") -> App:
    return App(name=project or "web", project=project, parts=[part_of(one) for one in origins])


def said(found: Converted) -> tuple[str, frozenset[str]]:
    return found.text, frozenset(one.words for one in found.gaps)


SECRET = "hunter2-of-the-shop"


def service_of(name: str, project: str = "shop", **config: Any) -> Origin:
    labels = {
        "com.docker.compose.project": project,
        "com.docker.compose.service": name,
        **config.pop("Labels", {}),
    }
    places = {"shop_default": {"Aliases": [f"shop-{name}-1", name, *config.pop("Aliases", ())]}}
    host = {"NetworkMode": "shop_default", "Binds": config.pop("Binds", [])}
    more = {"Name": f"/shop-{name}-1", "NetworkSettings": {"Networks": places}}
    return origin_of({"Labels": labels, **config}, host, **more)
