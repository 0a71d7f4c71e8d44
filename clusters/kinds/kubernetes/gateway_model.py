"""A gateway as far as we read it: its ports, what serves them, and what the live classes say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.kinds.kubernetes.base import Condition, Part
from clusters.kinds.kubernetes.looked_at_certificates import Certified
from clusters.live.resource import Number


class CertificateRef(Part, frozen=True, gc=False, rename="camel"):
    """Where a certificate is: a secret, in another namespace only where a reference grant there allows it."""

    group: str = ""
    kind: str = "Secret"
    namespace: str = ""
    name: str = ""


class ListenerTls(Part, frozen=True, gc=False, rename="camel"):
    """How what comes in is encrypted."""

    mode: str = "Terminate"
    certificate_refs: list[CertificateRef] | None = None


class Listener(Part, frozen=True, gc=False, rename="camel"):
    """One port on which it listens."""

    name: str = ""
    hostname: str = ""
    port: Number = 0
    protocol: str = ""
    tls: ListenerTls | None = None

    @property
    def secrets(self) -> list[CertificateRef]:
        """The secrets that hold its certificates; none where the encryption ends behind it."""
        if self.tls is None or self.tls.mode == "Passthrough":
            return []
        return [one for one in self.tls.certificate_refs or () if (one.group, one.kind) == ("", "Secret") and one.name]

    @property
    def words(self) -> str:
        """ "https: HTTPS 443 for *.shop.example" """
        return f"{self.name}: {self.protocol} {self.port} for {self.hostname or 'all hosts'}"


class GatewaySpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    gateway_class_name: str = ""
    listeners: list[Listener] | None = None


class Address(Part, frozen=True, gc=False, rename="camel"):
    """Where it is reached."""

    value: str = ""


class ListenerStatus(Part, frozen=True, gc=False, rename="camel"):
    """How one port is."""

    name: str = ""
    attached_routes: Number = 0
    conditions: list[Condition] | None = None


class GatewayStatus(Part, frozen=True, gc=False, rename="camel"):
    """What the program that serves it says."""

    addresses: list[Address] | None = None
    conditions: list[Condition] | None = None
    listeners: list[ListenerStatus] | None = None


class Gateway(Certified, frozen=True, gc=False, rename="camel"):
    """One gateway."""

    spec: GatewaySpec = GatewaySpec()
    status: GatewayStatus = GatewayStatus()
    # What the live classes say of its own: "" it is there, "missing", "hidden" cannot be told. No cluster sends this.
    class_state: str = msgspec.field(default="", name="$class")

    @property
    def version(self) -> str:
        """Changes with the gateway, with its class and with its certificates."""
        checked = hash((self.certificates, self.good_until)) if self.certificates else ""
        return f"{self.metadata.resource_version}.{self.class_state}.{checked}"

    @property
    def addresses(self) -> list[str]:
        """Where it is reached from outside."""
        return [one.value for one in self.status.addresses or () if one.value]

    @property
    def listeners(self) -> list[tuple[Listener, ListenerStatus]]:
        """Its ports, each with how it is."""
        said = {one.name: one for one in self.status.listeners or ()}
        return [(one, said.get(one.name, ListenerStatus())) for one in self.spec.listeners or ()]

    @property
    def routes(self) -> int:
        """How many routes were taken up, over all ports."""
        return sum(how.attached_routes for _, how in self.listeners)


def join(own: Sequence[Gateway], others: Mapping[str, Sequence[Any]]) -> Sequence[Gateway]:
    """Each gateway with whether its class is there."""
    classes = {one.name for one in others.get("gateway-class", ())}

    def state(one: Gateway) -> str:
        if "gateway-class" not in others:
            return "hidden"
        return "" if one.spec.gateway_class_name in classes else "missing"

    return [msgspec.structs.replace(one, class_state=state(one)) for one in own]
