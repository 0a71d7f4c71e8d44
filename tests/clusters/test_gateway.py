"""The gateway: nothing reaches a cluster that was not decided and recorded first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError

from clusters import audit
from clusters.access import Actor
from clusters.drivers.base import LogOptions, LogSource
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused, Unreachable, Unrecorded
from clusters.gateway import Denied, Gateway
from clusters.kinds.base import Look
from clusters.kinds.panels import RAW
from clusters.models import AuditEntry
from tests.clusters.door import ADA, NORA, OTTO, VERA, gateway, rows, there, web  # noqa: F401
from tests.clusters.fakes import APP, PANEL, SECRETS, STOP, App, FakeConnections, copy

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_act_is_recorded_before_it_is_done_and_after(gateway: Gateway, there: FakeConnections) -> None:
    outcome = await gateway.act(OTTO, 1, APP, web(there), "stop", {})
    assert (outcome.words, outcome.undo) == ("web is stopped", ("start", {}))
    assert there.fake.calls == [("stop", "u1")]
    assert await rows() == [("intent", ""), ("outcome", "done")]
    assert (await AuditEntry.objects.afirst()).uid == "u1"


async def test_a_panel_is_told_what_whoever_asks_may_see(gateway: Gateway, there: FakeConnections) -> None:
    looks: list[Look] = []

    async def load(look: Look) -> dict[str, Any]:
        looks.append(look)
        return {}

    for actor in (OTTO, VERA):
        await gateway.read(actor, 1, APP, web(there), replace(PANEL, load=load))
    assert [[look.sees(place) for place in ("front", "back", None)] for look in looks] == [
        [True, False, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    ("actor", "verb", "uid", "known"),
    [
        (VERA, "stop", "u1", True),
        (NORA, "stop", "u1", False),
        (OTTO, "stop", "u2", False),
        (OTTO, "wipe", "u1", True),
        (OTTO, "run", "u1", True),
    ],
)
async def test_what_is_denied_is_recorded_and_never_reaches_the_cluster(
    gateway: Gateway, there: FakeConnections, actor: Actor, verb: str, uid: str, known: bool
) -> None:
    with pytest.raises(Denied) as denied:
        await gateway.act(actor, 1, APP, there.apps[uid], verb, {})
    assert denied.value.known is known
    assert there.fake.calls == []
    assert await rows() == [("denied", "")]


@pytest.mark.parametrize("powers", [[], ["uses the folder / of the machine"]])
async def test_what_a_resource_is_given_makes_an_action_on_it_a_matter_for_administrators(
    gateway: Gateway, there: FakeConnections, powers: list[str]
) -> None:
    async def given(driver: Any, one: App) -> list[str]:
        return powers

    kind = replace(APP, actions=(replace(STOP, powers=given),))
    await gateway.act(ADA, 1, kind, web(there), "stop", {})
    if not powers:
        await gateway.act(OTTO, 1, kind, web(there), "stop", {})
        return
    with pytest.raises(Denied, match="Only administrators may do that: it uses the folder / of the machine"):
        await gateway.act(OTTO, 1, kind, web(there), "stop", {})
    assert there.fake.calls == [("stop", "u1")]
    assert await rows() == [("intent", ""), ("outcome", "done"), ("denied", "")]


async def test_what_the_cluster_does_not_allow_to_our_account_never_reaches_it_and_is_recorded(
    gateway: Gateway, there: FakeConnections
) -> None:
    there.fake.may_not = {"patch"}
    with pytest.raises(Refused, match="This cluster's account may not change apps in front"):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    assert there.fake.calls == []
    assert await rows() == [("denied", "")]


async def test_a_cluster_that_does_not_say_what_it_allows_keeps_nobody_from_trying(
    gateway: Gateway, there: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clusters.gateway.BEFORE_ACTING", 0.01)
    there.fake.may_not, there.fake.says_after = {"patch"}, 60.0
    await gateway.act(ADA, 1, APP, web(there), "stop", {})
    assert there.fake.calls == [("stop", "u1")]


async def test_our_own_refusal_comes_first_so_that_nobody_learns_what_a_cluster_allows(
    gateway: Gateway, there: FakeConnections
) -> None:
    there.fake.may_not = {"patch"}
    with pytest.raises(Denied, match="not shared with you"):
        await gateway.act(NORA, 1, APP, web(there), "stop", {})


async def test_read_only_stops_administrators_too(settings: Any) -> None:
    there = FakeConnections(read_only=True)
    with pytest.raises(Denied, match="read-only"):
        await Gateway(there).act(ADA, 1, APP, web(there), "stop", {})
    settings.READ_ONLY = True
    open_one = FakeConnections()
    with pytest.raises(Denied, match="read-only"):
        await Gateway(open_one).act(ADA, 1, APP, web(open_one), "stop", {})
    assert there.fake.calls == open_one.fake.calls == []


async def test_without_an_audit_nothing_is_done(
    gateway: Gateway, there: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(audit, "_append", full)
    with pytest.raises(Unrecorded, match="not done"):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    assert there.fake.calls == []


async def test_a_decision_that_fails_is_a_no(
    gateway: Gateway, there: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("clusters.gateway.decide", broken)
    with pytest.raises(RuntimeError):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    with pytest.raises(RuntimeError):
        await gateway.read(ADA, 1, APP, web(there), PANEL)
    assert there.fake.calls == []


async def test_another_one_of_the_same_name_is_not_touched(gateway: Gateway, there: FakeConnections) -> None:
    shown = web(there)
    there.apps = {"u9": copy(shown, id="u9")}
    with pytest.raises(Conflict, match="replaced"):
        await gateway.act(ADA, 1, APP, shown, "stop", {})
    assert there.fake.calls == []


async def test_the_same_key_five_times_at_once_is_one_call(gateway: Gateway, there: FakeConnections) -> None:
    there.fake.takes = 0.05
    outcomes = await asyncio.gather(*(gateway.act(ADA, 1, APP, web(there), "stop", {}, key="k") for _ in range(5)))
    assert there.fake.calls == [("stop", "u1")]
    assert len({outcome.words for outcome in outcomes}) == 1
    await gateway.act(ADA, 1, APP, web(there), "stop", {}, key="another")
    assert len(there.fake.calls) == 2
    with pytest.raises(Invalid):
        await gateway.act(ADA, 1, APP, web(there), "wipe", {}, key="k")


async def test_who_leaves_before_the_end_does_not_stop_it(gateway: Gateway, there: FakeConnections) -> None:
    there.fake.takes = 0.05
    asked = asyncio.create_task(gateway.act(ADA, 1, APP, web(there), "stop", {}))
    while not there.fake.calls:
        await asyncio.sleep(0.005)
    asked.cancel()
    for _ in range(100):
        if (await rows())[-1:] == [("outcome", "done")]:
            break
        await asyncio.sleep(0.02)
    assert await rows() == [("intent", ""), ("outcome", "done")]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Unreachable("timed out"), "unknown"),
        (TimeoutError(), "unknown"),
        (Conflict("in use"), "failed"),
        (KeyError("x"), "unknown"),
    ],
)
async def test_the_outcome_that_is_recorded_is_the_truth(
    gateway: Gateway, there: FakeConnections, error: Exception, result: str
) -> None:
    there.fake.fails = error
    with pytest.raises(ClusterError):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    assert await rows() == [("intent", ""), ("outcome", result)]


async def test_a_request_that_certainly_never_left_has_failed(gateway: Gateway, there: FakeConnections) -> None:
    there.fake.fails = Unreachable("connection refused")
    there.fake.fails.sent = False
    with pytest.raises(Unreachable):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    assert (await rows())[-1] == ("outcome", "failed")


async def test_values_are_checked_and_typed_and_secret_ones_are_not_recorded(
    gateway: Gateway, there: FakeConnections
) -> None:
    for bad in ("", "ten", "-1", "10", "1e3", "9" * 40):
        with pytest.raises(Invalid, match="Copies"):
            await gateway.act(ADA, 1, APP, web(there), "scale", {"copies": bad})
    assert there.fake.calls == []
    await gateway.act(ADA, 1, APP, web(there), "scale", {"copies": "3", "token": "canary", "else": "x"})
    assert there.fake.calls == [("scale", 3)]
    assert "canary" not in str([row.detail async for row in AuditEntry.objects.all()])


async def test_what_makes_no_sense_now_is_said_and_not_done(gateway: Gateway, there: FakeConnections) -> None:
    there.apps["u1"] = copy(web(there), copies=0)
    with pytest.raises(Conflict, match="stopped already"):
        await gateway.act(ADA, 1, APP, web(there), "stop", {})
    with pytest.raises(Missing):
        await gateway.act(ADA, 1, APP, web(there), "explode", {})
    assert there.fake.calls == []


async def test_what_an_action_changes_elsewhere_must_be_ones_own_too(gateway: Gateway, there: FakeConnections) -> None:
    app = replace(APP, actions=(replace(STOP, changes_in=lambda app: ["back"]),))
    with pytest.raises(Denied, match="not shared with you") as refused:
        await gateway.act(OTTO, 1, app, web(there), "stop", {})
    assert "back" not in f"{refused.value.message}{refused.value.hint}"
    assert there.fake.calls == []
    assert await AuditEntry.objects.filter(actor="otto").aexists()
    await gateway.act(ADA, 1, app, web(there), "stop", {})
    assert there.fake.calls != []


async def test_a_panel_sees_only_what_its_reader_may_see(gateway: Gateway, there: FakeConnections) -> None:
    assert await gateway.read(VERA, 1, APP, web(there), PANEL) == {"others": ["web", "db"]}
    assert await gateway.read(OTTO, 1, APP, web(there), PANEL) == {"others": ["web"]}
    before = len(there.fake.calls)
    for actor, app in ((NORA, "u1"), (OTTO, "u2")):
        with pytest.raises(Denied):
            await gateway.read(actor, 1, APP, there.apps[app], PANEL)
    with pytest.raises(Denied):
        await gateway.read(OTTO, 1, APP, web(there), SECRETS)
    assert len(there.fake.calls) == before
    await gateway.read(ADA, 1, APP, web(there), SECRETS)
    assert ("outcome", "done") in await rows()


async def test_logs_and_raw_objects_are_decided_first(gateway: Gateway, there: FakeConnections) -> None:
    source = LogSource(there.apps["u2"], "app")
    assert [chunk.lines async for chunk in gateway.logs(VERA, 1, source, LogOptions())] == [[(0.0, "out", "hello")]]
    with pytest.raises(Missing, match="not shown as a whole"):
        await gateway.raw(ADA, 1, APP, web(there))
    app = replace(APP, panels=(RAW,))
    assert await gateway.raw(VERA, 1, app, web(there)) == {"name": "web"}
    there.fake.calls.clear()
    for actor in (NORA, OTTO):
        with pytest.raises(Denied):
            _ = [chunk async for chunk in gateway.logs(actor, 1, source, LogOptions())]
        with pytest.raises(Denied):
            await gateway.raw(actor, 1, app, there.apps["u2"])
    assert there.fake.calls == []


async def test_a_terminal_is_recorded_when_it_opens_and_when_it_closes(
    gateway: Gateway, there: FakeConnections, settings: Any
) -> None:
    source = LogSource(web(there), "app")
    with pytest.raises(Denied):
        await gateway.shell(VERA, 1, source)
    assert there.fake.calls == []
    shell = await gateway.shell(OTTO, 1, source)
    assert await shell.close() == await shell.close() == "exit 0"
    assert await rows() == [("denied", ""), ("intent", ""), ("outcome", "done")]
    settings.NO_TERMINAL = True
    with pytest.raises(Refused, match="switched off"):
        await gateway.shell(ADA, 1, source)
    assert len(there.fake.calls) == 1
