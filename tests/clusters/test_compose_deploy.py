"""Deploying a project: one at a time, and without its secrets in what is said of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.access import Actor
from clusters.compose import deploy
from clusters.compose.check import Checked, Variable, check, contents, read_text, secret_values
from clusters.compose.hiding import HIDDEN, hiding
from clusters.compose.problem import Wrong
from clusters.compose.progress import Heard
from clusters.errors import ClusterError
from clusters.gateway import Gateway
from clusters.long_work import LongWork
from tests.real import find_compose

CANARY = "hunter22-canary"


class Recorder:
    """A gateway that allows everything and takes its time to record it; then it begins, or cannot."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault, self.began = fault, list[LongWork]()

    async def see(self, *_: Any, **__: Any) -> None:
        await asyncio.sleep(0)

    def driver(self, *_: Any) -> Recorder:
        return self

    async def connect(self) -> Any:
        raise AssertionError

    async def begin(self, actor: Actor, cluster_id: int, work: LongWork) -> str:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        self.began.append(work)
        return "key"


def begin(gateway: Recorder, asked: Checked) -> Any:
    return deploy.begin(cast(Gateway, gateway), cast(Actor, None), 1, asked)


def shop(**service: Any) -> Checked:
    project = {"services": {"web": service}}
    return Checked("shop", "", "", {"PASSWORD": CANARY}, project, [Variable("PASSWORD")])


async def test_a_project_is_deployed_alone() -> None:
    gateway = Recorder()
    assert await begin(gateway, shop()) == "key"
    assert gateway.began[0].alone == "deployed"
    assert gateway.began[0].about == ("project", "shop")


@pytest.mark.parametrize("fault", [ClusterError("The audit is full."), asyncio.CancelledError()])
async def test_what_could_not_begin_hinders_nobody(fault: BaseException) -> None:
    gateway = Recorder(fault)
    with pytest.raises(type(fault)):
        await begin(gateway, shop())
    gateway.fault = None
    assert await begin(gateway, shop()) == "key"


async def test_no_secret_is_in_the_audit_of_a_deployment() -> None:
    gateway = Recorder()
    await begin(gateway, shop(image=f"registry/{CANARY}:1"))
    assert gateway.began[0].detail["images"] == [f"registry/{HIDDEN}:1"]


def test_no_secret_is_in_what_the_program_says_while_it_works() -> None:
    told, warned = list[str](), list[str]()
    heard = Heard(lambda event: told.append(event.words), warned.append, shop().hide)
    said = [
        {"id": f"Image {CANARY}", "text": "Error", "status": "Error", "details": f"no {CANARY}"},
        {"level": "warning", "msg": f"unset {CANARY}"},
        {"error": True, "message": f"bad {CANARY}"},
    ]
    for one in said:
        heard.take(json.dumps(one))
    heard.take("x" * 1995 + CANARY)
    assert told == [f"Image {HIDDEN}: error (no {HIDDEN})"]
    assert warned == [f"unset {HIDDEN}"]
    assert heard.error == "x" * 1995 + HIDDEN


@given(st.text(min_size=4, max_size=40).filter(lambda one: len(one.strip()) >= 4 and "•" not in one))
def test_a_secret_is_hidden_as_it_is_and_as_it_is_quoted(secret: str) -> None:
    hide = hiding([secret])
    for said in (secret, json.dumps(secret, ensure_ascii=False)[1:-1], secret.replace("$", "$$")):
        assert secret not in hide(f"<{said}>")


def test_of_a_secret_of_many_lines_no_line_is_told_and_short_ones_hide_nothing() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"
    assert hiding([key])("line 2: MIIEvQIBADANBg") == f"line 2: {HIDDEN}"
    assert hiding(["", "abc"])("abc") == "abc"


def test_a_secret_that_is_wrong_is_not_told() -> None:
    find_compose()
    text = "services:\n  web:\n    image: busybox\n    ports: ['${PASSWORD}:80']\n"
    with pytest.raises(Wrong) as caught:
        asyncio.run(check(text, "shop", {"PASSWORD": CANARY}))
    assert HIDDEN in str(caught.value)
    assert CANARY not in f"{caught.value} {caught.value.detail} {caught.value.problems}"


def test_what_is_all_of_a_secret_is_kept_as_one_whatever_its_name() -> None:
    text = "services: {web: {image: x}}\nsecrets: {tls: {environment: PEM}}\n"
    assert contents(read_text(text).tree) == ["PEM"]
    assert Variable("PEM", content=True).secret
    assert secret_values(text, {"PEM": "a", "SIZE": "b", "DB_PASSWORD": "c"}) == {"PEM": "a", "DB_PASSWORD": "c"}
    assert secret_values("[", {"SIZE": "b"}) == {"SIZE": "b"}  # of what cannot be read all could be one
