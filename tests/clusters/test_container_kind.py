"""Containers in plain words: how they are and why, what a page shows, what may be done, and no secret anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.template.loader import render_to_string

from clusters.drivers.base import Call
from clusters.drivers.docker.watch import versioned
from clusters.kinds.base import Level, Look
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.container_panels import checks, overview
from clusters.kinds.docker.start_words import start_words
from clusters.kinds.masking import MASK, mask_pair, mask_words, masked
from clusters.kinds.panels import RAW
from tests.clusters.fakes import all_shared

RECORDED = sorted((Path(__file__).parent.parent / "recorded" / "docker").glob("container-*.json"))
SECRETS = ("hunter2", "s3cret")


def container(status: str = "running", **state: Any) -> Container:
    """A container in that state."""
    tree = {"Id": "c0ffee", "Name": "/web", "Created": "2026-11-24T01:00:00Z", "Config": state.pop("Config", {})}
    host, count = state.pop("HostConfig", {}), state.pop("RestartCount", 0)
    tree |= {"HostConfig": host, "RestartCount": count, "State": {"Status": status, **state}}
    found = versioned(msgspec.json.encode(tree), Container)
    assert isinstance(found, Container)
    return found


def _check(status: str, *codes: int) -> dict[str, Any]:
    ended = "2026-11-24T01:00:01Z"
    log = [{"Start": "", "End": ended, "ExitCode": code, "Output": f"code {code}\nmore"} for code in codes]
    return {"Status": status, "FailingStreak": len(codes), "Log": log}


@pytest.mark.parametrize(
    ("one", "level", "word", "reason"),
    [
        (container(), Level.HEALTHY, "Running", ""),
        (container(Health=_check("healthy", 0)), Level.HEALTHY, "Healthy", ""),
        (container(Health=_check("starting")), Level.CHANGING, "Starting", "has not passed yet"),
        (container(Health=_check("unhealthy", 1, 1)), Level.FAILING, "Unhealthy", "failed 2 times in a row: code 1"),
        (container(Health={"Status": "none"}), Level.HEALTHY, "Running", ""),
        (container("paused"), Level.PAUSED, "Paused", "Frozen"),
        (container("restarting", ExitCode=1, RestartCount=7), Level.FAILING, "Restarting", "(7 restarts so far)"),
        (container("exited"), Level.STOPPED, "Finished", "did its work"),
        (container("exited", ExitCode=1), Level.FAILING, "Failed", "ended with an error"),
        (container("exited", ExitCode=137, OOMKilled=True), Level.FAILING, "Out of memory", "more memory than it may"),
        (container("exited", ExitCode=137), Level.STOPPED, "Stopped", "killed"),
        (container("exited", ExitCode=143), Level.STOPPED, "Stopped", "asked to stop"),
        (container("exited", ExitCode=139), Level.FAILING, "Failed", "segmentation fault"),
        (container("exited", ExitCode=152), Level.FAILING, "Failed", "signal 24"),
        (container("exited", ExitCode=127, Error="exec: not found"), Level.FAILING, "Cannot start", "exec: not found"),
        (container("created"), Level.STOPPED, "Never started", "not started yet"),
        (container("created", Error="port is taken"), Level.FAILING, "Cannot start", "port is taken"),
        (container("removing"), Level.CHANGING, "Being removed", ""),
        (container("dead"), Level.FAILING, "Half removed", ""),
        (container("hibernating"), Level.UNKNOWN, "Unknown", ""),
        (container(""), Level.UNKNOWN, "Unknown", ""),
    ],
)
def test_each_state_has_its_word_and_its_reason(one: Container, level: Level, word: str, reason: str) -> None:
    health = CONTAINER.health(one)
    assert (health.level, health.word) == (level, word)
    assert reason in health.reason
    assert not health.reason.endswith(".")


@pytest.mark.parametrize(
    ("times", "up", "down", "level", "words"),
    [
        (1, 5, 1, Level.HEALTHY, ""),  # once is bad luck
        (2, 5, 1, Level.FAILING, "It ends and is started again (2 restarts so far)"),
        (2, 90, 1, Level.HEALTHY, ""),
        (7, 90, 1, Level.AT_RISK, "It runs again after an end (7 restarts so far)"),
        (7, 700, 1, Level.HEALTHY, ""),
        (7, 5, 3600, Level.HEALTHY, ""),  # somebody started it by hand
    ],
)
def test_one_that_is_up_between_two_ends_is_not_well(times: int, up: int, down: int, level: Level, words: str) -> None:
    started = datetime.now(UTC) - timedelta(seconds=up)
    ended = started - timedelta(seconds=down)
    one = container(RestartCount=times, StartedAt=started.isoformat(), FinishedAt=ended.isoformat())
    health = CONTAINER.health(one)
    assert (health.level, health.reason) == (level, words)


def test_the_technical_term_stands_beside_the_words() -> None:
    assert CONTAINER.health(container("exited", ExitCode=137, OOMKilled=True)).code == "exit 137 · OOMKilled"


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> bytes:
    """What an engine really answered."""
    data: bytes = request.param.read_bytes()
    return data


def read(data: bytes) -> Container:
    found = versioned(data, Container)
    assert isinstance(found, Container)
    return found


def test_a_real_one_fills_every_column(recorded: bytes) -> None:
    one = read(recorded)
    cells = {column.key: column.value(one) for column in CONTAINER.columns}
    assert cells["name"] == ["shop-web-1", "busybox"]
    assert (CONTAINER.health(one).level.name, CONTAINER.health(one).word) == ("FAILING", "Unhealthy")
    assert cells["ports"] == ["127.0.0.1:18080→80", "18443→443"]
    assert (one.cpu_limit, one.memory_limit) == (0.5, float(64 << 20))
    assert cells["project"] == one.namespace == "shop"
    assert cells["started"] > cells["created"] > 1.7e9
    for column in CONTAINER.columns:
        if column.sort:
            assert column.sort(one) == column.sort(read(recorded))
    assert CONTAINER.key(one) == "shop/shop-web-1"


def test_a_real_ones_page_renders_and_hides_every_secret(recorded: bytes) -> None:
    one = read(recorded)
    pages = [
        render_to_string("panels/container_overview.html", {"data": overview(one)}),
        render_to_string("panels/container_checks.html", {"data": {"checks": checks(one), "status": "", "streak": 0}}),
    ]
    assert "COLOUR" in pages[0]
    assert "green" in pages[0]
    assert "unless somebody stopped it" in pages[0]
    assert "all is well" in pages[1]
    for page in pages:
        assert not any(secret in page for secret in SECRETS)
    assert not any(secret in repr(one) for secret in SECRETS)


async def test_the_raw_object_hides_every_secret(recorded: bytes) -> None:
    class Engine:
        async def get(self, kind: Any, namespace: str, name: str) -> dict[str, Any]:
            tree: dict[str, Any] = msgspec.json.decode(recorded)
            return tree

    async def related(kind: str) -> list[Any]:
        return []

    engine: Any = Engine()
    look = Look(cluster_id=1, kind=CONTAINER, resource=read(recorded), driver=engine, related=related, sees=all_shared)
    assert RAW.load is not None
    shown = await RAW.load(look)
    assert '"COLOUR=green"' in shown["text"]
    assert not any(secret in shown["text"] for secret in SECRETS)
    assert "hunter2" not in render_to_string("panels/raw.html", {"data": shown})


@pytest.mark.parametrize(
    ("pair", "shown"),
    [
        ("DB_PASSWORD=x", f"DB_PASSWORD={MASK}"),
        ("api_key=x", f"api_key={MASK}"),
        ("GITHUB_TOKEN=x", f"GITHUB_TOKEN={MASK}"),
        ("AWS_SECRET_ACCESS_KEY=x", f"AWS_SECRET_ACCESS_KEY={MASK}"),
        ("URL=redis://:pw@cache:6379/0", f"URL=redis://:{MASK}@cache:6379/0"),
        ("URL=https://example.com/a?b=c", "URL=https://example.com/a?b=c"),
        ("PASSWORD=", "PASSWORD="),
        ("PATH=/usr/bin", "PATH=/usr/bin"),
        ("PWD=/srv", "PWD=/srv"),
        ("KEYBOARD=de", "KEYBOARD=de"),
        ("AUTHOR=ada", "AUTHOR=ada"),
        ("no equals sign", "no equals sign"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(pair: str, shown: str) -> None:
    assert mask_pair(pair) == shown


def test_secrets_on_a_command_line_are_hidden() -> None:
    words = ["app", "--password", "x", "--token=y", "--port", "80", "-v", "postgres://a:b@c/d"]
    shown = ["app", "--password", MASK, f"--token={MASK}", "--port", "80", "-v", f"postgres://a:{MASK}@c/d"]
    assert mask_words(words) == shown
    assert masked({"Config": {"Cmd": ["--secret", "x"]}}) == {"Config": {"Cmd": ["--secret", MASK]}}


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        ({"secretKeyRef": {"name": "shop", "key": "API_TOKEN"}}, True),
        ({"tolerations": [{"key": "dedicated", "effect": "NoSchedule"}]}, True),
        ({"matchExpressions": [{"key": "example.com/tier", "operator": "Exists"}]}, True),
        ({"items": [{"key": "tls.key", "path": "server.key"}]}, True),
        ({"secretKeyRef": {"key": "-----BEGIN PRIVATE KEY-----"}}, False),
        ({"data": {"path": "/hook", "key": "hunter2"}}, False),
        ({"items": [{"key": "hunter2", "path": "/x", "user": "ada"}]}, False),
        ({"provider": {"name": "dns", "key": "hunter2"}}, False),
    ],
)
def test_a_key_that_only_names_something_is_shown(tree: dict[str, Any], seen: bool) -> None:
    assert (MASK not in repr(masked(tree))) is seen


def test_the_version_changes_with_what_is_shown_and_with_nothing_else() -> None:
    assert container().version == container().version
    assert container().version != container("paused").version
    assert container().version == container(Nonsense=1).version


@pytest.mark.parametrize(
    ("verb", "status", "refused"),
    [
        ("start", "running", "runs already"),
        ("start", "exited", ""),
        ("stop", "exited", "does not run"),
        ("stop", "running", ""),
        ("pause", "exited", "Only what runs"),
        ("unpause", "running", "not paused"),
        ("unpause", "paused", ""),
        ("start", "paused", "go on instead"),
        ("remove", "exited", ""),
        ("remove", "removing", "already"),
        ("restart", "exited", ""),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(verb: str, status: str, refused: str) -> None:
    action = CONTAINER.action(verb)
    assert action is not None
    assert action.refuse is not None
    said = action.refuse(container(status))
    assert bool(said) == bool(refused)
    assert refused in said


async def test_removing_asks_for_what_was_ticked_and_says_the_same_line() -> None:
    calls: list[Call] = []

    class Engine:
        async def call(self, call: Call) -> None:
            calls.append(call)

    remove, one = CONTAINER.action("remove"), container("exited")
    assert remove is not None
    assert remove.line is not None
    await remove.run(Engine(), one, {"volumes": True, "force": False})  # type: ignore[arg-type]
    assert (calls[0].method, calls[0].path, dict(calls[0].query)) == ("DELETE", ("containers", "c0ffee"), {"v": "true"})
    assert remove.line(one, {"volumes": True}) == "docker rm --volumes web"
    assert remove.danger


def test_what_an_orchestrator_runs_is_no_workload_of_its_own() -> None:
    workload = CONTAINER.workload
    assert workload is not None
    assert workload.counts is not None
    assert workload.counts(container())
    for label in ("com.docker.swarm.task.id", "io.kubernetes.pod.name"):
        assert not workload.counts(container(Config={"Labels": {label: "x"}}))
    assert workload.copies(container()) == (1, 1, 0)
    assert workload.copies(container("exited")) == (0, 0, 0), "nobody asks for it to run now"
    assert workload.copies(container("restarting")) == (0, 1, 1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "driver failed programming external connectivity on endpoint web (d6d4): Bind for 0.0.0.0:18117 failed: "
            "port is already allocated",
            "Port 18117 of the machine is taken already",
        ),
        ("listen tcp4 0.0.0.0:22: bind: address already in use", "Port 22 of the machine is taken already"),
        ('runc: exec: "nope": executable file not found in $PATH: unknown', "Its command nope is not in the image"),
        ("write /x: no space left on device", "The disk of the host is full"),
        ("network 4f1c not found", "The network 4f1c is not there any more"),
        ("something\nof its own", "something"),
    ],
)
def test_why_a_container_cannot_start_is_told_in_words(said: str, words: str) -> None:
    assert start_words(said) == words
