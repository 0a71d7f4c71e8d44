"""What the fault tests share: a line of our own to the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.faults.proxy import Proxy


@pytest_asyncio.fixture
async def line(docker_socket: str, tmp_path: Path) -> AsyncIterator[Proxy]:
    """A socket that leads to the real engine until it is told otherwise."""
    async with Proxy(tmp_path / "line.sock", Path(docker_socket)) as proxy:
        yield proxy
