"""A page that a cluster's silence keeps from being shown says so in the frame of all pages, and offers to try again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from clusters.errors import Unreachable
from dashboard.views import resources
from tests.dashboard.test_layers import a_row, running  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_is_silent_is_said_with_the_way_to_all_else_and_can_be_tried_again(
    running: None,  # noqa: F811
    ada: AbstractUser,
    async_client_for: Callable[[AbstractUser], AsyncClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(*_: Any) -> None:
        raise Unreachable("It did not answer in time.")

    monkeypatch.setattr(resources, "links_of", silent)
    row, client = await a_row("deployment", "checkout-api"), async_client_for(ada)
    address = f"/clusters/shop/deployment/{row.key}/?panel=events"
    answer = await client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 502
    assert "It did not answer in time." in page
    assert f'href="{address}">Try again' in page
    assert 'href="/workloads/"' in page, "the sidebar is there"
    part = (await client.get(f"{address}&part=panel")).content.decode()
    assert "It did not answer in time." in part
    assert 'href="/workloads/"' not in part
