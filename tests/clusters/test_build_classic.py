"""The classic builder of real engines, new and old: the same steps, the line of a failure, and who asks for it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clusters.build.classic import Classic
from clusters.build.dockerfile import read_dockerfile
from clusters.build.graph import Graph
from clusters.drivers.docker import DockerDriver
from tests.clusters.docker_engine import Pretender, http, unix
from tests.clusters.test_build_real import Builder
from tests.real import find_docker_socket, find_old_docker_socket

pytestmark = pytest.mark.django_db(transaction=True)  # where the stored sign-ins are


class WithoutBuildKit(DockerDriver):
    """A real engine that was told to build without BuildKit."""

    async def builder(self) -> str:
        return "1"


@pytest_asyncio.fixture(params=["new", "old"])
async def classic(request: pytest.FixtureRequest) -> AsyncIterator[Builder]:
    socket = find_docker_socket() if request.param == "new" else find_old_docker_socket()
    driver = WithoutBuildKit({"address": f"unix://{socket}"}, {})
    one = Builder(driver)
    yield one
    await one.forget()
    await driver.close()


@pytest.mark.docker
async def test_an_image_comes_of_it_and_every_step_has_its_line(classic: Builder) -> None:
    text = f"FROM busybox:latest AS one\nRUN echo {secrets.token_hex(8)} > /made && echo seen; echo wrong >&2\n\n# words\nFROM busybox:1.35\nENV A={secrets.token_hex(8)}\nCOPY --from=one /made /made\n"
    built = await classic.build(text, labels="team=shop")
    assert built.image.startswith("sha256:")
    assert built.size
    assert classic.states() == {1: "done", 2: "done", 5: "done", 6: "done", 7: "done"}
    run = next(step for step in classic.graph.ordered() if step.at and step.at.line == 2)
    assert {line.replace("\x1b[91m", "").replace("\x1b[0m", "") for _, line in run.output.lines()} >= {"seen", "wrong"}
    assert run.seconds
    await classic.build(text, labels="team=shop")
    assert classic.states()[2] == classic.states()[7] == "cached"


@pytest.mark.docker
@pytest.mark.parametrize(
    ("dockerfile", "line", "words"),
    [
        ("FROM busybox\nENV A=1\n\nRUN echo out && \\\n  exit 3\n", 4, "exit code 3"),
        ("FROM busybox\nRUN echo cp: write error: No space left on device; exit 1\n", 2, "The disk of the host is full"),
        ("FROM busybox\n\nFRUM x\n", 3, "instruction: FRUM"),
        ("FROM busybox\nCOPY ./missing.txt /x/\n", 2, "“missing.txt” is not among the files that were sent"),
        ("FROM busybox\nRUN --mount=type=cache,target=/x true\n", 2, "--mount needs BuildKit"),
        ("FROM registry.test:5000/pilothouse/nothing:1\n", 1, "There is no image registry.test:5000/pilothouse/nothing"),
    ],
)  # fmt: skip
async def test_a_failure_says_the_line_and_why(classic: Builder, dockerfile: str, line: int, words: str) -> None:
    found, said = await classic.failure(dockerfile)
    assert words in said
    assert found == line


@pytest.mark.docker
async def test_what_failed_is_the_step_that_ran_and_the_rest_was_never_reached(classic: Builder) -> None:
    await classic.failure("FROM busybox\nRUN exit 3\nRUN true\n")
    assert classic.states() == {1: "done", 2: "failed", 3: "not reached"}


def test_what_a_step_prints_is_no_step_unless_it_is_the_next_one() -> None:
    graph = Graph(read_dockerfile("FROM a\nRUN b\nRUN c\n"))
    printed = Classic(graph)
    for text in ("Step 1/3 : FROM a", "\n", "Step 2/3 : RUN b", "\n", "Step 1/3 : FROM a\n", "Step 9/9 : x\n", "Step 99999999/1 : x\n"):  # fmt: skip
        printed.take({"stream": text})
    assert [step.state for step in graph.ordered()] == ["done", "running", "waiting"]
    assert graph.ordered()[1].output.count == 3
    for hostile in ({"stream": None}, {"status": 1}, {"status": "x", "progressDetail": []}, {"status": "x" * 10_000}):
        printed.take(hostile)


async def test_it_is_asked_for_where_the_engine_says_so(tmp_path: Path) -> None:
    for header, told in ((b"1", "1"), (b"2", "2"), (b"", "")):
        pong = http(200, b"OK", Api_Version="1.41", **({"Builder_Version": header.decode()} if header else {}))
        async with Pretender(tmp_path / f"engine{told}.sock", {"/_ping": pong}) as engine:
            driver = unix(engine.path)
            assert await driver.builder() == told
            await driver.close()
