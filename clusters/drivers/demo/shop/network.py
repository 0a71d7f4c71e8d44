"""The ways into the shop: its web addresses, and who may talk to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

GROUP = "networking.k8s.io/v1"
CLASS = "edge"


def add(world: ShopWorld) -> None:
    """Somebody opens the shop to the world."""
    edge = _made(world, "IngressClass", "", CLASS, {"controller": "registry.example/edge-proxy"})
    edge["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"] = "true"
    world.save(edge)
    paths = [_path("/", "web"), _path("/api/checkout", "checkout-api"), _path("/search", "search-ui")]
    spec = {
        "ingressClassName": CLASS,
        "tls": [{"hosts": ["shop.example"], "secretName": "shop-example-tls"}],
        "rules": [{"host": "shop.example", "http": {"paths": paths}}],
    }
    front = _made(world, "Ingress", "shop", "shop", spec)
    front["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.80"}]}}
    world.save(front)
    named = "app.kubernetes.io/name"
    guarded = {
        "podSelector": {"matchLabels": {named: "payments"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {named: "checkout-api"}}}], "ports": [{"port": "http"}]},
            {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ops"}}}]},
        ],
        "egress": [{"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
    }
    world.save(_made(world, "NetworkPolicy", "shop", "payments", guarded))


def _made(world: ShopWorld, kind: str, namespace: str, name: str, spec: dict[str, Any]) -> Object:
    metadata = objects.metadata(world.new_uid(), namespace, name, world.now, {})
    return {"apiVersion": GROUP, "kind": kind, "metadata": metadata, "spec": spec}


def _path(path: str, service: str) -> dict[str, Any]:
    return {"path": path, "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"name": "http"}}}}
