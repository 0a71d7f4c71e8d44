"""What a build may ask of us: secrets and sign-ins, on real engines; and what a hostile engine gets out of it: nothing."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, TrailersReceived

from clusters.build.dockerfile import read_dockerfile
from clusters.build.form import docker_line, read_form
from clusters.build.mounts import read_mounts, wanted_mounts
from clusters.build.session import answers, registries_of
from clusters.build.session_pb2 import CredentialsRequest, CredentialsResponse, GetSecretRequest, GetSecretResponse
from clusters.drivers.base import Call
from clusters.drivers.docker.session import LARGEST_QUESTION, _Server
from clusters.errors import ClusterError, Invalid
from clusters.kinds.docker.pull import pull
from clusters.models import Registry
from tests.clusters.docker_engine import unix
from tests.clusters.heard import Heard
from tests.clusters.real_registry import Put, find_private_registry, repository
from tests.clusters.test_build_classic import WithoutBuildKit
from tests.clusters.test_build_real import Builder
from tests.clusters.test_pull_and_push import store
from tests.real import find_docker_socket, find_old_docker_socket

SECRET = "s3cret-value"
ENGINES = {
    "new": lambda: unix(find_docker_socket()),
    "old": lambda: unix(find_old_docker_socket()),
    "classic": lambda: WithoutBuildKit({"address": f"unix://{find_docker_socket()}"}, {}),
    "old classic": lambda: WithoutBuildKit({"address": f"unix://{find_old_docker_socket()}"}, {}),
}


@pytest_asyncio.fixture
async def builder(request: pytest.FixtureRequest) -> AsyncIterator[Builder]:
    one = Builder(ENGINES[request.param]())
    yield one
    with suppress(ClusterError):
        await one.driver.call(Call("DELETE", ("images", *one.tag.split("/")), {"force": "1"}))
    await one.driver.close()


@pytest.fixture
def private() -> Iterator[Put]:
    with repository(find_private_registry()) as made:
        made.registry.put_image(made.name, "1", layers=(secrets.token_bytes(20),))
        yield made


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("builder", ["new", "old"], indirect=True)
async def test_a_secret_is_there_for_its_step_and_nowhere_else(builder: Builder) -> None:
    text = "FROM busybox\nRUN --mount=type=secret,id=token test $(wc -c < /run/secrets/token) = 12 && cat /run/secrets/token && base64 /run/secrets/token\nRUN --mount=type=secret,id=.npmrc wc -l < /run/secrets/.npmrc\nRUN test ! -s /run/secrets/token\n"
    given = f"token={SECRET}\n.npmrc<<END\nfirst=line\nsecond=line\nEND\n"
    built = await builder.build(text, mounts=given, no_cache=True)
    printed = [line for step in builder.graph.ordered() for _, line in step.output.lines()]
    assert printed == ["•" * 12, "2"]  # once as it is, once in base64
    history = await builder.driver.call(Call("GET", ("images", built.image, "history")))
    assert SECRET not in str(history)


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("builder", ["new", "old"], indirect=True)
async def test_a_secret_that_was_not_given_is_missed_by_its_name(builder: Builder) -> None:
    text = "FROM busybox\nRUN --mount=type=secret,id=token,required=true true\n"
    line, said = await builder.failure(text)
    assert line == 2
    assert "The secret “token” was not given" in said
    assert "“token”" in builder.graph.warnings[0]
    line, said = await builder.failure("FROM busybox\nRUN --mount=type=ssh,required=true true\n")
    assert line == 2
    assert "SSH keys cannot be passed on" in said


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("builder", ["new", "classic", "old classic"], indirect=True)
async def test_a_private_base_image_comes_with_the_stored_password_and_not_without(
    builder: Builder, private: Put
) -> None:
    text = f"ARG FROM_HOST={private.registry.host}\nFROM $FROM_HOST/{private.name}:1\nLABEL one=1\n"
    line, said = await builder.failure(text, pull=True)
    assert line == 2
    assert "does not give out" in said
    await asyncio.to_thread(store, private.registry)
    assert (await builder.build(text, pull=True)).image
    with suppress(ClusterError):
        await builder.driver.call(Call("DELETE", ("images", *private.image("1").split("/")), {"force": "1"}))


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("builder", ["old"], indirect=True)
async def test_where_buildkit_of_2020_cannot_reach_a_registry_without_tls_pulling_first_helps(
    builder: Builder, private: Put
) -> None:
    text = f"FROM {private.image('1')}\nLABEL one=1\n"
    await asyncio.to_thread(store, private.registry)
    line, said = await builder.failure(text)
    assert line == 1
    assert "pull the image to that host first" in said
    await pull(builder.driver, private.image("1"), Heard())
    assert (await builder.build(text)).image
    await builder.driver.call(Call("DELETE", ("images", *private.image("1").split("/")), {"force": "1"}))


@pytest.mark.parametrize(
    ("dockerfile", "hosts"),
    [
        ("FROM busybox\n", {"docker.io"}),
        ("FROM r.test:5000/a AS one\nFROM one\nCOPY --from=other.test/x /a /b\nCOPY --from=0 /a /b\n", {"r.test:5000", "other.test"}),
        ("ARG HOST=r.test\nARG TAG=1\nFROM ${HOST}/a:$TAG\nARG LATE=evil.test\nFROM $LATE/x\n", {"r.test"}),
        ("FROM scratch\nRUN --mount=type=bind,from=r.test/tools,target=/t true\n", {"r.test"}),
        ("FROM scratch\nRUN echo r.test/x\nENV A=r.test/x\n", set()),
    ],
)  # fmt: skip
def test_only_the_registries_it_names_are_signed_in_to(dockerfile: str, hosts: set[str]) -> None:
    assert registries_of(read_dockerfile(dockerfile), {}) == hosts


@pytest.mark.django_db(transaction=True)
async def test_an_engine_learns_no_other_password_and_no_other_secret() -> None:
    for host in ("r.test:5000", "other.test"):
        await sync_to_async(Registry.objects.create)(name=host, slug=host.replace(":", "-").replace(".", "-"), host=host, user="robot")  # fmt: skip
    form = read_form({"tag": "a", "mounts": "token=word-one"}, "FROM r.test:5000/a\n")
    asked = answers(form, read_dockerfile(form.dockerfile))
    sign_in, secret = asked.values()
    for host in ("other.test", "", "docker.io", "r.test", "r.test:5000/x", "evil.test"):
        answer = await sign_in(CredentialsRequest(Host=host).SerializeToString())
        assert CredentialsResponse.FromString(answer or b"") == CredentialsResponse()
    assert await secret(GetSecretRequest(ID="other").SerializeToString()) is None
    assert GetSecretResponse.FromString(await secret(GetSecretRequest(ID="token").SerializeToString()) or b"").data == b"word-one"  # fmt: skip
    assert await secret(b"\xff\xff") is None


def test_secrets_are_read_line_by_line_and_never_told_again() -> None:
    assert read_mounts("a=1=2\n\n b = c \nk<<EOF\nline one\n line two\nEOF\n") == (
        ("a", "1=2"), ("b", " c"), ("k", "line one\n line two\n"),
    )  # fmt: skip
    for wrong in ("hunter22", "=hunter22", "a b=hunter22", "-a=hunter22", "k<<EOF\nhunter22", "../a=hunter22"):
        with pytest.raises(Invalid) as caught:
            read_mounts(wrong)
        assert "hunter22" not in f"{caught.value.message}{caught.value.hint}"
    form = read_form({"tag": "a", "mounts": "token=hunter22 and more"}, "FROM x\n")
    assert "hunter22" not in f"{form!r}{form.kept}{docker_line(form)}{form.query}"
    assert "--secret id=token" in docker_line(form)
    assert base64.b64encode(b"hunter22 and more").decode() in form.secrets
    assert "hunter22%20and%20more" in form.secrets


def test_which_secrets_the_steps_ask_for() -> None:
    text = "FROM a\nRUN --mount=type=secret,id=one,required --mount=type=cache,target=/x true\nRUN --mount=target=/run/two,type=secret \\\n  true\nCOPY a b\n"
    assert wanted_mounts(read_dockerfile(text)) == ("one", "two")


class Engine:
    """The other side of a session, as a hostile engine would speak."""

    def __init__(self, **methods: Any) -> None:
        self.reader, self.sent = asyncio.StreamReader(), bytearray()
        self.http = H2Connection(H2Configuration(client_side=True))
        self.http.initiate_connection()
        self.server = _Server(self.reader, self, {f"/{name}": one for name, one in methods.items()})
        self.task = asyncio.create_task(self.server.serve())

    def write(self, data: bytes) -> None:
        self.sent += data

    async def drain(self) -> None:
        """Everything is taken at once."""

    def ask(self, path: str, body: bytes) -> int:
        stream = self.http.get_next_available_stream_id()
        self.http.send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x")])
        for at in range(0, len(body), 10_000):
            self.http.send_data(stream, body[at : at + 10_000])
        self.http.end_stream(stream)
        return stream

    async def heard(self) -> tuple[bytes, str]:
        """The answer, and gRPC's number for how it went."""
        data, status = b"", ""
        for _ in range(200):
            self.reader.feed_data(self.http.data_to_send())
            await asyncio.sleep(0)
            taken, self.sent = bytes(self.sent), bytearray()
            for event in self.http.receive_data(taken):
                if isinstance(event, DataReceived):
                    data += event.data
                    self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, ResponseReceived | TrailersReceived):
                    status = dict(event.headers).get(b"grpc-status", status.encode()).decode()
                if isinstance(event, StreamEnded):
                    return data[5:], status
        raise AssertionError("no answer")


async def test_only_what_may_be_asked_is_answered_however_it_is_asked() -> None:
    async def echo(question: bytes) -> bytes | None:
        if question == b"fail":
            raise RuntimeError("s3cret")
        return None if question == b"none" else question * 2

    engine = Engine(echo=echo)
    for path, body, wanted in [
        ("/echo", b"\0\0\0\0\2hi", (b"hihi", "0")),
        ("/echo", b"\0\0\0\0\4none", (b"", "5")),
        ("/echo", b"\0\0\0\0\4fail", (b"", "13")),
        ("/echo", b"\1\0\0\0\2hi", (b"", "13")),
        ("/echo", b"\0\0\0\0\3hi", (b"", "13")),
        ("/echo", b"", (b"", "13")),
        ("/other", b"\0\0\0\0\2hi", (b"", "12")),
        ("/echo", b"\0\0\0\x9c\x40" + b"x" * 40_000, (b"x" * 80_000, "0")),
        ("/echo", b"x" * (LARGEST_QUESTION - 10_000), (b"", "13")),
    ]:
        engine.ask(path, body)
        assert await engine.heard() == wanted
    engine.reader.feed_data(b"\0\0\1\0\0\0\0\0\0x")  # data of no stream
    await asyncio.wait_for(engine.task, 5)
