"""Attacks through requests: forged, framed, redirected, with foreign hosts; and GETs that change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant, Job
from tests.dashboard.conftest import Fakes, fakes  # noqa: F401 - a fixture
from tests.dashboard.test_matrix import ROUTES, address
from tests.dashboard.test_ship import IMAGE, host, row_id  # noqa: F401 - host is a fixture

ClientFor = Callable[[User], Client]
AsyncClientFor = Callable[[User], AsyncClient]
HOOK = "hooks/compose/<slug:hook>/"  # calls of git servers are signed instead: tests/dashboard/test_compose_hook.py


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in ROUTES if path not in {"healthz", "readyz", HOOK}])
def test_a_forged_request_is_refused_on_every_route(path: str, ada: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "127.0.0.1:8000"})
    client.force_login(ada)
    assert client.post(address(path), {}).status_code == 403
    client.get("/people/")
    token = client.cookies["pilothouse_csrf"].value
    for origin in ("https://evil.example", "http://127.0.0.1:8081", "https://127.0.0.1:8000", "null"):
        answer = client.post(address(path), {"csrfmiddlewaretoken": token}, headers={"origin": origin})
        assert answer.status_code == 403, origin


@pytest.mark.django_db
def test_what_a_page_of_another_origin_asks_for_by_itself_is_refused(ada: User, client_for: ClientFor) -> None:
    client = client_for(ada)
    for site, mode, status in (
        ("same-site", "no-cors", 403),  # the page of an open port, below one domain with us
        ("cross-site", "cors", 403),
        ("same-site", "navigate", 200),  # a link that is followed
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
    ):
        answer = client.get("/people/", headers={"sec-fetch-site": site, "sec-fetch-mode": mode})
        assert answer.status_code == status, (site, mode)


@pytest.mark.django_db(transaction=True)
async def test_reading_every_page_changes_nothing(fakes: Fakes, async_client_for: AsyncClientFor, ada: User) -> None:
    client = async_client_for(ada)
    before = [await model.objects.acount() for model in (User, Grant, Cluster, AuditEntry)]
    for path in ROUTES:
        if path not in {"account/2fa/recovery-codes/download/"}:
            await client.get(address(path))
    assert [await model.objects.acount() for model in (User, Grant, Cluster, AuditEntry)] == before
    assert {what for what, _ in fakes.calls} <= {"panel", "get"}


PLACES = ("", "1~project~shop~1", "1~stack~shop~1", "999~container~x~", "../../etc", "<img src=x>", "x" * 9000)


@pytest.mark.django_db(transaction=True)
async def test_a_roll_out_takes_no_place_that_its_page_did_not_offer(
    host: Cluster,  # noqa: F811
    async_client_for: AsyncClientFor,
    ada: User,
    vera: User,
) -> None:
    admin, viewer = async_client_for(ada), async_client_for(vera)
    await Grant.objects.acreate(user=vera, cluster=host, role=Role.VIEWER)
    given = {"row": await row_id(admin, "image", IMAGE), "image": IMAGE}
    for place in PLACES:
        for part in ("pull", "text"):
            answer = await admin.get(f"/images/roll-out/{part}/", {**given, "place": place})
            assert answer.status_code == 404, (part, place)
        answer = await admin.post("/images/roll-out/", {**given, "place": place})
        assert answer.status_code == 422, place
        assert "<img src=x>" not in answer.content.decode()
    offered = re.findall(
        r'name="place" value="([^"]+)"', (await viewer.get("/images/roll-out/", given)).content.decode()
    )
    assert offered
    for where in ("text", "pull"):
        foreign = {"row": f"{host.pk}~image~gone", "image": IMAGE, "place": offered[0]}
        assert (await viewer.get(f"/images/roll-out/{where}/", foreign)).status_code == 404
    assert (await viewer.post("/images/roll-out/", {**given, "place": offered})).status_code == 422
    assert not await Job.objects.aexists(), "whoever may only look rolls nothing out"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/people/", "/account/login/", "/never-was/", "/healthz", "/clusters/never-was/"])
def test_every_answer_carries_the_headers_that_keep_it_safe(path: str, ada: User, client_for: ClientFor) -> None:
    answer = client_for(ada).get(path)
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]
    assert {"Cookie", "HX-Request"} <= {part.strip() for part in answer["Vary"].split(",")}
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:8000@evil.example", "evil.example:8000", ""]
)
def test_a_foreign_host_is_refused(host: str) -> None:
    assert Client().get("/account/login/", headers={"host": host or "x y"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "/%0d%0aX-Evil:1",
        "http:///evil.example",
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(target: str, vera: User) -> None:
    from tests.conftest import PASSWORD

    client = Client(headers={"host": "127.0.0.1:8000"})
    answer = client.post("/account/login/", {"login": "vera", "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/")
    assert not answer["Location"].startswith(("//", "/\\"))
    assert "X-Evil" not in answer.headers


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/.git/config",
        "/static/../manage.py",
        "/api/",
        "/__debug__/",
        "/metrics",
        "/static/",
        "/static/app.js.map",
        "/.env",
        "/plugins",
        "/swarm/unlockkey",
    ],
)
def test_what_is_not_ours_to_show_is_not_there(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"Traceback" not in answer.content
    assert b"urlpatterns" not in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["_method", "X-HTTP-Method-Override"])
def test_a_method_cannot_be_disguised(method: str, ada: User, client_for: ClientFor) -> None:
    answer = client_for(ada).get(f"/people/{ada.pk}/remove/?{method}=POST", headers={method.replace("_", "x-"): "POST"})
    assert answer.status_code == 405
    assert User.objects.filter(pk=ada.pk).exists()


@pytest.mark.django_db
def test_switches_that_would_let_anybody_in_do_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISABLE_AUTH", "1")
    for path in ("/people/?skip", "/people/?next=/", "/people/?token=x", "/people/?access_token=x"):
        answer = client.get(path, headers={"x-remote-user": "ada", "remote-user": "ada", "authorization": "Bearer x"})
        assert answer.status_code == 302


@pytest.mark.django_db
def test_a_question_that_fails_is_a_no(vera: User, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("dashboard.access.is_admin", broken)
    client = client_for(vera)
    client.raise_request_exception = False
    answer = client.get("/people/")
    assert answer.status_code in {403, 500}
    assert b"vera" not in answer.content.replace(b"vera</", b"")


@pytest.mark.django_db
def test_a_view_that_declares_nothing_is_refused(ada: User, client_for: ClientFor, settings: object) -> None:
    from types import ModuleType

    from django.http import HttpResponse
    from django.urls import path
    from django.urls.base import set_urlconf

    from dashboard.access import allow

    module = ModuleType("undeclared_urls")
    module.urlpatterns = [  # type: ignore[attr-defined]
        path("open/", lambda request: HttpResponse("open")),
        path("careless/", allow()(lambda request: HttpResponse("open"))),
    ]
    settings.ROOT_URLCONF = module  # type: ignore[attr-defined]
    try:
        client = client_for(ada)
        client.raise_request_exception = False
        for where in ("/open/", "/careless/"):
            answer = client.get(where)
            assert answer.status_code in {403, 500}
            assert answer.content != b"open"
    finally:
        set_urlconf(None)
