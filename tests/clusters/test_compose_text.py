"""A project's text: what reaches outside is refused before the program runs, and what is wrong is said at its line."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
import uvloop
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.apply.documents import Unreadable
from clusters.compose.as_read import as_read
from clusters.compose.check import check, check_name, read_text, secret_values
from clusters.compose.power import project_powers, reaches_out
from clusters.compose.problem import Wrong
from clusters.compose.program import environment, give, private_folder, refused_name, run
from clusters.compose.text import read
from clusters.errors import ClusterError, Invalid
from tests.real import find_compose

SERVICE = "services:\n  web:\n    image: busybox\n"

REACHES_OUTSIDE = [
    ("include: [other.yml]\n" + SERVICE, 1, "include"),
    ("include: ['oci://evil/project']\n" + SERVICE, 1, "include"),
    (SERVICE + "    extends: {file: /etc/passwd, service: x}\n", 4, "extends"),
    (SERVICE + "    extends:\n      file: https://git.example.com/x.git\n", 5, "extends"),
    (SERVICE + "    env_file: ../.env\n", 4, "env_file"),
    (SERVICE + "    env_file: [{path: /proc/self/environ}]\n", 4, "env_file"),
    (SERVICE + "    label_file: labels\n", 4, "label_file"),
    (SERVICE + "    build: .\n", 4, "build"),
    (SERVICE + "    build: {context: 'git://evil/x', additional_contexts: [a=/], ssh: [default]}\n", 4, "build"),
    (SERVICE + "    credential_spec: {file: x.json}\n", 4, "credential_spec"),
    (SERVICE + "    provider: {type: evil}\n", 4, "provider"),
    (SERVICE + "    develop: {watch: []}\n", 4, "develop"),
    (SERVICE + "    use_api_socket: true\n", 4, "use_api_socket"),
    (SERVICE + "    models: [llm]\n", 4, "models"),
    (SERVICE + "    volumes: ['./data:/data']\n", 4, "folder beside"),
    (SERVICE + "    volumes: ['~/.ssh:/ssh']\n", 4, "folder beside"),
    (SERVICE + "    volumes:\n      - {type: bind, source: ../x, target: /x}\n", 5, "folder beside"),
    (SERVICE + "configs: {c: {file: /etc/shadow}}\n", 4, "file"),
    (SERVICE + "secrets:\n  s:\n    file: ./s\n", 6, "file"),
    (SERVICE + "    labels: {com.docker.compose.project: other}\n", 4, "own"),
    (SERVICE + "    labels: ['com.docker.compose.project=other']\n", 4, "own"),
    (
        "x-a: &a {env_file: /etc/passwd}\nservices:\n  web:\n    <<: *a\n    image: x\n",
        4,
        "env_file",
    ),  # where it was merged into
    (SERVICE + "---\ninclude: [x]\n", 4, "second document"),
    (SERVICE + "    command: !reset x\n", 4, "tags"),
    (SERVICE + "    # ••••••\n    command: app --token ••••••\n", 5, "only stands for what is hidden"),
]


@pytest.mark.parametrize(("text", "line", "words"), REACHES_OUTSIDE)
def test_what_reaches_outside_is_refused_before_the_program_sees_it(text: str, line: int, words: str) -> None:
    with pytest.raises(Wrong) as caught:
        read_text(text)
    assert caught.value.problems[0].line == line, caught.value.problems
    assert any(words in one.words for one in caught.value.problems), caught.value.problems


def merging(levels: int) -> str:
    chain = "".join(f"x-{n}: &n{n} {{<<: [*n{n - 1}, *n{n - 1}], k{n}: 1}}\n" for n in range(1, levels))
    return f"x-0: &n0 {{k: v}}\n{chain}{SERVICE}"


LARGE = [
    ("x-a: &a {<<: {<<: *a}}\n" + SERVICE, "into itself"),
    ("x-a: &a {<<: *a}\n" + SERVICE, "into itself"),
    ("x-a: &a [*a]\n" + SERVICE, "too large"),
    (f"x-a: &a {'y' * 100_000}\nx-b: [{', '.join(['*a'] * 90)}]\n{SERVICE}", "too large"),
    (f"x-a: &a\n  ? {'z' * 100_000}\n  : 1\nx-b: [{', '.join(['*a'] * 90)}]\n{SERVICE}", "too large"),
    (
        f"x-a: &a {{{', '.join(f'k{n}: 1' for n in range(900))}}}\nx-b: {{<<: [{', '.join(['*a'] * 90)}]}}\n{SERVICE}",
        "too large",
    ),
]


@pytest.mark.parametrize(("text", "words"), LARGE)
def test_what_aliases_and_merges_would_make_large_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(text)


def test_each_merge_is_done_once_however_often_it_is_used() -> None:
    started = time.process_time()
    found = read(merging(35))  # in which the first is reached by 2^34 ways
    assert time.process_time() - started < 2
    assert found.tree["x-34"] == {"k": "v", **{f"k{n}": "1" for n in range(1, 35)}}


def test_what_is_merged_first_counts_and_what_is_written_counts_more() -> None:
    text = "x-a: &a {k: a, l: a, m: a}\nx-b: &b {k: b, l: b}\nx-c: {l: own, <<: [*b, *a]}\n" + SERVICE
    assert read(text).tree["x-c"] == {"k": "b", "l": "own", "m": "a"}


@pytest.mark.parametrize("name", ["", "../x", ".", "-x", "--privileged", "Shop", "a b", "x" * 64, "a\nb", "é", "$(id)"])
def test_a_name_that_could_be_something_else_is_none(name: str) -> None:
    with pytest.raises(Invalid):
        check_name(name)


plain = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20).filter(
    lambda one: one != "<<"
)
trees = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3))


@settings(max_examples=40)
@given(st.dictionaries(plain, trees, min_size=1, max_size=3))
def test_what_the_program_gets_says_the_same_as_what_was_written(service: dict[str, Any]) -> None:
    written = {"services": {"web": {"x-any": service, "image": "busybox"}}}
    found = read(json.dumps(written, ensure_ascii=True) if not _wide(written) else yaml.safe_dump(written))
    again = yaml.safe_load(found.rebuilt)
    assert again == written
    assert "\n" not in found.rebuilt


def _wide(tree: Any) -> bool:
    """Beyond what JSON writes in one escape that YAML reads."""
    return any(ord(one) > 0xFFFF for one in json.dumps(tree, ensure_ascii=False))


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)


@given(st.dictionaries(names, st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=30), max_size=5))
def test_the_program_gets_exactly_our_environment(values: dict[str, str]) -> None:
    given = {name: value for name, value in values.items() if not refused_name(name)}
    own = {"HOME": "/f", "DOCKER_CONFIG": "/f", "DOCKER_HOST": "unix:///f/nobody.sock"}
    assert environment(Path("/f"), given) == {**own, **given}


SETTINGS = (
    "PATH LD_PRELOAD DOCKER_HOST COMPOSE_FILE https_proxy GODEBUG SSL_CERT_FILE GOCOVERDIR GOMEMLIMIT XDG_DATA_HOME"
)
ORDINARY = "GOOGLE_CLIENT_ID GO_ENV LDAP_HOST LDFLAGS SSLMODE SSL_MODE DOCKERHUB_USER COMPOSER_HOME MOBYLETTE DYNO PWDS"


@pytest.mark.parametrize("name", ORDINARY.split())
def test_ordinary_names_of_values_pass(name: str) -> None:
    assert not refused_name(name)


@pytest.mark.parametrize("name", [*SETTINGS.split(), "A-B"])
def test_a_value_cannot_be_a_setting_of_the_program(name: str) -> None:
    with pytest.raises(Invalid):
        environment(Path("/f"), {name: "x"})


async def test_the_environment_of_a_process_is_what_was_given_and_nothing_more() -> None:
    async with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        ended = await run("/usr/bin/env", (), environment(folder, {"A": "$(id) `id`"}), folder)
        found = dict(line.split("=", 1) for line in ended.printed.splitlines())
    assert not folder.exists()
    assert found == {**environment(folder), "A": "$(id) `id`"}


async def test_it_ends_with_all_its_children_when_it_is_cancelled() -> None:
    said: list[str] = []
    script = "sleep 1000 & echo $! >&2; wait"
    async with private_folder() as folder:
        task = asyncio.create_task(run("/bin/sh", ("-c", script), {}, folder, heard=said.append))
        while not said:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    state = Path(f"/proc/{int(said[0])}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_program_that_ended_before_it_was_given_its_text_is_no_fault_of_ours() -> None:
    async def given() -> None:
        process = await asyncio.create_subprocess_exec("/bin/true", stdin=asyncio.subprocess.PIPE)
        await process.wait()
        await asyncio.sleep(0.1)  # until the pipe is known to be closed
        assert process.stdin
        await give(process.stdin, SERVICE)

    uvloop.run(given())  # as the server has it: its pipes raise something else than those of the standard library


async def test_too_long_and_too_much_is_stopped() -> None:
    async with private_folder() as folder:
        with pytest.raises(ClusterError, match="did not end"):
            await run("/bin/sleep", ("60",), {}, folder, within=0.1)
        with pytest.raises(ClusterError, match="more than can be taken"):
            await run("/usr/bin/yes", ("x" * 4000,), {}, folder)


@pytest.fixture
def program() -> str:
    return find_compose()


WRONG = [
    (SERVICE + "    xcommand: x\n", 4, "“xcommand” is not known"),
    (SERVICE + "    depends_on: [b]\n  b:\n    image: x\n    depends_on: [web]\n", 7, "circle"),
    (SERVICE + "    ports:\n      - '99999:80'\n", 5, "99999 is no port"),
    (SERVICE + "    environment:\n      A: ${X:?ask Ada}\n", 5, "X needs a value: ask Ada"),
    (SERVICE + "    depends_on:\n      - nope\n", 5, "no such service"),
    (SERVICE + "    volumes:\n      - nope:/x\n", 5, "no volume nope"),
    ("services:\n  web:\n    command: x\n", 2, "no image"),
    (SERVICE + "    mem_limit: lots\n", 4, "invalid size"),
    (SERVICE + "foo: 1\n", 4, "“foo” is not known"),
    (SERVICE + "    command: ${X\n", 4, "not closed"),
    (SERVICE + "    environment: [PATH]\n", 4, "PATH is a setting"),
    (SERVICE + "    volumes: ['${X:-../../etc}:/y']\n", 4, "no whole path"),
    (SERVICE + "    security_opt: ['${X:-seccomp}=/etc/hostname']\n", 4, "seccomp profile"),
    (SERVICE + "    labels: ['${X:-com.docker.compose.project}=other']\n", 4, "own"),
    (
        SERVICE + "    volumes: ['disk:/host']\nvolumes: {disk: {external: true, name: '${X:-/}'}}\n",
        5,
        "name of a volume",
    ),
    (SERVICE + "   b: 1\n", 4, "indentation"),
    (SERVICE + "    image: again\n", 4, "stands twice"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_what_is_wrong_is_said_at_its_line(program: str, text: str, line: int, words: str) -> None:
    with pytest.raises(Wrong) as caught:
        asyncio.run(check(text, "shop", {}))
    first = caught.value.problems[0]
    assert (first.line, words in first.words) == (line, True), first


def test_a_stored_secret_stays_one_wherever_another_text_asks_for_it(program: str) -> None:
    text, given = SERVICE + "    labels: {x: 'the ${LICENSE}'}\n", {"LICENSE": "canary-1"}
    assert "x: the canary-1" in asyncio.run(_as_read(text, given))
    assert "x: the ••••••" in asyncio.run(_as_read(text, given, stored={"LICENSE"}))
    # So does an address that holds a password.
    address = {"LICENSE": "postgres://shop:canary-1@db/shop"}
    assert "x: the ••••••" in asyncio.run(_as_read(text, address))
    assert secret_values(text, address) == address
    with pytest.raises(Wrong) as caught:
        asyncio.run(check(text + "    ports: ['${LICENSE}:80']\n", "shop", given, stored={"LICENSE"}))
    assert "canary-1" not in f"{caught.value.problems}{caught.value.detail}"


async def _as_read(text: str, values: dict[str, str], **more: Any) -> str:
    return await as_read(await check(text, "shop", values, **more))


def test_power_over_the_machine_is_seen_as_in_the_form_of_one_container(program: str) -> None:
    text = SERVICE + "    privileged: true\n    pid: host\n    cap_add: [SYS_ADMIN]\n    devices: [/dev/kvm]\n"
    text += "    security_opt: ['apparmor:unconfined']\n    volumes: ['${WHERE}:/x', 'data:/d']\n"
    text += "volumes: {data: {driver_opts: {type: none, o: bind, device: /}}}\nnetworks: {default: {external: true, name: other}}\n"
    found = asyncio.run(check(text, "shop", {"WHERE": "/etc"}))
    powers = " ".join(project_powers(found.project))
    for words in ("privileged", "processes outside", "SYS_ADMIN", "devices", "security profile", "/etc", "its driver"):
        assert words in powers
    assert "network other" in " ".join(reaches_out("shop", found.project))
    harmless = asyncio.run(check(SERVICE + "    volumes: ['data:/d']\nvolumes: {data: }\n", "shop", {}))
    assert not project_powers(harmless.project)
    assert not reaches_out("shop", harmless.project)


@pytest.mark.parametrize("where", ["mem_limit: '${LICENSE}'", "ports: ['${LICENSE}:80']", "volumes: ['${LICENSE}']"])
def test_no_piece_of_a_secret_is_told_where_the_program_cannot_read_it(where: str) -> None:
    find_compose()
    asked = check(
        f"services: {{a: {{image: b, {where}}}}}", "shop", {"LICENSE": "7canary:hunter/x y"}, stored={"LICENSE"}
    )
    with pytest.raises(Wrong) as error:
        asyncio.run(asked)
    told = f"{error.value} {error.value.hint} {error.value.detail}"
    assert "canary" not in told
    assert "hunter" not in told
    assert error.value.problems[0].line == 1
