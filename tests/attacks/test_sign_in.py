"""Attacks on signing in, sessions and headers: each must fail in the way that docs/security.md says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from clusters.models import AuditEntry
from dashboard.asgi import application
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_counts(db: None) -> None:
    cache.clear()


def browser(**options: object) -> Client:
    return Client(headers={"host": "127.0.0.1:8000"}, **options)  # type: ignore[arg-type]


def sign_in(client: Client, name: str, password: str, **more: str) -> int:
    return client.post(LOGIN, {"login": name, "password": password}, **more).status_code  # type: ignore[arg-type]


def sent_to_the_server(form: dict[str, str]) -> int:
    """The status of a form posted to the whole server, with what stands before Django and bounds every body."""
    body = urlencode(form).encode()

    async def post() -> int:
        headers = [(b"host", b"127.0.0.1:8000"), (b"content-length", str(len(body)).encode())]
        scope = {"type": "http", "method": "POST", "path": LOGIN, "query_string": b"", "headers": headers}
        server = ApplicationCommunicator(application, scope)
        await server.send_input({"type": "http.request", "body": body})
        return int((await server.receive_output(5))["status"])

    return async_to_sync(post)()


def test_the_right_password_signs_in_and_the_session_gets_a_new_key(ada: User) -> None:
    client = browser()
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted0000000000000000000000000"
    assert sign_in(client, "ada", PASSWORD) == 302
    assert client.session.session_key != "planted0000000000000000000000000"
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_six_wrong_passwords_are_too_many_even_for_the_right_one(ada: User, vera: User) -> None:
    client = browser()
    assert [sign_in(client, "ada", "wrong") for _ in range(5)] == [200] * 5
    assert sign_in(client, "ada", "wrong") == 429
    assert sign_in(client, "ada", PASSWORD) == 429
    assert sign_in(browser(), "vera", PASSWORD) == 302  # others go on
    assert sign_in(browser(REMOTE_ADDR="198.51.100.7"), "ada", PASSWORD) == 302  # not from afar
    assert AuditEntry.objects.filter(verb="sign in", stage="denied").count() == 5


def test_one_address_that_tries_everybody_is_stopped(ada: User) -> None:
    answers = [sign_in(browser(), f"somebody{number}", "wrong") for number in range(42)]
    assert answers[:30] == [200] * 30
    assert answers[40:] == [429, 429]


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "cf-connecting-ip"])
def test_headers_that_anybody_can_send_do_not_reset_the_count(ada: User, header: str) -> None:
    for number in range(5):
        browser().post(LOGIN, {"login": "ada", "password": "wrong"}, headers={header: f"203.0.113.{number}"})
    answer = browser().post(LOGIN, {"login": "ada", "password": PASSWORD}, headers={header: "203.0.113.99"})
    assert answer.status_code == 429
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"127.0.0.1"}


def test_the_counts_are_in_the_database_where_a_restart_does_not_lose_them() -> None:
    assert "DatabaseCache" in settings.CACHES["default"]["BACKEND"]


def test_who_is_unknown_and_who_is_known_get_the_same_answer(ada: User) -> None:
    known = browser().post(LOGIN, {"login": "ada", "password": "wrong"})
    unknown = browser().post(LOGIN, {"login": "eve", "password": "wrong"})
    assert known.status_code == unknown.status_code == 200
    said = [list(answer.context["form"].non_field_errors()) for answer in (known, unknown)]
    assert said[0] == said[1]
    assert len(said[0]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "password/reset/",
        "email/",
        "confirm-email/",
        "password/set/",
        "login/code/confirm/",
        "password/reset/done/",
    ],
)
def test_nobody_signs_up_or_resets_a_password_by_themselves(path: str, vera: User, client_for: ClientFor) -> None:
    for client in (browser(), client_for(vera)):
        assert client.get(f"/account/{path}").status_code == 404
        assert client.post(f"/account/{path}", {"username": "eve", "email": "eve@evil.example"}).status_code == 404
    assert User.objects.count() == 1


def test_a_password_of_a_megabyte_is_refused_at_once(ada: User) -> None:
    assert sent_to_the_server({"login": "ada", "password": "x" * 1_100_000}) in {400, 413}


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(ada: User) -> None:
    client = browser()
    sign_in(client, "ada", PASSWORD)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]


def test_behind_https_the_cookies_are_locked_to_the_host(tmp_path: Path) -> None:
    script = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, "
        "s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)"
    )
    out = _python(tmp_path, "-c", script)
    assert out.stdout.split() == ["__Host-sessionid", "True", "__Host-csrftoken", "True", "True"]


def test_the_deployment_check_finds_nothing(tmp_path: Path) -> None:
    out = _python(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert out.returncode == 0, out.stderr


def _python(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PILOTHOUSE_DATA": str(data),
        "PILOTHOUSE_URL": "https://pilothouse.example",
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("secret", "master"), [("", "m" * 40), ("short", "m" * 40), ("s" * 40, ""), ("k" * 40, "k" * 40)]
)
def test_weak_or_equal_keys_are_refused_at_the_start(tmp_path: Path, secret: str, master: str) -> None:
    (tmp_path / "secret-key").write_text(secret)
    (tmp_path / "master-key").write_text(master)
    out = _python(tmp_path, "manage.py", "check")
    assert out.returncode != 0
    assert "key" in out.stderr.splitlines()[-1]


def test_every_setting_is_documented() -> None:
    source = (settings.ROOT / "dashboard" / "settings.py").read_text()
    documented = (settings.ROOT / "docs" / "settings.md").read_text()
    names = set(re.findall(r'_(?:text|flag)\("([A-Z_]+)"', source)) | {"SECRET_KEY_FILE", "MASTER_KEY_FILE"}
    assert {f"PILOTHOUSE_{name}" for name in names} == set(re.findall(r"`(PILOTHOUSE_[A-Z_]+)`", documented))


def test_signing_out_ends_the_session_on_the_server(vera: User, client_for: ClientFor) -> None:
    client = client_for(vera)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.post("/account/logout/").status_code == 302
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/jobs/").status_code == 302


def test_a_new_password_ends_every_other_session(vera: User, client_for: ClientFor) -> None:
    client = client_for(vera)
    vera.set_password("another fine horse")
    vera.save()
    assert client.get("/jobs/").status_code == 302


def test_who_is_switched_off_is_out(vera: User, client_for: ClientFor) -> None:
    client = client_for(vera)
    assert client.get("/jobs/").status_code == 200
    vera.is_active = False
    vera.save()
    assert client.get("/jobs/").status_code == 302
    assert sign_in(browser(), "vera", PASSWORD) in {200, 302}
    assert browser().get("/jobs/").status_code == 302
