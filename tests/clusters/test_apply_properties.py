"""For any object: its text is the object again, no secret is in it, and what is left hidden comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clusters.apply.difference import difference
from clusters.apply.documents import read
from clusters.apply.hidden import StillHidden, bare, restored, shown, shown_pair
from clusters.apply.merging import Clash, carried, changes, same, taken_out
from clusters.apply.owners import conflicts_of, managers_of, path_of, without
from clusters.errors import Cause, Conflict
from clusters.kinds.masking import MASK, masked
from clusters.kinds.yaml_text import text_of

words = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=20).filter(
    lambda one: MASK not in one
)
keys = st.one_of(
    st.sampled_from(["name", "value", "env", "password", "args", "data", "spec", "a", "b"]), words.filter(bool)
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    words,
)
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)
objects = st.builds(
    lambda kind, rest, data: {**rest, "apiVersion": "v1", "kind": kind, "metadata": {"name": "one"}, "data": data},
    st.sampled_from(["ConfigMap", "Secret", "Widget"]),
    st.dictionaries(keys, trees, max_size=4),
    st.dictionaries(words.filter(bool), words, max_size=4),
)


@given(objects)
def test_the_text_of_an_object_is_the_object_again(one: dict[str, Any]) -> None:
    assert same(read(text_of(one))[0].tree, one)


@given(objects)
def test_what_is_left_hidden_comes_back_as_it_was(one: dict[str, Any]) -> None:
    assert same(restored(read(shown(one))[0].tree, bare(one)), bare(one))


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("XYZ", min_size=6, max_size=12), min_size=1),
    st.text("abc", min_size=1, max_size=3),
)
def test_no_value_of_a_secret_is_in_any_text(values: dict[str, str], key: str) -> None:
    before: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": values}
    before["metadata"] = {
        "name": "s",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(before)},
    }
    after = {**before, "data": {**values, key: "QQQQQQQQ"}}
    old, new = shown_pair(before, after)
    for text in (shown(before), shown(after), old, new):
        assert not any(value in text for value in [*values.values(), "QQQQQQQQ"])
    assert ("(another)" in new) == (key in values)
    assert difference(old, new).come == 1


@given(objects, objects)
def test_a_hidden_value_is_never_taken_from_another_place(one: dict[str, Any], other: dict[str, Any]) -> None:
    """What comes back either has no mask, or is refused: the mask itself is never sent."""
    edited = read(shown(one))[0].tree
    try:
        made = restored(edited, bare(other))
    except StillHidden:
        return
    assert MASK not in json.dumps(made, ensure_ascii=False)


def test_hidden_words_of_a_command_are_found_where_they_moved() -> None:
    live = {"args": ["--a", "--token=one", "--password=two"]}
    edited = masked(live)
    assert restored({"args": edited["args"][1:]}, live) == {"args": ["--token=one", "--password=two"]}
    with pytest.raises(StillHidden):
        restored({"args": [f"--key-token={MASK}"]}, live)
    env = {"env": [{"name": "A_TOKEN", "value": "x"}, {"name": "B_TOKEN", "value": "y"}]}
    assert restored({"env": masked(env)["env"][1:]}, env) == {"env": env["env"][1:]}
    with pytest.raises(StillHidden):
        restored({"env": [{"name": "C_TOKEN", "value": MASK}]}, env)


@given(trees, trees, trees)
def test_a_change_put_onto_what_nobody_touched_is_the_change(base: Any, wish: Any, onto: Any) -> None:
    assert same(carried(base, wish, base), wish)
    assert same(carried(base, base, onto), onto)
    assert (changes(base, wish) == []) == same(base, wish)
    try:
        carried(base, wish, onto)
    except Clash:
        assert not same(base, onto)


def test_two_changes_in_different_places_are_both_kept_and_in_the_same_place_clash() -> None:
    base: dict[str, Any] = {
        "spec": {"replicas": 1, "containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}
    }
    mine = {"spec": {"replicas": 1, "containers": [{"name": "a", "image": "2"}]}}
    theirs: dict[str, Any] = {
        "spec": {"replicas": 3, "containers": [{"name": "c"}, *base["spec"]["containers"]], "paused": True}
    }
    made = carried(base, mine, theirs)
    assert made == {"spec": {"replicas": 3, "containers": [{"name": "c"}, {"name": "a", "image": "2"}], "paused": True}}
    theirs["spec"]["containers"][1] = {"name": "a", "image": "9"}
    with pytest.raises(Clash, match=r"spec\.containers\.a\.image"):
        carried(base, mine, theirs)


@given(objects)
def test_nothing_is_taken_out_where_nothing_was_left_out(one: dict[str, Any]) -> None:
    assert taken_out(one, one, one) == (one, [])


def test_what_was_left_out_and_is_there_all_the_same_is_taken_out() -> None:
    before = {"labels": {"a": "1", "b": "2"}, "list": ["x", "y"], "env": [{"name": "A"}, {"name": "B"}]}
    wish = {"labels": {"a": "1"}, "list": ["x"], "env": [{"name": "B"}]}
    made, gone = taken_out(before, wish, {**before, "status": {"ready": 1}})
    assert made == {**wish, "status": {"ready": 1}}
    assert gone == [("labels", "b"), ("list",), ("env", "A")]


def test_fields_are_found_as_conflicts_name_them() -> None:
    tree = {
        "metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}, "finalizers": ["x/y"]},
        "spec": {
            "ports": [{"port": 80, "protocol": "TCP"}, {"port": 80, "protocol": "UDP"}],
            "containers": [{"name": "web", "image": "i"}],
        },
    }
    assert path_of(".metadata.annotations.deployment.kubernetes.io/revision", tree) == (
        "metadata",
        "annotations",
        "deployment.kubernetes.io/revision",
    )
    assert path_of('.spec.ports[port=80,protocol="UDP"].protocol', tree) == ("spec", "ports", 1, "protocol")
    assert path_of('.metadata.finalizers[="x/y"]', tree) == ("metadata", "finalizers", 0)
    assert path_of('.spec.containers[name="none"].image', tree) is None
    assert without(tree, ['.spec.containers[name="web"].image', ".not.there"])["spec"]["containers"] == [
        {"name": "web"}
    ]
    error = Conflict("x")
    error.causes = [
        Cause("FieldManagerConflict", 'conflict with "hpa" using apps/v1', ".spec.replicas"),
        Cause("Other", "", ""),
    ]
    assert [(one.field, one.manager) for one in conflicts_of(error)] == [(".spec.replicas", "hpa")]


def test_who_manages_a_field_is_read_from_the_notes_of_the_object() -> None:
    def note(manager: str, operation: str, **fields: Any) -> dict[str, Any]:
        return {"manager": manager, "operation": operation, "fieldsV1": fields}

    containers: dict[str, Any] = {"f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}}}}
    notes = [note("kubectl", "Update", **{"f:spec": containers}), note("pilothouse", "Apply", **{"f:spec": containers}),
             note("atomic", "Update", **{"f:spec": {"f:selector": {}}}), {"manager": "broken", "fieldsV1": None}]  # fmt: skip
    tree = {"metadata": {"managedFields": notes}}
    assert [one.manager for one in managers_of(tree, ("spec", "containers", "web", "image"))] == ["kubectl"]
    assert [one.manager for one in managers_of(tree, ("spec", "selector", "app"))] == ["atomic"]
    assert managers_of(tree, ("spec", "paused")) == []


@given(st.lists(words, max_size=30), st.lists(words, max_size=30))
def test_a_difference_holds_every_line_that_goes_and_comes(before: list[str], after: list[str]) -> None:
    assume(all("\n" not in one for one in (*before, *after)))
    old, new = "\n".join(before), "\n".join(after)
    found = difference(old, new)
    lines = [line for part in found.parts for line in part]
    for line in lines:
        if line.before:
            assert old.splitlines()[line.before - 1] == line.text
        if line.after:
            assert new.splitlines()[line.after - 1] == line.text
    kept_old = [
        text
        for number, text in enumerate(old.splitlines(), 1)
        if number not in {line.before for line in lines if line.sort == "gone"}
    ]
    kept_new = [
        text
        for number, text in enumerate(new.splitlines(), 1)
        if number not in {line.after for line in lines if line.sort == "new"}
    ]
    assert kept_old == kept_new
