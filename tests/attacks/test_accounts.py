"""Attacks on passkeys, confirmation and sessions: forged answers, foreign origins, guesses, other people's things."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from clusters.connect.secrets import is_sealed
from dashboard.confirm import PASSWORD
from dashboard.passkeys import _check_origin
from tests.conftest import PASSWORD as RIGHT

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
LOGIN = "/account/2fa/webauthn/login/"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> None:
    cache.clear()


def browser(host: str = "localhost:8000") -> Client:
    return Client(headers={"host": host})


def options(client: Client) -> dict[str, Any]:
    return client.get(LOGIN, headers={"accept": "application/json"}).json()["request_options"]["publicKey"]  # type: ignore[no-any-return]


def client_data(**said: object) -> dict[str, object]:
    data = {"type": "webauthn.get", "challenge": "x", "origin": "http://127.0.0.1:8000", **said}
    return {"response": {"clientDataJSON": base64.urlsafe_b64encode(json.dumps(data).encode()).decode()}}


@pytest.mark.parametrize(
    "origin",
    ["https://127.0.0.1:8000", "http://127.0.0.1:8001", "http://127.0.0.1", "http://evil.example", "https://evil@127.0.0.1:8000",
     "null", "", "http://127.0.0.1:8000.evil.example", "http://127.0.0.1:8000/", None, 5, ["http://127.0.0.1:8000"]],
)  # fmt: skip
def test_a_passkey_that_was_used_at_another_origin_does_not_count(origin: object) -> None:
    """A container that publishes a port on our host is another origin, with the same host name."""
    _check_origin(client_data())
    with pytest.raises(ValidationError):
        _check_origin(client_data(origin=origin))


def test_a_page_that_was_framed_elsewhere_does_not_count() -> None:
    with pytest.raises(ValidationError):
        _check_origin(client_data(crossOrigin=True))


FORGED = ["", "x", "[]", "5", "null", "{}", '{"id": {}}', '{"response": {}}', '{"response": {"clientDataJSON": 5}}', "[" * 20_000,
          json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", **client_data()}),
          json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "clientExtensionResults": {},
                      "response": {**client_data()["response"], "authenticatorData": "AAAA", "signature": "AA", "userHandle": "MQ"}})]  # type: ignore[dict-item]  # fmt: skip


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_answer_signs_nobody_in_and_breaks_nothing(ada: User, forged: str) -> None:
    client = browser()
    options(client)
    answer = client.post(LOGIN, {"credential": forged})
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/")
    assert "_auth_user_id" not in client.session


def test_what_is_asked_of_a_passkey_tells_nothing_about_anybody(ada: User) -> None:
    asked = options(browser())
    assert not asked.get("allowCredentials")
    assert asked["userVerification"] == "required"
    assert asked["rpId"] == "localhost"
    assert options(browser())["challenge"] != asked["challenge"]


def test_passkeys_cannot_be_guessed_at_from_one_address(ada: User) -> None:
    answers = [browser().post(LOGIN, {"credential": "{}"}).status_code for _ in range(12)]
    assert answers[0] == 302
    assert answers[-1] == 429


def test_somebody_elses_passkey_is_not_there(client_for: ClientFor, ada: User, vera: User) -> None:
    key = Authenticator.objects.create(user=ada, type="webauthn", data={"name": "Ada's", "credential": {}})
    client = client_for(vera)
    for what in ("edit", "remove"):
        assert client.get(f"/account/2fa/webauthn/keys/{key.pk}/{what}/").status_code == 404
        assert client.post(f"/account/2fa/webauthn/keys/{key.pk}/{what}/", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "Ada's"


def test_the_secret_of_an_authenticator_app_is_sealed_at_rest(client_for: ClientFor, ada: User) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    client = client_for(ada)
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post("/account/2fa/totp/activate/", {"code": code}).status_code == 302
    kept = {one.type: one.data for one in Authenticator.objects.all()}
    assert is_sealed(kept["totp"]["secret"])
    assert is_sealed(kept["recovery_codes"]["seed"])
    assert secret not in str(kept)


def test_signing_out_everywhere_else_ends_only_ones_own_sessions(ada: User, vera: User) -> None:
    clients = [browser("127.0.0.1:8000") for _ in range(3)]
    for client, name in zip(clients, ("ada", "ada", "vera"), strict=True):
        client.post("/account/login/", {"login": name, "password": RIGHT})
    assert UserSession.objects.count() == 3
    assert clients[0].post("/account/sessions/").status_code == 302
    assert ["_auth_user_id" in client.session for client in clients] == [True, False, True]


def test_a_confirmation_is_for_one_session_and_ends_with_it(ada: User) -> None:
    first, second = browser("127.0.0.1:8000"), browser("127.0.0.1:8000")
    for client in (first, second):
        client.post("/account/login/", {"login": "ada", "password": RIGHT})
        session = client.session
        session["confirmed"] = 1
        session.save()
    assert first.post("/people/add/", {"name": "grace", PASSWORD: RIGHT}).status_code == 302
    assert second.post("/people/add/", {"name": "helen"}).status_code == 403
    first.post("/account/logout/")
    assert "confirmed" not in first.session


def test_a_planted_session_does_not_become_a_confirmed_one(ada: User) -> None:
    """Whoever plants a session before the sign-in has another one than the person afterwards."""
    victim = browser("127.0.0.1:8000")
    victim.get("/account/login/")
    session = victim.session
    session["confirmed"] = 9e12
    session.save()
    victim.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    victim.post("/account/login/", {"login": "ada", "password": RIGHT})
    assert victim.session.session_key != session.session_key
    assert victim.session["confirmed"] < 9e12


@pytest.mark.parametrize("path", ["reauthenticate/", "2fa/reauthenticate/", "2fa/webauthn/reauthenticate/", "2fa/webauthn/", "2fa/trust/",
                                  "2fa/webauthn/signup/"])  # fmt: skip
def test_the_librarys_own_ways_around_are_closed(client_for: ClientFor, ada: User, path: str) -> None:
    client = client_for(ada)
    assert client.get(f"/account/{path}").status_code == 404
    assert client.post(f"/account/{path}", {"password": RIGHT}).status_code == 404


def test_what_is_typed_into_a_name_is_only_text(client_for: ClientFor, ada: User) -> None:
    Authenticator.objects.create(
        user=ada, type="webauthn", data={"name": "<script>alert(1)</script>", "credential": {}}
    )
    page = client_for(ada).get("/account/2fa/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_hostile_user_agent_is_only_text(ada: User) -> None:
    client = browser("127.0.0.1:8000")
    client.post(
        "/account/login/",
        {"login": "ada", "password": RIGHT},
        headers={"user-agent": "<img src=x onerror=alert(1)>" * 9},
    )
    page = client.get("/account/sessions/").content.decode()
    assert "<img src=x" not in page
