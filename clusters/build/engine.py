"""What a driver has beside the contract of all when its engine builds images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from clusters.drivers.base import Driver
from clusters.errors import Unsupported


@runtime_checkable
class BuildEngine(Protocol):
    """An engine that builds."""

    async def builder(self) -> str:
        """Which builder it wants to be used: "1" is the classic one."""

    def session(
        self, answers: Mapping[str, Callable[[bytes], Awaitable[bytes | None]]]
    ) -> AbstractAsyncContextManager[str]:
        """Let it ask us while it builds, and nothing but this; the id by which it knows us."""


def build_engine(driver: Driver) -> BuildEngine:
    """The driver as one of an engine that builds. Raises Unsupported where it is none."""
    if not isinstance(driver, BuildEngine):
        raise Unsupported("No images are built there.")
    return driver


async def classic_builder(driver: Driver) -> bool:
    """Was the engine told to do without BuildKit?"""
    return await build_engine(driver).builder() == "1"
