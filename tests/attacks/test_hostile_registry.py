"""A registry that wants our passwords, our memory, our time or our neighbours gets none of them."""

from __future__ import annotations

import asyncio
import hashlib
import time
import tracemalloc

import pytest
from aiohttp import web

from clusters.errors import ClusterError, Refused, Unsupported
from clusters.registries import client as client_module
from clusters.registries.client import RegistryClient
from clusters.registries.way import Way
from tests.clusters.fake_registry import FakeRegistry, fake_registry, json

SECRET = "canary-41c7"
OK = json("{}", Docker_Distribution_Api_Version="registry/2.0")


def client(registry: FakeRegistry, **more: str) -> RegistryClient:
    return RegistryClient(Way(host=registry.host, user="robot", password=SECRET, plain=True, **more))


def bearer(realm: str) -> web.Response:
    return json("{}", 401, WWW_Authenticate=f'Bearer realm="{realm}",service="x",scope="registry:catalog:*"')


async def test_a_token_is_fetched_where_the_registry_is_and_nowhere_else() -> None:
    async with fake_registry({"/token": json('{"token": "t0ken"}')}) as registry:
        registry.answers["/v2/"] = bearer(f"http://{registry.host}/token")
        async with client(registry) as asked:
            with pytest.raises(Refused):  # this one takes no token at all
                await asked.check()
    tokens = [one for one in registry.asked if one[1].startswith("/token")]
    assert [(one[1], one[2][:6]) for one in tokens] == [("/token?service=x&scope=registry%3Acatalog%3A%2A", "Basic ")]
    assert registry.asked[-1][2] == "Bearer t0ken"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "realm", ["{other}/token", "169.254.169.254/latest/meta-data", "user@{host}/token", "{host}@{other}/token",
              "{host}/../token", "{host}/a?x=1", "{host}/token#x", "localhost:6379/", "[::1]:80/", ""],
)  # fmt: skip
async def test_a_password_goes_to_no_other_host(realm: str, scheme: str) -> None:
    async with fake_registry({}) as other, fake_registry({}) as registry:
        where = realm.format(host=registry.host, other=other.host)
        registry.answers["/v2/"] = bearer(f"{scheme}://{where}")
        async with client(registry) as asked:
            with pytest.raises(ClusterError) as raised:
                await asked.check()
        assert other.asked == []
        assert all(SECRET not in text for text in (raised.value.message, raised.value.detail, raised.value.hint))
        assert [one[1] for one in registry.asked] == ["/v2/"]


async def test_another_host_gets_it_when_an_administrator_named_it() -> None:
    async with fake_registry({"/token": json('{"access_token": "t"}')}) as other, fake_registry({}) as registry:
        registry.answers["/v2/"] = bearer(f"http://{other.host}/token")
        async with client(registry) as asked:
            with pytest.raises(Refused, match="another host") as raised:
                await asked.check()
            assert "Nothing was sent there" in raised.value.hint
        async with client(registry, sign_in_host=other.host) as asked:
            with pytest.raises(Refused):
                await asked.check()
        assert len(other.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    async with fake_registry({}) as other, fake_registry({}) as registry:
        registry.answers["/v2/"] = json("", status, Location=f"http://{other.host}/v2/")
        registry.answers["/v2/_catalog"] = registry.answers["/v2/"]
        async with client(registry) as asked:
            with pytest.raises(Unsupported, match="elsewhere"):
                await asked.check()
            with pytest.raises(ClusterError):
                await asked.repositories()
        assert other.asked == []


@pytest.mark.parametrize(
    "where", ["http://{other}/x", "https://{other}/x", "http://169.254.169.254/x", "https://10.0.0.1/x", "file:///etc/passwd",
              "https://[::ffff:127.0.0.1]/x", "//{other}/x", "https://localhost/x"],
)  # fmt: skip
async def test_a_content_that_is_kept_elsewhere_is_never_fetched_from_inside(where: str) -> None:
    config = b"{}"
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    config_type = "application/vnd.oci.image.config.v1+json"
    manifest = f'{{"config": {{"mediaType": "{config_type}", "digest": "{digest}", "size": 2}}}}'
    async with fake_registry({}) as other, fake_registry({"/v2/a/manifests/1": json(manifest)}) as registry:
        target = where.format(other=other.host)
        registry.answers[f"/v2/a/blobs/{digest}"] = json("", 307, Location=target)
        async with client(registry) as asked:
            found = await asyncio.wait_for(asked.read("a", "1"), 10)
        assert found.images[0].labels == {}
        assert other.asked == []


async def test_a_huge_answer_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(4000):
                await response.write(b"x" * (1 << 18))
        except OSError:
            pass
        return response

    answers = {"/v2/": endless, "/v2/_catalog": endless, "/v2/a/manifests/1": endless}
    async with fake_registry(answers) as registry, client(registry) as asked:
        tracemalloc.start()
        for ask in (asked.check(), asked.repositories(), asked.read("a", "1")):
            with pytest.raises(ClusterError):
                await ask
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 40 << 20


async def test_a_silent_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    monkeypatch.setattr("clusters.registries.transport.WITHIN", 0.3)
    async with fake_registry({"/v2/": slow}) as registry, client(registry) as asked:
        began = time.monotonic()
        with pytest.raises(ClusterError, match="in time"):
            await asked.check()
        assert time.monotonic() - began < 5


async def test_endless_pages_end_and_lead_nowhere_else() -> None:
    asked_pages = 0

    async def page(request: web.Request) -> web.StreamResponse:
        nonlocal asked_pages
        asked_pages += 1
        name = f"n{asked_pages}"
        return json(f'{{"repositories": ["{name}"]}}', Link=f'<http://169.254.169.254/v2/x?last={name}>; rel="next"')

    async with fake_registry({"/v2/_catalog": page}) as registry, client(registry) as asked:
        found = await asked.repositories()
    assert found.more
    assert len(found.names) == asked_pages == client_module.MOST_PAGES
    assert all(one[1].startswith("/v2/_catalog?") for one in registry.asked)


async def test_pages_that_bring_nothing_new_end() -> None:
    same = json('{"repositories": ["a"]}', Link='</v2/_catalog?last=a>; rel="next"')
    async with fake_registry({"/v2/_catalog": same}) as registry, client(registry) as asked:
        assert (await asked.repositories()).names == ("a",)
    assert len(registry.asked) == 2


async def test_names_that_nothing_can_have_are_left_out_and_counted() -> None:
    odd = r'["good/one", "../../etc", "a\u001b[2Jb", "<img src=x>", "A", "", "a/../b", "\u202egnp", "x y"]'
    catalog = json(f'{{"repositories": {odd}}}')
    async with fake_registry({"/v2/_catalog": catalog}) as registry, client(registry) as asked:
        found = await asked.repositories()
    assert (found.names, found.odd) == (("good/one",), 8)


@pytest.mark.parametrize(
    "body",
    ["[]", '"x"', "null", "<html>", "{", "[" * 100_000, '{"layers": "x"}', '{"config": {"digest": "sha256:x"}}',
     '{"config": {"digest": "sha256:' + "0" * 64 + '", "size": -1}}',
     '{"config": {"digest": "sha256:' + "0" * 64 + '", "size": 99999999999999999999999}}',
     '{"manifests": [{"digest": "../../x", "size": 1}]}'],
)  # fmt: skip
async def test_nonsense_is_said_and_nothing_breaks(body: str) -> None:
    async with fake_registry({"/v2/a/manifests/1": json(body)}) as registry, client(registry) as asked:
        with pytest.raises(ClusterError) as raised:
            await asked.read("a", "1")
    assert "makes no sense" in raised.value.message


async def test_other_content_than_was_asked_for_is_refused() -> None:
    digest = f"sha256:{'0' * 64}"
    async with fake_registry({f"/v2/a/manifests/{digest}": json("{}")}) as registry, client(registry) as asked:
        with pytest.raises(Unsupported, match="something else"):
            await asked.read("a", digest)


async def test_a_name_that_leads_to_the_machines_own_services_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it led elsewhere when it was tested."""
    import socket

    real = socket.getaddrinfo

    def rebound(host: str, port: int, *rest: object, **more: object) -> object:
        return real("169.254.169.254" if host == "rebinding.test" else host, port, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    async with RegistryClient(Way(host="rebinding.test", plain=True)) as asked:
        with pytest.raises(Refused, match="never opened"):
            await asked.check()
