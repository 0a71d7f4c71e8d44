"""What an engine says of its images, or does not say: silence is never told as an answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.template.loader import render_to_string

from clusters.compose import newer
from clusters.compose.newer import _digests, _moved_on, images_of
from clusters.drivers.base import Call, Driver
from clusters.errors import Missing, Unreachable
from clusters.registries import newer as registries_newer


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


async def test_a_name_that_was_built_anew_on_that_host_leads_away_from_what_its_containers_run() -> None:
    assert await _moved_on(cast(Driver, Engine({"Id": "sha256:new"})), "sha256:old", "r.test/web:1")
    assert not await _moved_on(cast(Driver, Engine({"Id": "sha256:old"})), "sha256:old", "r.test/web:1")
    assert not await _moved_on(cast(Driver, Engine(Missing("There is no such image."))), "sha256:old", "r.test/web:1")


async def test_images_that_were_not_looked_at_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newer, "MOST", 2)
    monkeypatch.setattr(registries_newer, "compare", _compare)
    copies = [
        (SimpleNamespace(image=name, image_id=f"sha256:{name}"), None) for name in ("store:1", "web:1", "cache:1")
    ]
    project = SimpleNamespace(name="shop", services={"web": copies})
    row = SimpleNamespace(resource=project, cluster=SimpleNamespace(id=1))
    found, left = await images_of(cast(Any, Door()), cast(Any, None), cast(Any, row), anew=False)
    assert [one.compared.name for one in found] == ["cache:1", "store:1"]
    assert left == 1
    page = render_to_string("partials/compose_images.html", {"row": row, "images": found, "left": left})
    assert "1 more image was not looked at" in page


async def _compare(name: str, digests: Any, *, anew: bool) -> Any:
    return SimpleNamespace(name=name, state="same")


class Door:
    async def see(self, *asked: Any, **more: Any) -> None: ...

    def driver(self, *asked: Any) -> Engine:
        return Engine({"RepoDigests": []})
