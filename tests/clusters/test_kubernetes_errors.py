"""What is in the way of a Kubernetes cluster, each told apart: permission, certificates, silence, something else."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clusters.access import Actor
from clusters.connect import cluster
from clusters.connect.kubeconfig import read_found
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.errors import Status, status_error
from clusters.errors import Conflict, Refused, Unreachable, Unsupported
from clusters.kinds.kubernetes.pod import POD
from clusters.live.resource import Broken


def driver_of(path: Path, **changes: Any) -> KubernetesDriver:
    """The driver for the context in use of a kubeconfig."""
    offer = read_found(path)[0]
    return KubernetesDriver({**offer.settings, **changes}, offer.secret)


async def test_nobody_is_told_so_for_each_kind(kubeconfig: Path) -> None:
    nobody = driver_of(kubeconfig.parent / "nobody.yaml")
    try:
        await nobody.ping()
        async with aclosing(nobody.watch(POD)) as feed:  # type: ignore[type-var]
            item = await anext(feed)
        assert isinstance(item, Broken)
        assert item.error.message == "This cluster's account may not list pods in all namespaces."
        assert item.error.hint.endswith("the namespaces can be chosen on the page of the cluster.")
    finally:
        await nobody.close()


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def certificate(name: str, days: int) -> tuple[str, str]:
    """A self-signed certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()


async def test_a_wrong_authority_a_wrong_name_and_a_wrong_key_are_told_apart(kubeconfig: Path) -> None:
    ca, key = certificate("other", 30)
    offer = read_found(kubeconfig)[0]
    for settings, secret, words in (
        ({"ca_data": ca}, offer.secret, "not issued by this CA"),
        ({"tls_server_name": "other.example"}, offer.secret, "made out to another name"),
        ({"cert_data": ca}, {"key_data": key}, "does not know who we are|does not accept"),
        ({"cert_data": ""}, {"token": "not-a-token"}, "does not know who we are"),
    ):
        driver = KubernetesDriver({**offer.settings, **settings}, secret)
        with pytest.raises(Refused, match=words):
            await driver.about()
        await driver.close()


async def test_a_token_that_is_over_is_said_so_beside_it(kubeconfig: Path) -> None:
    claims = [
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"RS256"}', b'{"exp":1600000000}')
    ]
    settings = {**read_found(kubeconfig)[0].settings, "cert_data": ""}
    with pytest.raises(Refused, match="Its token expired on 13 Sep 2020") as raised:
        await cluster.test(
            cluster.Reach("kubernetes", settings, {"token": ".".join([*claims, "AAAA"])}), Actor(1, "ada"), None
        )
    assert raised.value.field == "token"


async def test_a_server_certificate_that_has_expired_is_said_so(tmp_path: Path) -> None:
    ca, key = certificate("127.0.0.1", -1)
    (tmp_path / "pair").write_text(ca + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "pair")
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    driver = KubernetesDriver({"server": f"https://127.0.0.1:{runner.addresses[0][1]}", "ca_data": ca}, {"token": "t"})
    try:
        with pytest.raises(Refused, match="has expired"):
            await driver.about()
    finally:
        await driver.close()
        await runner.cleanup()


async def test_nobody_listening_and_silence_are_told_apart() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = KubernetesDriver({"server": f"https://127.0.0.1:{port}"}, {"token": "t"})
    with pytest.raises(Unreachable, match="refuses the connection") as caught:
        await driver.about()
    assert caught.value.sent is False
    await driver.close()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        driver = KubernetesDriver({"server": f"https://127.0.0.1:{silent.getsockname()[1]}"}, {"token": "t"})
        with pytest.raises(Unreachable, match="did not answer in time"):
            await driver.ping()
        await driver.close()


async def test_something_else_than_kubernetes_is_said_so() -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome to nginx!</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    driver = KubernetesDriver({"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}, {})
    try:
        with pytest.raises(Unsupported, match="not Kubernetes"):
            await driver.about()
    finally:
        await driver.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            'Get "https://172.30.0.12:10250/containerLogs/shop/web/web?tailLines=2": dial tcp 172.30.0.12:10250: '
            "connect: no route to host",
            "The node that it runs on does not answer the cluster.",
        ),
        ("error dialing backend: dial tcp 172.30.0.12:10250: i/o timeout", "The node that it runs on does not"),
        (
            'Internal error occurred: failed calling webhook "policy.example.com": Post "https://policy.ops.svc:443/": '
            "dial tcp 10.96.0.9:443: connect: connection refused",
            "The webhook policy.example.com of the cluster does not answer, and nothing is done without it.",
        ),
        ("etcdserver: request timed out", "The cluster answers with an error of its own."),
    ],
)
def test_whoever_is_silent_behind_the_server_is_named(said: str, words: str) -> None:
    error = status_error(Status(kind="Status", message=said, code=500))
    assert error.message.startswith(words)
    assert isinstance(error, Conflict) is ("webhook" in said), "what a webhook holds up was surely not done"
