"""Secrets that are written where others can read them are warned of by name, in forms and in Compose texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from clusters.compose.plain_secrets import plain_secrets
from clusters.kinds import all_kinds
from clusters.kinds.base import Kind
from clusters.kinds.readable import MOST, first_of
from tests.clusters.fakes import FakeDriver

LABELS = "tier=front\napi_token=canary\nempty_token="
FILLED: Mapping[str, Mapping[str, Any]] = {
    "network": {"name": "front", "driver": "bridge"},
    "volume": {"name": "data", "driver": "local"},
    "swarm-secret": {"name": "key", "value": "x"},
    "swarm-config": {"name": "page", "value": "x"},
    "namespace": {"name": "shop"},
}


@pytest.mark.parametrize("name", FILLED)
async def test_every_form_with_labels_warns_of_a_secret_in_them_and_records_none(name: str) -> None:
    kind: Kind[Any] = next(one for one in all_kinds() if one.name == name)
    assert kind.make
    assert kind.make.check
    form = kind.make.read({**FILLED[name], "labels": LABELS})
    [warned] = await kind.make.check(FakeDriver(), form, [])  # type: ignore[arg-type]
    assert (warned.level, "in its labels: api_token." in warned.text) == ("warn", True)
    assert "canary" not in warned.text + kind.make.record(form)
    plain = kind.make.read({**FILLED[name], "labels": "tier=front"})
    assert not await kind.make.check(FakeDriver(), plain, [])  # type: ignore[arg-type]


def test_no_form_with_labels_is_left_out() -> None:
    alone = {"container", "swarm-service"}  # whose other remarks are tested with them
    labelled = {one.name for one in all_kinds() if one.make and any(each.name == "labels" for each in one.make.fields)}
    assert labelled == {*FILLED, *alone}


def test_a_compose_text_is_warned_of_by_the_names_of_its_variables_and_labels() -> None:
    said = plain_secrets("""
x-shared: &shared
  SESSION_SECRET: canary
services:
  web:
    image: busybox
    environment:
      <<: *shared
      DB_PASSWORD: canary
      CACHE: redis://u:canary@cache/0
      COLOUR: red
    labels: ["api_token=canary", "tier=front"]
  job:
    image: busybox
    environment: ["API_KEY=canary", "ASKED_TOKEN"]
    deploy: {labels: {deploy_secret: canary}}
networks: {front: {labels: {net_token: canary}}}
volumes: {data: {labels: {disk_secret: canary}}, other: }
""")
    assert "canary" not in str(said)
    variables, labels = said
    for one in ("SESSION_SECRET of web", "DB_PASSWORD of web", "CACHE of web", "API_KEY of job"):
        assert one in variables
    assert "COLOUR" not in variables
    assert "ASKED_TOKEN" not in variables
    for one in ("api_token of web", "deploy_secret of job", "net_token of front", "disk_secret of data"):
        assert one in labels
    assert "tier" not in labels


@pytest.mark.parametrize(
    "value",
    [
        "${DB_PASSWORD}",
        "$DB_PASSWORD",
        "${A:-${B}}",
        '"${USER_NAME}:${PASS:?asked for}"',
        "postgres://u:${PASS}@db/0",
        "",
        '""',
    ],
)
def test_what_is_asked_for_is_no_secret_of_the_text(value: str) -> None:
    assert not plain_secrets(f"services:\n  web:\n    image: a\n    environment:\n      DB_PASSWORD: {value}\n")


def test_the_name_of_a_file_is_no_secret_and_a_dollar_alone_asks_for_nothing() -> None:
    text = "services: {{web: {{image: a, environment: {{{}}}}}}}"
    assert not plain_secrets(text.format("DB_PASSWORD_FILE: /run/secrets/db"))
    assert plain_secrets(text.format("DB_PASSWORD: pa$$word"))
    assert plain_secrets(text.format("CACHE: 'redis://u:canary@${HOST}/0'"))


def test_of_many_names_the_first_are_said_and_how_many_more() -> None:
    assert first_of([f"A{number}" for number in range(MOST + 2)]).endswith(f"A{MOST - 1} and 2 more")
