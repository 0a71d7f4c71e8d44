"""Whoever connects a cluster, and what the page answers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from django.contrib.auth.models import User
from django.test import AsyncClient

from dashboard.engine import engine

ClientFor = Callable[[User], AsyncClient]
CANARY = "canary-7d1f0a"


@pytest_asyncio.fixture
async def as_ada(async_client_for: ClientFor, ada: User) -> AsyncIterator[AsyncClient]:
    yield async_client_for(ada)
    await engine.supervisor.close()


def beside(page: bytes, field: str) -> str:
    """What is said to be wrong beside that field, "" when nothing is."""
    after = page.decode().split(f'id="field-{field}"', 1)[1].split('<div class="form-field', 1)[0]
    found = re.search(r'role="alert".*?<span>(.*?)</span>', after, re.DOTALL)
    return found[1] if found else ""
