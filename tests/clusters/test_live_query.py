"""The address of a list holds its whole state; what does not fit is ignored, never an error."""

from __future__ import annotations

import pytest

from clusters.errors import Invalid
from clusters.live.query import Filter, parse
from clusters.live.selector import read_selector
from clusters.live.table import TABLES

SCOPE = {1: None}


def test_an_empty_address_sorts_failing_first_and_shows_the_usual_columns() -> None:
    query = parse("workloads", "", SCOPE)
    assert (query.sort, query.descending, query.text, query.filters) == ("status", False, "", frozenset())
    assert query.columns[0] == "name"


def test_search_sort_filters_and_columns_are_read_from_the_address() -> None:
    query = parse("workloads", "?q=Web&sort=-restarts&status=failing,at_risk&kind=-pod&cols=name,kind", SCOPE)
    assert query.text == "web"
    assert (query.sort, query.descending) == ("restarts", True)
    assert query.filters == {
        Filter("status", frozenset({"failing", "at_risk"})),
        Filter("kind", frozenset({"pod"}), without=True),
    }
    assert query.columns == ("name", "kind")


def test_a_label_selector_is_part_of_the_address() -> None:
    assert parse("pod", "labels=app+in+(web,api),!canary", SCOPE).labels == read_selector("!canary,app in (api,web)")
    assert parse("pod", "labels=app+in+(web", SCOPE).labels.wrong


def test_lists_of_what_has_labels_can_be_filtered_by_them() -> None:
    assert all(TABLES[name].labelled for name in ("workloads", "pod", "secret", "container", "volume"))
    assert not TABLES["project"].labelled


@pytest.mark.parametrize(
    "text", ["sort=nothing", "sort=-", "cols=,,,", "q=%00", "status=", "unknown=1", "sort=cpu", "&&&==="]
)
def test_what_is_unknown_is_ignored(text: str) -> None:
    assert parse("workloads", text, SCOPE).sort == "status"


def test_an_unknown_list_or_an_endless_address_is_not_valid() -> None:
    with pytest.raises(Invalid):
        parse("nothing", "", SCOPE)
    with pytest.raises(Invalid):
        parse("workloads", "q=" + "x" * 3000, SCOPE)


def test_different_rights_are_different_questions() -> None:
    assert parse("workloads", "", {1: None}) != parse("workloads", "", {1: frozenset({"shop"})})
