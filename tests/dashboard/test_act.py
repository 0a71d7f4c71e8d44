"""Acting from the page: the dialog says what will happen, and only what is allowed happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import OperationalError
from django.test import AsyncClient

from clusters.access import Actor
from clusters.errors import Conflict, Invalid, Unreachable
from clusters.models import AuditEntry
from dashboard.engine import engine
from dashboard.kept_undo import keep
from tests.clusters.fakes import App
from tests.dashboard.conftest import Fakes, marked
from tests.dashboard.test_matrix import same

pytestmark = pytest.mark.django_db(transaction=True)
ClientFor = Callable[[AbstractUser], AsyncClient]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def otto_client(async_client_for: ClientFor, otto: AbstractUser) -> AsyncClient:
    return async_client_for(otto)


async def stages() -> list[str]:
    return [row.stage async for row in AuditEntry.objects.exclude(verb__in=["sign in"]).order_by("id")]


async def test_the_dialog_says_what_will_happen_and_changes_nothing(fakes: Fakes, otto_client: AsyncClient) -> None:
    answer = await otto_client.get("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Stops web." in page
    assert page.lstrip().startswith("<dialog")
    assert fakes.calls == []


async def test_it_is_done_once_with_a_toast_that_can_undo_it(fakes: Fakes, otto_client: AsyncClient) -> None:
    asked = {"verb": "stop", "rows": fakes.row("shop", "u1"), "key": "a" * 32}
    answers = await asyncio.gather(*(otto_client.post("/act/", asked, headers=HTMX) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    toast = json.loads(answers[0]["HX-Trigger"])["toast"]
    assert toast["words"] == "web is stopped"
    assert toast["undo"] == {"verb": "start", "rows": fakes.row("shop", "u1"), "values": {}}
    assert fakes.calls == [("stop", "u1")]
    assert await stages() == ["intent", "outcome"]


async def test_a_bulk_act_is_done_to_all_of_them(fakes: Fakes, otto_client: AsyncClient) -> None:
    rows = f"{fakes.row('shop', 'u1')},{fakes.row('shop', 'u2')}"
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": rows}, headers=HTMX)
    assert json.loads(answer["HX-Trigger"])["toast"]["words"] == "Stop: 2 done"
    assert sorted(fakes.calls) == [("stop", "u1"), ("stop", "u2")]


async def test_one_that_is_not_shared_refuses_the_whole_bulk(fakes: Fakes, otto_client: AsyncClient) -> None:
    rows = f"{fakes.row('shop', 'u1')},{fakes.row('vault', 'u2')}"
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": rows}, headers=HTMX)
    assert answer.status_code == 404
    assert b"Vault" not in answer.content
    assert fakes.calls == []


async def test_what_is_foreign_and_what_never_was_look_the_same(fakes: Fakes, otto_client: AsyncClient) -> None:
    foreign, never = fakes.row("vault", "u1"), fakes.row("shop", "u77")
    answers = [await otto_client.post("/act/", {"verb": "stop", "rows": row}, headers=HTMX) for row in (foreign, never)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert same(answers[0].content) == same(answers[1].content)


async def test_a_viewer_is_refused_and_that_is_recorded(
    fakes: Fakes, async_client_for: ClientFor, vera: AbstractUser
) -> None:
    for send in (async_client_for(vera).get, async_client_for(vera).post):
        answer = await send("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
        assert answer.status_code == 403
    assert fakes.calls == []
    assert set(await stages()) == {"denied"}


async def test_fields_are_checked_and_shown_again_with_what_is_wrong(fakes: Fakes, otto_client: AsyncClient) -> None:
    asked = {"verb": "scale", "rows": fakes.row("shop", "u1")}
    for copies in ("", "-1", "99", "x", "1e9"):
        answer = await otto_client.post("/act/", {**asked, "copies": copies}, headers=HTMX)
        assert answer.status_code == 422
        assert b"Copies" in answer.content
    assert fakes.calls == []
    assert (await otto_client.post("/act/", {**asked, "copies": "4"}, headers=HTMX)).status_code == 204
    assert fakes.calls == [("scale", 4)]


async def test_what_a_cluster_refuses_of_a_field_is_said_beside_it_and_can_be_mended(
    fakes: Fakes, otto_client: AsyncClient
) -> None:
    asked = {"verb": "scale", "rows": fakes.row("shop", "u1"), "copies": "3", "token": "geheim", "key": "a" * 32}
    fakes.drivers["shop"].fails = Invalid("That is not the token.", hint="Look again.", field="token")
    answer = await otto_client.post("/act/", asked, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<span>That is not the token. Look again.</span>" in page
    assert 'data-secret hx-preserve="true" id="field-token"' in page, "what was typed stays in the form"
    assert "geheim" not in page
    key = page.partition('name="key" value="')[2].partition('"')[0]
    assert key not in ("", asked["key"]), "to send it again is another request"
    fakes.drivers["shop"].fails = None
    assert (await otto_client.post("/act/", {**asked, "key": key, "token": "right"}, headers=HTMX)).status_code == 204


async def test_a_production_cluster_asks_for_the_name_before_what_cannot_be_undone(
    fakes: Fakes, async_client_for: ClientFor, ada: AbstractUser
) -> None:
    await marked(fakes, production=True)
    client, asked = async_client_for(ada), {"verb": "wipe", "rows": fakes.row("shop", "u1")}
    dialog = await client.get("/act/", asked, headers=HTMX)
    assert b'data-must-equal="web"' in dialog.content
    for typed in ({}, {"typed": "Web"}, {"typed": "db"}):
        assert (await client.post("/act/", {**asked, **typed}, headers=HTMX)).status_code == 422
    assert fakes.calls == []
    assert (await client.post("/act/", {**asked, "typed": "web"}, headers=HTMX)).status_code == 204
    assert fakes.calls == [("stop", "u1")]


async def test_on_a_read_only_cluster_nobody_acts(fakes: Fakes, async_client_for: ClientFor, ada: AbstractUser) -> None:
    await marked(fakes, read_only=True)
    answer = await async_client_for(ada).post("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    assert answer.status_code == 403
    assert fakes.calls == []


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Conflict("It is in use by db.", hint="Stop db first."), 409, "Stop db first."),
        (Unreachable("timed out"), 200, "nobody knows whether it was done"),
    ],
)
async def test_what_went_wrong_is_said_in_the_dialog(
    fakes: Fakes, otto_client: AsyncClient, error: Exception, status: int, words: str
) -> None:
    fakes.drivers["shop"].fails = error
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    assert answer.status_code == status
    said = answer.content.decode()
    assert words in said
    assert ("not done" in said) is isinstance(error, Conflict), "who does not know says neither"


async def test_a_bulk_act_says_what_happened_to_each(fakes: Fakes, otto_client: AsyncClient) -> None:
    fakes.drivers["shop"].fails = Conflict("In use.")
    rows = f"{fakes.row('shop', 'u1')},{fakes.row('shop', 'u2')}"
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": rows}, headers=HTMX)
    assert "2 of 2 failed" in answer.content.decode()


@pytest.mark.parametrize(
    "rows", ["", "x", "1~app", "~~", "1~app~u1~" * 60, "99999999999999999999~app~u1", "1~../x~u1", "\0"]
)
async def test_rows_that_are_no_rows_are_not_found(fakes: Fakes, otto_client: AsyncClient, rows: str) -> None:
    for send in (otto_client.get, otto_client.post):
        assert (await send("/act/", {"verb": "stop", "rows": rows}, headers=HTMX)).status_code == 404
    assert fakes.calls == []


async def test_what_is_refused_is_decided_for_every_row_and_asked_once_of_each_place(
    fakes: Fakes, otto_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = {f"a{number}": App(id=f"a{number}", title=f"a{number}", space="front") for number in range(60)}
    fakes.drivers["shop"].apps.update(many)
    asked: list[tuple[str, str]] = []

    async def refused_there(actor: Any, cluster_id: int, kind: Any, resource: Any, action: Any, **more: Any) -> str:
        asked.append((action.verb, resource.namespace))
        return "The cluster does not allow it." if resource.namespace == "front" else ""

    monkeypatch.setattr(engine.gateway, "refused_there", refused_there)
    front = [fakes.row("shop", uid) for uid in many]
    refused = (await otto_client.get("/act/refused/", {"rows": ",".join(front)})).json()["refused"]
    assert refused["stop"] == "The cluster does not allow it."
    assert len(asked) == len(set(asked))
    also = ",".join((*front, fakes.row("shop", "u2")))  # beyond the first of them, one that may be stopped
    assert "stop" not in (await otto_client.get("/act/refused/", {"rows": also})).json()["refused"]


async def test_an_unknown_verb_is_not_found(fakes: Fakes, otto_client: AsyncClient) -> None:
    answer = await otto_client.post("/act/", {"verb": "explode", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    assert answer.status_code == 404


async def test_without_scripts_the_dialog_is_a_page(fakes: Fakes, otto_client: AsyncClient) -> None:
    answer = await otto_client.get("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")})
    assert b"<dialog" in answer.content
    assert b"<!doctype html>" in answer.content


async def test_while_it_is_filled_in_the_dialog_says_what_would_happen(fakes: Fakes, otto_client: AsyncClient) -> None:
    asked = {"verb": "scale", "rows": fakes.row("shop", "u1"), "copies": "5"}
    page = (await otto_client.post("/act/?part=plan", asked, headers=HTMX)).content.decode()
    assert page.lstrip().startswith('<div id="confirm-plan"')
    assert "scale web --replicas=5" in page
    assert "5 copies of web" in page
    wrong = (await otto_client.post("/act/?part=plan", asked | {"copies": "77"}, headers=HTMX)).content.decode()
    assert "Copies must be at most 9." in wrong
    assert "--replicas" not in wrong
    assert fakes.calls == []
    assert await stages() == []


async def test_what_undoes_it_is_left_out_of_a_header_that_would_be_too_long(
    fakes: Fakes, otto_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.act.LONGEST_UNDO", 10)
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert (toast["undo"], toast["words"]) == (None, "web is stopped. It is too long to be undone from here.")


async def test_what_undoes_it_is_kept_here_for_who_did_it_where_it_is_long(
    fakes: Fakes, otto: AbstractUser, ada: AbstractUser, async_client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.act.LONGEST_VALUES", 1)
    client, rows = async_client_for(otto), fakes.row("shop", "u1")
    stopped = await client.post("/act/", {"verb": "stop", "rows": rows}, headers=HTMX)
    assert set(json.loads(stopped["HX-Trigger"])["toast"]["undo"]["values"]) == {"undo"}
    kept = await keep(Actor(otto.pk, "otto"), {"copies": "4"}) or {}
    back, calls = {"verb": "scale", "rows": rows, **kept}, len(fakes.calls)
    for one, asked in ((async_client_for(ada), back), (client, back | {"undo": "0" * 32})):
        answer = await one.post("/act/", asked, headers=HTMX)
        assert (answer.status_code, "can no longer be undone here" in answer.content.decode()) == (404, True)
    assert len(fakes.calls) == calls
    assert (await client.post("/act/", back, headers=HTMX)).status_code == 204
    assert fakes.calls[calls:] == [("scale", 4)]


@pytest.mark.parametrize("fault", [OperationalError("no such line"), None], ids=["not there", "full"])
async def test_what_was_done_is_told_also_where_what_undoes_it_cannot_be_kept(
    fakes: Fakes, otto_client: AsyncClient, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    monkeypatch.setattr("dashboard.views.act.LONGEST_VALUES", 1)
    monkeypatch.setattr("dashboard.kept_undo.cache.aset", AsyncMock(side_effect=fault))
    answer = await otto_client.post("/act/", {"verb": "stop", "rows": fakes.row("shop", "u1")}, headers=HTMX)
    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert (answer.status_code, toast["undo"]) == (204, None)
    assert toast["words"].endswith("It is too long to be undone from here.")


async def test_a_viewer_is_told_nothing_of_what_an_act_would_do(
    fakes: Fakes, vera: AbstractUser, async_client_for: ClientFor
) -> None:
    asked = {"verb": "scale", "rows": fakes.row("shop", "u1"), "copies": "5"}
    assert (await async_client_for(vera).post("/act/?part=plan", asked, headers=HTMX)).status_code == 403


async def test_a_cluster_that_cannot_be_asked_first_leaves_the_dialog_with_what_is_known(
    fakes: Fakes, otto_client: AsyncClient
) -> None:
    fakes.drivers["shop"].fails = Unreachable("It does not answer.")
    asked = {"verb": "look-ahead", "rows": fakes.row("shop", "u1")}
    page = (await otto_client.get("/act/", asked, headers=HTMX)).content.decode()
    assert "Puts web back." in page
    assert "What differs could not be asked: It does not answer." in page


async def test_the_dialog_says_how_old_it_is_when_the_cluster_does_not_answer(
    fakes: Fakes, otto_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"verb": "stop", "rows": fakes.row("shop", "u1")}
    said = "does not answer: what is said here is less than a minute old. It is tried all the same."
    assert said not in (await otto_client.get("/act/", asked, headers=HTMX)).content.decode()
    monkeypatch.setattr(engine.supervisor.connections[fakes.shop.pk].contact, "state", lambda now: "stale")
    assert said in (await otto_client.get("/act/", asked, headers=HTMX)).content.decode()


async def test_choices_that_a_field_has_for_one_resource_are_in_its_dialog(
    fakes: Fakes, otto_client: AsyncClient
) -> None:
    asked = {"verb": "look-ahead", "rows": fakes.row("shop", "u1")}
    page = (await otto_client.get("/act/", asked, headers=HTMX)).content.decode()
    assert '<option value="2" selected>2 · web:2</option>' in page
    assert "Puts web back to version 2." in page
    assert "<td>fast</td><td>–</td>" in page
