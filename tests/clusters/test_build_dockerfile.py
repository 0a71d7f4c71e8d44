"""Lines of a Dockerfile: found again from what the engine calls its steps."""

from __future__ import annotations

import pytest

from clusters.build.dockerfile import read_dockerfile

TWO_STAGES = r"""# syntax=docker/dockerfile:1
# a comment
FROM --platform=linux/amd64 golang:1.25 AS Build
WORKDIR /src
ENV CGO_ENABLED=0
COPY . .
RUN go build \
    # in the middle
    -o /app \

    ./...

FROM busybox
COPY --from=build /app /app
RUN <<EOF
echo one
FROM nothing
EOF
RUN echo end
"""


@pytest.mark.parametrize(
    ("name", "line", "end"),
    [
        ("[build 1/4] FROM docker.io/library/golang:1.25@sha256:00", 3, 3),
        ("[build 2/4] WORKDIR /src", 4, 4),
        ("[build 3/4] COPY . .", 6, 6),
        ("[build 4/4] RUN go build     -o /app     ./...", 7, 11),
        ("[linux/amd64 build 4/4] RUN go build", 7, 11),
        ("[stage-1 1/4] FROM docker.io/library/busybox", 13, 13),
        ("[stage-1 2/4] COPY --from=build /app /app", 14, 14),
        ("[stage-1 3/4] RUN <<EOF (echo one...)", 15, 18),
        ("[stage-1 4/4] RUN echo end", 19, 19),
    ],
)
def test_a_step_is_found_on_its_lines(name: str, line: int, end: int) -> None:
    step = read_dockerfile(TWO_STAGES).find_step(name)
    assert step is not None
    assert (step.line, step.end) == (line, end)


def test_the_only_stage_has_no_name_in_the_names_of_steps() -> None:
    step = read_dockerfile("FROM busybox\nENV A=1\nRUN true\n").find_step("[2/2] RUN true")
    assert step is not None
    assert step.line == 3


def test_a_stage_made_from_another_counts_no_from() -> None:
    step = read_dockerfile("FROM busybox AS a\nFROM a AS b\nRUN true\n").find_step("[b 1/1] RUN true")
    assert step is not None
    assert step.line == 3


def test_another_mark_for_a_line_that_goes_on() -> None:
    found = read_dockerfile("# escape=`\nFROM busybox\nRUN echo a `\n  && echo b\nRUN true\n")
    assert [(one.line, one.end) for one in found.instructions] == [(2, 2), (3, 4), (5, 5)]


@pytest.mark.parametrize("name", ["[internal] load metadata for x", "exporting to image", "[9/9] RUN x", "[a 1/", ""])
def test_what_is_no_instruction_has_no_line(name: str) -> None:
    assert read_dockerfile(TWO_STAGES).find_step(name) is None


@pytest.mark.parametrize(
    "text", ["", "\n\n", "\\", "RUN \\\n", "FROM", "RUN <<EOF\nnever closed", "FROM a AS\n", "\x00\x01"]
)
def test_what_makes_no_sense_is_left_to_the_engine(text: str) -> None:
    read_dockerfile(text)


def test_images_and_files_are_found_by_name() -> None:
    found = read_dockerfile("FROM busybox:1.35\nCOPY ./a.txt /b/\nCOPY --from=alpine /x /y\n")
    assert [
        one and one.line
        for one in map(found.find_image, ("docker.io/library/busybox:1.35", "docker.io/library/alpine:latest"))
    ] == [1, 3]
    assert (found.find_source("/a.txt") or found.instructions[0]).line == 2
    assert found.find_source("/x") is None
