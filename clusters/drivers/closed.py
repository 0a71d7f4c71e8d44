"""Stands for a cluster that we cannot even try to reach, as when its secret does not open: every call says why."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, ClassVar

from clusters.drivers.base import Platform
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import ClusterError
from clusters.kinds.field import Field


class ClosedDriver(OnlyOurKinds):
    """A driver that never calls anybody."""

    fields: ClassVar[tuple[Field, ...]] = ()

    def __init__(self, platform: Platform, why: ClusterError) -> None:
        self.platform = platform
        self.looked_at = False
        self._why = why

    async def _refuse(self, *_: Any, **__: Any) -> Any:
        raise self._why

    async def _refuse_stream(self, *_: Any, **__: Any) -> AsyncGenerator[Any, None]:
        raise self._why
        yield

    about = ping = get = call = shell = program = dial = usage = _refuse
    watch = stream = logs = download = _refuse_stream

    async def close(self) -> None:
        """Nothing is open."""
