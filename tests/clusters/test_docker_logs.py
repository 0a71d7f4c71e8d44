"""Logs of containers: whole lines in order, and never behind, however fast a container prints."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from clusters.drivers.base import LogChunk, LogOptions, LogSource
from clusters.drivers.docker import DockerDriver
from clusters.drivers.docker.frames import LINE_LIMIT, Bare, Frames
from clusters.drivers.docker.logs import BUDGET, BYTES, Backlog, Lag
from clusters.errors import ClusterError, Missing, Unsupported
from clusters.kinds.docker.container_model import Container
from clusters.kinds.swarm.task_model import Task
from tests.clusters.docker_engine import PONG, Pretender, http, made, post, remove, unix

STAMP = b"2026-11-24T01:02:03.500000000Z "


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


def _source(container: Container) -> LogSource:
    return LogSource(resource=container, kind="container")


async def _texts(driver: DockerDriver, container: Container, options: LogOptions) -> list[tuple[str, str]]:
    lines = []
    async with asyncio.timeout(20), aclosing(driver.logs(_source(container), options)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            lines += [(stream, text) for _, stream, text in chunk.lines]
    return lines


@pytest.mark.docker
async def test_lines_come_in_order_with_their_stream_and_time(driver: DockerDriver) -> None:
    script = "for i in 1 2 3; do echo out $i; sleep 0.02; echo err $i >&2; sleep 0.02; done"
    async with made(driver, ("sh", "-c", script)) as container:
        lines = await _texts(driver, container, LogOptions())
        assert lines == [line for i in (1, 2, 3) for line in (("out", f"out {i}"), ("err", f"err {i}"))]
        async with aclosing(driver.logs(_source(container), LogOptions(follow=False))) as chunks:  # type: ignore[type-var]
            at = [at async for chunk in chunks for at, _, _ in chunk.lines]
        assert at == sorted(at)
        assert abs(at[-1] - time.time()) < 60


@pytest.mark.docker
async def test_a_terminals_lines_are_split_too(driver: DockerDriver) -> None:
    async with made(driver, ("sh", "-c", "echo one; echo two; printf three"), Tty=True) as container:
        lines = await _texts(driver, container, LogOptions())
        assert lines == [("out", "one"), ("out", "two"), ("out", "three")]


@pytest.mark.docker
async def test_a_line_without_end_is_cut_with_a_mark(driver: DockerDriver) -> None:
    script = "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after"
    async with made(driver, ("sh", "-c", script)) as container:
        lines = await _texts(driver, container, LogOptions())
        assert [text[:5] for _, text in lines] == ["xxxxx", "after"]
        assert LINE_LIMIT <= len(lines[0][1]) < LINE_LIMIT + 40
        assert lines[0][1].endswith("(the line goes on)")


@pytest.mark.docker
async def test_the_life_before_the_last_restart_can_be_read(driver: DockerDriver) -> None:
    async with made(driver, ("sh", "-c", "echo life $(date +%s%N); sleep 100")) as container:
        await asyncio.sleep(0.3)
        await post(driver, container.uid, "restart", t="0")
        await asyncio.sleep(0.3)
        everything = await _texts(driver, container, LogOptions(follow=False))
        before = await _texts(driver, container, LogOptions(previous=True))
        assert len(everything) == 2
        assert before == everything[:1]


@pytest.mark.docker
async def test_a_log_that_is_kept_nowhere_is_said(driver: DockerDriver) -> None:
    async with made(driver, HostConfig={"LogConfig": {"Type": "none"}}) as container:
        with pytest.raises(Unsupported, match="cannot be read"):
            await _texts(driver, container, LogOptions(follow=False))


@pytest.mark.docker
async def test_a_removed_container_ends_its_log(driver: DockerDriver) -> None:
    async with made(driver) as container:
        reading = asyncio.create_task(_texts(driver, container, LogOptions()))
        await asyncio.sleep(0.2)
        await remove(driver, container.uid)
        assert await reading == []
        with pytest.raises(Missing):
            await _texts(driver, container, LogOptions())


@pytest.mark.docker
async def test_a_flood_is_followed_within_a_second_and_what_was_left_out_is_counted(driver: DockerDriver) -> None:
    async with made(driver, ("timeout", "20", "seq", "1", "1000000000")) as container:
        await asyncio.sleep(1.0)
        memory, began = _memory(), time.monotonic()
        said, last, first, lag, slowest = 0, 0, 0, 0.0, 0.0
        async with aclosing(driver.logs(_source(container), LogOptions())) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                numbers = [int(text) for _, _, text in chunk.lines]
                first = first or numbers[0]
                assert numbers == sorted(numbers)
                assert numbers[0] > last
                assert len(numbers) <= BUDGET
                last = numbers[-1]
                said += len(numbers) + chunk.skipped
                lag = time.time() - chunk.lines[-1][0]
                slowest = max(slowest, lag)
                if time.monotonic() - began > 5:
                    break
        truth, seconds = last - first + 1, time.monotonic() - began
        grown = _memory() - memory
        print(
            f"\n{truth / seconds:,.0f} lines a second printed, {said / truth:.1%} of them told or counted, "
            f"behind at most {slowest:.2f} s, grown by {grown:.1f} MiB"
        )
        assert truth / seconds > 20_000
        assert slowest < 1.5
        assert 0.4 < said / truth < 1.6  # an estimate where the engine itself fell behind
        assert grown < 20


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


def _frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">BxxxI", stream, len(data)) + data


@given(
    lines=st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60).map(lambda one: one.replace(b"\n", b"")))),
    cuts=st.lists(st.integers(0, 4000)),
)
def test_lines_are_the_same_however_the_bytes_are_cut(lines: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(_frame(stream, STAMP + text + b"\n") for stream, text in lines)
    got: list[tuple[int, bytes]] = []
    frames = Frames(lambda stream, line: got.append((stream, line)))
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for begin, end in pairwise(edges):
        frames.feed(data[begin:end])
    frames.end()
    assert got == [(stream, STAMP + text + b"\n") for stream, text in lines]


def test_parts_of_a_long_line_become_one() -> None:
    got: list[bytes] = []
    frames = Frames(lambda _, line: got.append(line))
    frames.feed(_frame(1, STAMP + b"be") + _frame(2, STAMP + b"other\n") + _frame(1, STAMP + b"gin\n"))
    assert got == [STAMP + b"other\n", STAMP + b"begin\n"]


def test_a_frame_of_gigabytes_is_not_waited_for() -> None:
    got: list[bytes] = []
    frames = Frames(lambda _, line: got.append(line))
    frames.feed(struct.pack(">BxxxI", 1, 1 << 30) + STAMP + b"x" * 40_000)
    assert len(got) == 1
    assert len(got[0]) < LINE_LIMIT + 100
    for _ in range((1 << 10) - 1):
        frames.feed(b"x" * (1 << 20))
    assert len(got) == 1
    assert len(frames._rest) < 100_000


def test_what_is_no_frame_is_said() -> None:
    with pytest.raises(Unsupported):
        Frames(lambda *_: None).feed(b"hello, I am no frame at all")


def test_bare_bytes_without_a_line_end_stay_bounded() -> None:
    got: list[bytes] = []
    bare = Bare(lambda _, line: got.append(line))
    for _ in range(100):
        bare.feed(b"x" * (1 << 20))
    bare.feed(b"\nnext\n")
    assert [len(line) for line in got] == [LINE_LIMIT + 41, 4]


def test_the_backlog_keeps_the_newest_and_counts_the_rest_exactly() -> None:
    backlog = Backlog()
    for number in range(10_000):
        backlog.take(1, STAMP + b"%d\n" % number)
    chunk = backlog.chunk()
    assert chunk.skipped == 10_000 - BUDGET
    assert [text for _, _, text in chunk.lines] == [str(number) for number in range(10_000 - BUDGET, 10_000)]
    for _ in range(BUDGET):
        backlog.take(1, b"x" * LINE_LIMIT)
    assert len(backlog) * LINE_LIMIT <= BYTES
    assert backlog.chunk().skipped + BYTES // LINE_LIMIT == BUDGET


def test_bytes_that_are_no_text_are_replaced() -> None:
    backlog = Backlog()
    backlog.take(2, STAMP + b"caf\xe9 \x1b[31m\r\n")
    assert backlog.chunk() == LogChunk([(1795482123.5, "err", "caf� \x1b[31m")], 0)


def test_a_clock_that_is_wrong_by_hours_is_no_lag() -> None:
    lag = Lag()
    assert lag.measure(1000.0, 8200.0) == 0.0
    assert lag.measure(1001.0, 8201.5) == 0.5
    assert lag.measure(1005.0, 8204.0) == 0.0


@pytest.mark.parametrize(
    ("about", "called"),
    [("{'Hostname': 'elm-2'}", "elm-2"), ("'none'", "Its node"), ("{'Hostname': 'LONG'}", "a{64}")],
)
async def test_the_log_of_a_task_says_that_its_node_does_not_answer(tmp_path: Path, about: str, called: str) -> None:
    """The manager itself would wait for that node, without a word."""
    about = about.replace("'", '"').replace("LONG", "a" * 9_000)
    answers = {
        "/_ping": PONG,
        "/tasks/t1": http(200, b'{"ID": "t1", "NodeID": "n1"}'),
        "/nodes/n1": http(200, f'{{"Status": {{"State": "down"}}, "Description": {about}}}'.encode()),
    }
    async with Pretender(tmp_path / "engine.sock", answers) as pretender:
        driver = unix(pretender.path)
        task = LogSource(resource=Task(id="t1"), kind="task")
        with pytest.raises(ClusterError, match=f"^{called} does not answer, and its lines are kept there"):
            await anext(aiter(driver.logs(task, LogOptions())))
        await driver.close()
