"""The text of a stack is read once: both programs see what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from clusters.compose.problem import Wrong
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


TO_SPOIL = """services:
  web:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    secrets: [password]
secrets:
  password:
    environment: STORE_PASSWORD
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("    stop_grace_period: 0s\n    secrets", "    cpus: 2\n    secrets", "a stack knows no “cpus” here"),
        ("command: sleep", "kommand: sleep", "“kommand” is not known here"),
        ("secrets: [password]", "secrets: [nope]", "there is no secret nope"),
        ("secrets: [password]", "env_file: /etc/passwd", "reads a file"),
        ("environment: STORE_PASSWORD", "file: /etc/passwd", "reads a file"),
    ],
)
async def test_what_is_wrong_with_a_text_is_said_at_its_line(before: str, after: str, words: str) -> None:
    assert before in TO_SPOIL
    with pytest.raises(Wrong) as error:
        await check_stack(TO_SPOIL.replace(before, after, 1), "stk-wrong", {"STORE_PASSWORD": "hunter22"})
    assert words in error.value.message
    assert error.value.line == TO_SPOIL[: TO_SPOIL.index(before)].count("\n") + 1
