"""Everything in PostgreSQL: only where one is named, by PILOTHOUSE_TEST_POSTGRESQL=postgresql://user:password@host/name.

Its user must be allowed to make databases; each run has one of its own. The other tests run against PostgreSQL, too, with
PILOTHOUSE_DATABASE_URL set.
"""

from __future__ import annotations

import http.client
import os
import re
import secrets
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from tests.real import REQUIRED
from tests.server import PASSWORD, Server

NAMED = os.environ.get("PILOTHOUSE_TEST_POSTGRESQL", "")


@pytest.fixture(scope="module")
def on_postgresql() -> Iterator[Server]:
    """A running Pilothouse with the cast, on a database of its own."""
    if not NAMED:
        (pytest.fail if "postgresql" in REQUIRED else pytest.skip)(
            "no PostgreSQL: PILOTHOUSE_TEST_POSTGRESQL names none"
        )
    import psycopg

    name = f"pilothouse_test_{secrets.token_hex(4)}"
    with psycopg.connect(NAMED, autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")
        try:
            with Server(PILOTHOUSE_DATABASE_URL=urlsplit(NAMED)._replace(path=f"/{name}").geturl()) as server:
                server.add_people()
                yield server
        finally:
            line.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Browser:
    """As little of a browser as signing in takes."""

    def __init__(self, server: Server) -> None:
        self.server, self.cookies = server, dict[str, str]()

    def ask(self, method: str, path: str, **form: str) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": self.server.url,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        line.request(method, path, urlencode(form), headers)
        answer = line.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and (found := re.match(r"([^=]+)=([^;]*)", value)):
                self.cookies[found[1]] = found[2]
        return answer.status, answer.read().decode()

    def post(self, path: str, **form: str) -> int:
        _, page = self.ask("GET", path if path.endswith("login/") else "/people/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found is not None
        return self.ask("POST", path, csrfmiddlewaretoken=found[1], **form)[0]


def test_people_sign_in_and_what_they_do_is_recorded(on_postgresql: Server) -> None:
    browser = Browser(on_postgresql)
    assert browser.post("/account/login/", login="ada", password="wrong") == 200
    assert browser.post("/account/login/", login="ada", password=PASSWORD) == 302
    assert browser.post("/people/add/", name="grace", password="") == 302
    status, page = browser.ask("GET", "/audit/")
    assert (status, "grace" in page) == (200, True)
    assert browser.ask("GET", "/workloads/")[0] == 200
    said = on_postgresql.manage("from django.core.management import call_command; call_command('audit_verify')")
    assert "all as they were written" in said


@pytest.mark.parametrize(
    "change",
    ["UPDATE clusters_auditentry SET actor = 'eve'", "DELETE FROM clusters_auditentry", "TRUNCATE clusters_auditentry"],
)
def test_the_database_refuses_to_change_the_audit(on_postgresql: Server, change: str) -> None:
    with pytest.raises(RuntimeError, match="the audit is only added to"):
        on_postgresql.manage(f"from django.db import connection; connection.cursor().execute({change!r})")


MANY_WRITERS = """
import threading
from django.db import connection
from clusters import audit
def write(number):
    for turn in range(20):
        audit.record(audit.Event(actor=f"writer {number}", verb="test"))
    connection.close()
threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
from clusters.models import AuditEntry
print(AuditEntry.objects.filter(verb="test").count(), audit.verify().broken)
"""


def test_many_writers_at_once_make_one_chain(on_postgresql: Server) -> None:
    assert on_postgresql.manage(MANY_WRITERS).split() == ["160", "None"]


def test_keys_are_rotated(on_postgresql: Server) -> None:
    made = on_postgresql.manage(
        "from clusters.connect.secrets import write_secret, read_secret\n"
        "from clusters.models import Registry\n"
        "from django.core.management import call_command\n"
        "one = Registry.objects.create(name='r', slug='r', host='r.test')\n"
        "write_secret(one, {'password': 'x'}); one.save()\n"
        "call_command('rotate_keys')\n"
        "print(read_secret(Registry.objects.get()))\n"
    )
    assert "1 secrets sealed" in made
    assert "{'password': 'x'}" in made


def test_after_its_connections_were_cut_it_goes_on(on_postgresql: Server) -> None:
    import psycopg

    browser = Browser(on_postgresql)
    assert browser.post("/account/login/", login="ada", password=PASSWORD) == 302
    ours = urlsplit(on_postgresql.environment["PILOTHOUSE_DATABASE_URL"]).path[1:]
    with psycopg.connect(NAMED, autocommit=True) as line:
        line.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (ours,))
    answers = [browser.ask("GET", path)[0] for path in ("/", "/people/", "/audit/", "/jobs/")]
    answers = [browser.ask("GET", path)[0] for path in ("/", "/people/", "/audit/", "/jobs/")]
    assert answers == [200, 200, 200, 200]
    assert browser.post("/people/add/", name="after", password="") == 302
