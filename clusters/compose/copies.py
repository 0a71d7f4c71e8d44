"""How many copies of each service run: what its text says, what was said since, and what stands in the way of more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from clusters.compose.power import PROJECT_LABEL
from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.kinds.docker.container_model import STACK

MOST = 100
SEEN = 5.0  # seconds for a look at the ports that are taken


def check_copies(given: str) -> int:
    """How many copies somebody wrote. Raises Invalid."""
    if not (given.isdecimal() and len(given) < 5) or int(given) > MOST:
        raise Invalid(f"Write how many copies: a number from 0 to {MOST}.", field="copies")
    return int(given)


def said_by_text(service: Mapping[str, Any]) -> int:
    """As many as the text itself asks for."""
    deployed = (service.get("deploy") or {}).get("replicas")
    said = deployed if deployed is not None else service.get("scale")
    return int(str(said)) if str(said).isdecimal() else 1


def wanted(project: Mapping[str, Any], scale: Mapping[str, int]) -> dict[str, int]:
    """The copies of every service."""
    return {name: scale.get(name, said_by_text(one)) for name, one in (project.get("services") or {}).items()}


def words(scale: Mapping[str, int]) -> list[str]:
    """The same for the program."""
    return [word for name, number in sorted(scale.items()) for word in ("--scale", f"{name}={number}")]


def limit(name: str, service: Mapping[str, Any]) -> tuple[int, str]:
    """How many copies can run on one machine, and why not more ("" where nothing limits them)."""
    if service.get("container_name"):
        return 1, f"The text gives the container of {name} a name (“container_name”), which only one can have."
    for port in service.get("ports") or ():
        first, last = published(port)
        if first and last - first + 1 < MOST:
            room, span = last - first + 1, f"{first}" if first == last else f"{first}-{last}"
            ports = "port" if first == last else "ports"
            why = f"{name} publishes the {ports} {span} of the machine: a port can be had by one copy only."
            longer = f"{first}-{first + max(3, 2 * room) - 1}:{port.get('target')}"
            how = f"For more copies write a longer range, as {longer}, or leave the machine's port out."
            return room, f"{why} {how}"
    return MOST, ""


def too_many(project: Mapping[str, Any], scale: Mapping[str, int]) -> list[str]:
    """Of which services more copies are asked for than can run, and why: known before anything is begun."""
    services = project.get("services") or {}
    found = []
    for name, number in wanted(project, scale).items():
        most, why = limit(name, services[name])
        if why and number > most:
            found.append(f"{number} copies of {name} cannot run on one machine. {why}")
    return found


def published(port: Mapping[str, Any]) -> tuple[int, int]:
    """The ports of the machine from the first to the last; (0, 0) where the engine may choose any."""
    first, _, last = str(port.get("published") or "").partition("-")
    if not first.isdecimal():
        return 0, 0
    return int(first), int(last) if last.isdecimal() else int(first)


async def taken(driver: Driver, name: str, project: Mapping[str, Any], sees: Callable[[str | None], bool]) -> list[str]:
    """Ports of the machine that it publishes and a container of others has now, in words.

    ``sees``: whether what is in a namespace may be named.
    """
    asked = sorted(set(_asked(project)))
    if not asked:
        return []
    there = await driver.call(Call("GET", ("containers", "json"), timeout=SEEN))
    found = []
    holders = _holders(there or (), name, sees)
    for service, number, protocol in asked:
        if holder := holders.get((number, protocol)):
            found.append(f"{service} cannot start: port {number} of the machine is taken by {holder}.")
    return found


def _asked(project: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """Every service with the ports that it needs, and no others will do."""
    for name, service in (project.get("services") or {}).items():
        for port in service.get("ports") or ():
            first, last = published(port)
            if first and first == last:
                yield name, first, str(port.get("protocol") or "tcp")


def _holders(containers: Sequence[Any], name: str, sees: Callable[[str | None], bool]) -> Mapping[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for one in containers:
        labels = one.get("Labels") or {}
        if labels.get(PROJECT_LABEL) == name:
            continue
        title = str((one.get("Names") or [one.get("Id")])[0]).removeprefix("/")[:100]
        shown = sees(labels.get(PROJECT_LABEL) or labels.get(STACK) or "")
        called = f"the container {title}" if shown else "a container that is not shared with you"
        for port in one.get("Ports") or ():
            if port.get("PublicPort"):
                found[(int(port["PublicPort"]), str(port.get("Type")))] = called
    return found
