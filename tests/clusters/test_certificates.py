"""Certificates of secrets and ingresses: for whom, until when, with which key. Nothing of a key is ever shown."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from clusters.drivers.base import Call
from clusters.errors import Missing, Refused
from clusters.kinds.base import Kind, Level, Look
from clusters.kinds.kubernetes.certificates import certificate_of, health_of
from clusters.kinds.kubernetes.ingress import INGRESS
from clusters.kinds.kubernetes.ingress_model import Ingress
from clusters.kinds.kubernetes.secret import SECRET
from tests.clusters.fakes import all_shared
from tests.clusters.one_of_each import certificate


def secret(*hosts: str, days: float = 90, key: str = "", kind: str = "kubernetes.io/tls") -> dict[str, Any]:
    pem, own = certificate(*hosts, days=days)
    data = {
        name: base64.b64encode(text.encode()).decode() for name, text in (("tls.crt", pem), ("tls.key", key or own))
    }
    return {"type": kind, "metadata": {"name": "tls", "namespace": "shop"}, "data": data}


OTHER_KEY = certificate("other.example")[1]
NO_CERTIFICATE = base64.b64encode(b"hello").decode()


@pytest.mark.parametrize(
    ("held", "hosts", "level", "word"),
    [
        (secret("shop.example"), ["shop.example"], Level.HEALTHY, "Fine"),
        (secret("*.shop.example"), ["pay.shop.example"], Level.HEALTHY, "Fine"),
        (secret("*.shop.example"), ["*.shop.example"], Level.HEALTHY, "Fine"),
        (secret("*.shop.example"), ["a.b.shop.example"], Level.AT_RISK, "Wrong names"),
        (secret("shop.example"), ["SHOP.example"], Level.HEALTHY, "Fine"),
        (secret("shop.example"), ["shop.example", "pay.example"], Level.AT_RISK, "Wrong names"),
        (secret("shop.example", days=-2), ["shop.example"], Level.FAILING, "Expired"),
        (secret("shop.example", days=3), ["shop.example"], Level.AT_RISK, "Ends soon"),
        (secret("shop.example", key=OTHER_KEY), ["shop.example"], Level.FAILING, "Wrong key"),
        (secret("shop.example", key="no key"), ["shop.example"], Level.HEALTHY, "Fine"),
        ({"type": "Opaque", "data": {"password": "aHVudGVyMg=="}}, [], Level.FAILING, "No certificate"),
        ({"type": "kubernetes.io/tls", "data": {"tls.crt": NO_CERTIFICATE}}, [], Level.FAILING, "Not readable"),
        ({"type": "kubernetes.io/tls", "data": {"tls.crt": "%%%"}}, [], Level.FAILING, "Not readable"),
    ],
)
def test_how_a_certificate_is_said_in_words(held: dict[str, Any], hosts: list[str], level: Level, word: str) -> None:
    health = health_of(held, certificate_of(held), hosts)
    assert (health.level, health.word) == (level, word)


def test_the_names_that_are_missing_and_those_that_are_there_are_named() -> None:
    held = secret("shop.example")
    reason = health_of(held, certificate_of(held), ["pay.example"]).reason
    assert reason == "It is for shop.example, and not for pay.example."
    found = certificate_of(secret())
    assert found is not None  # without other names, the one it was made out to counts
    assert len(found.names) == 1


class Holding:
    """A driver that knows these secrets, and no other list."""

    def __init__(self, **secrets: Any) -> None:
        self.secrets = secrets

    async def call(self, call: Call) -> Any:
        if "secrets" not in call.path or call.path[-1] == "secrets":
            return {"items": []}
        found = self.secrets.get(call.path[-1])
        if found is None:
            raise Missing("It is not there.")
        if isinstance(found, Exception):
            raise found
        return found

    async def get(self, kind: Kind[Any], namespace: str, name: str) -> Any:
        return self.secrets[name]


async def overview(kind: Kind[Any], one: Any, driver: Any) -> Any:
    async def related(name: str) -> list[Any]:
        return []

    panel = kind.panel("overview")
    assert panel is not None
    assert panel.load is not None
    return await panel.load(
        Look(cluster_id=1, kind=kind, resource=one, driver=driver, related=related, sees=all_shared)
    )


async def test_an_ingress_names_the_secret_that_is_missing_worn_out_or_for_others() -> None:
    tls = [{"hosts": ["shop.example"], "secretName": name} for name in ("good", "gone", "old", "hidden")]
    spec = {"tls": tls, "rules": [{"host": "shop.example"}]}
    one = msgspec.convert({"metadata": {"name": "front", "namespace": "shop"}, "spec": spec}, Ingress)
    good = secret("shop.example")
    held = Holding(good=good, old=secret("shop.example", days=-1), hidden=Refused("It may not."))
    shown = await overview(INGRESS, one, held)
    steps = [step for step in shown["steps"] if step["label"] == "Certificate"]
    assert [step["status"][1] for step in steps] == ["Fine", "Missing secret", "Expired", "Cannot tell"]
    assert [[to["key"] for to in step["links"]] for step in steps] == [["shop/good"], [], ["shop/old"], []]
    assert good["data"]["tls.key"][60:100] not in str(shown)
    assert "PRIVATE KEY" not in str(shown)


async def test_a_certificate_without_hosts_is_for_those_that_no_other_one_is_for() -> None:
    tls = [{"hosts": ["*.shop.example"], "secretName": "shop"}, {"secretName": "rest"}]
    spec = {"tls": tls, "rules": [{"host": host, "http": {"paths": [{}]}} for host in ("a.shop.example", "b.example")]}
    one = msgspec.convert({"metadata": {"name": "front", "namespace": "shop"}, "spec": spec}, Ingress)
    shown = await overview(INGRESS, one, Holding(shop=secret("*.shop.example"), rest=secret("b.example")))
    steps = [(step["text"], step["status"][1]) for step in shown["steps"] if step["label"] == "Certificate"]
    assert steps == [("for *.shop.example", "Fine"), ("for b.example", "Fine")]


def test_a_large_key_is_compared_and_not_proved() -> None:
    key = rsa.generate_private_key(65537, 4096)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    built = built.not_valid_before(now).not_valid_after(now + timedelta(days=90))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    held = {"data": {"tls.crt": base64.b64encode(pem).decode(), "tls.key": base64.b64encode(text).decode()}}
    began = time.process_time()
    found = certificate_of(held)
    assert found is not None
    assert found.key_fits is True
    assert time.process_time() - began < 0.05  # proved, it takes 0.3 s in which nothing else runs


async def test_the_page_of_a_secret_says_until_when_its_certificate_is_good_and_nothing_of_its_key() -> None:
    held = secret("shop.example", days=-1)
    key = held["data"]["tls.key"]
    one = msgspec.convert({"metadata": {"name": "tls", "namespace": "shop"}}, SECRET.model)
    shown = await overview(SECRET, one, Holding(tls=held))
    facts = {fact.label: fact.text for fact in shown["facts"]}
    assert facts["The certificate is for"] == "shop.example"
    assert "has expired" in facts["How the certificate is"]
    assert [(one.how.level, one.how.word) for one in shown["facts"] if one.how] == [(Level.FAILING, "Expired")]
    assert key[:40] not in str(shown)
