"""The first account: one, with the printed token, once and for ever; and what the console can do later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

import dashboard.settings
from clusters import setup
from clusters.models import AuditEntry, Grant, Setup

GOOD = {"name": "ada", "password": "correct horse battery"}


@pytest.mark.django_db
def test_after_migrating_there_is_no_user_and_no_default_password() -> None:
    assert User.objects.count() == 0
    assert setup.is_open()


@pytest.mark.django_db
def test_without_the_printed_token_no_account_is_made(client: Client) -> None:
    setup.new_token()
    for token in ("", "wrong", "0" * 22):
        assert client.post("/setup/", {**GOOD, "token": token}).status_code in {403, 422}
    assert User.objects.count() == 0
    assert AuditEntry.objects.filter(stage="denied", verb="set up").count() == 2


@pytest.mark.django_db
@override_settings(PASSWORD_HASHERS=dashboard.settings.PASSWORD_HASHERS)
def test_the_printed_token_makes_an_administrator_who_is_signed_in(client: Client) -> None:
    token = setup.new_token()
    assert client.post("/setup/", {**GOOD, "token": token})["Location"] == "/"
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)
    assert Grant.objects.get().role == 3
    assert User.objects.get().password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")


@pytest.mark.django_db
def test_five_wrong_tokens_make_the_right_one_void(client: Client) -> None:
    token = setup.new_token()
    for _ in range(5):
        client.post("/setup/", {**GOOD, "token": "wrong"})
    assert client.post("/setup/", {**GOOD, "token": token}).status_code == 403
    assert client.post("/setup/", {**GOOD, "token": setup.new_token()}).status_code == 302


@pytest.mark.django_db
def test_a_token_is_good_for_half_an_hour_and_until_the_next_start(client: Client) -> None:
    old = setup.new_token()
    setup.new_token()
    assert client.post("/setup/", {**GOOD, "token": old}).status_code == 403
    token = setup.new_token()
    Setup.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.post("/setup/", {**GOOD, "token": token}).status_code == 403


@pytest.mark.django_db
def test_afterwards_the_page_is_gone_for_ever_also_when_everybody_is_removed(client: Client) -> None:
    client.post("/setup/", {**GOOD, "token": setup.new_token()})
    client.logout()
    assert client.get("/setup/").status_code == 404
    User.objects.all().delete()
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", {**GOOD, "token": "x"}).status_code == 404
    assert setup.new_token() == ""


@pytest.mark.django_db
def test_a_weak_password_is_refused_in_words(client: Client) -> None:
    token = setup.new_token()
    for password in ("short", "password12", "12345678901"):
        answer = client.post("/setup/", {"name": "ada", "password": password, "token": token})
        assert answer.status_code == 422
        assert b"password" in answer.content.lower()
    assert client.post("/setup/", {"name": "ada", "password": "x" * 1_000_000, "token": token}).status_code in {
        413,
        422,
    }
    assert User.objects.count() == 0


@pytest.mark.django_db
def test_the_token_is_not_in_the_database(client: Client) -> None:
    token = setup.new_token()
    assert token not in str(Setup.objects.values().get())
    assert len(token) >= 22  # 128 bits


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_the_right_token_make_one_administrator() -> None:
    token = setup.new_token()

    def post(number: int) -> int:
        try:
            return Client().post("/setup/", {**GOOD, "name": f"ada{number}", "token": token}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert answers.count(302) == 1
    assert set(answers) <= {302, 403, 404}
    assert User.objects.count() == 1
    assert Grant.objects.count() == 1


@pytest.mark.django_db
def test_the_console_makes_a_new_token_and_recovers_an_administrator(client: Client) -> None:
    out = StringIO()
    call_command("setup_token", stdout=out)
    token = out.getvalue().split("#")[1].split()[0]
    client.post("/setup/", {**GOOD, "token": token})
    with pytest.raises(CommandError, match="recover_admin"):
        call_command("setup_token")
    Grant.objects.all().delete()
    out = StringIO()
    call_command("recover_admin", "grace", stdout=out)
    link = out.getvalue().split("http://127.0.0.1:8000")[1].strip()
    assert Client().post(link, {"password": "another fine horse"}).status_code == 302
    assert Client().get(link).status_code == 404
    assert Client().login(username="grace", password="another fine horse")
    assert AuditEntry.objects.filter(actor="console", verb="recover").exists()
