"""Lines of a pod: cut, stamped, bounded, and never far behind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clusters.drivers.kubernetes.logs import LINE, Cutter, Parser


def stamped(at: float, text: str = "x") -> bytes:
    return f"{datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')}Z {text}".encode()


def test_a_line_may_come_in_any_pieces() -> None:
    cutter = Cutter()
    assert [cutter.feed(piece) for piece in (b"on", b"e\ntwo\nth", b"ree", b"\n")] == [
        [],
        [b"one", b"two"],
        [],
        [b"three"],
    ]
    assert cutter.rest() == b""


def test_of_a_line_without_an_end_only_the_beginning_is_kept() -> None:
    cutter = Cutter()
    for _ in range(1000):
        assert cutter.feed(b"x" * 100_000) == []
    assert len(cutter.rest()) == LINE + 64
    first, second = cutter.feed(b"end\nnext\n")
    assert len(first) == LINE + 64
    assert second == b"next"


def test_a_long_line_says_that_it_was_cut() -> None:
    ((_, _, text),) = Parser(0).chunk([stamped(1.0, "x" * (LINE + 50))]).lines
    assert text.endswith("… (cut)")
    assert len(text) < LINE + 20


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (b"2026-11-24T00:26:45Z", 1795480005.0),
        (b"2026-11-24T00:26:45.123456789Z", 1795480005.123456789),
        (b"2026-11-24T02:26:45.5+02:00", 1795480005.5),
    ],
)
def test_times_are_read_in_every_form(stamp: bytes, at: float) -> None:
    ((found, stream, text),) = Parser(0).chunk([stamp + b" hello  world"]).lines
    assert found == pytest.approx(at, abs=1e-6)
    assert (stream, text) == ("out", "hello  world")


@pytest.mark.parametrize(
    "line", [b"", b" ", b"no time", b"2026-99-99T00:00:00.000000000Z x", b"\xff\xfe\x00 \x1b[2J", b"-" * 30]
)
def test_a_line_without_a_time_has_that_of_the_line_before(line: bytes) -> None:
    parsed = Parser(0).chunk([stamped(50.0), line]).lines
    assert len(parsed) == 2
    assert parsed[1][0] == parsed[0][0]


def test_a_clock_that_is_set_back_does_not_turn_the_order_around() -> None:
    assert [at for at, _, _ in Parser(0).chunk([stamped(50.0), stamped(20.0), stamped(60.0)]).lines] == [50, 50, 60]


def test_lines_after_the_wanted_end_are_left_out() -> None:
    parser = Parser(until=55.0)
    assert len(parser.chunk([stamped(50.0), stamped(60.0), stamped(61.0)]).lines) == 1
    assert parser.done


def test_a_stream_that_falls_behind_leaps_and_reckons_what_it_left_out() -> None:
    now = [100.0]
    parser = Parser(0, clock=lambda: now[0])
    behind = False
    for step in range(40):  # each 0.1 s we get 0.05 s worth of lines: 1,000 of them
        now[0] = 100.0 + step * 0.1
        if behind := parser.falls_behind(stamped(100.0 + step * 0.05), 1000):
            break
    assert behind
    assert now[0] - 100.0 < 2.5
    written_until = 100.0 + step * 0.05
    parser.leap()
    chunk = parser.chunk([stamped(now[0])])
    assert chunk.skipped == pytest.approx((now[0] - written_until) * 20_000, rel=0.1)


def test_old_lines_and_clocks_that_differ_are_not_taken_for_being_behind() -> None:
    now = [1_000_000_000.0]
    parser = Parser(0, clock=lambda: now[0])
    for step in range(50):  # an hour of the past first, then live lines, all of a clock that is a minute late
        now[0] += 0.1
        at = now[0] - 60 - (3600 if step < 20 else 0)
        assert not parser.falls_behind(stamped(at), 10)
