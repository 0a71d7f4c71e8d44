"""Is it still you: whoever signed in a while ago is asked again before a sensitive change, and loses nothing by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpResponse
from django.test import AsyncClient, Client

from clusters import kinds
from clusters.kinds.base import Panel, Role
from clusters.models import AuditEntry, Cluster
from dashboard.confirm import KEY, PASSKEY, PASSWORD
from tests.clusters.fakes import APP
from tests.conftest import PASSWORD as RIGHT
from tests.dashboard.conftest import Fakes

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
LONG_AGO = 15 * 60 + 1


@pytest.fixture
def stale(client_for: ClientFor, ada: User) -> Client:
    """Ada, who signed in more than fifteen minutes ago."""
    cache.clear()
    client = client_for(ada)
    age(client, LONG_AGO)
    return client


def age(client: Client, seconds: float) -> None:
    session = client.session
    session[KEY] = time.time() - seconds
    session.save()


def asks(answer: HttpResponse) -> bool:
    return b"Is it still you?" in answer.content


def test_shortly_after_signing_in_nothing_is_asked(client_for: ClientFor, ada: User) -> None:
    client = client_for(ada)
    age(client, LONG_AGO - 120)
    assert client.post("/people/add/", {"name": "grace", "password": ""}).status_code == 302


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/people/add/", {"name": "grace"}),
        ("/people/{}/grant/", {"role": "3"}),
        ("/people/{}/revoke/1/", {}),
        ("/people/{}/switch/", {"on": "0"}),
        ("/people/{}/link/", {}),
        ("/people/{}/remove/", {}),
        ("/clusters/connect/", {"driver": "demo", "name": "Show", "shape": "docker", "seed": "3"}),
        ("/clusters/connect/take/", {"offer": "x"}),
        ("/clusters/connect/paste/", {"kubeconfig": "x"}),
        ("/clusters/shop/edit/", {"name": "Other"}),
        ("/clusters/shop/remove/", {}),
        ("/account/2fa/recovery-codes/generate/", {}),
        ("/account/2fa/totp/activate/", {"code": "000000"}),
    ],
)
def test_every_sensitive_change_asks_first_and_does_nothing(
    stale: Client, vera: User, path: str, given: dict[str, str]
) -> None:
    before = AuditEntry.objects.count()
    answer = stale.post(path.format(vera.pk), given)
    assert answer.status_code == 403
    assert asks(answer)
    assert AuditEntry.objects.count() == before
    assert (User.objects.count(), Cluster.objects.count()) == (2, 1)


@pytest.mark.parametrize(
    "path",
    ["totp/activate/", "recovery-codes/", "recovery-codes/download/", "recovery-codes/generate/", "webauthn/add/"],
)
def test_secrets_of_the_second_factor_are_shown_only_after_asking(stale: Client, path: str) -> None:
    where = f"/account/2fa/{path}"
    answer = stale.get(where)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/confirm/?next={where.replace('/', '%2F')}")
    assert asks(stale.get(answer["Location"]))
    after = stale.post("/account/confirm/", {"next": where, PASSWORD: RIGHT})
    assert (after.status_code, after["Location"]) == (302, where)
    assert stale.get(where).status_code in {200, 302, 404}


def test_what_was_filled_in_goes_on_after_the_right_password(stale: Client, vera: User, shop: Cluster) -> None:
    given = {"role": "2", "cluster": shop.pk, "namespaces": 'front "back"', "rights": ["exec", "run"]}
    page = stale.post(f"/people/{vera.pk}/grant/", given).content.decode()
    assert 'name="namespaces" value="front &quot;back&quot;"' in page
    assert page.count('name="rights"') >= 2
    assert stale.post(f"/people/{vera.pk}/grant/", {**given, "namespaces": "front", PASSWORD: RIGHT}).status_code == 302
    grant = vera.grants.get(role=Role.OPERATOR)
    assert (grant.namespaces, sorted(grant.rights)) == (["front"], ["exec", "run"])
    assert list(AuditEntry.objects.order_by("-id").values_list("verb", flat=True)[:2]) == ["grant", "confirm"]
    assert RIGHT not in str(list(AuditEntry.objects.values()))


def test_a_wrong_password_is_said_counted_and_recorded(stale: Client) -> None:
    given = {"name": "grace", PASSWORD: "wrong"}
    answers = [stale.post("/people/add/", given) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 5
    assert b"This is not your password." in answers[0].content
    assert b"wrong" not in answers[0].content
    assert stale.post("/people/add/", {**given, PASSWORD: RIGHT}).status_code == 429
    assert AuditEntry.objects.filter(stage="denied", verb="confirm", actor="ada").count() == 5
    assert not User.objects.filter(username="grace").exists()


def test_somebody_elses_password_and_somebody_elses_name_do_not_help(stale: Client, vera: User) -> None:
    vera.set_password("another fine password")
    vera.save()
    answer = stale.post(
        "/people/add/", {"name": "grace", "username": "vera", "login": "vera", PASSWORD: "another fine password"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "answer", ["", "x", "[]", "{}", "5", '{"response": 1}', '{"response": {"clientDataJSON": "e30"}}']
)
def test_a_passkey_that_makes_no_sense_is_refused_in_words(stale: Client, answer: str) -> None:
    refused = stale.post("/people/add/", {"name": "grace", PASSKEY: answer})
    assert refused.status_code == 422
    assert asks(refused)


@pytest.mark.parametrize("value", [0, -1, 1e18, "x", None, [1]])
def test_a_session_that_does_not_say_when_is_asked(client_for: ClientFor, ada: User, value: Any) -> None:
    client = client_for(ada)
    session = client.session
    session[KEY] = value
    session.save()
    assert asks(client.post("/people/add/", {"name": "grace"}))


def test_scripts_hear_where_to_ask(stale: Client) -> None:
    answer = stale.post("/people/add/", {"name": "grace"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["X-Confirm"]) == (403, "/account/confirm/")
    dialog = stale.get("/account/confirm/", headers={"HX-Request": "true"})
    assert b"<dialog" in dialog.content
    assert stale.post("/account/confirm/", {PASSWORD: "no"}, headers={"HX-Request": "true"}).status_code == 422
    assert stale.post("/account/confirm/", {PASSWORD: RIGHT}, headers={"HX-Request": "true"}).status_code == 204
    assert stale.post("/people/add/", {"name": "grace"}, headers={"HX-Request": "true"}).status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\\\\evil", "http:evil", "x", "",
     "/%0d%0aSet-Cookie:a=b", "https://127.0.0.1:8000.evil.example/"],
)  # fmt: skip
def test_it_leads_nowhere_else(stale: Client, target: str) -> None:
    answer = stale.post("/account/confirm/", {"next": target, PASSWORD: RIGHT})
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))
    assert "Set-Cookie:a" not in answer["Location"].replace("%0d%0a", "") or answer["Location"] == target
    assert "evil.example" not in answer["Location"]


def test_without_the_token_of_our_page_nothing_is_even_asked(ada: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1:8000"})
    client.force_login(ada)
    answer = client.post("/people/add/", {"name": "grace", PASSWORD: RIGHT})
    assert (answer.status_code, asks(answer)) == (403, False)
    assert not AuditEntry.objects.filter(verb="confirm").exists()


def test_who_may_not_do_it_is_not_asked(client_for: ClientFor, vera: User) -> None:
    client = client_for(vera)
    age(client, LONG_AGO)
    answer = client.post("/people/add/", {"name": "grace", PASSWORD: RIGHT})
    assert (answer.status_code, asks(answer)) == (403, False)


@pytest.mark.django_db(transaction=True)
async def test_values_of_secrets_are_shown_only_after_asking(
    fakes: Fakes, async_client_for: Callable[[User], AsyncClient], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load(look: Any) -> dict[str, Any]:
        return {"facts": [("value", "hidden treasure")]}

    panel: Panel[Any] = Panel(key="values", label="Values", icon="eye", template="facts", load=load, right="reveal")
    kind = replace(APP, panels=(*APP.panels, panel))
    store = next(one for one in fakes_stores(fakes) if one.kind.name == "app")
    monkeypatch.setattr(store, "kind", kind)
    monkeypatch.setitem(kinds.KINDS, "docker", (kind,))
    client = async_client_for(ada)
    await sync_to_async(age)(client, LONG_AGO)
    where = "/clusters/shop/app/front/web/?panel=values"
    assert (await client.get(f"{where}&part=panel", headers={"HX-Request": "true"})).headers["X-Confirm"]
    assert (await client.get(where))["Location"].startswith("/account/confirm/?next=")
    assert not await AuditEntry.objects.filter(verb="values").aexists()
    await client.post("/account/confirm/", {PASSWORD: RIGHT})
    await client.get(where)
    assert await AuditEntry.objects.filter(verb="values", stage="outcome").aexists()


def fakes_stores(fakes: Fakes) -> Any:
    from dashboard.engine import engine

    return engine.supervisor.connections[fakes.shop.pk].stores.values()
