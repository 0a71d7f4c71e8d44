"""The ports of a pod and of a service that can be opened in a tab."""

from __future__ import annotations

from collections.abc import Sequence

from clusters.errors import Missing
from clusters.kinds.forwarding import Door, Forwarding
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.pod_model import Pod, Port
from clusters.kinds.kubernetes.service_model import Service, ServicePort, is_ready, selected
from clusters.kinds.permission import Permission

_SECURE = {443, 6443, 8443, 9443}


def _declared(pod: Pod) -> list[Port]:
    return [port for one in pod.containers for port in one.ports or () if port.protocol == "TCP"]


def _secure(*said: str | int) -> bool:
    return any(one in _SECURE or str(one).lower().startswith("https") for one in said)


def _doors_of_pod(pod: Pod) -> Sequence[Door]:
    found = {port.container_port: port.name for port in _declared(pod)}
    return [Door(port, f"{port} {name}".strip(), _secure(port, name)) for port, name in found.items()]


def _reach_pod(pod: Pod, port: int, pods: Sequence[Pod]) -> tuple[Pod, int]:
    now = next((one for one in pods if one.uid == pod.uid), None)
    if now is None:
        hint = "Open the port of its service, or of the pod that took its place."
        raise Missing(f"{pod.name} is not there any more.", hint=hint)
    if why := _refuse_pod(now):
        raise Missing(f"{pod.name}: {why[0].lower()}{why[1:]}")
    return now, port


def _refuse_pod(pod: Pod) -> str:
    if pod.metadata.deletion_timestamp:
        return "It is ending."
    if pod.status.phase in OVER:
        return "It is over: nothing answers there any more."
    return "" if pod.status.phase == "Running" else "It does not run yet."


def _ports(one: Service) -> list[ServicePort]:
    return [port for port in one.ports if port.protocol == "TCP"]


def _doors_of_service(one: Service) -> Sequence[Door]:
    return [
        Door(
            port.port,
            f"{port.port} {port.name}".strip() + ("" if port.target == port.port else f" → {port.target}"),
            _secure(port.port, port.name, port.target),
        )
        for port in _ports(one)
    ]


def _reach_service(one: Service, number: int, pods: Sequence[Pod]) -> tuple[Pod, int]:
    """The first ready copy by name, so that one tab stays with one copy while that is ready."""
    port = next((port for port in _ports(one) if port.port == number), None)
    if port is None:
        raise Missing(f"{one.name} has no port {number}.")
    ready = sorted((pod for pod in selected(one, pods) if is_ready(pod)), key=lambda pod: pod.name)
    if not ready:
        raise Missing(f"No copy behind {one.name} is ready.", hint="Its page says which step of the way is broken.")
    for pod in ready:
        if target := _target(port, pod):
            return pod, target
    raise Missing(f"No ready copy behind {one.name} has a port named “{port.target}”.")


def _target(port: ServicePort, pod: Pod) -> int:
    """The port of that copy; 0 where it has none of that name."""
    if not isinstance(port.target, str):
        return port.target
    return next((each.container_port for each in _declared(pod) if each.name == port.target), 0)


def _refuse_service(one: Service) -> str:
    if not one.selects:
        return "It selects no pods by itself, so there is none whose port could be opened."
    if one.answers.hidden:
        return "This cluster's account may not list pods, so nobody knows which of them answers."
    if not _ports(one):
        return "It has no TCP port."
    return "" if one.answers.ready else "No copy behind it is ready."


OF_POD: Forwarding[Pod] = Forwarding(
    doors=_doors_of_pod,
    reach=_reach_pod,
    refuse=_refuse_pod,
    permissions=(Permission("create", "portforward"),),
    any_port=True,
)
OF_SERVICE: Forwarding[Service] = Forwarding(
    doors=_doors_of_service,
    reach=_reach_service,
    refuse=_refuse_service,
    permissions=(Permission("create", "portforward", api="v1/pods"),),
)
