"""What many objects have in common is held once, and changes nothing of what they say."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clusters.drivers.kubernetes import decode
from clusters.drivers.kubernetes.siblings import MOST, Siblings
from clusters.kinds.kubernetes.pod_model import Pod
from tests.clusters.fake_api import pod

WORDS = st.sampled_from(["", "Ready", "True", "Unknown", "example.test/gate", "\N{SNOWMAN}"])


def read(tree: dict[str, Any]) -> Pod:
    """As the watch reads it."""
    found = decode.resource(msgspec.Raw(json.dumps(tree).encode()), Pod)
    assert isinstance(found, Pod)
    return found


def copy(number: int, *, of: str = "web", image: str = "busybox", labels: dict[str, str] | None = None) -> Pod:
    """One of a replica set's pods."""
    tree = pod(f"{of}-{number}", number)
    tree["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": of, "uid": f"uid-{of}", "controller": True}]
    tree["metadata"]["labels"] = labels or {"app": of}
    tree["spec"]["containers"][0]["image"] = image
    return read(tree)


def test_copies_hold_their_labels_owner_and_containers_once() -> None:
    siblings, first, second = Siblings(), copy(1), copy(2)
    siblings.join(first)
    siblings.join(second)
    assert second.metadata.labels is first.metadata.labels
    assert second.metadata.owner_references is first.metadata.owner_references
    assert second.spec.containers is first.spec.containers


def test_a_copy_that_differs_keeps_what_is_its_own() -> None:
    siblings, changed = Siblings(), copy(2, image="busybox:1.35", labels={"app": "web", "canary": "yes"})
    siblings.join(copy(1))
    siblings.join(changed)
    assert changed == copy(2, image="busybox:1.35", labels={"app": "web", "canary": "yes"})


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("12")), max_size=8))
def test_sharing_changes_nothing_of_what_any_of_them_says(made: list[tuple[str, str, str]]) -> None:
    siblings = Siblings()
    for number, (owner, image, label) in enumerate(made):
        one = copy(number, of=owner, image=image, labels={"app": label})
        siblings.join(one)
        assert one == copy(number, of=owner, image=image, labels={"app": label})


def test_owners_that_are_gone_are_forgotten_in_the_end() -> None:
    siblings = Siblings()
    for number in range(MOST + 5):
        siblings.join(copy(number, of=f"web-{number}"))
    assert len(siblings._known) == 5


@given(WORDS, WORDS)
def test_words_of_the_api_are_text_like_any_other(type_: str, status: str) -> None:
    one = read(pod("web", 1, status={"phase": status, "conditions": [{"type": type_, "status": status}]}))
    condition = (one.status.conditions or ())[0]
    assert (condition.type, f"{condition.status}") == (type_, status)
    assert json.loads(msgspec.json.encode(condition)) | {"type": type_} == json.loads(msgspec.json.encode(condition))
    assert {type_: 1}[condition.type] == 1


def test_the_words_that_stand_in_every_pod_are_held_once() -> None:
    first, second = (read(pod("web", version)) for version in (1, 2))
    assert (first.status.conditions or ())[0].type is (second.status.conditions or ())[0].type
    assert first.status.phase is second.status.phase
