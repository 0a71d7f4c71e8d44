"""The text of a stack is read once: both programs see what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from clusters.compose.program import environment, private_folder, run
from clusters.stacks.program import find_docker
from clusters.stacks.text import StackText, check_stack, write_files
from tests.real import need

pytestmark = pytest.mark.docker
TEXT = """
x-common: &common
  image: "busybox:${TAG:-1.35}"
services:
  web:
    <<: *common
    command: ["$N-true", "${N?a-b}", "a$$b ${M:-${N}}", "${N:+plus}"]
    environment: [GIVEN, "TWICE=${DOLLARS}"]
    ports: [{target: 80, published: "${PORT}"}]
    secrets: [pw]
secrets:
  pw: {external: "${E?a-true}", name: "${N?a-bank_db_password}", environment: V}
"""
VALUES = {"E": "false", "N": "shop_pw", "V": "x", "PORT": "8080", "GIVEN": "given", "DOLLARS": "${N} $N"}


@pytest.fixture(autouse=True)
async def _programs() -> None:
    found = await find_docker()
    need("compose", not found.why_not, f"{found.why_not} {found.install}")


async def as_the_other_reads(asked: StackText) -> Mapping[str, Any]:
    program = (await find_docker()).path
    async with private_folder() as folder:
        write_files(folder, asked)
        words = ("stack", "config", "--compose-file", "-")
        ended = await run(program, words, environment(folder, asked.values), folder, asked.text)
    assert not ended.code, ended.said
    read: Mapping[str, Any] = yaml.safe_load(ended.printed)
    return read


async def test_variables_are_what_compose_makes_of_them_for_the_program_that_deploys_too() -> None:
    read = await as_the_other_reads(await check_stack(TEXT, "shop", VALUES))
    secret = read["secrets"]["pw"]
    assert (secret["name"], secret.get("external", False)) == ("shop_pw", False)
    web = read["services"]["web"]
    assert web["image"] == "busybox:1.35"
    words = [one.replace("$$", "$") for one in web["command"]]
    assert words == ["shop_pw-true", "shop_pw", "a$b shop_pw", "plus"]
    assert web["environment"]["GIVEN"] == "given"
    assert web["environment"]["TWICE"].replace("$$", "$") == VALUES["DOLLARS"]
    assert web["ports"][0]["published"] == 8080


async def test_a_name_that_a_value_has_already_stands_for_no_text() -> None:
    text = "services: {web: {image: busybox, command: 'echo ${PILOTHOUSE_TEXT_0} ${OTHER:-x}'}}"
    read = await as_the_other_reads(await check_stack(text, "shop", {"PILOTHOUSE_TEXT_0": "mine"}))
    assert read["services"]["web"]["command"] == ["echo", "mine", "x"]
