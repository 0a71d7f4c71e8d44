"""What is rarely looked at, and there in every cluster: addresses of services, leases, kinds that were taught to it."""

from __future__ import annotations

import base64
import zlib
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from clusters.drivers.demo.shop import objects
from clusters.drivers.demo.shop.apps import MACHINES
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

GATEWAY, EDGE = "gateway.networking.k8s.io", "edge"
NAMED = "app.kubernetes.io/name"
EVERY, RENEW_EVERY = 5.0, 10.0  # seconds
Save = Callable[..., Any]


def add(world: ShopWorld) -> None:
    """As the cluster and its operators made it."""

    def save(version: str, kind: str, namespace: str, name: str, labels: dict[str, str], **rest: Any) -> Any:
        meta = objects.metadata(world.new_uid(), namespace, name, world.now, labels)
        thing = {"apiVersion": version, "kind": kind, "metadata": meta, **rest}
        world.save(thing)
        return thing

    _add_slices(world, save)
    _add_leases(world, save)
    _add_kinds(world, save)
    _add_gateway(world, save)
    _add_certificate(world, save)
    world.event(world.all("v1/nodes")[0], "Node", "NodeReady", "Node status is now: NodeReady")


def _add_slices(world: ShopWorld, save: Save) -> None:
    for service in world.all("v1/services"):
        meta, port = service["metadata"], service["spec"]["ports"][0]
        save(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            meta["namespace"],
            f"{meta['name']}-{world.digest(meta['uid'])[:5]}",
            {
                "kubernetes.io/service-name": meta["name"],
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            addressType="IPv4",
            endpoints=[],
            ports=[{"name": port["name"], "port": port["port"], "protocol": "TCP"}],
        )
    _keep_slices(world)


def _keep_slices(world: ShopWorld) -> None:
    """Write down which copies there are now, and again and again."""
    world.after(EVERY, lambda: _keep_slices(world))
    pods: dict[tuple[str, str], list[Object]] = defaultdict(list)
    for pod in world.all("v1/pods"):
        meta = pod["metadata"]
        pods[meta["namespace"], meta["labels"].get(NAMED, "")].append(pod)
    for one in world.all("discovery.k8s.io/v1/endpointslices"):
        meta = one["metadata"]
        ends = [_end(pod) for pod in pods[meta["namespace"], meta["labels"]["kubernetes.io/service-name"]]]
        if ends != one["endpoints"]:
            one["endpoints"] = ends
            world.save(one)


def _end(pod: Object) -> Object:
    meta, number = pod["metadata"], zlib.crc32(pod["metadata"]["uid"].encode())
    return {
        "addresses": [f"10.42.{number // 250 % 250}.{number % 250 + 3}"],
        "conditions": {"ready": objects.is_true(pod, "Ready") and "deletionTimestamp" not in meta},
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"]},
    }


def _add_leases(world: ShopWorld, save: Save) -> None:
    for machine in MACHINES:
        spec = {"holderIdentity": machine.name, "leaseDurationSeconds": 40, "renewTime": objects.when(world.now)}
        lease = save("coordination.k8s.io/v1", "Lease", "kube-node-lease", machine.name, {}, spec=spec)

        def renew(lease: Any = lease, machine: str = machine.name) -> None:
            if machine not in world.lost:
                lease["spec"]["renewTime"] = objects.when(world.now)
                world.save(lease)
            world.after(RENEW_EVERY, renew)

        world.after(RENEW_EVERY, renew)


def _add_kinds(world: ShopWorld, save: Save) -> None:
    now = world.now
    for group, served, service in (
        ("apps", "v1", None),
        ("metrics.k8s.io", "v1beta1", {"namespace": "ops", "name": "metrics", "port": 443}),
    ):
        spec = {"group": group, "version": served, **({"service": service} if service else {})}
        there = objects.condition("Available", "True", now, "Passed" if service else "Local", "all checks passed")
        status = {"conditions": [there]}
        save("apiregistration.k8s.io/v1", "APIService", "", f"{served}.{group}", {}, spec=spec, status=status)
    for group, plural, kind, columns in (
        (GATEWAY, "gateways", "Gateway", ("Class", "Address", "Programmed")),
        (GATEWAY, "httproutes", "HTTPRoute", ("Hostnames",)),
    ):
        version = {
            "name": "v1",
            "served": True,
            "storage": True,
            "additionalPrinterColumns": [{"name": name, "type": "string", "jsonPath": ".spec"} for name in columns],
        }
        save(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "",
            f"{plural}.{group}",
            {},
            spec={
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [version],
            },
            status={
                "conditions": [
                    objects.condition("NamesAccepted", "True", now, "NoConflicts", "no conflicts found"),
                    objects.condition("Established", "True", now, "InitialNamesAccepted", "it is served"),
                ],
                "storedVersions": ["v1"],
            },
        )


def _add_gateway(world: ShopWorld, save: Save) -> None:
    version, now = f"{GATEWAY}/v1", world.now
    controller = "registry.example/edge-proxy"
    accepted = objects.condition("Accepted", "True", now, "Accepted")
    resolved = objects.condition("ResolvedRefs", "True", now, "ResolvedRefs")
    programmed = objects.condition("Programmed", "True", now, "Programmed")
    save(version, "GatewayClass", "", EDGE, {}, spec={"controllerName": controller}, status={"conditions": [accepted]})
    save(
        version,
        "Gateway",
        "shop",
        "front",
        {},
        spec={
            "gatewayClassName": EDGE,
            "listeners": [{"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "*.shop.example"}],
        },
        status={
            "addresses": [{"type": "IPAddress", "value": "192.0.2.81"}],
            "conditions": [accepted, programmed],
            "listeners": [{"name": "https", "attachedRoutes": 1, "conditions": [accepted, resolved, programmed]}],
        },
    )
    parent = {"name": "front", "sectionName": "https"}
    match = {"path": {"type": "PathPrefix", "value": "/cart"}}
    told = {"parentRef": parent, "controllerName": controller, "conditions": [accepted, resolved]}
    save(
        version,
        "HTTPRoute",
        "shop",
        "checkout",
        {},
        spec={
            "parentRefs": [parent],
            "hostnames": ["pay.shop.example"],
            "rules": [{"matches": [match], "backendRefs": [{"name": "checkout-api", "port": 8080}]}],
        },
        status={"parents": [told]},
    )
    there = {"name": "checkout-api", "port": 8080}
    abroad = {"name": "metrics", "namespace": "ops", "port": 8080}
    for served, kind, rule in (
        ("v1", "GRPCRoute", {"matches": [{"method": {"service": "shop.Checkout"}}], "backendRefs": [there]}),
        ("v1alpha2", "TLSRoute", {"backendRefs": [abroad]}),
        ("v1alpha2", "TCPRoute", {"backendRefs": [there]}),
    ):
        hosts = (
            {}
            if kind == "TCPRoute"
            else {"hostnames": [f"{'metrics' if kind == 'TLSRoute' else 'calls'}.shop.example"]}
        )
        spec = {"parentRefs": [parent], **hosts, "rules": [rule]}
        save(
            f"{GATEWAY}/{served}",
            kind,
            "shop",
            "metrics" if kind == "TLSRoute" else "checkout",
            {},
            spec=spec,
            status={"parents": [told]},
        )
    allowed = {
        "from": [{"group": GATEWAY, "kind": "TLSRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}],
    }
    save(f"{GATEWAY}/v1beta1", "ReferenceGrant", "ops", "from-the-shop", {}, spec=allowed)


def _add_certificate(world: ShopWorld, save: Save) -> None:
    """For the hosts of the shop; the same for the same seed, and good for as long as anybody looks."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(world.digest(f"certificate {world.seed}")))
    host, now = "shop.example", datetime.fromtimestamp(world.now, UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(world.seed + 1)
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host), x509.DNSName(f"*.{host}")]), critical=False)
        .sign(key, None)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    parts = {"tls.crt": made.public_bytes(serialization.Encoding.PEM), "tls.key": private}
    data = {name: base64.b64encode(text).decode() for name, text in parts.items()}
    save("v1", "Secret", "shop", "shop-example-tls", {}, type="kubernetes.io/tls", data=data)
