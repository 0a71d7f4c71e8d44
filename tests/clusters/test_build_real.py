"""Builds on real engines, new and old: the image, the steps, the reason and the line of a failure, a cancel that is one."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from clusters.build.beforehand import out_of_reach
from clusters.build.context import Alone
from clusters.build.dockerfile import read_dockerfile
from clusters.build.form import read_form
from clusters.build.graph import Graph
from clusters.build.words import BuildFailed
from clusters.build.work import Built, build_image
from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Unreachable
from tests.clusters.docker_engine import Line, forget_made_with, over_ssh, over_tls, unix
from tests.clusters.heard import Heard
from tests.clusters.real_registry import find_registry
from tests.real import find_docker_socket, find_old_docker_socket

pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]  # sign-ins at registries are looked up


class Builder:
    """Builds on one engine, and removes what was built."""

    def __init__(self, driver: DockerDriver) -> None:
        self.driver = driver
        self.tag = f"pilothouse-build/{secrets.token_hex(5)}:1"
        self.graph = Graph(read_dockerfile(""))
        self._made: list[str] = []  # images
        self._marks: set[str] = set()  # words of the Dockerfiles that no other has

    async def build(self, dockerfile: str, **values: object) -> Built:
        form = read_form({"tag": self.tag, **values}, dockerfile)
        self.graph = Graph(read_dockerfile(form.dockerfile), form.secrets)
        self._marks |= set(re.findall(r"\b[0-9a-f]{10,16}\b", dockerfile))
        built = await build_image(self.driver, form, Alone(form.dockerfile), self.graph, Heard())
        self._made.append(built.image)
        return built

    async def forget(self) -> None:
        """Nothing of it stays on the engine but what is in the builder's cache."""
        for image in (self.tag, *self._made):
            with suppress(ClusterError):
                await self.driver.call(Call("DELETE", ("images", *image.split("/")), {"force": "1"}))
        await forget_made_with(self.driver, self._marks)

    async def failure(self, dockerfile: str, **values: object) -> tuple[int, str]:
        with pytest.raises(BuildFailed) as caught:
            await self.build(dockerfile, **values)
        return caught.value.failure.line, f"{caught.value.failure.message} {caught.value.failure.hint}"

    def states(self) -> dict[int, str]:
        return {step.at.line: step.state for step in self.graph.ordered() if step.at}


@pytest_asyncio.fixture(params=["new", "old"])
async def builder(request: pytest.FixtureRequest) -> AsyncIterator[Builder]:
    match request.param:
        case "ssh":
            driver = over_ssh()
        case "tls":
            driver = over_tls()
        case param:
            driver = unix(find_docker_socket() if param == "new" else find_old_docker_socket())
    one = Builder(driver)
    yield one
    await one.forget()
    await driver.close()


async def test_an_image_comes_of_it_and_every_step_has_its_line(builder: Builder) -> None:
    nonce = secrets.token_hex(8)
    text = f"FROM busybox:latest AS one\nARG WHO\nRUN echo {nonce} $WHO > /made && echo seen\nFROM busybox:1.35\nENV A=1\nCOPY --from=one /made /made\n"
    built = await builder.build(text, arguments="WHO=somebody", labels="team=shop")
    assert built.image.startswith("sha256:")
    assert built.size
    image = await builder.driver.call(Call("GET", ("images", built.image, "json")))
    assert builder.tag in image["RepoTags"]
    assert image["Config"]["Labels"]["team"] == "shop"
    assert builder.states().keys() == {1, 3, 4, 6}
    assert builder.states()[3] == "done"
    run = next(step for step in builder.graph.ordered() if step.at and step.at.line == 3)
    assert run.output.lines() == [(1, "seen")]
    assert run.seconds
    await builder.build(text, arguments="WHO=somebody", labels="team=shop")
    assert builder.states()[3] == builder.states()[6] == "cached"
    await builder.build(text, arguments="WHO=somebody", labels="team=shop", no_cache=True)
    assert builder.states()[3] == "done"


async def test_an_image_that_an_old_engine_cannot_get_while_it_builds_is_named_before(builder: Builder) -> None:
    """registry.test:5000 stands in the insecure-registries of both engines."""
    find_registry()
    there, away = (f"registry.test:5000/{name}" for name in (builder.tag, "pilothouse/nothing:1"))
    await builder.driver.call(
        Call("POST", ("images", "busybox", "tag"), {"repo": there.rpartition(":")[0], "tag": "1"})
    )
    old = str((await builder.driver.call(Call("GET", ("version",))))["Version"]).startswith("20.10")
    try:
        for source, pull, named in (
            (away, False, old),
            (there, False, False),
            (there, True, old),
            ("busybox", True, False),
        ):
            text = f"ARG FROM={source}\nFROM $FROM AS one\nFROM busybox\nCOPY --from=one /bin/sh /x\n"
            found = await out_of_reach(builder.driver, read_form({"tag": "x", "pull": pull}, text))
            assert [f"pull {source} to this host first" in one.text for one in found] == [True] * named
    finally:
        await builder.driver.call(Call("DELETE", ("images", *there.split("/"))))


@pytest.mark.parametrize(
    ("dockerfile", "line", "words"),
    [
        ("FROM busybox\nENV A=1\n\nRUN echo out && \\\n  exit 3\n", 4, "exit code 3"),
        ("FROM busybox\nRUN nosuchprogram\n", 2, "not found in the image"),
        ("FROM busybox\n\nFRUM x\n", 3, "instruction: FRUM"),
        ("FROM busybox\nCOPY\n", 2, "COPY requires at least two arguments"),
        ("FROM busybox AS a\nRUN true\nFROM registry.test:5000/pilothouse/nothing:1\n", 3, "registry.test:5000/pilothouse/nothing:1"),
        ("FROM busybox\nCOPY ./missing.txt /x/\n", 2, "“missing.txt” is not among the files that were sent"),
        ("FROM busybox AS a\nFROM busybox\nCOPY --from=a /missing /x\n", 3, "“/missing” is not in the stage"),
        ("FROM busybox\nCOPY --from=nobody /a /b\n", 2, "nobody"),
        ("RUN true\n", 0, "o build stage in current context"),
    ],
)  # fmt: skip
async def test_a_failure_says_the_line_and_why(builder: Builder, dockerfile: str, line: int, words: str) -> None:
    found, said = await builder.failure(dockerfile)
    assert words in said
    assert found == line or (line == 0 and found == 1)


async def test_a_stage_that_is_not_there_and_one_that_is(builder: Builder) -> None:
    text = "FROM busybox AS first\nRUN true\nFROM busybox AS second\nRUN false\n"
    _, said = await builder.failure(text, target="third")
    assert "There is no stage “third”" in said
    assert "first, second" in said
    await builder.build(text, target="first")
    assert builder.states().get(4) in (None, "cached", "not reached")


@pytest.mark.parametrize("builder", ["tls", "ssh"], indirect=True)
async def test_builds_and_their_secrets_go_over_tls_and_ssh_as_well(builder: Builder) -> None:
    text = "FROM busybox\nRUN --mount=type=secret,id=token,required wc -c < /run/secrets/token\n"
    await builder.build(text, mounts="token=s3cret-value", no_cache=True)
    run = next(step for step in builder.graph.ordered() if step.at and step.at.line == 2)
    assert run.output.lines() == [(1, "12")]
    line, said = await builder.failure("FROM busybox\nRUN exit 3\n")
    assert (line, "exit code 3" in said) == (2, True)


async def test_cache_mounts_keep_their_files_between_builds(builder: Builder) -> None:
    nonce = secrets.token_hex(5)
    for last in ("first", "second"):
        command = f"ls /c; touch /c/kept-file; : {nonce} {last}"
        await builder.build(f"FROM busybox\nRUN --mount=type=cache,target=/c,id={nonce} {command}\n")
    run = next(step for step in builder.graph.ordered() if step.at and step.at.line == 2)
    assert [text for _, text in run.output.lines()] == ["kept-file"]


def running(mark: str) -> bool:
    """Whether some process of this machine has that word on its command line (the engines of tests run here)."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0"):
                return True
    return False


async def until(right: bool, mark: str, within: float = 20.0) -> float:
    began = time.monotonic()
    while running(mark) is not right:
        assert time.monotonic() - began < within, f"still {not right} after {within} s"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def mark() -> str:
    return str(secrets.randbelow(10**8) + 10**8)


async def test_a_cancelled_build_ends_on_the_engine_too(builder: Builder, mark: str) -> None:
    task = asyncio.create_task(builder.build(f"FROM busybox\nRUN sleep {mark}\n"))
    await until(True, mark)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(False, mark)
    assert builder.states()[2] == "cancelled"


async def test_a_thousand_lines_a_moment_and_hostile_bytes_arrive_whole_and_tame(builder: Builder) -> None:
    text = "FROM busybox\nRUN printf '\\033]0;evil\\007\\377\\000<img src=x>\\n'; seq 1 5000\n"
    await builder.build(text, no_cache=True)
    run = next(step for step in builder.graph.ordered() if step.at and step.at.line == 2)
    assert run.output.count == 5001
    assert run.output.lines()[-1] == (5001, "5000")
    assert "<img src=x>" in run.output.lines()[0][1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("builder", ["", "1"], ids=["buildkit", "classic"])
async def test_a_line_that_is_cut_in_the_middle_is_said_and_ends_the_build(
    builder: str, tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path / "line.sock", find_docker_socket())
    await line.heal()
    one = Builder(unix(line.path))
    monkeypatch.setattr(DockerDriver, "builder", lambda _: asyncio.sleep(0, builder))
    task = asyncio.create_task(one.build(f"FROM busybox\nRUN sleep {mark}\n"))
    await until(True, mark)
    await line.cut()
    with pytest.raises(Unreachable, match="lost in the middle"):
        await task
    await until(False, mark)
    assert one.states()[2] == "cancelled"
    await one.driver.close()
