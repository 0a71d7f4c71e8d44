"""What a service needs of its Swarm by name: secrets, configs and networks, found before anything is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Missing
from clusters.kinds.docker.run_form import BUILT_IN
from clusters.kinds.swarm.base import Tree
from clusters.kinds.swarm.service_form import Given, ServiceForm
from clusters.kinds.swarm.service_spec import given_of, merged, reference

WORDS = {"secrets": "secret", "configs": "config", "networks": "network"}


async def ids_of(driver: Driver, collection: str, names: Sequence[str]) -> Mapping[str, str]:
    """By name, of those that are there; a network only when services can be on it."""
    if not names:
        return {}
    query = {"filters": json.dumps({"name": list(names)})}
    said = await driver.call(Call("GET", (collection,), query, timeout=20.0))
    found = {_name(one): one for one in said or () if isinstance(one, dict)}
    fits = {name: one for name, one in found.items() if collection != "networks" or one.get("Scope") == "swarm"}
    return {name: str(fits[name].get("ID") or fits[name].get("Id") or "") for name in names if name in fits}


async def names_of(driver: Driver, targets: Sequence[str]) -> Mapping[str, str]:
    """Of the networks with these ids; what the Swarm does not know is left out."""
    if not targets:
        return {}
    query = {"filters": json.dumps({"id": list(targets)})}
    said = await driver.call(Call("GET", ("networks",), query, timeout=20.0))
    found = {str(one.get("Id") or ""): _name(one) for one in said or () if isinstance(one, dict)}
    return {target: found[target] for target in targets if found.get(target)}


def _name(one: Mapping[str, Any]) -> str:
    return str(one.get("Name") or (one.get("Spec") or {}).get("Name") or "")


async def missing(driver: Driver, form: ServiceForm) -> list[tuple[str, str]]:
    """Collection and name of all that is not there."""
    asked = names_in(form)
    found = await asyncio.gather(*(ids_of(driver, collection, names) for collection, names in asked.items()))
    pairs = zip(asked.items(), found, strict=True)
    return [(collection, name) for (collection, names), known in pairs for name in names if name not in known]


def names_in(form: ServiceForm) -> dict[str, list[str]]:
    """What it names, by collection."""
    return {
        "secrets": [one.name for one in form.secrets],
        "configs": [one.name for one in form.configs],
        "networks": [one.network for one in form.networks if one.network not in BUILT_IN],
    }


async def give(driver: Driver, container: Tree, kind: str, wanted: Sequence[Given]) -> None:
    """Write the references to these into a container. ``kind`` is "Secret" or "Config". Raises Missing."""
    place = f"{kind}s"
    there = container.get(place) or []
    known = {given_of(kind)(one) for one in there}
    ids = await ids_of(driver, place.lower(), [one.name for one in wanted if one not in known])
    for one in wanted:
        if one not in known and one.name not in ids:
            raise Missing(f"There is no {kind.lower()} {one.name} in this Swarm.", hint="Make it first.")
    found = merged(there, given_of(kind), wanted, lambda one: reference(kind, one, ids[one.name]))
    if found:
        container[place] = found
    else:
        container.pop(place, None)
