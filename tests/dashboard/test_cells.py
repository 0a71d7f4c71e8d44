"""Cells outside of lists: whatever a cluster says or does not say, the page is shown."""

from __future__ import annotations

import pytest

from clusters.drivers.base import Usage
from clusters.live.usage import usage_cells
from dashboard.templatetags.pilothouse import CELLS, cell


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_can_be_shown_without_a_value(name: str) -> None:
    assert "–" in cell(name, None)


def test_usage_that_is_not_measured_yet_is_a_dash() -> None:
    """The processor's is known from the second sample on: what has just been started has none."""
    cells = usage_cells(Usage(at=0.0, cpu=None, memory=4096.0))
    assert ">–<" in cell("usage", cells["cpu"])
    assert ">4096<" in cell("usage", cells["memory"])
