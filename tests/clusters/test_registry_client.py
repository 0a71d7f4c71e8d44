"""What is in a registry, read from real ones; and what is wrong with the way to one, told apart."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from clusters.errors import ClusterError, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.registries.client import RegistryClient
from clusters.registries.reference import read_reference
from clusters.registries.way import Way, read_host, read_way
from tests.clusters.fake_registry import fake_registry, html
from tests.clusters.real_registry import RealRegistry, find_private_registry, find_registry, repository


def client(registry: RealRegistry, **other: str) -> RegistryClient:
    given = {"user": registry.user, "password": registry.password, **other}
    return RegistryClient(Way(host=registry.host, plain=True, **given))


@pytest.fixture
def open_registry() -> RealRegistry:
    return find_registry()


@pytest_asyncio.fixture
async def web_page() -> AsyncIterator[str]:
    """Something that answers, and is no registry."""
    async with fake_registry({"/v2/": html("<h1>Hello</h1>")}) as made:
        yield made.host


@pytest.fixture
def private_registry() -> RealRegistry:
    return find_private_registry()


async def test_an_image_is_told_with_its_size_platform_labels_and_layers(open_registry: RealRegistry) -> None:
    with repository(open_registry) as put:
        made = open_registry.put_image(put.name, "1", layers=(b"one", b"two"), labels={"a": "b"})
        async with client(open_registry) as asked:
            found = await asked.read(put.name, "1")
            assert found.digest == made["digest"] == await asked.digest(put.name, "1")
        (image,) = found.images
        assert (image.platform, image.labels, image.created) == ("linux/amd64", {"a": "b"}, 1767323045.0)
        assert [layer.command for layer in image.layers] == ["COPY 0 /", "COPY 1 /"]
        assert image.size > sum(layer.size for layer in image.layers) > 0


async def test_an_image_for_several_platforms_tells_each(open_registry: RealRegistry) -> None:
    with repository(open_registry) as put:
        images = [open_registry.put_image(put.name, "", architecture=name) for name in ("arm64", "amd64")]
        made = open_registry.put_index(put.name, "2", images)
        async with client(open_registry) as asked:
            first, every = await asked.read(put.name, "2"), await asked.read(put.name, "2", every=True)
        assert first.digest == made["digest"]
        assert first.platforms == every.platforms == ["linux/arm64", "linux/amd64"]
        assert [one.platform for one in first.images] == ["linux/amd64"]
        assert [one.digest for one in every.images] == [one["digest"] for one in images]
        assert {one["digest"] for one in images} < every.digests


async def test_all_names_are_read_page_by_page(open_registry: RealRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    with repository(open_registry) as put:
        for number in range(5):
            open_registry.put_image(put.name, f"1.{number}")
        async with client(open_registry) as asked:
            assert put.name in (await asked.repositories()).names
            monkeypatch.setattr("clusters.registries.client.PAGE", 2)
            tags = await asked.tags(put.name)
    assert sorted(tags.names) == ["1.0", "1.1", "1.2", "1.3", "1.4"]
    assert (tags.more, tags.odd) == (False, 0)


async def test_what_is_not_there_is_missing(open_registry: RealRegistry) -> None:
    async with client(open_registry) as asked:
        with pytest.raises(Missing, match="There is no repository"):
            await asked.tags("pilothouse/never-was")
        with pytest.raises(Missing):
            await asked.digest("pilothouse/never-was", "1")


async def test_a_private_registry_lets_in_who_has_the_password(private_registry: RealRegistry) -> None:
    with repository(private_registry) as put:
        private_registry.put_image(put.name, "1")
        async with client(private_registry) as asked:
            await asked.check()
            assert put.name in (await asked.repositories()).names
            assert (await asked.tags(put.name)).names == ("1",)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"password": "wrong"}, "does not accept the password of robot"),
        ({"user": "", "password": ""}, "asks for a user and a password"),
    ],
)
async def test_who_is_not_let_in_is_told_why(private_registry: RealRegistry, given: dict[str, str], words: str) -> None:
    async with client(private_registry, **given) as asked:
        for ask in (asked.check, asked.repositories):
            with pytest.raises(ClusterError) as raised:
                await ask()
            assert isinstance(raised.value, Refused)
            assert words in raised.value.message
            assert "wrong" not in f"{raised.value.detail}{raised.value.hint}"


async def test_what_is_no_registry_and_what_is_not_there_are_told_apart(web_page: str) -> None:
    async with RegistryClient(Way(host=web_page, plain=True)) as asked:
        with pytest.raises(Unsupported, match="not a registry"):
            await asked.check()
    async with RegistryClient(Way(host="127.0.0.1:1", plain=True)) as asked:
        with pytest.raises(Unreachable, match="refuses the connection"):
            await asked.check()
    async with RegistryClient(Way(host="no-such-host.test")) as asked:
        with pytest.raises(Unreachable, match="is not known"):
            await asked.check()


async def test_a_registry_that_speaks_no_tls_says_so(open_registry: RealRegistry) -> None:
    async with RegistryClient(Way(host=open_registry.host)) as asked:
        with pytest.raises(Refused, match="does not speak TLS") as raised:
            await asked.check()
    assert "accept the risk" in raised.value.hint


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("registry.example.com", "registry.example.com"),
        ("https://Registry.example.com:5000/", "registry.example.com:5000"),
        ("docker.io", "docker.io"),
        ("hub.docker.com", "docker.io"),
        ("[fd00::1]:5000", "[fd00::1]:5000"),
    ],
)
def test_addresses_are_read_as_people_write_them(given: str, host: str) -> None:
    assert read_host(given) == host


@pytest.mark.parametrize(
    "given",
    ["", "a b", "host/path", "user@host", "user:pass@host", "host:0", "host:99999", "host:x", "-host", "a..b", "ftp://x",
     "169.254.169.254", "[fe80::1]:5000", "[::ffff:169.254.169.254]", "0.0.0.0:5000", "host?x", "host#x", "höst",
     "host\n", "http://http://x"],
)  # fmt: skip
def test_addresses_that_cannot_be_are_refused(given: str) -> None:
    if given == "host\n":
        assert read_host(given) == "host"
        return
    with pytest.raises(Invalid):
        read_host(given)


def test_without_tls_takes_a_word_and_a_password_takes_a_user() -> None:
    with pytest.raises(Invalid, match="Without TLS"):
        read_way("http://registry.test", "", {}, {})
    with pytest.raises(Invalid, match="belong together"):
        read_way("registry.test", "ada", {}, {})
    with pytest.raises(Invalid, match="belong together"):
        read_way("registry.test", "", {}, {"password": "x"})
    with pytest.raises(Invalid, match="PEM"):
        read_way("registry.test", "", {"ca": "no certificate"}, {})
    assert "s3cret" not in repr(read_way("registry.test", "ada", {}, {"password": "s3cret"}))


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/a/b:1", "docker.io/a/b:1"),
        ("localhost/web", "localhost/web:latest"),
        ("registry.test:5000/shop/web:2", "registry.test:5000/shop/web:2"),
        (f"a/b@sha256:{'0' * 64}", f"docker.io/a/b@sha256:{'0' * 64}"),
    ],
)
def test_a_name_says_which_registry_it_is_of(image: str, full: str) -> None:
    assert str(read_reference(image)) == full
