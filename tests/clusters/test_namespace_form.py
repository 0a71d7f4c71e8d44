"""A namespace from a short form: checked, shown as kubectl's line, refused in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.fields import NotFilledIn, clean
from clusters.kinds.base import Says
from clusters.kinds.kubernetes.namespace_form import CREATE, line, read_form


def test_it_is_the_same_as_kubectl_create_namespace() -> None:
    assert line(read_form({"name": "shop"})) == "kubectl create namespace shop"
    form = read_form({"name": "shop", "security": "restricted", "labels": "team=web\ntier=front"})
    assert line(form) == (
        "kubectl create namespace shop && kubectl label namespace shop "
        "team=web tier=front pod-security.kubernetes.io/enforce=restricted"
    )


async def test_a_label_that_looks_secret_is_in_no_record_and_in_no_line_of_the_job() -> None:
    form, said, sent = read_form({"name": "shop", "labels": "api-token=canary-1\nteam=web"}), list[str](), list[Call]()

    async def call(call: Call) -> None:
        sent.append(call)

    await CREATE.run(cast(Driver, SimpleNamespace(call=call)), form, cast(Says, SimpleNamespace(say=said.append)))
    masked = "kubectl create namespace shop && kubectl label namespace shop 'api-token=••••••' team=web"
    assert [CREATE.record(form), *said] == [masked] * 2
    assert "api-token=canary-1" in CREATE.line(form), "who writes it sees what it does"
    assert sent[0].body["metadata"]["labels"]["api-token"] == "canary-1"


@pytest.mark.parametrize("name", ["Shop", "-shop", "shop.web", "x" * 64, "../x", ""])
def test_what_cannot_be_a_name_is_said_beside_the_field(name: str) -> None:
    with pytest.raises(NotFilledIn) as wrong:
        clean(CREATE.fields, {"name": name})
    assert "name" in wrong.value.problems


def test_labels_are_checked_and_pod_security_is_said_once() -> None:
    with pytest.raises(NotFilledIn) as wrong:
        clean(CREATE.fields, {"name": "shop", "labels": "team web"})
    assert wrong.value.problems["labels"] == "Line 1: write key=value."
    with pytest.raises(Invalid, match="said twice"):
        read_form({"name": "shop", "security": "baseline", "labels": "pod-security.kubernetes.io/enforce=privileged"})
