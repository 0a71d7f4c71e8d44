"""A name that a hostile cluster gave no end ends in the head of its page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import AbstractUser
from django.test import AsyncClient

from tests.clusters.fakes import copy
from tests.dashboard.conftest import Fakes, marked


@pytest.mark.django_db(transaction=True)
async def test_a_name_without_an_end_ends_in_the_head_of_its_page(
    fakes: Fakes, ada: AbstractUser, async_client_for: Callable[[AbstractUser], AsyncClient]
) -> None:
    name, driver = "n" * 10_000, fakes.drivers["shop"]
    driver.apps = {"u1": copy(driver.apps["u1"], title=name)}
    await marked(fakes)
    page = (await async_client_for(ada).get(f"/clusters/shop/app/front/{name}/")).content.decode()
    head = re.search(r"<h1>(.*?)<", page, re.DOTALL)
    assert head
    assert head[1].strip() == "n" * 252 + "…"
