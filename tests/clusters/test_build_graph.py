"""The steps of a build, from what an engine tells: times, marks, output that stays bounded, secrets that stay hidden."""

from __future__ import annotations

import pytest

from clusters.build.dockerfile import read_dockerfile
from clusters.build.graph import MOST_KEPT, MOST_STEPS, Graph
from clusters.build.output import HEAD, LONGEST, TAIL, Output
from clusters.build.trace_pb2 import StatusResponse
from clusters.build.words import explain

DOCKERFILE = read_dockerfile("FROM busybox\nRUN one\nRUN two\n")


def told(graph: Graph, digest: str, name: str, *, started: float = 0, completed: float = 0, **more: object) -> None:
    news = StatusResponse()
    vertex = news.vertexes.add(digest=digest, name=name, **more)
    if started:
        vertex.started.FromNanoseconds(int(started * 1e9))
    if completed:
        vertex.completed.FromNanoseconds(int(completed * 1e9))
    graph.feed(news)


def printed(graph: Graph, digest: str, data: bytes) -> None:
    news = StatusResponse()
    news.logs.add(vertex=digest, stream=1, msg=data)
    graph.feed(news)


def test_steps_stand_in_the_order_of_the_dockerfile_whatever_the_engine_tells_first() -> None:
    graph = Graph(DOCKERFILE)
    told(graph, "c", "[3/3] RUN two")
    told(graph, "e", "exporting to image")
    told(graph, "b", "[2/3] RUN one")
    told(graph, "m", "[internal] load metadata for docker.io/library/busybox:latest")
    told(graph, "a", "[1/3] FROM docker.io/library/busybox")
    names = [step.frame()["name"] for step in graph.ordered()]
    assert names == ["Look up busybox", "FROM busybox", "RUN one", "RUN two", "Write the image"]


def test_a_step_that_ran_in_two_parts_took_the_time_of_both() -> None:
    graph = Graph(DOCKERFILE)
    for start, end in ((100, 0), (100, 101), (200, 0), (200, 202.5), (200, 202.5)):
        told(graph, "b", "[2/3] RUN one", started=start, completed=end)
    assert graph.steps["b"].seconds == pytest.approx(3.5)


def test_what_another_step_stopped_is_not_called_failed() -> None:
    graph = Graph(DOCKERFILE)
    told(graph, "b", "[2/3] RUN one", started=1, completed=2, error="exit code: 1")
    told(graph, "c", "[3/3] RUN two", started=1, completed=2, error="context canceled: context canceled")
    graph.end(done=False)
    assert [step.state for step in graph.ordered()] == ["failed", "cancelled"]
    assert graph.failed() is graph.steps["b"]


def test_after_the_end_nothing_runs_or_waits() -> None:
    graph = Graph(DOCKERFILE)
    told(graph, "b", "[2/3] RUN one", started=1)
    told(graph, "c", "[3/3] RUN two")
    graph.end(done=False)
    assert [step.state for step in graph.ordered()] == ["cancelled", "not reached"]


def test_a_secret_is_in_no_name_no_line_and_no_error() -> None:
    graph = Graph(DOCKERFILE, ("hunter22", "s3cret-value"))
    told(graph, "b", "[2/3] RUN login hunter22", started=1)
    printed(graph, "b", b"token is hun")
    printed(graph, "b", b"ter22 and s3cret-value\n")
    told(graph, "b", "[2/3] RUN login hunter22", started=1, completed=2, error="login hunter22 failed")
    step = graph.steps["b"]
    shown = f"{step.frame()} {step.output.lines()}"
    assert "hunter22" not in shown
    assert "s3cret-value" not in shown
    assert "token is ••••••" in shown


def test_of_many_lines_the_first_and_the_newest_stay_and_the_rest_is_counted() -> None:
    output = Output()
    for number in range(5000):
        output.feed(1, b"line %d\n" % (number + 1))
    lines = output.lines()
    assert output.count == 5000
    assert len(lines) == HEAD + TAIL
    assert lines[0] == (1, "line 1")
    assert lines[-1] == (5000, "line 5000")
    assert lines[HEAD] == (5000 - TAIL + 1, f"line {5000 - TAIL + 1}")


def test_a_line_without_end_and_a_progress_bar_stay_small() -> None:
    output = Output()
    for _ in range(200):
        output.feed(1, b"x" * 10_000)
    output.feed(2, b"10 %\r50 %\r100 %\r\n")
    output.end()
    assert all(len(text) < LONGEST + 50 for _, text in output.lines())
    assert "100 %" in [text for _, text in output.lines()]


def test_a_hundred_megabytes_of_output_and_thousands_of_steps_stay_bounded() -> None:
    graph = Graph(DOCKERFILE)
    for number in range(MOST_STEPS + 500):
        told(graph, f"s{number}", f"[internal] step {number}", started=1)
    assert len(graph.steps) == MOST_STEPS
    assert graph.left_out == 500
    line = b"y" * 999 + b"\n"
    for round_ in range(1000):
        printed(graph, f"s{round_ % 50}", line * 100)
    kept = sum(step.output.kept for step in graph.steps.values())
    assert kept <= MOST_KEPT + 2 * len(line) * 100
    assert sum(step.output.count for step in graph.steps.values()) == 100_000


def test_a_message_that_is_none_is_an_error_in_words() -> None:
    from clusters.build.work import _take
    from clusters.errors import Unsupported

    for aux in ("not base64!", "//////8="):
        with pytest.raises(Unsupported):
            _take({"id": "moby.buildkit.trace", "aux": aux}, Graph(DOCKERFILE))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("alpine:3", "Docker Hub, from where alpine:3 is fetched, does not answer."),
        ("localhost/web:1", "localhost, from where localhost/web:1 is fetched, does not answer."),
        ("team/web:1", "Docker Hub, from where team/web:1 is fetched, does not answer."),
        ("r.test/web:1", "r.test, from where r.test/web:1 is fetched, does not answer."),
        ("r.test:5000/web:1", "r.test:5000, from where r.test:5000/web:1 is fetched, does not answer."),
    ],
)  # fmt: skip
def test_a_registry_that_is_not_reached_is_named_as_people_call_it(image: str, words: str) -> None:
    said = f"{image}: failed to resolve source metadata for {image}: dial tcp: lookup x: no such host"
    assert explain(said, Graph(read_dockerfile(f"FROM {image}\n"))).message == words
