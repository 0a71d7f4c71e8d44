"""Projects and stacks whose text is kept here are places of a roll-out, as long as they are there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from clusters.access import Actor
from clusters.ship import texts
from clusters.ship.uses import Use


async def test_a_project_that_goes_while_the_places_are_looked_for_is_no_place_by_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def newest(ids: object) -> list[Any]:
        return [SimpleNamespace(cluster_id=1, project="shop", number=3)]

    monkeypatch.setattr(texts, "newest_of_each", newest)
    host = SimpleNamespace(id=1)
    resource = SimpleNamespace(uid="a", namespace="shop")
    row = SimpleNamespace(cluster=host, kind=SimpleNamespace(name="container"), namespace="shop", resource=resource)
    use = Use(cast(Any, row), "busybox:1")
    emptied = cast(Any, SimpleNamespace(visible=lambda *asked: []))
    connections = {1: cast(Any, SimpleNamespace(cluster=host, stores={}))}
    assert await texts.as_texts(emptied, cast(Actor, None), [use], connections) == [use]
