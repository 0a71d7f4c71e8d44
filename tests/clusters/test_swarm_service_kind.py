"""Services of a Swarm: how they are, in words, from what a real Swarm said of them."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level
from clusters.kinds.swarm.service_health import RECENT, SETTLED, progress
from clusters.kinds.swarm.service_model import tagged
from clusters.kinds.swarm.task_model import Resources
from clusters.kinds.swarm.task_words import placing_words
from tests.clusters.swarm_things import AT, judged, named, service, tasks_of


@pytest.fixture(autouse=True)
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment at which it was recorded."""
    monkeypatch.setattr(time, "time", lambda: AT)


def test_an_update_that_stopped_says_so_and_why_its_new_copy_failed() -> None:
    health = judged(service("shop_web"))
    assert (health.level, health.word) == (Level.AT_RISK, "Update paused")
    assert "2 of 3 copies run" in health.reason
    assert "Docker Hub does not answer" in health.reason


def test_why_an_update_stopped_is_said_as_long_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: AT + 3600)
    health = judged(service("shop_web"))
    assert (health.level, health.word) == (Level.AT_RISK, "Update paused")
    assert "2 of 3 copies run" in health.reason
    assert "Docker Hub does not answer" in health.reason


def test_a_service_whose_copies_end_again_and_again_is_crashing_with_the_reason() -> None:
    health = judged(service("sw-broken"))
    assert (health.level, health.word, health.code) == (Level.FAILING, "Crashing", "exit 3")
    assert "The program ended with an error" in health.reason


def test_it_is_still_crashing_in_the_moment_in_which_a_new_copy_is_up() -> None:
    one = service("sw-broken")
    tasks = tasks_of(one)
    up = msgspec.structs.replace(
        next(task for task in tasks if task.wanted),
        status=msgspec.structs.replace(tasks[0].status, state="running", err=None, timestamp=_at(AT - 1)),
        desired_state="running",
    )
    tasks = [up if task.uid == up.uid else task for task in tasks]
    now = msgspec.structs.replace(one, service_status=msgspec.structs.replace(one.service_status, running_tasks=1))
    assert judged(now, tasks).word == "Crashing"
    stays = msgspec.structs.replace(up, status=msgspec.structs.replace(up.status, timestamp=_at(AT - SETTLED - 1)))
    assert judged(now, [stays if task.uid == up.uid else task for task in tasks]).word == "Running"


def test_how_another_version_failed_says_nothing_of_the_one_that_is_asked_for_now() -> None:
    one = service("sw-broken")
    status = msgspec.structs.replace(tasks_of(one)[0].status, state="running", err=None, timestamp=_at(AT - 1))
    other = msgspec.structs.replace(one.template, force_update=one.template.force_update + 1)
    tasks = [
        msgspec.structs.replace(task, spec=other, status=status, desired_state="running") if task.wanted else task
        for task in tasks_of(one)
    ]
    spec = msgspec.structs.replace(one.spec, task_template=other)
    said = msgspec.structs.replace(one.service_status, running_tasks=1)
    now = msgspec.structs.replace(one, spec=spec, service_status=said)
    assert judged(now, tasks).word == "Running"


def test_failures_of_long_ago_are_no_trouble_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    one = service("sw-broken")
    monkeypatch.setattr(time, "time", lambda: AT + RECENT + 60)
    assert judged(one, tasks_of(one)).word == "Starting"


def _without_more(name: str, **status: Any) -> Any:
    """How it is when no place has a copy, nor gets one: the last task of each ended like that."""
    one = service(name)
    tasks = [
        msgspec.structs.replace(task, desired_state="shutdown", status=msgspec.structs.replace(task.status, **status))
        for task in tasks_of(one)
    ]
    desired = 0 if one.replicas is None else one.replicas
    said = msgspec.structs.replace(one.service_status, running_tasks=0, desired_tasks=desired)
    return judged(msgspec.structs.replace(one, service_status=said, update_status=None), tasks)


@pytest.mark.parametrize("name", ["sw-broken", "sw-each"])
def test_a_service_that_is_not_started_again_failed_or_finished(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its restarts are used up, or none were asked for: that stays so however long ago it was."""
    monkeypatch.setattr(time, "time", lambda: AT + 10 * RECENT)
    failed = _without_more(name, state="failed", err="task: non-zero exit (3)")
    assert (failed.level, failed.word) == (Level.FAILING, "Failed")
    assert "The program ended with an error" in failed.reason
    done = _without_more(name, state="complete", err=None)
    assert (done.level, done.word) == (Level.STOPPED, "Finished")


def test_a_service_that_fits_no_node_says_which_rule_and_how_many_nodes() -> None:
    health = judged(service("sw-nowhere"))
    assert (health.level, health.word) == (Level.FAILING, "Cannot be placed")
    assert health.reason == "0 of 1 copy runs. No node fits: 3 nodes do not match its placement rules."


def test_one_copy_on_each_node_and_a_job_that_is_done_are_told_as_what_they_are() -> None:
    each, once = service("sw-each"), service("sw-once")
    assert judged(each).level is Level.HEALTHY
    assert (each.replicas, each.desired) == (None, 3)
    assert (judged(once).level, judged(once).word) == (Level.STOPPED, "Finished")


def test_how_far_an_update_is_counts_the_new_copies_that_run() -> None:
    one = service("shop_web")
    assert progress(one, tasks_of(one)) == "0 of 3 copies are new"
    before = msgspec.structs.replace(one.spec, task_template=one.previous_spec.task_template)  # type: ignore[union-attr]
    assert progress(msgspec.structs.replace(one, spec=before), tasks_of(one)) == "2 of 3 copies are new"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "no suitable node (host-mode port already in use on 3 nodes; 1 node not available for new tasks)",
            "No node fits: 3 nodes have its port in use already and 1 node takes no new tasks",
        ),
        ("no suitable node (insufficient resources on 1 node)", "No node fits: 1 node has too little free for it"),
        ("no suitable node (something else on 2 nodes)", "No node fits: something else on 2 nodes"),
        ("no suitable node", "No node fits"),
    ],
)
def test_why_no_node_fits_is_told_in_words(said: str, words: str) -> None:
    assert placing_words(said) == words


@pytest.mark.parametrize(
    ("err", "word", "reason"),
    [
        (
            'starting container failed: OCI runtime create failed: exec: "no-such-cmd": '
            "executable file not found in $PATH",
            "Cannot start",
            "Its command no-such-cmd is not in the image",
        ),
        (
            'unable to start container process: error during container init: exec: "/bin/nothere": '
            "stat /bin/nothere: no such file or directory",
            "Cannot start",
            "Its command /bin/nothere is not in the image",
        ),
        (
            "task: non-zero exit (137)",
            "Failed",
            "It was killed: the memory of its node ran out, or somebody killed it",
        ),
        (
            'invalid mount config for type "bind": bind source path does not exist: /nope',
            "Cannot start",
            "The folder /nope is not on that node",
        ),
        ("task: non-zero exit (137): dockerexec: unhealthy container", "Unhealthy", "It failed its health check"),
        ("task: non-zero exit (3)", "Failed", "The program ended with an error"),
        ("No such image: shop/web:9", "No image", "There is no image shop/web:9"),
        ("something nobody knows\nand more", "Failed", "something nobody knows"),
        ("", "Failed", "Its node does not say why"),
    ],
)
def test_why_a_task_failed_is_told_in_words(err: str, word: str, reason: str) -> None:
    task = tasks_of(service("sw-broken"))[0]
    spec = msgspec.structs.replace(
        task.spec, container_spec=msgspec.structs.replace(task.spec.container, image="shop/web:9")
    )
    status = msgspec.structs.replace(task.status, state="failed", err=err, message="")
    failed = msgspec.structs.replace(task, spec=spec, status=status, desired_state="shutdown")
    health = named("task").health(failed)
    assert (health.level, health.word, health.reason) == (Level.STOPPED, word, reason)


def test_what_was_killed_names_its_limit_of_memory_and_a_removed_node_is_not_called_away() -> None:
    task = tasks_of(service("sw-broken"))[0]
    limited = msgspec.convert({"Limits": {"MemoryBytes": 12 << 20}}, Resources)
    status = msgspec.structs.replace(task.status, state="failed", err="task: non-zero exit (137)", message="")
    killed = msgspec.structs.replace(
        task, spec=msgspec.structs.replace(task.spec, resources=limited), status=status, desired_state="shutdown"
    )
    words = "It was killed: it wanted more memory than its limit of 12 MiB, or somebody killed it"
    assert named("task").health(killed).reason == words
    for said, reason in (("Task belonged to a node that has been deleted", "was removed"), ("", "was away")):
        gone = msgspec.structs.replace(task.status, state="orphaned", err="", message=said)
        assert reason in named("task").health(msgspec.structs.replace(killed, status=gone)).reason


def test_what_runs_on_a_node_that_is_not_heard_is_lost_and_not_called_running() -> None:
    task: Any = next(one for one in tasks_of(service("sw-each")) if one.running)
    lost = named("task").health(msgspec.structs.replace(task, node_state="down"))
    assert (lost.level, lost.word) == (Level.UNKNOWN, "Lost")


def test_a_digest_is_not_shown_where_there_is_a_tag() -> None:
    digest = "sha256:" + "0" * 64
    assert tagged(f"registry.test:5000/web:2@{digest}") == "registry.test:5000/web:2"
    assert tagged(f"registry.test:5000/web@{digest}") == f"registry.test:5000/web@{digest}"


def _at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def test_while_it_goes_back_the_version_that_it_leaves_is_told_as_the_reason() -> None:
    one = service("shop_web")
    tasks = tasks_of(one)
    before = next(task.spec for task in tasks if task.running)
    assert one.update_status
    back = msgspec.structs.replace(
        one,
        spec=msgspec.structs.replace(one.spec, task_template=before),
        update_status=msgspec.structs.replace(one.update_status, state="rollback_started"),
    )
    health = judged(back, tasks)
    assert (health.level, health.word) == (Level.AT_RISK, "Rolling back")
    assert health.reason.startswith(
        "Its new version failed: copies go back to what they were before. 2 of 3 copies run."
    )


def test_how_another_version_failed_in_its_place_says_nothing_of_a_copy() -> None:
    one = service("sw-broken")
    tasks = tasks_of(one)
    wanted = next(task for task in tasks if task.wanted)
    status = msgspec.structs.replace(wanted.status, state="running", err=None, timestamp=_at(AT - 1))
    mended = msgspec.structs.replace(wanted.spec, force_update=7)
    up = msgspec.structs.replace(wanted, status=status, desired_state="running", spec=mended)
    now = msgspec.structs.replace(
        one,
        spec=msgspec.structs.replace(one.spec, task_template=mended),
        service_status=msgspec.structs.replace(one.service_status, running_tasks=1),
    )
    assert judged(now, [up if task is wanted else task for task in tasks]).word == "Running"


def test_a_copy_that_its_managers_called_off_has_not_failed() -> None:
    one = service("shop_web")
    tasks = tasks_of(one)
    rejected = next(task for task in tasks if task.failed and not task.wanted)
    called_off = msgspec.structs.replace(rejected.status, err="Canceled: context canceled")
    health = named("task").health(msgspec.structs.replace(rejected, status=called_off))
    assert (health.level, health.word, health.reason) == (Level.STOPPED, "Stopped", "It was called off before it began")
