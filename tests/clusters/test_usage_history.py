"""The history of usage: an hour of it, by our own clock, without spikes."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from clusters.drivers.base import Usage
from clusters.drivers.docker.metrics import Meter, _Counters
from clusters.live.usage import Sampler, usage_history


def _counters(at: float, cpu: float, net: float = 0.0, cores: int = 2) -> _Counters:
    return _Counters(at, time.monotonic(), cpu, 1.0, (net, net), (0.0, 0.0), cores)


def _rates(*counters: _Counters) -> list[Usage]:
    meter: Any = Meter(SimpleNamespace())  # type: ignore[arg-type]
    found = []
    for one in counters:
        found.append(meter._usage(SimpleNamespace(uid="a"), one))
        meter._before["a"] = one
    return found


def test_a_counter_that_was_reset_is_a_gap_and_no_spike() -> None:
    found = _rates(_counters(100, 50, 1000), _counters(105, 51, 2000), _counters(110, 0.1, 5), _counters(115, 0.6, 10))
    assert [one.cpu for one in found] == [None, 0.2, None, 0.1]
    assert [one.net_in for one in found] == [None, 200.0, None, 1.0]


def test_more_than_the_machine_has_is_not_measured() -> None:
    found = _rates(_counters(100, 1), _counters(101, 10**9))
    assert found[1].cpu is None


def test_a_pause_of_minutes_says_nothing_about_now() -> None:
    found = _rates(_counters(100, 1), _counters(400, 2))
    assert found[1].cpu is None


def test_what_is_older_than_an_hour_is_not_shown() -> None:
    sampler: Any = Sampler(SimpleNamespace())  # type: ignore[arg-type]
    now = time.time()
    sampler._history["row"] = [Usage(at=now - 4000, cpu=1.0, memory=1.0), Usage(at=now, cpu=2.0, memory=None)]
    history = usage_history(sampler.history("row"))
    assert [point[1:3] for point in history["points"]] == [[2.0, None]]
    assert history["gap"] > 10
