"""What deploying a stack would do, from what the official program (docker 28) sent and a Swarm (Docker 29) kept."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest

from clusters.errors import Unsupported
from clusters.stacks.ahead import There, effects, kept_secrets, ports_taken, stuck, taken
from clusters.stacks.dry_run import Sent
from clusters.stacks.others import of_others
from clusters.stacks.text import check_stack

LABELS = {"com.docker.stack.namespace": "shop"}
OWN = {"com.docker.stack.image": "busybox:latest", **LABELS}
TIMES = {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5000000000, "MaxFailureRatio": 0, "Order": "stop-first"}
NO_PRIVILEGES = {"CredentialSpec": None, "SELinuxContext": None, "NoNewPrivileges": False}
CONTAINER = {"Image": "busybox:latest", "Labels": LABELS, "Args": ["sleep", "9"], "Privileges": NO_PRIVILEGES}
SENT: dict[str, Any] = {
    "Name": "shop_web",
    "Labels": OWN,
    "TaskTemplate": {
        "ContainerSpec": CONTAINER,
        "Resources": {},
        "Placement": {},
        "Networks": [{"Target": "shop_default", "Aliases": ["web"]}],
        "ForceUpdate": 0,
    },
    "Mode": {"Replicated": {}},
    "EndpointSpec": {"Mode": "dnsrr", "Ports": [{"TargetPort": 80, "PublishedPort": 8080, "PublishMode": "host"}]},
}
KEPT: dict[str, Any] = {
    "Name": "shop_web",
    "Labels": OWN,
    "TaskTemplate": {
        "ContainerSpec": {**CONTAINER, "StopGracePeriod": 10000000000, "DNSConfig": {}, "Isolation": "default"},
        "Resources": {},
        "RestartPolicy": {"Condition": "any", "Delay": 5000000000, "MaxAttempts": 0},
        "Placement": {},
        "Networks": [{"Target": "n1", "Aliases": ["web"]}],
        "ForceUpdate": 0,
        "Runtime": "container",
    },
    "Mode": {"Replicated": {"Replicas": 1}},
    "UpdateConfig": TIMES,
    "RollbackConfig": TIMES,
    "EndpointSpec": {
        "Mode": "dnsrr",
        "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "host"}],
    },
}


def there() -> There:
    def named(name: str, stack: str = "shop", **more: Any) -> dict[str, Any]:
        return {"Spec": {"Name": name, "Labels": {"com.docker.stack.namespace": stack} if stack else {}, **more}}

    return There(
        {
            "services": {"s1": {"Spec": KEPT}, "s2": named("shop_old"), "s3": named("shop_new", "")},
            "networks": {"n1": {"Name": "shop_default", "Labels": LABELS}},
            "secrets": {"x1": named("shop_key"), "x2": named("shop_b", "shop_prod")},
            "configs": {"c1": named("shop_conf", Data="aGVsbG8=")},
        }
    )


def update(collection: str, uid: str, **body: Any) -> Sent:
    return Sent("POST", (collection, uid, "update"), body)


def fates(*sent: Sent) -> dict[str, str]:
    return {one.name: one.what for one in effects(sent, there(), "shop")}


def test_what_the_program_sends_anew_and_the_swarm_keeps_is_the_same() -> None:
    found = effects([update("services", "s1", **SENT)], there(), "shop")
    assert {one.name: (one.what, list(one.differences)) for one in found}["shop_web"] == ("left", [])


def test_what_a_text_leaves_out_of_how_a_service_changes_differs_in_nothing() -> None:
    now = there()
    now.things["services"]["s1"]["Spec"] = {**KEPT, "UpdateConfig": {**TIMES, "Parallelism": 0}}  # type: ignore[index]
    sent = update("services", "s1", **SENT, UpdateConfig={"Parallelism": 0, "MaxFailureRatio": 0, "Order": ""})
    assert {one.name: one.what for one in effects([sent], now, "shop")}["shop_web"] == "left"


def test_what_differs_is_told_and_what_is_no_longer_in_the_text_goes() -> None:
    then = copy.deepcopy(SENT)
    then["Mode"]["Replicated"]["Replicas"] = 3
    then["TaskTemplate"]["ContainerSpec"]["Env"] = ["DB_PASSWORD=hunter2"]
    sent = [update("services", "s1", **then), Sent("DELETE", ("services", "s2"))]
    found = {one.name: one for one in effects(sent, there(), "shop")}
    assert (found["shop_web"].what, found["shop_old"].what) == ("changed", "removed")
    told = [(one.what, one.now, one.then) for one in found["shop_web"].differences]
    assert ("Mode › Replicated › Replicas", "1", "3") in told
    assert "hunter2" not in str(told)


def test_what_nothing_was_sent_about_is_left_and_what_is_not_there_is_created() -> None:
    made = Sent("POST", ("networks", "create"), {"Name": "shop_back", "Labels": LABELS})
    assert fates(made) == {
        "shop_back": "created",
        "shop_default": "left",
        "shop_web": "left",
        "shop_old": "left",
        "shop_key": "left",
        "shop_conf": "left",
    }


def test_what_a_swarm_would_refuse_in_the_middle_is_known_before() -> None:
    same = update("configs", "c1", Name="shop_conf", Labels=LABELS, Data="aGVsbG8=")
    other = update("configs", "c1", Name="shop_conf", Labels=LABELS, Data="b3RoZXI=")
    assert (list(stuck([same], there())), list(stuck([other], there()))) == ([], ["shop_conf"])
    assert list(taken([Sent("POST", ("services", "create"), {"Name": "shop_new"})], there())) == ["shop_new"]
    assert kept_secrets([update("secrets", "x1", Name="shop_key")], there()) == ["shop_key"]


def test_what_another_stack_has_under_one_of_its_names_is_not_its_own() -> None:
    (words,) = of_others([update("secrets", "x2", Name="shop_b"), update("secrets", "x1")], there(), "shop")
    assert words == "changes the secret shop_b, which is not of this stack"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Docker version 20.10.24+dfsg1, build 297e128", "is too old: 26.0 or newer"),
        ("", "too old"),
        (None, "not installed"),
    ],
)
async def test_a_program_that_is_missing_or_too_old_is_said_with_the_line_that_installs_it(
    said: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "docker"
    file.write_text(f"#!/bin/sh\necho '{said}'\n")
    file.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: None if said is None else str(file))
    with pytest.raises(Unsupported) as error:
        await check_stack("services: {web: {image: busybox}}", "shop", {})
    assert words in error.value.message
    assert "docker-ce-cli" in error.value.copy


def test_a_port_of_every_node_that_another_service_has_is_known_before() -> None:
    def service(*ports: dict[str, Any]) -> dict[str, Any]:
        return {"EndpointSpec": {"Ports": list(ports)}}

    web, host = {"PublishedPort": 8080, "Protocol": "tcp"}, {"PublishedPort": 8080, "PublishMode": "host"}
    chosen = {"Spec": service({"TargetPort": 80}), "Endpoint": {"Ports": [{"PublishedPort": 30000, "Protocol": "tcp"}]}}
    here = There({"services": {"s1": {"Spec": service(web)}, "s2": chosen}})
    create, update = ("services", "create"), ("services", "s1", "update")
    assert ports_taken([Sent("POST", create, service(web))], here) == ["8080"]
    assert ports_taken([Sent("POST", create, service(host))], here) == ["8080"], "it is taken on every node"
    single = There({"services": {"s1": {"Spec": service(host)}}})
    assert ports_taken([Sent("POST", create, service(web))], single) == ["8080"], "it is not free on every node"
    assert ports_taken([Sent("POST", create, service(host))], single) == [], "where it fits, the scheduler says"
    assert ports_taken([Sent("POST", update, service(web))], here) == [], "it is its own"
    assert ports_taken([Sent("DELETE", ("services", "s1")), Sent("POST", create, service(web))], here) == []
    assert ports_taken([Sent("POST", create, service({"PublishedPort": 30000}))], here) == ["30000"]
    assert ports_taken([Sent("POST", create, service({**web, "Protocol": "udp"}))], here) == []
