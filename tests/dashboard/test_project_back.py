"""Home asks for the way back of a Compose project only where its newest version may be what broke it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from clusters.access import Actor
from clusters.models import ComposeVersion
from clusters.triage.engine import AFTER_VERSION
from clusters.triage.finding import Finding
from dashboard import project_back

CAME = 1_000_000.0


def _finding(project: str, since: float) -> Finding:
    return Finding(
        id=f"{project}-{since}",
        level="failing",
        cluster=1,
        namespace=project,
        kind="container",
        row="",
        key="",
        title="",
        cause="",
        icon="",
        since=since,
    )


async def test_the_texts_of_a_project_are_opened_only_where_its_newest_version_is_suspected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Any] = []

    async def newest(clusters: Iterable[int]) -> list[ComposeVersion]:
        at = datetime.fromtimestamp(CAME, UTC)
        return [ComposeVersion(cluster_id=one, project=name, at=at) for one in clusters for name in ("shop", "blog")]

    async def way_back(*project: Any) -> None:
        opened.append(project)

    monkeypatch.setattr(project_back, "_is_of_project", lambda one: True)
    monkeypatch.setattr(project_back, "_may_see", lambda *asked: True)
    monkeypatch.setattr(project_back, "newest_of_each", newest)
    monkeypatch.setattr(project_back, "way_back", way_back)
    findings = [_finding("shop", CAME + 60), _finding("blog", CAME + AFTER_VERSION + 60), _finding("wiki", CAME + 60)]
    assert await project_back.ways_back(Actor(1, "ada"), findings) == {}
    assert opened == [(1, "shop")]
