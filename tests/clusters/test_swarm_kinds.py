"""The Swarm itself, its nodes, stacks, secrets and configs: how they are, and what is said before something is done."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec
import pytest

from clusters.drivers.base import Call, Driver
from clusters.drivers.docker.errors import answer_error
from clusters.errors import Conflict, Invalid, Unsupported
from clusters.kinds.base import Level, Look, Role
from clusters.kinds.docker.host import HOST
from clusters.kinds.docker.host_swarm_actions import read_join_line
from clusters.kinds.swarm.kept_rotation import encoded, next_name
from clusters.kinds.swarm.swarm_model import join as join_swarm
from tests.clusters.fakes import all_shared
from tests.clusters.swarm_things import AT, named, read, recorded, resources

NO_LEADER = (
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online."
)


@pytest.fixture(autouse=True)
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: AT)


def _swarm(**said: Any) -> Any:
    (tree,) = recorded("swarm")
    return read({**tree, **said}, named("swarm").model)


def test_a_swarm_whose_managers_lost_their_majority_says_so_with_what_to_do_and_is_still_the_same() -> None:
    well, lost = _swarm(), _swarm(Error=NO_LEADER, Cluster={"ID": ""}, Nodes=0, Managers=0)
    health = named("swarm").health(lost)
    assert (health.level, health.word) == (Level.FAILING, "Cannot decide")
    assert lost.uid == well.uid
    slow = _swarm(Error="rpc error: code = DeadlineExceeded desc = context deadline exceeded")
    assert named("swarm").health(slow).word == "Cannot decide"
    refused = answer_error(500, msgspec.json.encode({"message": NO_LEADER}))
    assert isinstance(refused, Unsupported)
    assert refused.message == "The Swarm cannot decide: its managers have lost their majority."
    assert all(action.refuse and action.refuse(lost) for action in named("swarm").actions)


@pytest.mark.parametrize(
    ("nodes", "managers", "word"), [(3, 1, "One manager"), (1, 1, "Ready"), (2, 1, "Ready"), (3, 3, "Ready")]
)
def test_one_manager_alone_is_a_risk_only_where_others_could_help(nodes: int, managers: int, word: str) -> None:
    assert named("swarm").health(_swarm(Nodes=nodes, Managers=managers)).word == word


def test_a_manager_that_is_not_reached_is_named_with_how_many_more_may_go() -> None:
    nodes = _managers()
    down = msgspec.structs.replace(nodes[0], status=msgspec.structs.replace(nodes[0].status, state="down"))
    (one,) = join_swarm([_swarm(Nodes=3, Managers=3)], {"swarm-node": [down, *nodes[1:]]})
    health = named("swarm").health(one)
    assert (health.level, health.word) == (Level.AT_RISK, "Managers missing")
    assert health.reason == f"{down.name} cannot be reached: one more lost, and it cannot decide"


def test_one_manager_of_two_that_is_lost_is_the_majority() -> None:
    first, second, *_ = _managers()
    down = msgspec.structs.replace(first, status=msgspec.structs.replace(first.status, state="down"))
    (one,) = join_swarm([_swarm(Nodes=2, Managers=2)], {"swarm-node": [down, second]})
    health = named("swarm").health(one)
    assert (health.level, health.word) == (Level.FAILING, "Cannot decide")
    assert health.reason == f"{down.name} cannot be reached: 2 of 2 managers are needed to decide"


def test_nodes_that_a_new_leader_has_not_heard_yet_or_that_manage_only_soon_are_no_lost_managers() -> None:
    def unheard(one: Any) -> Any:
        return msgspec.structs.replace(one, status=msgspec.structs.replace(one.status, state="unknown"))

    soon = msgspec.structs.replace(_managers()[2], manager_status=None)
    down = msgspec.structs.replace(soon, status=msgspec.structs.replace(soon.status, state="down"))
    (one,) = join_swarm([_swarm(Nodes=3, Managers=3)], {"swarm-node": [*map(unheard, _managers()[:2]), down]})
    assert one.unreachable == ()
    assert named("swarm").health(one).word == "Ready"


def test_it_is_told_without_its_nodes_when_nobody_lists_them() -> None:
    (one,) = join_swarm([_swarm(Error=NO_LEADER)], {})
    assert named("swarm").health(one).word == "Cannot decide"


def _nodes() -> list[Any]:
    return resources(named("swarm-node"))


def _managers() -> list[Any]:
    nodes = _nodes()
    status = next(one.manager_status for one in nodes if one.manager_status)
    return [
        msgspec.structs.replace(one, spec=msgspec.structs.replace(one.spec, role="manager"), manager_status=status)
        for one in nodes
    ]


def test_a_node_that_is_down_fails_and_one_that_is_drained_is_paused() -> None:
    kind, one = named("swarm-node"), _nodes()[0]
    down = msgspec.structs.replace(one, status=msgspec.structs.replace(one.status, state="down"))
    drained = msgspec.structs.replace(one, spec=msgspec.structs.replace(one.spec, availability="drain"))
    assert [kind.health(each).word for each in (one, down, drained)] == ["Ready", "Not answering", "Drained"]
    assert kind.health(down).level is Level.FAILING


def test_machines_that_joined_twice_are_told_apart() -> None:
    join, trees = named("swarm-node").join, recorded("nodes")
    twice = [
        read({**tree, "ID": f"{number}{tree['ID']}"}, named("swarm-node").model) for tree in trees for number in (1, 2)
    ]
    assert join
    assert len({one.name for one in join.make(twice, {})}) == 6


def test_a_stack_is_as_its_worst_service_and_holds_what_its_label_names() -> None:
    (one,) = resources(named("stack"))
    assert (one.name, [service.name for service in one.services]) == ("shop", ["shop_web"])
    assert [name for _, name in (*one.secrets, *one.configs)] == ["shop_db_password", "shop_web_conf"]
    health = named("stack").health(one)
    assert (health.level, health.word) == (Level.AT_RISK, "Update paused")
    assert health.reason.startswith("shop_web: ")


def test_a_secret_says_who_uses_it_and_cannot_go_while_it_is_used() -> None:
    (one,) = resources(named("swarm-secret"))
    assert [(user.name, user.where) for user in one.users] == [("shop_web", "/run/secrets/shop_db_password")]
    remove, rotate = named("swarm-secret").action("remove"), named("swarm-secret").action("rotate")
    assert remove
    assert rotate
    assert remove.refuse
    assert remove.refuse(one) == "shop_web uses it."
    assert "gives it to shop_web" in rotate.effect(one)
    assert rotate.recorded
    assert rotate.recorded({"value": "hunter3"}) == {"value": "another one"}
    (config,) = resources(named("swarm-config"))
    assert config.users[0].where == "/etc/web.conf"


@pytest.mark.parametrize(
    ("name", "then"), [("db", "db-v2"), ("db-v2", "db-v3"), ("db-v9", "db-v10"), ("a" * 64, "a" * 61 + "-v2")]
)
def test_the_name_after_a_rotation_counts_on(name: str, then: str) -> None:
    assert next_name(name) == then
    assert len(next_name(name)) <= 64


def test_what_is_too_much_for_a_secret_is_said_before_it_is_sent() -> None:
    with pytest.raises(Invalid, match="more than 500 kB"):
        encoded("x" * 500_001)
    assert encoded("a\r\nb") == encoded("a\nb")


TOKEN = "SWMTKN-1-3d696tjw91l3h6macdr3ic9i1erpbys85w9abailmtk6xzkec7-42rd5p0xlw47zwe1u9i7zcfep"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"docker swarm join --token {TOKEN} 172.30.0.1:2377", "172.30.0.1:2377"),
        (f"    docker swarm join \\\n --token {TOKEN} \\\n [fd00::1]:2377\n", "[fd00::1]:2377"),
        (f"{TOKEN} manager-1.example:2377", "manager-1.example:2377"),
    ],
)
def test_a_join_line_is_read_as_docker_prints_it(text: str, address: str) -> None:
    assert read_join_line(text) == (TOKEN, address)


@pytest.mark.parametrize("text", ["", "docker swarm join", f"--token {TOKEN}", "172.30.0.1:2377", f"{TOKEN} nowhere"])
def test_what_is_no_join_line_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid, match="no line by which a machine joins"):
        read_join_line(text)


def test_a_join_line_is_never_in_the_audit_or_in_the_line_that_does_the_same() -> None:
    action = HOST.action("join-swarm")
    assert action
    assert next(field for field in action.fields if field.name == "line").type == "secret"
    assert action.line
    assert TOKEN not in action.line(resources(named("swarm-node"))[0], {"line": TOKEN})


def test_who_decides_for_the_whole_swarm_is_an_administrator() -> None:
    wide = {"promote", "demote", "remove", "rotate-token", "lock", "unlock", "rotate-key"}
    for kind in (named("swarm"), named("swarm-node")):
        assert {action.verb for action in kind.actions if action.verb in wide and action.role < Role.ADMIN} == set()
    assert all(action.role is Role.ADMIN for action in HOST.actions)
    joining = named("swarm").panel("joining")
    assert joining
    assert (joining.role, joining.right) == (Role.ADMIN, "reveal")


async def test_the_unlock_key_is_shown_as_soon_as_managers_are_locked_whatever_is_remembered() -> None:
    swarm, joining = resources(named("swarm"))[0], named("swarm").panel("joining")
    assert joining
    assert not swarm.cluster.spec.encryption_config.auto_lock_managers
    answers: dict[tuple[str, ...], Any] = {
        ("swarm",): {"JoinTokens": {"Worker": TOKEN}, "Spec": {"EncryptionConfig": {"AutoLockManagers": True}}},
        ("swarm", "unlockkey"): {"UnlockKey": "SWMKEY-1-x"},
    }

    class Manager:
        async def call(self, call: Call) -> Any:
            return answers[call.path]

    look = Look(
        cluster_id=1,
        kind=named("swarm"),
        resource=swarm,
        driver=cast(Driver, Manager()),
        related=None,  # type: ignore[arg-type]
        sees=all_shared,
    )
    assert (await joining.load(look))["key"] == "SWMKEY-1-x"


def test_nothing_that_is_kept_of_a_swarm_holds_its_join_lines() -> None:
    tree = {**recorded("swarm")[0], "JoinTokens": {"Worker": TOKEN}, "UnlockKey": "SWMKEY-1-x"}
    kept = read(tree, named("swarm").model)
    assert TOKEN.encode() not in msgspec.json.encode(kept)
    assert "raw" not in [panel.key for panel in named("swarm").panels]
    assert "raw" not in [panel.key for panel in named("swarm-config").panels]


def test_two_who_change_the_same_at_once_are_told_in_words() -> None:
    said = {"message": "rpc error: code = Unknown desc = update out of sequence"}
    assert isinstance(answer_error(500, msgspec.json.encode(said)), Conflict)
