"""The form of a service that is there: only what was changed is written, and nothing that is hidden is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from clusters.errors import Conflict
from clusters.fields import NotFilledIn, clean
from clusters.kinds.masking import MASK
from clusters.kinds.swarm.service_create import spec_of
from clusters.kinds.swarm.service_edit import EDIT, Edit, Origin, beyond, differs, read_edit
from clusters.kinds.swarm.service_fields import EDIT_FIELDS
from clusters.kinds.swarm.service_form import Given
from clusters.kinds.swarm.service_line import create_line
from clusters.kinds.swarm.service_spec import ROLLOUT, reference
from clusters.kinds.swarm.service_update_line import update_line
from tests.clusters.swarm_things import recorded
from tests.clusters.test_swarm_service_form import SECRET, form


def origin(**values: Any) -> Origin:
    return Origin("u1", "web", spec_of(form(**values)), {"n1": "front", "n2": "back"})


def edited(before: Origin, **values: Any) -> Edit:
    assert EDIT.like
    shown = clean(EDIT_FIELDS, EDIT.like.values(before))
    return read_edit({**shown, **values}, before)


@pytest.mark.parametrize("tree", recorded("services"), ids=lambda tree: tree["Spec"]["Name"])
def test_a_form_in_which_nothing_was_changed_changes_nothing_of_a_recorded_service(tree: dict[str, Any]) -> None:
    before = Origin(tree["ID"], tree["Spec"]["Name"], tree["Spec"])
    edit = edited(before)
    assert not edit.changed
    assert edit.spec == tree["Spec"]
    assert differs(edit) == []


def test_only_what_was_changed_is_written_and_options_that_no_field_shows_stay() -> None:
    before = origin(
        environment="A=b\nKEEP=1", volumes="data:/data", secrets="db", hostname="{{.Node.Hostname}}", copies=4
    )
    container = before.spec["TaskTemplate"]["ContainerSpec"]
    container["Mounts"][0]["VolumeOptions"] = {"NoCopy": True}
    container["Mounts"].append({"Type": "npipe", "Source": "a", "Target": "b"})
    container["CapabilityDrop"] = ["ALL"]
    before.spec["Labels"] = {"com.docker.stack.namespace": "shop"}
    now = copy.deepcopy(before.spec)
    edit = edited(before, environment="A=c\nKEEP=1", volumes="data:/data\nmore:/more", memory="64m", labels="a=b")
    assert before.spec == now
    then = edit.spec
    kept = {name for name in now if then.get(name) == now[name]}
    assert kept == {"Name", "Mode"}
    changed = then["TaskTemplate"]["ContainerSpec"]
    assert changed["Env"] == ["A=c", "KEEP=1"]
    assert [one.get("VolumeOptions") or one["Type"] for one in changed["Mounts"]] == [
        "npipe",
        {"NoCopy": True},
        "volume",
    ]
    assert (changed["CapabilityDrop"], changed["Hostname"]) == (["ALL"], "{{.Node.Hostname}}")
    assert then["Labels"] == {"com.docker.stack.namespace": "shop", "a": "b"}
    assert then["TaskTemplate"]["Resources"]["Limits"] == {"MemoryBytes": 64 << 20}
    assert update_line(edit) == (
        "docker service update --env-add A=c --label-add a=b --mount-add type=volume,source=more,target=/more "
        "--limit-memory 64m web"
    )


def test_its_networks_are_named_and_one_that_stays_keeps_what_no_field_shows() -> None:
    before = origin()
    there = [
        {"Target": "n1", "Aliases": ["www"], "DriverOpts": {"a": "b"}},
        {"Target": "n2"},
        {"Target": "of-others"},  # nobody can say what it is called
    ]
    before.spec["TaskTemplate"]["Networks"] = there
    assert before.values["networks"] == "front www\nback"
    edit = edited(before, networks="front www\nnew web shop")
    new = {"Target": "new", "Aliases": ["web", "shop"]}
    assert edit.spec["TaskTemplate"]["Networks"] == [there[2], there[0], new]
    assert update_line(edit) == (
        "docker service update --network-rm back --network-add name=new,alias=web,alias=shop web"
    )
    assert [(one.what, one.now, one.then) for one in differs(edit)] == [("Networks › Networks", "back", "new web shop")]
    assert beyond(edit) == ["uses the network new"]


def test_its_copies_and_how_it_rolls_back_are_changed_alone() -> None:
    before = origin(copies=4)
    edit = edited(before, copies=0, back_at_once=2, back_order="start-first")
    assert edit.spec == {
        **before.spec,
        "Mode": {"Replicated": {"Replicas": 0}},
        "RollbackConfig": {**ROLLOUT, "Parallelism": 2, "Order": "start-first"},
    }
    assert update_line(edit) == (
        "docker service update --replicas 0 --rollback-parallelism 2 --rollback-order start-first web"
    )
    assert edited(Origin("u1", "web", edit.spec)).changed == frozenset()
    assert create_line(form(back_delay="5s", back_failure="continue")) == (
        "docker service create --name web --replicas 1 --rollback-delay 5s --rollback-failure-action continue "
        "busybox:latest"
    )


@pytest.mark.parametrize(
    ("mode", "copies", "words"), [("each", 3, "make a new service"), ("copies", None, "0 stops it")]
)
def test_how_a_service_spreads_is_kept_by_the_swarm(mode: str, copies: int | None, words: str) -> None:
    before = origin(mode=mode)
    assert edited(before, labels="a=b").spec["Mode"] == before.spec["Mode"]
    with pytest.raises(NotFilledIn) as wrong:
        edited(before, copies=copies)
    assert words in wrong.value.problems["copies"]


def test_what_is_secret_is_hidden_in_the_form_the_difference_and_the_line_and_stays_when_it_is_left() -> None:
    before = origin(environment=f"DB_PASSWORD={SECRET}\nA=b")
    assert EDIT.like
    shown = str(EDIT.like.values(before)["environment"])
    assert SECRET not in shown
    assert MASK in shown
    edit = edited(before, environment=shown.replace("A=b", "A=c"))
    assert f"DB_PASSWORD={SECRET}" in edit.spec["TaskTemplate"]["ContainerSpec"]["Env"]
    another = edited(before, environment="DB_PASSWORD=another\nA=b")
    told = f"{differs(edit)} {differs(another)} {update_line(edit, hidden=True)} {update_line(another, hidden=True)}"
    assert SECRET not in told
    assert "another\n" not in told
    assert "(another)" in differs(another)[0].then


def test_what_somebody_else_changed_meanwhile_is_not_written_over() -> None:
    before = origin(environment="A=b")
    other = origin(environment="A=c")
    with pytest.raises(Conflict):
        read_edit({"seen": before.seal, "environment": "A=d"}, other)


def test_what_it_would_newly_use_of_the_whole_swarm_is_told() -> None:
    before = origin(volumes="data:/data")
    before.spec["TaskTemplate"]["ContainerSpec"]["Secrets"] = [reference("Secret", Given("db"), "s1")]
    assert beyond(edited(before, environment="A=b")) == []
    assert beyond(edited(before, secrets="db\nother", volumes="data:/data\nfar:/far")) == [
        "uses the secret other",
        "mounts far",
    ]
