"""The audit page: newest first, found by words, and checked by a button."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from clusters import audit
from clusters.models import AuditEntry

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


def act(number: int = 1, **more: str) -> None:
    told = {"actor": "otto", "verb": "stop", "kind": "pod", "name": f"web-{number}", "cluster": "Shop"}
    event = audit.Event(**(told | more))  # type: ignore[arg-type]
    audit._append(event, f"{number:032x}", "intent")
    audit._append(event, f"{number:032x}", "outcome", "done", {"words": "It is stopped"})


def test_an_act_is_one_row_with_its_outcome(client_for: ClientFor, ada: User) -> None:
    act()
    audit.record_denied(
        audit.Event(actor="vera", verb="delete", kind="pod", name="db-0"), "This needs the role operator."
    )
    page = client_for(ada).get("/audit/").content.decode()
    assert page.count("web-1") == 1
    assert "Done" in page
    assert "This needs the role operator." in page


def test_it_is_searched_filtered_and_paged(client_for: ClientFor, ada: User) -> None:
    for number in range(130):
        act(number)
    client = client_for(ada)
    assert client.get("/audit/?q=web-77 otto").content.decode().count("<td>stop</td>") == 1
    assert client.get("/audit/?result=denied").content.decode().count("<td>stop</td>") == 0
    first = client.get("/audit/?actor=otto").content.decode()
    assert first.count("<td>stop</td>") == 100
    older = first.split("before=")[1].split('"')[0]
    assert client.get(f"/audit/?actor=otto&before={older}").content.decode().count("<td>stop</td>") == 30


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "before=" + "9" * 400, "result=evil", "actor=%00", "q=" + "a" * 9000]
)
def test_odd_questions_get_an_answer(client_for: ClientFor, ada: User, query: str) -> None:
    act()
    assert client_for(ada).get(f"/audit/?{query}").status_code == 200


def test_what_was_written_by_a_cluster_is_text(client_for: ClientFor, ada: User) -> None:
    act(name='"><img src=x onerror=alert(1)>')
    assert b"<img" not in client_for(ada).get("/audit/").content


def test_the_check_says_that_all_is_as_it_was_written_and_names_what_is_not(client_for: ClientFor, ada: User) -> None:
    act()
    client = client_for(ada)
    assert "As it was written" in client.get("/audit/check/").content.decode()
    first = AuditEntry.objects.order_by("id")[0].pk
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clusters_auditentry SET name='other' WHERE id=%s", [first])
    assert f"Entry {first}" in client.get("/audit/check/").content.decode()
    with pytest.raises(CommandError, match=f"Entry {first} "):
        call_command("audit_verify")
