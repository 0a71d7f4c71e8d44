"""What an engine says of its images, or does not say: silence is never told as an answer."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.compose.newer import _digests
from clusters.drivers.base import Call, Driver
from clusters.errors import Missing, Unreachable


class Engine:
    def __init__(self, says: Any) -> None:
        self.says = says

    async def call(self, call: Call) -> Any:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


async def test_an_engine_that_is_silent_is_not_one_that_never_pulled_the_image() -> None:
    assert await _digests(cast(Driver, Engine({"RepoDigests": ["web@sha256:1"]})), "one") == ["web@sha256:1"]
    assert await _digests(cast(Driver, Engine(Missing("There is no such image."))), "one") == []
    with pytest.raises(Unreachable):
        await _digests(cast(Driver, Engine(Unreachable("No answer."))), "one")
