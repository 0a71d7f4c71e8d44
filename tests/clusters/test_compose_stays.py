"""What is started and ends at once is told by the job that started it; what did its work and ended is no fault."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.compose import stays
from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Unreachable


class Engine:
    """Tells of these containers: name to state and status as an engine words them."""

    def __init__(self, **containers: tuple[str, str]) -> None:
        self.containers = containers

    async def call(self, call: Call) -> Any:
        if "away" in self.containers:
            raise Unreachable("It does not answer.")
        return [
            {"Names": [f"/{name}"], "State": state, "Status": status, "Labels": {stays.ONE_OFF: str(name == "hand")}}
            for name, (state, status) in self.containers.items()
        ]


@pytest.mark.parametrize(
    ("containers", "words"),
    [
        ({"web": ("running", "Up 1 second"), "once": ("exited", "Exited (0) 1 second ago")}, ""),
        ({"web": ("exited", "Exited (3) 1 second ago")}, "1 of 1 container does not stay up: web ended with code 3."),
        (
            {"b": ("restarting", "Restarting (1) 1 second ago"), "a": ("dead", "Dead"), "c": ("running", "Up")},
            "2 of 3 containers do not stay up: a ended.",
        ),
        ({"hand": ("exited", "Exited (1) 2 days ago"), "web": ("running", "Up")}, ""),
        ({"away": ("", "")}, ""),
    ],
)
async def test_what_ends_at_once_is_named(
    containers: dict[str, tuple[str, str]], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stays, "MOMENT", 0.0)
    driver = cast(Driver, Engine(**containers))
    said = ""
    try:
        await stays.check_stays(driver, "shop", "was deployed: 2 containers created")
    except Conflict as error:
        said = error.message
    assert said == (f"shop was deployed: 2 containers created, but {words}" if words else "")
