"""What was judged while a long list was coming is let go of where that list never arrives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clusters.errors import Unreachable
from clusters.kinds.base import Health, Level
from clusters.live.resource import Broken, Listed
from clusters.live.store import Store
from tests.clusters.fakes import APP, App, two_apps


@pytest.mark.parametrize("lost", [Store.forget, lambda store: store.apply(Broken(Unreachable("cut"), 1.0))])
def test_a_list_that_never_arrives_leaves_no_verdicts(lost: Any) -> None:
    words = iter(["before", "after", "after"])

    def health(app: App) -> Health:
        return Health(Level.HEALTHY, next(words))

    store, web = Store(1, replace(APP, health=health)), two_apps()["u1"]
    store.judge_ahead([web])
    lost(store)
    store.apply(Listed([web]))
    assert store.health["u1"].word == "after"


def test_a_list_that_arrives_is_not_judged_twice() -> None:
    judged: list[str] = []

    def health(app: App) -> Health:
        judged.append(app.uid)
        return Health(Level.HEALTHY, "Running")

    store, apps = Store(1, replace(APP, health=health)), list(two_apps().values())
    store.judge_ahead(apps)
    store.apply(Listed(apps))
    assert judged == ["u1", "u2"]
