"""The page of a service: who answers, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clusters.errors import ClusterError
from clusters.kinds.base import Health, Level, Look, Panel
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.asked_once import first_of
from clusters.kinds.kubernetes.copies import copy_rows
from clusters.kinds.kubernetes.leading import nodes_to_lead_to
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.kubernetes.route_lists import routes, unlinked
from clusters.kinds.kubernetes.service_health import HIDDEN, answering, health, selecting
from clusters.kinds.kubernetes.service_model import Service, ServicePort, is_ready, listens_by_name, selected
from clusters.kinds.kubernetes.steps import FINE, NOT_REACHED, step
from clusters.kinds.kubernetes.workload import selects

INGRESSES = "networking.k8s.io/v1/ingresses"


async def _load(look: Look) -> Mapping[str, Any]:
    one: Service = look.resource
    pods = selected(one, await look.related("pod"))
    return {
        "steps": [await _entry(look, one), _itself(one), *_way(one, pods)],
        "copies": copy_rows(pods) if one.selects and not one.answers.hidden else None,
        "nodes": await nodes_to_lead_to(look),
        "facts": facts(one),
        "labels": sorted(one.labels.items()),
    }


def facts(one: Service) -> Sequence[tuple[str, str]]:
    """What it is."""
    return [
        ("Type", one.spec.type),
        ("Name inside the cluster", f"{one.name}.{one.namespace}.svc"),
        ("Cluster address", "none: its name gives the addresses of its copies" if headless(one) else address(one)),
        ("Outside addresses", ", ".join(one.status.addresses) or "none"),
        ("Selects", selects(one.spec.selector) if one.spec.selector else "nothing by itself"),
    ]


def headless(one: Service) -> bool:
    """Has it no address of its own?"""
    return one.spec.cluster_ip == "None"


def address(one: Service) -> str:
    """Its address inside the cluster, or what its name stands for."""
    if one.spec.type == "ExternalName":
        return one.spec.external_name or "–"
    return "none" if headless(one) else one.spec.cluster_ip or "–"


def port_words(port: ServicePort) -> str:
    """ "80 → http", "5432"; where there is one, with the port of every node."""
    to = "" if port.target == port.port else f" → {port.target}"
    protocol = "" if port.protocol == "TCP" else f" {port.protocol}"
    node = f" (node port {port.node_port})" if port.node_port else ""
    return f"{port.port}{to}{protocol}{node}"


async def _entry(look: Look, one: Service) -> dict[str, Any]:
    """Where requests come in."""
    ways = [f"outside address {where}" for where in one.status.addresses]
    ways += [f"port {port.node_port} of every node" for port in one.ports if port.node_port]
    ways.append(f"{one.name}.{one.namespace}.svc inside the cluster")
    try:
        ingresses, found = await asyncio.gather(first_of(look, INGRESSES, one.namespace), routes(look, one.namespace))
    except ClusterError as error:
        cannot = Health(Level.UNKNOWN, "Cannot tell", f"Which ingresses lead here cannot be told. {error}")
        return step("Entry point", "; ".join(ways), cannot)
    names = [str(item["metadata"]["name"]) for item in ingresses.items if leads_to(item, one.name)]
    links = [{"kind": "ingress", "key": f"{one.namespace}/{name}", "name": f"ingress {name}"} for name in names]

    def leads_here(item: Mapping[str, Any]) -> bool:
        return bool(routes_to((item,), one))

    links += [to for sort in found for to in sort.links(leads_here, one.namespace)]
    ways += filter(None, (ingresses.only("ingresses"),))
    ways += unlinked(found, leads_here)
    return step("Entry point", "; ".join(ways), links=links)


def routes_to(items: Iterable[Mapping[str, Any]], service: Service) -> list[str]:
    """Which of these routes lead to that service, as "namespace/name"."""
    found = []
    for item in items:
        inside, name = str(item["metadata"].get("namespace", "")), str(item["metadata"]["name"])
        rules = (item.get("spec") or {}).get("rules") or ()
        backends = (each for rule in rules for each in rule.get("backendRefs") or ())
        wanted = (service.namespace, service.name)
        if any((each.get("namespace") or inside, each.get("name")) == wanted for each in backends):
            found.append(f"{inside}/{name}")
    return found


def leads_to(item: Mapping[str, Any], service: str) -> bool:
    """Does that ingress lead to that service?"""
    spec = item.get("spec") or {}
    backends = [spec.get("defaultBackend")]
    backends += [
        path.get("backend") for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()
    ]
    return any(((backend or {}).get("service") or {}).get("name") == service for backend in backends)


def _itself(one: Service) -> dict[str, Any]:
    ports = ", ".join(port_words(port) for port in one.ports) or "no ports"
    balanced = health(one)
    fine = balanced if balanced.word in ("Inside only", "Waits for an address", "Points outside") else FINE
    return step("Service", f"{one.spec.type}, {address(one)}, {ports}", fine)


def _way(one: Service, pods: Sequence[Pod]) -> list[dict[str, Any]]:
    """Selector, ready copies, ports. A service that selects nothing by itself has none of these."""
    if one.spec.type == "ExternalName":
        return []
    if not one.spec.selector:
        return [step("Selector", "none", health(one))]
    if one.answers.hidden:
        return [step("Selector", selects(one.spec.selector), HIDDEN)]
    matched = f"{selects(one.spec.selector)}: matches {count(len(pods), 'copy', 'copies')}"
    if nothing := selecting(one):
        return [
            step("Selector", matched, nothing),
            step("Ready copies", "the way breaks before", NOT_REACHED),
            step("Port", "the way breaks before", NOT_REACHED),
        ]
    ready = [pod for pod in pods if is_ready(pod) or one.spec.publish_not_ready_addresses]
    unready = answering(one)
    return [
        step("Selector", matched),
        step("Ready copies", f"{len(ready)} of {len(pods)}", unready or FINE),
        *(_port(port, ready or pods) for port in one.ports),
    ]


def _port(port: ServicePort, pods: Sequence[Pod]) -> dict[str, Any]:
    """Does the port lead to one that its copies have?"""
    text = port_words(port)
    if isinstance(port.target, str):
        having = sum(listens_by_name(pod, port) for pod in pods)
        if having == len(pods):
            return step("Port", text)
        words = f"{having} of {count(len(pods), 'copy', 'copies')} have a port named “{port.target}”."
        return step("Port", text, Health(Level.AT_RISK if having else Level.FAILING, "Wrong port", words))
    declared = {each.container_port for pod in pods for one in pod.containers for each in one.ports or ()}
    if port.target in declared:
        return step("Port", text)
    words = (
        f"No copy says that it listens on {port.target}. It may all the same: a number is not checked by the cluster."
    )
    return step("Port", text, Health(Level.UNKNOWN, "Cannot tell", words))


OVERVIEW: Panel[Service] = Panel(key="overview", label="Who answers", icon="route", template="who_answers", load=_load)
