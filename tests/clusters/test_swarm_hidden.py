"""What is secret in the whole objects of a Swarm is hidden, wherever it stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec

from clusters.kinds.base import Look
from clusters.kinds.masking import MASK, masked
from tests.clusters.swarm_things import named, recorded


def test_join_lines_and_the_unlock_key_are_hidden_in_any_case_of_letters_and_so_is_all_inside() -> None:
    tree = {
        "JoinTokens": {"Worker": "SWMTKN-1-a", "Old": [{"name": "x", "value": "SWMTKN-1-b"}], "Since": 1},
        "unlockkey": "SWMKEY-1-c",
    }
    assert masked(tree) == {
        "JoinTokens": {"Worker": MASK, "Old": [{"name": MASK, "value": MASK}], "Since": 1},
        "unlockkey": MASK,
    }


async def test_a_password_on_the_command_line_of_a_service_or_of_its_health_check_is_hidden() -> None:
    kind, tree = named("swarm-service"), recorded("services")[0]
    container = tree["Spec"]["TaskTemplate"]["ContainerSpec"]
    container |= {
        "Command": ["mysqld", "--password", "hunter2"],
        "Healthcheck": {"Test": ["CMD", "ask", "--token=hunter3"]},
    }

    async def get(*_: Any) -> Any:
        return tree

    look = SimpleNamespace(
        driver=SimpleNamespace(get=get), kind=kind, resource=msgspec.convert(tree, kind.model, strict=False)
    )
    raw = kind.panel("raw")
    assert raw
    assert raw.load
    text = (await raw.load(cast(Look, look)))["text"]
    assert "mysqld" in text
    assert "hunter" not in text
