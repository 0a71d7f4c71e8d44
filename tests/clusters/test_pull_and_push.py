"""Images pulled and pushed by a real engine: a line for every layer, and the truth about how it ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from clusters.access import Actor, Granted
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, TooOften
from clusters.kinds.base import Role
from clusters.kinds.docker.layers import Layers
from clusters.kinds.docker.pull import inspect, pull
from clusters.kinds.docker.push import push, tag_image
from clusters.kinds.docker.transfer_errors import transfer_error
from clusters.models import Registry
from clusters.registries import kept
from clusters.registries.client import RegistryClient
from clusters.registries.way import Way
from tests.clusters.docker_engine import unix
from tests.clusters.heard import Heard
from tests.clusters.real_registry import Put, RealRegistry, find_private_registry, find_registry, repository

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]


class Bars(Heard):
    """Keeps how far each layer was, too."""

    def __init__(self) -> None:
        super().__init__()
        self.amounts: dict[str, list[tuple[int | None, int | None]]] = {}

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        super().progress(slot, text)
        self.amounts.setdefault(slot, []).append((done, total))


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made = unix(docker_socket)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def put(driver: DockerDriver) -> AsyncIterator[Put]:
    """A repository of the open registry; what the engine has of it is removed afterwards."""
    with repository(find_registry()) as made:
        yield made
        await _forget(driver, made)


@pytest_asyncio.fixture
async def private(driver: DockerDriver) -> AsyncIterator[Put]:
    with repository(find_private_registry()) as made:
        yield made
        await _forget(driver, made)


async def _forget(driver: DockerDriver, put: Put) -> None:
    """By tag and by digest: whatever of that repository the engine has a name for."""
    repository_here = f"{put.registry.host}/{put.name}"
    filters = msgspec.json.encode({"reference": [repository_here]}).decode()
    for one in await driver.call(Call("GET", ("images", "json"), {"filters": filters})):
        for name in {*(one["RepoTags"] or ()), *(one["RepoDigests"] or ())}:
            if name.startswith(repository_here):
                with suppress(ClusterError):
                    await driver.call(Call("DELETE", ("images", *name.split("/")), {"force": "1"}))


def store(registry: RealRegistry, **other: Any) -> Registry:
    return kept.add(ADA, kept.read_form({**registry.form, **other}))


async def test_a_pulled_image_is_here_with_its_digest_and_a_full_bar_for_every_layer(
    driver: DockerDriver, put: Put
) -> None:
    layers = tuple(os.urandom(2_000_000) for _ in range(3))
    made = await asyncio.to_thread(put.registry.put_image, put.name, "1", layers=layers)
    heard = Bars()
    words = await pull(driver, put.image("1"), heard)
    assert made["digest"] in words
    found = await inspect(driver, put.image("1"))
    assert found is not None
    assert f"{put.registry.host}/{put.name}@{made['digest']}" in found["RepoDigests"]
    assert len(heard.newest) == 3
    assert all(text.endswith("Done") for text in heard.newest.values())
    for amounts in heard.amounts.values():
        assert amounts[-1][0] == amounts[-1][1]
        assert all(0 <= (done or 0) <= (total or 0) for done, total in amounts)


async def test_a_pushed_image_is_there(driver: DockerDriver, put: Put) -> None:
    await tag_image(driver, "busybox:latest", put.image("1"))
    words = await push(driver, put.image("1"), Bars())
    async with RegistryClient(Way(host=put.registry.host, plain=True)) as asked:
        assert await asked.digest(put.name, "1") in words


async def test_a_private_image_comes_and_goes_with_the_stored_password(driver: DockerDriver, private: Put) -> None:
    await asyncio.to_thread(store, private.registry)
    await tag_image(driver, "busybox:latest", private.image("1"))
    heard = Bars()
    await push(driver, private.image("1"), heard)
    await driver.call(Call("DELETE", ("images", *private.image("1").split("/"))))
    await pull(driver, private.image("1"), heard)
    said = str((heard.lines, heard.newest))
    assert private.registry.password not in said


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_without_the_right_password_it_says_so(driver: DockerDriver, private: Put, password: str) -> None:
    if password:
        wrong = RealRegistry(private.registry.host, private.registry.user, password)
        await asyncio.to_thread(store, wrong)
    await asyncio.to_thread(private.registry.put_image, private.name, "1")
    await tag_image(driver, "busybox:latest", private.image("2"))
    for act, version in ((pull, "1"), (push, "2")):
        with pytest.raises(Refused) as raised:
            await act(driver, private.image(version), Heard())
        assert private.registry.host in raised.value.message
        assert "Registries" in raised.value.hint or "add that registry" in raised.value.hint


async def test_what_is_not_there_says_so(driver: DockerDriver, put: Put) -> None:
    await asyncio.to_thread(put.registry.put_image, put.name, "1")
    with pytest.raises(Missing, match="There is no image"):
        await pull(driver, put.image("2"), Heard())
    with pytest.raises(Missing, match="on this machine"):
        await push(driver, put.image("2"), Heard())
    with pytest.raises(Missing, match="not made for this platform"):
        await asyncio.to_thread(put.registry.put_image, put.name, "2", architecture="s390x")
        index = [await asyncio.to_thread(put.registry.put_image, put.name, "", architecture="s390x")]
        await asyncio.to_thread(put.registry.put_index, put.name, "2", index)
        await pull(driver, put.image("2"), Heard())


async def test_a_registry_that_is_not_there_says_so(driver: DockerDriver) -> None:
    with pytest.raises(ClusterError, match=r"127.0.0.1:1 does not answer"):
        await pull(driver, "127.0.0.1:1/web:1", Heard())


async def test_a_digest_is_pulled_and_never_pushed(driver: DockerDriver, put: Put) -> None:
    made = await asyncio.to_thread(put.registry.put_image, put.name, "1")
    by_digest = f"{put.registry.host}/{put.name}@{made['digest']}"
    assert made["digest"] in await pull(driver, by_digest, Heard())
    with pytest.raises(Invalid):
        await push(driver, by_digest, Heard())


@pytest.mark.parametrize(
    ("said", "push_it", "error", "words"),
    [
        ("write /var/lib/docker/x: no space left on device", False, Conflict, "The disk of the host is full."),
        ("unknown: unknown error: no space left on device", True, Conflict, "The disk of r.test is full."),
        ("toomanyrequests: You have reached your pull rate limit", False, TooOften, "asked too often"),
        ("unexpected EOF", False, ClusterError, "lost in the middle"),
        ("read tcp 1.2.3.4:5->1.2.3.4:6: read: connection reset by peer", True, ClusterError, "lost in the middle"),
        ("denied: requested access to the resource is denied", True, Refused, "does not take"),
        ("unauthorized: authentication required", False, Refused, "how we sign in"),
        ("no basic auth credentials", True, Refused, "does not take"),
        ("http: server gave HTTP response to HTTPS client", False, Refused, "trust r.test: it does not speak TLS"),
        ("x509: certificate signed by unknown authority", False, Refused, "an authority that is not known there"),
        ("x509: certificate has expired or is not yet valid: current time 2 is after 1", True, Refused, "has expired"),
        ("x509: certificate has expired or is not yet valid: current time 1 is before 2", True, Refused, "not valid yet"),
        ("x509: certificate is valid for a.test, not r.test", False, Refused, "made out to another name"),
        ("remote error: tls: bad certificate", False, Refused, "no safe connection came about"),
        ("dial tcp: lookup r.test: no such host", False, ClusterError, "does not answer"),
        ("received unexpected HTTP status: 500 Internal Server Error", True, ClusterError, "a fault of its own"),
        ("manifest unknown: manifest unknown", False, Missing, "There is no image"),
    ],
)  # fmt: skip
def test_the_reason_is_said_in_words(said: str, push_it: bool, error: type[ClusterError], words: str) -> None:
    found = transfer_error(ClusterError("failed", detail=said), "r.test/web:1", "r.test", push=push_it)
    assert type(found) is error
    assert words in found.message
    assert found.detail == said


def test_a_sign_in_that_is_not_accepted_is_no_missing_image_where_one_is_sent() -> None:
    """Of a pull it may be: some registries answer so of what they do not have."""
    error = ClusterError("failed", detail="unauthorized: authentication required")
    pull, push = (transfer_error(error, "r.test/web:1", "r.test", push=push) for push in (False, True))
    assert "user and password" in pull.hint
    assert "no such image" in pull.hint
    assert "user and password" in push.hint
    assert "no such image" not in push.hint


async def test_no_bar_of_a_push_that_was_cut_off_stays_full() -> None:
    async def news() -> AsyncIterator[dict[str, Any]]:
        yield {"status": "Pushing", "id": "a" * 12, "progressDetail": {"current": 7, "total": 7}}
        yield {"status": "Pushed", "id": "b" * 12}
        yield {"error": "unexpected EOF"}

    heard = Bars()
    layers = Layers(heard, "1")
    with pytest.raises(ClusterError):
        await layers.follow(news())
    layers.cut_off()
    assert layers.over == (1, 2)
    assert heard.amounts["a" * 12][-1] == (0, 7)
    assert heard.amounts["b" * 12][-1] == (1, 1)


def test_an_address_that_is_silent_in_the_middle_was_lost() -> None:
    error = ClusterError("failed", detail="dial tcp 1.2.3.4:5000: connect: connection refused")
    assert "does not answer" in transfer_error(error, "r.test/web:1", "r.test", push=True).message
    assert "lost in the middle" in transfer_error(error, "r.test/web:1", "r.test", push=True, begun=True).message


async def test_what_an_engine_says_is_inert() -> None:
    news = [
        {"status": "Down\x1b[2Jload", "id": "x\nADMIN: hi", "progressDetail": {"current": 10**30, "total": -5}},
        {"status": "Pushing", "id": "y", "progressDetail": {"current": "7", "total": [1]}},
        {"status": "Pushing", "id": "z", "progressDetail": {"current": 99, "total": 7}},
        {"status": "\u202eevil", "id": 7},
        {"status": None},
        {"id": {}, "aux": "x"},
    ]

    async def stream() -> AsyncIterator[dict[str, Any]]:
        for one in news:
            yield one

    heard = Bars()
    await Layers(heard, "1").follow(stream())
    said = [*heard.newest.values(), *(text for text, _ in heard.lines)]
    assert all(text.isprintable() for text in said)
    assert heard.amounts["z"][-1] == (7, 7)


async def test_a_stored_password_that_cannot_be_opened_is_said_instead_of_a_denial(
    driver: DockerDriver, private: Put
) -> None:
    registry = await asyncio.to_thread(store, private.registry)
    registry.secret = b"PH1" + b"x" * 60  # sealed with a key that is not here
    await registry.asave()
    await asyncio.to_thread(private.registry.put_image, private.name, "1")
    for work in (pull(driver, private.image("1"), Heard()), push(driver, private.image("1"), Heard())):
        with pytest.raises(Refused, match=r"stored sign-in of .* cannot be opened"):
            await work


async def test_every_bar_is_full_when_an_engine_forgets_to_tell_the_end_of_a_layer() -> None:
    async def stream() -> AsyncIterator[dict[str, Any]]:
        yield {"status": "Downloading", "id": "aaa", "progressDetail": {"current": 5, "total": 9}}
        yield {"status": "Already exists", "id": "bbb"}

    heard = Bars()
    await Layers(heard, "1").follow(stream())
    assert heard.newest == {"aaa": "aaa: Done", "bbb": "bbb: Here already"}
    assert heard.amounts["aaa"][-1] == (9, 9)
