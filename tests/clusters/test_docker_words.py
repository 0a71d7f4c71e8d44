"""What is wrong with the way to an engine is said in plain words, and nothing hostile is ever asked of it."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.drivers.docker.endpoint import Endpoint
from clusters.drivers.docker.errors import connection_error
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.kinds.docker.container import CONTAINER
from tests.clusters.docker_engine import PONG, Pretender, http, unix
from tests.real import listens

CLIMBING = ["../secrets", "x/../../nodes/n1", "..", ".", "", "a/b", "a?b=1", "a#b", "a%2e", "a\nb", "x" * 300, "é"]


@pytest.mark.parametrize("name", CLIMBING)
async def test_a_name_that_climbs_is_refused_before_anything_is_sent(name: str, tmp_path: Path) -> None:
    async with Pretender(tmp_path / "engine.sock", {"/_ping": PONG}) as pretender:
        driver = unix(pretender.path)
        with pytest.raises(Invalid):
            await driver.get(CONTAINER, "", name)
        with pytest.raises(Invalid):
            await driver.call(Call("POST", ("containers", name, "stop")))
        assert pretender.requests == []
        await driver.close()


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, Missing, "No such container: web"),
        (409, Conflict, "name is in use"),
        (403, Refused, "denied by a plugin"),
        (400, Invalid, "bad parameter"),
        (503, Unsupported, "This node is not a swarm manager"),
        (307, Unsupported, ""),
        (500, ClusterError, "driver failed"),
    ],
)
async def test_each_refusal_has_its_name(status: int, error: type[ClusterError], said: str, tmp_path: Path) -> None:
    answer = http(status, f'{{"message":"{said}"}}'.encode(), Location="http://127.0.0.1:1/elsewhere")
    async with Pretender(tmp_path / "engine.sock", {"/_ping": PONG, "/x/json": answer}) as pretender:
        driver = unix(pretender.path)
        with pytest.raises(error) as raised:
            await driver.get(CONTAINER, "", "x")
        assert type(raised.value) is error
        assert "swarm" not in raised.value.message, "the engine's word is spelled as ours"
        assert len(pretender.requests) == 2
        await driver.close()


async def test_a_socket_that_is_not_there_says_so(tmp_path: Path) -> None:
    driver = unix(tmp_path / "none.sock")
    with pytest.raises(Unreachable, match="is not there") as raised:
        await driver.about()
    assert "installed and started" in raised.value.hint
    await driver.close()


async def test_a_socket_nobody_listens_on_says_so(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    driver = unix(path)
    with pytest.raises(Unreachable, match="refuses the connection"):
        await driver.ping()
    await driver.close()


def test_no_permission_says_what_to_do() -> None:
    error = connection_error(PermissionError(13, "Permission denied"), Endpoint("unix", socket="/var/run/docker.sock"))
    assert isinstance(error, Refused)
    assert "group" in error.hint


async def test_what_is_no_docker_says_so(tmp_path: Path) -> None:
    for answer in (http(200, b"<html>hello</html>"), b"SSH-2.0-OpenSSH_9.2\r\n", http(200, b"OK", Api_Version="1.24")):
        path = tmp_path / f"{abs(hash(answer))}.sock"
        async with Pretender(path, {"/_ping": answer}) as pretender:
            driver = unix(pretender.path)
            with pytest.raises(Unsupported):
                await driver.about()
            await driver.close()


async def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"[" * (1 << 20)
    async with Pretender(tmp_path / "engine.sock", {"/_ping": PONG, "/json": huge * 80}) as pretender:
        driver = unix(pretender.path)
        with pytest.raises(Unsupported, match="too large"):
            await driver.get(CONTAINER, "", "x")
        await driver.close()


@pytest.fixture
def certificates() -> dict[str, str]:
    """The certificates of the testbed's engine at tcp://127.0.0.1:2376."""
    folder = Path(os.environ.get("TESTBED") or "/nowhere") / "docker-tls"
    if not folder.is_dir():
        pytest.skip("no engine over TLS: only the testbed has one")
    return {name: (folder / f"{name}.pem").read_text() for name in ("ca", "cert", "key")}


async def test_a_wrong_ca_says_so(certificates: dict[str, str]) -> None:
    driver = DockerDriver(
        {"address": "tcp://127.0.0.1:2376", "ca": _another_ca(), "certificate": certificates["cert"]},
        {"key": certificates["key"]},
    )
    with pytest.raises(Refused, match="not issued by this CA"):
        await driver.about()
    await driver.close()


async def test_without_a_client_certificate_the_engine_asks_for_one(certificates: dict[str, str]) -> None:
    driver = DockerDriver({"address": "tcp://127.0.0.1:2376", "ca": certificates["ca"]}, {})
    with pytest.raises(Refused, match="asks for a client certificate"):
        await driver.about()
    await driver.close()


async def test_plain_http_to_a_tls_port_says_so(certificates: dict[str, str]) -> None:
    driver = DockerDriver({"address": "tcp://127.0.0.1:2376", "plain": True}, {})
    with pytest.raises(Refused, match="TLS only"):
        await driver.about()
    await driver.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [(10, "has expired"), (9, "not valid yet"), (62, "made out to another name"), (18, "not issued by this CA")],
)
def test_each_fault_of_a_certificate_has_its_words(code: int, words: str) -> None:
    fault = ssl.SSLCertVerificationError(1, "certificate verify failed")
    fault.verify_code = code
    error = connection_error(fault, Endpoint("tcp", host="docker.example.com", port=2376, tls=True, ca="given"))
    assert isinstance(error, Refused)
    assert words in error.message


def test_without_a_ca_the_machine_is_what_does_not_trust() -> None:
    fault = ssl.SSLCertVerificationError(1, "certificate verify failed")
    fault.verify_code = 20
    error = connection_error(fault, Endpoint("tcp", host="docker.example.com", port=2376, tls=True))
    assert "a CA that this machine does not trust" in error.message
    assert error.field == "ca"


def _over_ssh(*, port: int = 2222, host: str = "127.0.0.1", known: str = "", **settings: str) -> DockerDriver:
    folder = Path(os.environ.get("TESTBED") or "/nowhere") / "ssh"
    if not (folder / "key").exists() or not listens(("127.0.0.1", 2222)):
        pytest.skip("no engine over SSH: only the testbed has one")
    hosts = f"[127.0.0.1]:2222 {known or (folder / 'host.pub').read_text().strip()}" if known != "none" else ""
    settings |= {"address": f"ssh://root@{host}:{port}", "known_hosts": hosts}
    return DockerDriver(settings, {"ssh_key": (folder / "key").read_text()})


async def test_an_unknown_ssh_host_is_never_trusted_but_its_line_is_shown() -> None:
    driver = _over_ssh(known="none")
    with pytest.raises(Refused, match="host key that is not among") as raised:
        await driver.about()
    assert "SHA256:" in raised.value.hint
    assert raised.value.copy.startswith("[127.0.0.1]:2222 ssh-")
    await driver.close()


async def test_an_ssh_host_that_shows_another_key_than_before_is_told_apart_from_an_unknown_one() -> None:
    import asyncssh

    driver = _over_ssh(known=asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip())
    with pytest.raises(Refused, match="another host key than the known hosts have") as raised:
        await driver.about()
    assert raised.value.field == "known_hosts"
    await driver.close()


async def test_a_socket_that_is_not_over_there_is_told_apart_from_a_line_that_was_cut() -> None:
    driver = _over_ssh(remote_socket="/run/nothing.sock")
    with pytest.raises(Unreachable, match=r"no way to an engine at /run/nothing\.sock") as raised:
        await driver.about()
    assert raised.value.field == "remote_socket"
    await driver.close()


async def test_what_is_no_ssh_and_a_name_that_is_not_known_have_their_words() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for driver, words in (
            (_over_ssh(port=port), "hung up before SSH had begun"),
            (_over_ssh(host="nobody.invalid"), "The name nobody.invalid is not known"),
        ):
            with pytest.raises(Unreachable, match=words):
                await driver.about()
            await driver.close()


def _another_ca() -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    began = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, began, began + timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
