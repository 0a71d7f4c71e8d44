"""Objects written as YAML are read strictly: what cannot be meant is refused with its line, in words."""

from __future__ import annotations

from typing import Any

import pytest

from clusters.apply.documents import MOST_DEPTH, MOST_DOCUMENTS, Unreadable, read
from clusters.apply.drawn import without_drawn

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n"


def only(text: str) -> dict[str, Any]:
    (document,) = read(text)
    return document.tree


def test_several_documents_are_told_apart_and_empty_ones_are_no_objects() -> None:
    text = f"---\n# nothing here\n---\n{HEAD}---\n{HEAD.replace('one', 'two')}  namespace: shop\n---\n"
    documents = read(text)
    assert [(one.number, one.name, one.namespace, one.line) for one in documents] == [
        (1, "one", "", 4),
        (2, "two", "shop", 9),
    ]
    assert documents[1].line_of(("metadata", "namespace")) == 13
    assert read("") == read("---\n") == []


def test_json_and_lists_of_objects_are_taken_too() -> None:
    assert only('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j"}}')["metadata"]["name"] == "j"
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n"
    assert [(one.name, one.line) for one in read(text)] == [("a", 4), ("b", 7)]


def test_values_are_what_the_api_server_would_make_of_them() -> None:
    data = "data:\n  time: 2024-01-02\n  ports: 22:22\n  mode: 0644\n  on: yes\n  8080: x\n  big: 1_000\n  exp: 1e3\n  none:\n"
    made = only(HEAD + data)["data"]
    assert made == {
        "time": "2024-01-02",
        "ports": "22:22",
        "mode": 420,
        "on": True,
        "8080": "x",
        "big": 1000,
        "exp": 1000.0,
        "none": None,
    }


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "data:\n\tx: 1\n", 6, "tab"),
        (HEAD + "data:\n  a: 1\n  a: 2\n", 7, "stands twice"),
        (HEAD + "data: {a: [1\n", 5, "bracket is not closed"),
        (HEAD + 'data:\n  a: "open\n', 6, "not closed"),
        (HEAD + "data:\n  a: b: c\n", 6, "colon"),
        (HEAD + "data: !!python/object:os.system x\n", 5, "tags"),
        (HEAD + "data: {<<: {a: b}}\n", 5, "merging"),
        (HEAD + "data: {? [a] : b}\n", 5, "plain text"),
        (HEAD + "data: {a: .inf}\n", 5, "not finite"),
        (HEAD + f"data: {{a: {'9' * 30}}}\n", 5, "too large"),
        (HEAD + f"data: {{a: {'9' * 5000}}}\n", 5, "no value"),
        (HEAD + "data: {a: *none}\n", 5, "alias"),
        ("- a\n- b\n", 1, "no object"),
        ("just words", 1, "no object"),
        ("kind: Pod\nmetadata: {name: x}\n", 1, "apiVersion"),
        ("apiVersion: ../../v1\nkind: Pod\nmetadata: {name: x}\n", 1, "apiVersion"),
        ("apiVersion: v1\nkind: ../secrets\nmetadata: {name: x}\n", 2, "kind"),
        ("apiVersion: v1\nkind: Pod\n", 1, "metadata is missing"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n", 3, "needs a name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: ../x}\n", 3, "metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: ..}\n", 3, "metadata.namespace"),
        (HEAD + "data: {a: \x00}\n", 5, "character"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(text)
    assert words in told.value.message
    assert told.value.line == line


def test_bombs_are_refused_before_they_are_anything() -> None:
    bomb = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{new}: &{new} [{','.join(f'*{old}' for _ in range(9))}]\n"
        for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    for text in (
        HEAD + bomb,
        HEAD + "data: " + "[" * 100_000,
        HEAD + "data: " + "[" * (MOST_DEPTH + 2) + "]" * (MOST_DEPTH + 2),
        HEAD + "data: &x {a: *x}\n",
        HEAD + "data:\n" + "".join(f"  k{number}: 1\n" for number in range(60_000)),
        HEAD + "data: " + "x" * (1 << 20),
        "---\n".join([HEAD] * (MOST_DOCUMENTS + 1)),
    ):
        with pytest.raises(Unreadable):
            read(text)


def test_aliases_may_be_used_in_measure() -> None:
    assert only(HEAD + "data:\n  a: &x same\n  b: *x\n")["data"] == {"a": "same", "b": "same"}


def test_what_a_dry_run_draws_for_a_service_is_not_told_as_what_will_be() -> None:
    wish = {"kind": "Service", "spec": {"ports": [{"port": 80}, {"port": 81, "nodePort": 30081}]}}
    drawn = {"clusterIP": "10.96.0.0", "clusterIPs": ["10.96.0.0"], "type": "NodePort"}
    ports = [{"port": 80, "nodePort": 31999}, {"port": 81, "nodePort": 30081}]
    after = {"kind": "Service", "spec": {**drawn, "ports": ports}}
    made = without_drawn(after, wish, None)
    assert made["spec"] == {"type": "NodePort", "ports": [{"port": 80}, {"port": 81, "nodePort": 30081}]}
    there = {"kind": "Service", "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ports": ports}}
    assert without_drawn(there, wish, there) == there
    asked = {"kind": "Service", "spec": {"clusterIP": "None"}}
    assert without_drawn(asked, asked, None)["spec"] == {"clusterIP": "None"}
    assert without_drawn({"kind": "Pod"}, {}, None) == {"kind": "Pod"}
