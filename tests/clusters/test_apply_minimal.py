"""Of an edited object only what was changed is applied, and what we apply already: the rest stays with its managers."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest

from clusters.apply.hidden import bare
from clusters.apply.merging import in_order
from clusters.apply.minimal import minimal
from clusters.apply.schema import Types

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "labels": {"team": "a", "tier": "b"},
        "managedFields": [
            {
                "manager": "gitops",
                "operation": "Apply",
                "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:team": {}, "f:tier": {}}},
                    "f:spec": {
                        "f:replicas": {},
                        "f:selector": {},
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {
                                        ".": {},
                                        "f:name": {},
                                        "f:image": {},
                                        "f:args": {},
                                        "f:env": {
                                            'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}},
                                            'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}},
                                        },
                                    },
                                    'k:{"name":"side"}': {".": {}, "f:name": {}, "f:image": {}},
                                }
                            }
                        },
                    },
                },
            },
            {
                "manager": "pilothouse",
                "operation": "Apply",
                "fieldsV1": {"f:spec": {"f:minReadySeconds": {}}},
            },
            {
                "manager": "pilothouse",
                "operation": "Update",
                "subresource": "scale",
                "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
        ],
    },
    "spec": {
        "replicas": 2,
        "minReadySeconds": 5,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "web:1",
                        "args": ["a", "b"],
                        "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                    },
                    {"name": "side", "image": "side:1"},
                ]
            }
        },
    },
}
IDENTITY = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}


def types() -> Types:
    """As the cluster tells of deployments, as far as the tests need it."""
    text, whole = {"type": "string"}, {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}

    def fields(**of: Any) -> dict[str, Any]:
        return {"type": "object", "properties": of}

    env = fields(name=text, value=text)
    container = fields(
        name=text,
        image=text,
        args={"type": "array", "items": text, "x-kubernetes-list-type": "atomic"},
        env={"type": "array", "items": env, **whole},
    )
    pod = fields(containers={"type": "array", "items": container, **whole})
    selector = {
        **fields(matchLabels={"type": "object", "additionalProperties": text}),
        "x-kubernetes-map-type": "atomic",
    }
    rolling = fields(maxSurge={"x-kubernetes-int-or-string": True}, maxUnavailable={"x-kubernetes-int-or-string": True})
    spec = fields(
        replicas={"type": "integer"},
        minReadySeconds={"type": "integer"},
        selector=selector,
        strategy=fields(type=text, rollingUpdate=rolling),
        template=fields(spec=pod),
    )
    labels = {"type": "object", "additionalProperties": text}
    sets = {"type": "array", "items": text, "x-kubernetes-list-type": "set"}
    kind = fields(metadata=fields(labels=labels, finalizers=sets), spec=spec)
    return Types({"Deployment": msgspec.json.encode(kind)}, {"Deployment": "Deployment"})


def sent(change: Any, known: Types | None) -> dict[str, Any]:
    """What is sent after that change, without what says which object it is."""
    before = bare(LIVE)
    wish = copy.deepcopy(before)
    change(wish)
    made = minimal(wish, LIVE, before, known)
    assert {key: made[key] for key in ("apiVersion", "kind")} == {"apiVersion": "apps/v1", "kind": "Deployment"}
    assert (made["metadata"].pop("name"), made["metadata"].pop("namespace")) == ("web", "shop")
    return {key: value for key, value in made.items() if value and key not in ("apiVersion", "kind")}


def web(tree: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tree["spec"]["template"]["spec"]["containers"][0]
    return found


OURS = {"minReadySeconds": 5}


@pytest.mark.parametrize("known", [types(), None], ids=["types", "notes"])
def test_what_was_only_looked_at_is_not_sent_and_what_is_ours_goes_on(known: Types | None) -> None:
    assert sent(lambda tree: None, known) == {"spec": OURS}
    assert sent(lambda tree: tree["spec"].update(replicas=5), known) == {"spec": {**OURS, "replicas": 5}}
    assert sent(lambda tree: tree["metadata"]["labels"].update(team="c"), known) == {
        "metadata": {"labels": {"team": "c"}},
        "spec": OURS,
    }
    assert sent(lambda tree: tree["spec"].pop("minReadySeconds"), known) == {}  # applied no longer, so it goes


@pytest.mark.parametrize("known", [types(), None], ids=["types", "notes"])
def test_items_of_lists_are_named_by_their_keys_and_lists_that_are_one_value_are_sent_whole(
    known: Types | None,
) -> None:
    def containers(change: Any) -> Any:
        return sent(change, known)["spec"]["template"]["spec"]["containers"]

    assert containers(lambda tree: web(tree).update(image="web:2")) == [{"name": "web", "image": "web:2"}]
    assert containers(lambda tree: web(tree)["args"].append("c")) == [{"name": "web", "args": ["a", "b", "c"]}]
    changed = containers(lambda tree: web(tree)["env"][1].update(value="3"))
    assert changed == [{"name": "web", "env": [{"name": "B", "value": "3"}]}]
    added = containers(lambda tree: web(tree)["env"].insert(0, {"name": "Z", "value": "0"}))
    assert added == [{"name": "web", "env": [{"name": "Z", "value": "0"}]}]
    whole = sent(lambda tree: tree["spec"]["selector"]["matchLabels"].update(more="x"), known)["spec"]["selector"]
    assert whole == {"matchLabels": {"app": "web", "more": "x"}}


def test_types_tell_how_defaults_merge_that_nobody_manages() -> None:
    def change(tree: dict[str, Any]) -> None:
        tree["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = 3

    assert sent(change, types())["spec"]["strategy"] == {"rollingUpdate": {"maxSurge": 3}}
    whole = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 0}}
    assert sent(change, None)["spec"]["strategy"] == whole  # never a part of what may be one value


def test_of_a_set_only_what_is_new_is_sent() -> None:
    live = copy.deepcopy(LIVE)
    live["metadata"]["finalizers"] = ["theirs", "ours"]
    live["metadata"]["managedFields"][1]["fieldsV1"]["f:metadata"] = {"f:finalizers": {'v:"ours"': {}}}
    wish = bare(live)
    wish["metadata"]["finalizers"].append("new")
    for known in (types(), None):
        assert minimal(wish, live, bare(live), known)["metadata"]["finalizers"] == ["ours", "new"]


def test_a_type_that_keeps_fields_it_does_not_name_merges_as_managers_noted() -> None:
    keeps = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    kind = {"type": "object", "properties": {"spec": keeps}}
    boats = Types({"Boat": msgspec.json.encode(kind)}, {"Boat": "Boat"})
    live = {
        "apiVersion": "example.com/v1",
        "kind": "Boat",
        "metadata": {
            "name": "b",
            "managedFields": [
                {
                    "manager": "gitops",
                    "operation": "Apply",
                    "fieldsV1": {"f:spec": {"f:crew": {}, "f:sails": {"f:main": {}}, "f:whole": {}}},
                }
            ],
        },
        "spec": {"crew": 3, "sails": {"main": "old", "jib": "x"}, "whole": {"a": 1, "b": 2}},
    }
    wish = bare(live)
    wish["spec"] = {"crew": 4, "sails": {"main": "new", "jib": "x"}, "whole": {"a": 1, "b": 3}}
    made = minimal(wish, live, bare(live), boats)
    assert made["spec"] == {"crew": 4, "sails": {"main": "new"}, "whole": {"a": 1, "b": 3}}
    wish["spec"] = {**bare(live)["spec"], "crew": 4}
    assert minimal(wish, live, bare(live), boats)["spec"] == {"crew": 4}  # what gitops manages stays with it


def test_an_object_without_notes_is_sent_as_far_as_it_was_changed() -> None:
    live = copy.deepcopy(LIVE)
    del live["metadata"]["managedFields"]
    wish = bare(live)
    wish["spec"]["replicas"] = 9
    assert minimal(wish, live, bare(live), types()) == {**IDENTITY, "spec": {"replicas": 9}}
    strange = {**live, "metadata": {**live["metadata"], "managedFields": [None, {"fieldsV1": 3}, {"manager": 1}]}}
    assert json.dumps(minimal(wish, strange, bare(live), types()))


def test_what_is_new_stands_where_it_was_written() -> None:
    after = {"env": [{"name": "A", "value": "1"}, {"name": "B"}, {"name": "C"}], "args": ["x", "y"]}
    wish = {"env": [{"name": "C"}, {"name": "A", "value": "1"}], "args": ["y", "x"]}
    assert in_order(wish, after) == {
        "env": [{"name": "C"}, {"name": "A", "value": "1"}, {"name": "B"}],
        "args": ["x", "y"],
    }
