"""Objects of many kinds on a real cluster, and what kubectl says of them afterwards."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from clusters.drivers.kubernetes import KubernetesDriver
from clusters.kinds.base import Kind, Look
from clusters.live.connection import Connection
from tests.clusters.docker_things import connected, until
from tests.clusters.fakes import all_shared

PATIENCE = 60.0
WORK = "trap 'exit 0' TERM; while true; do echo tick; sleep 0.2 & wait $!; done"


def a_name(what: str) -> str:
    """A name that nothing else has."""
    return f"{what}-{secrets.token_hex(3)}"


def apply(namespace: str, api: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    """Make an object as kubectl makes it; as the cluster has it then."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    body = {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}
    made = subprocess.run(
        ["kubectl", "create", "-f", "-", "-o", "json"],
        input=json.dumps(body).encode(),
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def said(*words: str) -> dict[str, Any] | None:
    """What kubectl says of one object; None when it is not there."""
    done = subprocess.run(["kubectl", "get", *words, "-o", "json"], capture_output=True, check=False)
    if done.returncode:
        assert b"NotFound" in done.stderr, done.stderr.decode()
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def pod_template(name: str, command: str = WORK, **spec: Any) -> dict[str, Any]:
    """What pods are made from."""
    container: dict[str, Any] = {"name": "main", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent"}
    container |= {"command": ["sh", "-c", command], **spec.pop("container", {})}
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1, **spec},
    }


@asynccontextmanager
async def watched(driver: KubernetesDriver, *kinds: Kind[Any]) -> AsyncIterator[Connection]:
    """The stores of these kinds, kept as the product keeps them."""
    async with connected(driver, *(kind.name for kind in kinds)) as connection:
        yield connection


async def seen(connection: Connection, kind: Kind[Any], key: str, word: str = "") -> Any:
    """The resource of that key, once it is there and (if asked for) as that word says."""
    store = connection.stores[kind.name]

    def there() -> bool:
        one = store.find(key)
        return one is not None and (not word or store.health[one.uid].word == word)

    await until(there, PATIENCE)
    return store.find(key)


async def gone(connection: Connection, kind: Kind[Any], uid: str) -> None:
    """Return when it is not there any more."""
    await until(lambda: uid not in connection.stores[kind.name].resources, PATIENCE)


async def act(driver: KubernetesDriver, kind: Kind[Any], one: Any, verb: str, values: Mapping[str, Any] = {}) -> str:
    """Carry out an action as the gateway does, when it is not refused."""
    action = kind.action(verb)
    assert action is not None
    assert not (action.refuse and action.refuse(one))
    return await action.run(driver, one, values) or ""


async def page(connection: Connection, kind: Kind[Any], one: Any, panel: str = "overview") -> Mapping[str, Any]:
    """What a panel of its page shows."""

    async def related(name: str) -> list[Any]:
        return list(connection.stores[name].resources.values())

    found = kind.panel(panel)
    assert found is not None
    assert found.load is not None
    look = Look(cluster_id=1, kind=kind, resource=one, driver=connection.driver, related=related, sees=all_shared)
    return await found.load(look)
