"""What a health check signs in with is in no line that others read: jobs, the audit, the form filled in anew."""

from __future__ import annotations

import shlex

import pytest

from clusters.fields import clean
from clusters.kinds.docker.run_hidden import hide, unhide
from clusters.kinds.docker.run_line import docker_line
from clusters.kinds.docker.run_read import read_form
from clusters.kinds.masking import mask_shell, mask_words, masked
from clusters.kinds.swarm.service_create import CREATE, read_new
from clusters.kinds.swarm.service_edit import EDIT, Origin, read_edit
from clusters.kinds.swarm.service_fields import FIELDS
from clusters.kinds.swarm.service_like import values_of

SECRET = "hunter22-canary"


@pytest.mark.parametrize(
    "check",
    [
        f"mysqladmin ping --password={SECRET}",
        f"mysqladmin ping --password {SECRET} || exit 1",
        f"mysqladmin ping --password='{SECRET} and more'",
        f"PGPASSWORD={SECRET} psql -c 'select 1'",
        f"curl -f http://ada:{SECRET}@localhost/",
        f"""sh -c "mysqladmin ping --password '{SECRET}'" """,
        f"it's --token {SECRET}",
    ],
)
def test_a_password_in_a_health_check_is_hidden_where_others_read_it(check: str) -> None:
    run = read_form({"image": "mysql", "health_command": check})
    assert SECRET in docker_line(run)
    assert SECRET not in docker_line(run, hidden=True)
    values = {"image": "mysql", "name": "db", "mode": "copies", "copies": 1, "health_command": check}
    assert SECRET not in CREATE.record(read_new(clean(FIELDS, values)))
    test = {"Test": ["CMD-SHELL", "true"]}
    spec = {"Name": "db", "TaskTemplate": {"ContainerSpec": {"Image": "mysql", "Healthcheck": test}}}
    edit = read_edit({**values_of(spec), "health_command": check}, Origin("1", "db", spec))
    assert "--health-cmd" in EDIT.record(edit)
    assert SECRET not in EDIT.record(edit)
    assert SECRET not in str(masked({"Healthcheck": {"Test": ["CMD-SHELL", check]}}))
    shown = hide({"health_command": check})
    assert SECRET not in str(shown)
    assert unhide(shown, {"health_command": check}) == {"health_command": check}


@pytest.mark.parametrize("check", ["curl -f http://localhost/ || exit 1", """test "$(cat /x)" = 'a  b'""", "it's"])
def test_a_check_without_a_secret_is_shown_as_it_is(check: str) -> None:
    assert mask_shell(check) == check


@pytest.mark.parametrize("word", ["line\u2028break", "a\xa0b", "'" * 5000 + " x", "\\ " * 5000, "\"' " * 3000])
def test_whatever_is_taken_for_a_line_of_a_shell_has_an_end(word: str) -> None:
    """A shell parts words at fewer signs than Unicode has spaces."""
    assert mask_words(["sh", "-c", word])[:2] == ["sh", "-c"]
    assert mask_shell(word) is not None


def test_a_secret_two_shells_deep_is_hidden() -> None:
    inner = shlex.join(["psql", "--password", "hunter2"])
    line = shlex.join(["sh", "-c", shlex.join(["sh", "-c", inner])])
    assert "hunter2" not in mask_shell(line)
