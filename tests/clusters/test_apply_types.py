"""While a text is written, the cluster's own types say what does not fit, and what may stand at a place."""

from __future__ import annotations

import pytest

from clusters.apply.checking import problems
from clusters.apply.completing import Spot, options, spot
from clusters.apply.documents import read
from clusters.apply.schema import Types, types_of
from clusters.drivers.base import Found
from clusters.drivers.kubernetes import KubernetesDriver
from tests.clusters.real_cluster import driver  # noqa: F401

HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
POD = "spec:\n  selector: {}\n  template:\n    spec:\n      containers:\n      - name: web\n"


async def types(driver: KubernetesDriver) -> Types:
    found = await types_of(driver, -1, "apps/v1")
    assert found is not None
    assert await types_of(driver, -1, "apps/v1") is found  # asked for once
    return found


@pytest.mark.kubernetes
async def test_what_does_not_fit_is_told_with_its_place(driver: KubernetesDriver) -> None:
    known = await types(driver)
    for text, line, words in (
        ("spec:\n  replicants: 3\n  selector: {}\n  template: {}\n", 6, "There is no field replicants here. Did you mean replicas?"),
        ("spec:\n  replicas: many\n  selector: {}\n  template: {}\n", 6, "This is text; it must be a whole number."),
        ("spec:\n  replicas: 1\n", 6, "selector and template are missing here."),
        (POD + "        imagePullPolicy: Sometimes\n", 11, "It must be one of Always, IfNotPresent, Never."),
        (POD + "        env:\n        - {name: A, value: 1}\n", 12, "This is a number; it must be text. Put it in quotes."),
        (POD + "        command: sleep\n", 11, "It must be a list."),
        (POD + "        resources: {limits: {cpu: [1]}}\n", 11, "Here stands a list; it must be a number or text."),
    ):  # fmt: skip
        (document,) = read(HEAD + text)
        assert [(one.line, one.words) for one in problems(document, known)] == [(line, words)], text
    good = (
        POD
        + "        image: i\n        ports: [{containerPort: 80}]\n        resources: {limits: {cpu: 1, memory: 64Mi}}\n"
    )
    (document,) = read(HEAD + good + "        livenessProbe: {httpGet: {port: http}, periodSeconds: 5}\n        env:\n")
    assert problems(document, known) == []


@pytest.mark.kubernetes
async def test_fields_and_values_are_offered_where_they_may_stand(driver: KubernetesDriver) -> None:
    known = await types(driver)

    def offered(text: str) -> list[str]:
        lines = (HEAD + text).split("\n")
        return [one.label for one in options(spot("\r\n".join(lines), len(lines), len(lines[-1])), known, ())]

    assert offered("spec:\n  ")[:2] == ["selector", "template"]  # what is required stands first
    assert offered("spec:\n  strategy:\n    t") == ["rollingUpdate", "type"]
    assert offered("spec:\n  strategy:\n    type: R") == ["Recreate", "RollingUpdate"]
    assert offered(POD + "        imagePullPolicy: ") == ["Always", "IfNotPresent", "Never"]
    assert "imagePullPolicy" in offered(POD + "        im")
    assert "containerPort" in offered(POD + "        ports:\n        - ")
    assert "runAsNonRoot" in offered(POD + "      securityContext:\n        ")
    assert offered("spec:\n  paused: ") == ["true", "false"]
    assert offered("nothing:\n  x:\n    ") == []
    assert "status" not in offered("")


def test_a_place_is_found_in_a_text_that_cannot_be_read_yet() -> None:
    text = "apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    env:\n    - name: X\n      val"
    assert spot(text, 11, 9) == Spot("v1", "Pod", ("spec", "containers", "[]", "env", "[]"), False)
    assert spot(text, 8, 11) == Spot("v1", "Pod", ("spec", "containers", "[]", "name"), True)
    assert spot(text, 2, 8) == Spot("v1", "Secret", ("kind",), True)
    assert spot("", 9, 99) == Spot("", "", (), False)
    kinds = [Found("v1/pods", "Pod", True), Found("apps/v1/deployments", "Deployment", True)]
    assert [one.label for one in options(Spot("apps/v1", "", ("kind",), True), None, kinds)] == ["Deployment"]
    assert [one.label for one in options(Spot("", "Pod", ("apiVersion",), True), None, kinds)] == ["v1"]
    assert [one.label for one in options(Spot("", "", (), False), None, kinds)] == ["apiVersion", "kind", "metadata"]
