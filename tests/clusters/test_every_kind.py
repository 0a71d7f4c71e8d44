"""What holds for every kind there is, so that a new one needs no tests of its own for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.template.loader import get_template

from clusters.kinds import KINDS, all_kinds
from clusters.kinds.base import Kind, Role
from clusters.live.supervisor import make_driver
from clusters.live.table import TABLES
from tests.clusters import swarm_things
from tests.clusters.docker_things import connected

CELLS = {"text", "mono", "name", "status", "pips", "number", "count_bad", "age", "usage", "gauge", "where", "tags"}
OF_THE_DIALOG = {"verb", "rows", "key", "typed", "part", "csrfmiddlewaretoken"}  # what the dialog itself sends
every_kind = pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)


def test_no_two_kinds_share_a_name() -> None:
    names = [kind.name for kind in all_kinds()]
    assert len(names) == len(set(names))


@every_kind
def test_it_has_a_list_and_says_what_it_is(kind: Kind[Any]) -> None:
    assert TABLES[kind.name].kinds == (kind,)
    assert kind.words.endswith(".")
    assert kind in KINDS[kind.platform]
    assert {"name", "status"} <= {column.key for column in kind.columns}


def test_a_kind_with_long_words_has_room_for_them_in_its_list() -> None:
    widths = {
        name: next(column.width for column in TABLES[name].columns if column.key == "status")
        for name in ("service", "pod")
    }
    assert widths == {"service": "minmax(146px, 1fr)", "pod": "minmax(146px, 1fr)"}


@every_kind
def test_its_columns_have_different_keys_and_known_cells(kind: Kind[Any]) -> None:
    keys = [column.key for column in kind.columns]
    assert len(keys) == len(set(keys))
    assert {column.cell for column in kind.columns} <= CELLS
    for cell in CELLS:
        get_template(f"cells/{cell}.html")


@every_kind
def test_its_panels_have_templates_and_different_keys(kind: Kind[Any]) -> None:
    keys = [panel.key for panel in kind.panels]
    assert keys
    assert len(keys) == len(set(keys))
    for panel in kind.panels:
        get_template(f"panels/{panel.template}.html")


@every_kind
def test_its_actions_ask_for_a_role_and_what_undoes_them_exists(kind: Kind[Any]) -> None:
    verbs = [action.verb for action in kind.actions]
    assert len(verbs) == len(set(verbs))
    for action in kind.actions:
        assert action.role >= Role.OPERATOR
        assert action.confirm or action.undo, f"{action.verb} is done at once and cannot be undone"
        assert not OF_THE_DIALOG & {field.name for field in action.fields}, (
            f"{action.verb}: the dialog says that itself"
        )


_told: dict[str, dict[str, list[Any]]] = {}  # platform → kind → those of its demonstration, which is told once


async def _there(kind: Kind[Any]) -> list[Any]:
    """Those of the demonstration; of a Swarm, which has none yet, those that were recorded."""
    if kind.platform == "swarm":
        return swarm_things.resources(kind)
    if kind.platform not in _told:
        names = [one.name for one in all_kinds() if one.platform == kind.platform]
        async with connected(make_driver("demo", {"shape": kind.platform, "seed": 7}, {}), *names) as connection:
            _told[kind.platform] = {name: list(connection.stores[name].resources.values()) for name in names}
    return _told[kind.platform][kind.name]


@every_kind
async def test_rows_of_it_are_json_and_sort_by_every_column_that_can(kind: Kind[Any]) -> None:
    resources = await _there(kind)
    assert resources
    for column in kind.columns:
        for resource in resources:
            msgspec.json.encode(column.value(resource))
        if column.sort:
            sorted(resources, key=column.sort)
        if column.facet:
            assert all(isinstance(column.facet(resource), str) for resource in resources)


@every_kind
async def test_its_health_and_the_words_of_its_actions_can_always_be_said(kind: Kind[Any]) -> None:
    for resource in await _there(kind):
        health = kind.health(resource)
        assert health.word
        for action in kind.actions:
            assert action.effect(resource)
            given = {field.name: field.initial(resource) if field.initial else "" for field in action.fields}
            for words in (action.refuse, action.stays):
                assert words is None or isinstance(words(resource), str)
            if action.line:
                assert isinstance(action.line(resource, given), str)
            if action.undo and (undo := action.undo(resource, given)):
                assert kind.action(undo[0]), f"{action.verb} is undone by an unknown verb"


def _bare(kind: Kind[Any], there: list[Any]) -> list[Any]:
    return [] if not kind.api else swarm_things.told(kind) if kind.platform == "swarm" else there


@pytest.mark.parametrize("kind", [kind for kind in all_kinds() if kind.join], ids=lambda kind: kind.name)
async def test_what_others_say_of_it_makes_another_version_of_it(kind: Kind[Any]) -> None:
    """Stores and pages hear of another version only: without it, a row would stand as it was first seen."""
    assert kind.join
    there = await _there(kind)
    alone = {one.uid: one for one in kind.join.make(_bare(kind, there), {name: [] for name in kind.join.kinds})}
    for one in there:
        if one.uid in alone and alone[one.uid] != one:
            assert alone[one.uid].version != one.version


@every_kind
def test_the_emptiest_object_is_shown_and_not_a_fault(kind: Kind[Any]) -> None:
    try:
        resource = msgspec.json.decode(b"{}", type=kind.model)
    except msgspec.ValidationError:
        return  # refused as a whole is right, too: the driver then keeps what identifies it
    assert kind.health(resource).word
    for column in kind.columns:
        column.value(resource)


@pytest.mark.parametrize("kind", all_kinds(), ids=lambda kind: kind.name)
def test_what_is_asked_before_an_action_is_a_sentence(kind: Kind[Any]) -> None:
    """ "Stop web?", "Roll back web?", but "Send a signal to web?", "Take down web and delete its data?"."""
    for action in kind.actions:
        label = action.question[0] or action.label
        one_word = " " not in label or label.endswith((" on", " now", " again", " back", " down"))
        assert one_word != bool(action.joint), action.label
