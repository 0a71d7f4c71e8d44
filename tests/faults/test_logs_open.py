"""A container that is removed, stopped or made again under its name while its log is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from clusters.access import Actor, Granted
from clusters.drivers.base import LogOptions
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.kinds.docker.container import log_sources
from clusters.live.log_lines import LogLevel
from clusters.live.log_source import Stream, Streams
from tests.clusters.docker_engine import made, post, remove
from tests.faults.proxy import Proxy, soon
from tests.faults.scene import docker, scene

ADA = Actor(1, "ada", (Granted(Role.ADMIN, None, frozenset(), frozenset()),))
TALKS = ("sh", "-c", "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.05; done")


class Reader:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.words: list[str] = []

    def heard(self, stream: Stream, lines: Any, skipped: int) -> None:
        self.lines += [text for _, _, text in lines]

    def told(self, stream: Stream, words: str, level: LogLevel) -> None:
        self.words.append(words)


@asynccontextmanager
async def reading(socket: Any, container: Any) -> AsyncIterator[Reader]:
    reader = Reader()
    async with scene(("one", docker(socket))) as [one]:
        await soon(lambda: container.uid in one.shown)
        streams = Streams(Gateway(one.supervisor), one.supervisor)
        [source] = log_sources(one.connection.stores["container"].resources[container.uid])
        stop = await streams.follow(ADA, 1, source, LogOptions(tail=100), reader)
        try:
            await soon(lambda: len(reader.lines) > 3)
            yield reader
        finally:
            stop()
            await asyncio.sleep(0)
            assert len(streams) == 0


async def test_a_container_that_is_removed_ends_its_log_in_words_and_another_of_its_name_is_another_log(
    docker_socket: str,
) -> None:
    direct = docker(docker_socket)
    async with made(direct, TALKS) as gone, reading(docker_socket, gone) as reader:
        await remove(direct, gone.uid)
        await soon(lambda: any("not there any more" in words for words in reader.words), 8)
        before = len(reader.lines)
        async with made(direct, ("echo", "I am another one")):
            await asyncio.sleep(1.0)
        assert len(reader.lines) == before
    await direct.close()


async def test_a_container_that_is_restarted_goes_on_in_the_same_log_and_no_line_comes_twice(
    docker_socket: str,
) -> None:
    direct = docker(docker_socket)
    async with made(direct, TALKS) as there, reading(docker_socket, there) as reader:
        await post(direct, there.uid, "restart", t="0")
        await soon(lambda: reader.lines.count("line 1") == 2, 10)  # once in each life
        await soon(lambda: reader.lines.count("line 3") == 2, 5)
        await soon(lambda: bool(reader.words), 5)  # that it ended, or was started again
        assert max(reader.lines.count(line) for line in reader.lines) == 2
    await direct.close()


async def test_a_line_that_is_cut_is_taken_up_again_without_loss_and_without_repeats(
    line: Proxy, docker_socket: str
) -> None:
    direct = docker(docker_socket)
    async with made(direct, TALKS) as there, reading(line.here, there) as reader:
        last = int(reader.lines[-1].split()[1])
        await line.vanish()
        await asyncio.sleep(0.5)
        await line.listen()
        await soon(lambda: int(reader.lines[-1].split()[1]) > last + 15, 20)
        numbers = [int(one.split()[1]) for one in reader.lines]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
    await direct.close()
