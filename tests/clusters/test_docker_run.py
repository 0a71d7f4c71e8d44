"""Running a container: what was filled in is checked, carried out, and whatever fails leaves nothing unsaid."""

from __future__ import annotations

import shlex
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.pull import pull
from clusters.kinds.docker.run import run_container
from clusters.kinds.docker.run_check import check
from clusters.kinds.docker.run_line import docker_line, docker_lines
from clusters.kinds.docker.run_read import read_form
from tests.clusters.docker_engine import a_name, made, now, remove, unix
from tests.clusters.heard import Heard


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


def _filled(**values: Any) -> dict[str, Any]:
    return {"image": "busybox:latest", "name": a_name(), "command": "sleep 1000", **values}


@pytest.mark.docker
async def test_it_runs_as_it_was_filled_in(driver: DockerDriver) -> None:
    form = read_form(_filled(ports="127.0.0.1::80/udp", environment="COLOUR=dark green", restart="on-failure"))
    heard = Heard()
    created = await run_container(driver, form, heard)
    try:
        container = await now(driver, created.uid)
        assert container.name == created.name == form.name
        assert container.state.status == "running"
        assert container.command == ["sleep", "1000"]
        assert "COLOUR=dark green" in (container.config.env or ())
        assert container.host_config.restart_policy is not None
        assert container.host_config.restart_policy.name == "on-failure"
        assert heard.lines[0][0] == docker_line(form)
    finally:
        await remove(driver, created.uid)


@pytest.mark.docker
async def test_what_looks_like_a_secret_is_warned_of_in_variables_and_in_labels(driver: DockerDriver) -> None:
    form = read_form(_filled(environment="DB_PASSWORD=canary", labels="tier=front\napi_token=canary\nempty_token="))
    texts = [one.text for one in await check(driver, form, []) if one.level == "warn"]
    assert len(texts) == 2
    assert "can read DB_PASSWORD" in texts[0]
    assert "in its labels: api_token." in texts[1]
    assert "canary" not in str(texts)


def test_what_a_job_keeps_holds_no_secret() -> None:
    form = read_form(_filled(environment="DB_PASSWORD=hunter2\nCOLOUR=red", command="app --token s3cret"))
    assert "hunter2" in docker_line(form)
    line = docker_line(form, hidden=True)
    assert "COLOUR=red" in line
    assert "hunter2" not in line
    assert "s3cret" not in line
    marked = read_form(_filled(environment="secret: PIN=hunter3\nplain: TOKEN_LIMIT=5"))
    assert marked.environment == ("PIN=hunter3", "TOKEN_LIMIT=5")
    assert "--env PIN --env TOKEN_LIMIT=5" in docker_line(marked), "it is taken from where the line is carried out"
    assert "hunter3" not in docker_line(marked) + docker_line(marked, hidden=True)


@pytest.mark.docker
async def test_a_taken_name_says_so(driver: DockerDriver) -> None:
    async with made(driver) as other:
        with pytest.raises(Conflict, match="called") as raised:
            await run_container(driver, read_form(_filled(name=other.name)), Heard())
        assert "another name" in raised.value.hint


@pytest.mark.docker
async def test_a_taken_port_says_so_and_leaves_nothing(driver: DockerDriver) -> None:
    port = str(20_000 + int(time.time()) % 9000)
    binding = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}}
    async with made(driver, HostConfig=binding, ExposedPorts={"80/tcp": {}}):
        form, heard = read_form(_filled(ports=f"127.0.0.1:{port}:80")), Heard()
        with pytest.raises(Conflict, match=f"Port {port}"):
            await run_container(driver, form, heard)
        assert any("removed again" in text for text, _ in heard.lines)
        with pytest.raises(Missing):
            await now(driver, form.name)


@pytest.mark.docker
async def test_a_command_that_is_not_there_says_so_and_leaves_nothing(driver: DockerDriver) -> None:
    form = read_form(_filled(command="/no/such/program"))
    with pytest.raises(Invalid, match="not in the image"):
        await run_container(driver, form, Heard())
    with pytest.raises(Missing):
        await now(driver, form.name)


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
async def test_an_image_that_is_nowhere_says_so(driver: DockerDriver) -> None:
    with pytest.raises(ClusterError) as raised:
        await run_container(driver, read_form(_filled(image="127.0.0.1:1/no/such:1")), Heard())
    assert "127.0.0.1:1" in raised.value.message


@pytest.mark.docker
@pytest.mark.django_db(transaction=True)
async def test_a_missing_image_is_fetched_with_its_layers(driver: DockerDriver) -> None:
    image = f"registry.test:5000/{a_name()}:1"
    name = image.removesuffix(":1")
    where = ("images", *image.split("/"))
    await driver.call(Call("POST", ("images", "busybox:latest", "tag"), {"repo": name, "tag": "1"}))
    try:
        push = Call("POST", ("images", *name.split("/"), "push"), {"tag": "1"})
        said = [news async for news in driver.stream(push)]
        if any("error" in news for news in said):
            pytest.skip("no registry: only the testbed has one")
        await driver.call(Call("DELETE", where))
        heard = Heard()
        created = await run_container(driver, read_form(_filled(image=image)), heard)
        await remove(driver, created.uid)
        assert any("not on this machine yet" in text for text, _ in heard.lines)
        assert any(image in text and "Status" in text for text, _ in heard.lines)
        with pytest.raises(Missing, match="There is no image"):
            await run_container(driver, read_form(_filled(image=f"{name}:2")), Heard())
    finally:
        with suppress(ClusterError):
            await driver.call(Call("DELETE", where, {"force": "1"}))


async def test_each_layer_has_its_own_line_and_an_error_inside_the_stream_is_one() -> None:
    news: list[dict[str, Any]] = [
        {"status": "Pulling from shop/web", "id": "2"},
        {"status": "Downloading", "id": "aaa", "progressDetail": {"current": 1024, "total": 2048}},
        {"status": "Pull complete", "id": "aaa", "progressDetail": {}},
        {"status": "Waiting", "id": "bbb", "progressDetail": None},
        {"error": "manifest for web:2 not found", "errorDetail": {}},
    ]

    class Engine:
        async def stream(self, call: Call) -> AsyncIterator[dict[str, Any]]:
            for one in news:
                yield one

    heard = Heard()
    with pytest.raises(Missing):
        await pull(Engine(), "shop/web:2", heard)  # type: ignore[arg-type]
    assert heard.newest == {"aaa": "aaa: Done", "bbb": "bbb: Waiting"}


@pytest.mark.parametrize(
    "values",
    [
        {"image": ""},
        {"image": "Busybox"},
        {"image": "../etc"},
        {"image": "busybox:latest --privileged"},
        {"image": "-v"},
        {"name": "-rm"},
        {"name": "a/b"},
        {"name": "x" * 200},
        {"ports": "0:80"},
        {"ports": "80:99999"},
        {"ports": "80:80/icmp"},
        {"ports": "a:b:c:d"},
        {"ports": "example.com:80:80"},
        {"ports": "²:80"},
        {"environment": "no equals sign"},
        {"environment": "=x"},
        {"volumes": "../x:/x"},
        {"volumes": "data:relative"},
        {"volumes": "data:/x/../../etc"},
        {"volumes": "data:/x:exec"},
        {"restart": "sometimes"},
        {"command": "say 'hello"},
    ],
)
def test_what_makes_no_sense_is_refused_with_words(values: dict[str, str]) -> None:
    with pytest.raises(Invalid) as raised:
        read_form(_filled(**values))
    assert raised.value.message.endswith((".", "missing."))


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("nginx", "latest")),
        ("nginx:1.29", ("nginx", "1.29")),
        ("registry.test:5000/shop/web:2", ("registry.test:5000/shop/web", "2")),
        (f"web@sha256:{'a' * 64}", ("web", f"sha256:{'a' * 64}")),
        ("a__b/c-d.e", ("a__b/c-d.e", "latest")),
    ],
)
def test_names_of_images_are_read(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts


@pytest.mark.parametrize("image", ["UPPER/case", "Nginx:1.29", "shop/Web", "registry.test:5000/Shop/web:V2"])
def test_capital_letters_in_the_name_of_an_image_are_what_is_wrong_with_it(image: str) -> None:
    with pytest.raises(Invalid, match="has capital letters") as told:
        split_image(image)
    assert "small letters" in told.value.hint
    assert split_image("Registry.Test:5000/shop/web:V2") == ("Registry.Test:5000/shop/web", "V2")


def test_a_hostile_name_of_an_image_is_refused() -> None:
    """A pattern that goes back over what it read would not be done with these in this life."""
    for hostile in ("a" * 499 + "!", "a-" * 249 + "!", "a/" * 249 + "!", "a." * 249 + ":"):
        with pytest.raises(Invalid):
            split_image(hostile)


def test_the_line_is_the_same_container() -> None:
    form = read_form(
        {
            "image": "nginx:1.29",
            "name": "web",
            "command": "sh -c 'echo a b'",
            "ports": "8080:80\n[::1]:53:53/udp\n443",
            "environment": "A=b c",
            "volumes": "data:/data:ro",
            "restart": "always",
        }
    )
    unnamed = read_form({"image": "nginx", "volumes": ":/data:ro\n/cache"})
    assert docker_line(unnamed) == "docker run --detach --mount type=volume,target=/data,readonly --volume /cache nginx"
    assert [one.text for one in unnamed.mounts] == [":/data:ro", "/cache"]
    assert read_form({"image": "nginx", "volumes": "\n".join(one.text for one in unnamed.mounts)}) == unnamed
    assert docker_line(form) == (
        "docker run --detach --name web --restart always --publish 8080:80 --publish '[::1]:53:53/udp' --publish 443 "
        "--env 'A=b c' --volume data:/data:ro nginx:1.29 sh -c 'echo a b'"
    )
    assert shlex.split(docker_lines(form).replace("\\\n", "")) == shlex.split(docker_line(form))
    assert docker_lines(form).splitlines()[-2:] == ["  --volume data:/data:ro \\", "  nginx:1.29 sh -c 'echo a b'"]
    assert set(form.body["HostConfig"]) == {"PortBindings", "RestartPolicy", "Mounts"}


@pytest.mark.parametrize(
    ("line", "outside"),
    [
        ("8000-8009:80", "8000-8009"),
        ("127.0.0.1:8000-8000:80", "8000-8000"),
        ("8009-8000:80", ""),
        ("8000-:80", ""),
        ("8000-x:80", ""),
    ],
)
def test_a_range_of_ports_is_one_of_which_a_free_one_is_taken(line: str, outside: str) -> None:
    values = {"image": "busybox", "ports": line}
    if not outside:
        with pytest.raises(Invalid, match="is not a port"):
            read_form(values)
    else:
        assert read_form(values).ports[0].outside == outside
