"""What a log line says about itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.live.log_lines import LONGEST, LogLevel, continues, is_at_least, read, shown

NONE, DEBUG, INFO, WARN, ERROR = LogLevel


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("INFO listening on :8080", INFO),
        ("2026-11-24T01:02:03Z WARN slow", WARN),
        ("[error] no such file", ERROR),
        ("error: no such file", ERROR),
        ("time=1 level=warning msg=x", WARN),
        ("E0102 12:00:00.100000 1 proxy.go:1] refused", ERROR),
        ("I0102 12:00:00.100000 1 proxy.go:1] ready", INFO),
        ("<3>out of memory", ERROR),
        ("\x1b[31mERROR\x1b[0m in colour", ERROR),
        ("an error happened, says a sentence", NONE),
        ("INFORMAL talk about ERRORS", NONE),
        ("GET /products 200", NONE),
        ("", NONE),
    ],
)
def test_the_level_is_found_where_programs_write_it(text: str, level: LogLevel) -> None:
    assert read(text)[0] is level


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        ('{"level":"warn","msg":"slow"}', WARN, "slow"),
        ('{"severity":"ERROR","message":"boom"}', ERROR, "boom"),
        ('{"level":30,"msg":"pino"}', INFO, "pino"),
        ('{"level":60,"msg":"fatal"}', ERROR, "fatal"),
        ('{"log.level":"debug","message":"ecs"}', DEBUG, "ecs"),
        ('{"level":{"nested":1},"msg":["a"]}', NONE, None),
        ('{"msg":"cut off', NONE, None),
        ('{"level":1e999}', NONE, None),
    ],
)
def test_a_json_line_says_its_level_and_its_message(text: str, level: LogLevel, message: str | None) -> None:
    assert read(text) == (level, message)


def test_indented_lines_and_causes_belong_to_the_line_before() -> None:
    assert continues("    at PaymentClient.charge (/app/payments.js:88)")
    assert continues("\tat com.example.Main.main(Main.java:5)")
    assert continues("Caused by: java.io.IOException")
    assert not continues("Connecting")


def test_a_line_longer_than_anybody_reads_is_cut_and_says_so() -> None:
    assert len(shown("x" * 10_000_000)) < LONGEST + 50
    assert "cut" in shown("x" * 10_000_000)


@given(st.text(max_size=400), st.sampled_from([WARN, ERROR]))
def test_the_fast_way_to_serious_lines_finds_what_the_slow_way_finds(text: str, level: LogLevel) -> None:
    assert is_at_least(text, level) == (read(text)[0] >= level)


@given(st.sampled_from(["", "{", "<", "E1", "[", "level="]), st.text(max_size=2000))
def test_no_text_at_all_makes_reading_fail(start: str, rest: str) -> None:
    read(start + rest)
    continues(start + rest)
