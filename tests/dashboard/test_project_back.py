"""Home asks for the way back of a Compose project only where its newest version may be what broke it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clusters.access import Actor
from clusters.models import ComposeVersion
from clusters.triage import explain
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
        names = ("shop", "blog", ":shop")
        return [ComposeVersion(cluster_id=one, project=name, at=at) for one in clusters for name in names]

    async def way_back(*project: Any) -> None:
        opened.append(project)

    monkeypatch.setattr(project_back, "_has_text", lambda one: True)
    monkeypatch.setattr(project_back, "_may_see", lambda *asked: True)
    monkeypatch.setattr(project_back, "newest_of_each", newest)
    monkeypatch.setattr(project_back, "way_back", way_back)
    findings = [_finding("shop", CAME + 60), _finding("blog", CAME + AFTER_VERSION + 60), _finding("wiki", CAME + 60)]
    assert await project_back.ways_back(Actor(1, "ada"), findings) == {}
    assert opened == [(1, "shop")]
    opened.clear()
    services = [replace(one, kind=project_back.SERVICE) for one in findings]
    assert await project_back.ways_back(Actor(1, "ada"), services) == {}
    assert opened == [(1, ":shop")], "the text of a stack is not that of a project of its name"


def test_the_version_of_a_text_stands_in_the_place_of_that_of_its_image() -> None:
    for gap in (0, 5, 90, 3 * 3600):
        of_image = explain.after_version(CAME + gap, CAME, "1.2.3")
        began = explain.after_version(CAME + gap, CAME, "2 of shop")
        assert explain.of_another_version(f"It fails. {of_image}", began) == f"It fails. {began}"
        assert explain.of_another_version(f"It fails. {of_image} In a and b.", began).count("It began") == 1
