"""The copies that a stack's services were scaled to stay when its text is deployed again with another image."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec
import pytest

from clusters.compose.text import read
from clusters.compose.versions import Kept
from clusters.drivers.base import Call, Driver
from clusters.kinds.swarm.base import STACK
from clusters.kinds.swarm.service_model import Service
from clusters.stacks.back import copies_back
from clusters.stacks.copies import scaled, with_copies
from tests.real import find_compose

PROJECT = {"services": {"web": {"deploy": {"replicas": 2}}, "db": {}, "all": {"deploy": {"mode": "global"}}}}


def service(name: str, mode: dict[str, Any], stack: str = "shop") -> Service:
    spec = {"Name": f"shop_{name}", "Labels": {STACK: stack}, "Mode": mode}
    return msgspec.convert({"ID": name, "Spec": spec}, Service)


def test_only_what_has_another_number_of_copies_than_its_text_says_was_scaled() -> None:
    six = {"Replicated": {"Replicas": 6}}
    assert scaled(PROJECT, "shop", [service("web", six), service("db", {"Replicated": {"Replicas": 1}})]) == {"web": 6}
    others = [service("web", six, "other"), service("gone", six), service("all", six), service("db", {"Global": {}})]
    assert scaled(PROJECT, "shop", others) == {}
    assert scaled(PROJECT, "shop", [service("db", {"Replicated": {"Replicas": 0}})]) == {"db": 0}


@pytest.mark.parametrize(
    "deploy", ["", "deploy: ", "deploy: {replicas: 2}", "deploy: {replicas: 2, labels: {a: '01'}}"]
)
def test_a_number_of_copies_is_written_into_the_service_alone(deploy: str) -> None:
    text = f"services:\n  web:\n    image: busybox\n    {deploy}\n  db: {{image: busybox}}\n"
    before, after = read(text).tree["services"], read(with_copies(text, {"web": 6})).tree["services"]
    assert after["web"]["deploy"].pop("replicas") == "6"
    assert after["web"]["deploy"] == {
        name: one for name, one in (before["web"].get("deploy") or {}).items() if name != "replicas"
    }
    assert after["db"] == before["db"]
    assert with_copies(text, {}) == text


def test_going_back_leaves_what_was_scaled_unless_the_texts_ask_for_other_numbers() -> None:
    find_compose()

    class Swarm:
        async def call(self, call: Call) -> list[dict[str, Any]]:
            six = {"Replicated": {"Replicas": 6}}
            return [msgspec.to_builtins(service(name, six)) for name in ("web", "db")]

    text = "services: {web: {image: busybox:1, deploy: {replicas: 2}}, db: {image: busybox:1, scale: 3}}"
    newest = text.replace("busybox:1", "busybox:2").replace("scale: 3", "scale: 4")
    asked = copies_back(cast(Driver, Swarm()), "shop", Kept(2, newest, {}), Kept(1, text, {}, {"db": 5}))
    now, then = asyncio.run(asked)
    assert now == {"web": 6, "db": 6}
    assert then == {"web": 6, "db": 5}
    refused = Kept(2, newest.replace("image: busybox:2", "privileged", 1), {})
    _, then = asyncio.run(copies_back(cast(Driver, Swarm()), "shop", refused, Kept(1, text, {}, {"db": 5})))
    assert then == {"db": 5}, "a text that is refused by now is no reason to stay with it"
    _, then = asyncio.run(copies_back(cast(Driver, Swarm()), "shop", None, Kept(1, text, {}, {"db": 5})))
    assert then == {"db": 5}, "nor is one that cannot be opened"
