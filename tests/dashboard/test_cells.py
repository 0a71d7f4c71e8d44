"""Cells outside of lists: whatever a cluster says or does not say, the page is shown."""

from __future__ import annotations

import re

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string

from clusters.drivers.base import Usage
from clusters.live.usage import usage_cells
from dashboard.templatetags.pilothouse import BEGINNING, CELLS, FOLDED, cell


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_can_be_shown_without_a_value(name: str) -> None:
    assert "–" in cell(name, None)


def test_usage_that_is_not_measured_yet_is_a_dash() -> None:
    """The processor's is known from the second sample on: what has just been started has none."""
    cells = usage_cells(Usage(at=0.0, cpu=None, memory=4096.0))
    assert ">–<" in cell("usage", cells["cpu"])
    assert ">4096<" in cell("usage", cells["memory"])


def test_a_value_that_is_very_long_shows_its_beginning_and_opens() -> None:
    long = "<img src=x onerror=__p=1>" + "x" * FOLDED
    shown = Template("<dd>{{ value|folded }}</dd>").render(Context({"value": long}))
    opens = re.fullmatch(
        r"<dd><details class=\"long\"><summary>(.*)</summary><div[^>]*>(.*)</div></details></dd>", shown
    )
    assert opens
    assert f"all {len(long):,} characters" in opens[1]
    assert opens[1].count("x") < BEGINNING + 10
    assert opens[2].count("x") == long.count("x")
    assert "<img" not in shown, "whatever it says"


def test_a_value_of_usual_length_is_drawn_as_it_is() -> None:
    template = Template('{{ a|folded }} {{ b|folded:"mono" }} {{ c|folded }} {{ d|default:"–"|folded }}')
    shown = template.render(Context({"a": "<b>", "b": "<i>", "c": 7, "d": ""}))
    assert shown == '&lt;b&gt; <code class="mono">&lt;i&gt;</code> 7 –'


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("components/labels.html", {"labels": [("n" * 10_000, "v" * 10_000)]}),
        ("components/kv.html", {"facts": [("a", "v" * 10_000), ("b", "v" * 10_000, True)]}),
        ("components/owners.html", {"owners": [{"label": "App", "name": "v" * 10_000, "kind": "x", "key": "y"}]}),
        ("panels/events.html", {"data": {"events": [{"reason": "x", "message": "v" * 10_000}]}}),
        ("panels/conditions.html", {"data": {"conditions": [{"type": "x", "message": "v" * 10_000}]}}),
    ],
)
def test_no_panel_is_made_long_by_what_a_cluster_says(name: str, given: dict[str, object]) -> None:
    closed = re.sub(r"</summary>.*?</details>", "", render_to_string(name, given), flags=re.DOTALL)
    assert not re.search(r"(v|n){600}", closed)
