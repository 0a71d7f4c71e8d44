"""Labels and annotations edited in place: by Kubernetes' rules, only what was changed, and who selects by them is told."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.drivers.base import Call, Found
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict
from clusters.fields import NotFilledIn, clean
from clusters.kinds import kind_named
from clusters.kinds.base import Look, Role
from clusters.kinds.kubernetes import KINDS
from clusters.kinds.kubernetes.general import general_kind
from clusters.kinds.kubernetes.pairs import editable, read, wrong_annotations, wrong_labels
from clusters.kinds.kubernetes.selected_by import selected
from clusters.kinds.yaml_text import APPLIED
from tests.clusters.fakes import all_shared
from tests.clusters.kubernetes_objects import a_name, act, apply, pod_template, said, seen, watched
from tests.clusters.real_cluster import driver, namespace  # noqa: F401

KIND: Any = kind_named("kubernetes", "pod")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no equals", "write key=value"),
        ("=x", "Before the = stands a key"),
        ("-a=x", "cannot be a key"),
        ("Shop_/a=x", "before the / stands a domain"),
        ("a/b/c=x", "before the / stands a domain"),
        ("a" * 64 + "=x", "longer than 63"),
        ("a=" + "x" * 64, "longer than 63"),
        ("a=two words", "cannot be the value"),
        ("a=x\na=y", "there twice"),
    ],
)
def test_what_kubernetes_would_refuse_is_said_before(line: str, words: str) -> None:
    assert words in wrong_labels(line)


def test_what_kubernetes_takes_is_taken() -> None:
    text = "app.kubernetes.io/name=web\r\n\nempty=\nA_b.c-9=X\n"
    assert wrong_labels(text) == ""
    assert read(text) == {"app.kubernetes.io/name": "web", "empty": "", "A_b.c-9": "X"}
    assert wrong_annotations("example.com/note=two words: a=b, https://example.com") == ""


def test_an_annotation_that_no_line_holds_or_that_is_secret_is_not_shown() -> None:
    pairs = {"a": "x", "long": "x" * 600, "lines": "x\ny", "api-token": "abc", APPLIED: "{}", "edge": " x"}
    assert editable(pairs) == {"a": "x"}


def test_every_kind_of_kubernetes_has_them_and_what_concerns_all_of_the_cluster_is_for_administrators() -> None:
    crontab = general_kind(Found("example.com/v1/crontabs", "CronTab", namespaced=True), ())
    for kind in (*KINDS, crontab):
        for verb in ("edit-labels", "edit-annotations"):
            action = kind.action(verb)
            assert action is not None
            assert action.right == "apply"
            assert action.permissions
            powerful = not kind.namespaced or "rbac" in kind.api
            assert action.role == (Role.ADMIN if powerful else Role.OPERATOR), kind.name


def test_what_is_wrong_is_said_beside_its_field_and_the_audit_keeps_what_was_changed() -> None:
    action = KIND.action("edit-labels")
    with pytest.raises(NotFilledIn) as error:
        clean(action.fields, {"labels": "a=two words"})
    assert "cannot be the value of a" in error.value.problems["labels"]
    values = clean(action.fields, {"labels": "a=2\nb=1\ntoken=abc", "was": json.dumps({"a": "1", "b": "1", "c": "1"})})
    assert action.recorded(values) == {"set": "a=2\ntoken=••••••", "taken out": "c"}
    one = SimpleNamespace(name="web", namespace="shop")
    assert action.line(one, values) == "kubectl label pods/web -n shop --overwrite a=2 c- 'token=••••••'"


async def test_selectors_that_were_not_looked_through_are_said() -> None:
    class Long:
        async def call(self, call: Call) -> Any:
            return {"items": [], "metadata": {"continue": "on" if call.path[-1] == "services" else ""}}

    async def related(name: str) -> list[Any]:
        return []

    pod = SimpleNamespace(namespace="shop", controller=None)
    look = Look(cluster_id=1, kind=KIND, resource=pod, driver=Long(), related=related, sees=all_shared)
    told = await selected(look, {"app": "web"}, {"app": "other"})
    assert [(one.label, one.level, one.items) for one in told] == [
        ("Not all of these were looked through", "unknown", [("services", "only the first 500")])
    ]


@pytest.mark.kubernetes
async def test_labels_of_a_real_pod_are_edited_and_its_service_is_named(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    name = a_name("labelled")
    labels = {"app": name, "tier": "front"}
    apply(
        namespace,
        "v1",
        "Pod",
        name,
        metadata={"labels": labels},
        spec=pod_template(name, schedulerName="nobody")["spec"],
    )
    apply(namespace, "v1", "Service", name, spec={"selector": {"app": name}, "ports": [{"port": 80}]})
    async with watched(driver, KIND) as connection:
        one = await seen(connection, KIND, f"{namespace}/{name}")

        async def related(_: str) -> list[Any]:
            return []

        look = Look(cluster_id=1, kind=KIND, resource=one, driver=driver, related=related, sees=all_shared)
        opened = await KIND.action("edit-labels").preview(look, {"labels": "", "was": ""})
        assert opened.values == {"labels": f"app={name}\ntier=front", "was": json.dumps(labels)}
        assert not opened.differences
        values = {"labels": "tier=back\nnew/key=1", "was": opened.values["was"]}
        seen_before = await KIND.action("edit-labels").preview(look, values)
        assert [(each.what, each.now, each.then) for each in seen_before.differences] == [
            ("app", name, "–"), ("tier", "front", "back"), ("new/key", "–", "1"),
        ]  # fmt: skip
        assert seen_before.effect == f"Sets 2 labels and takes out 1 label of {name}."
        assert seen_before.told[0].items == [(f"Service {name}", "sends it nothing any more")]

        def now(which: str = "labels") -> Any:
            return (said("pod", name, "-n", namespace) or {})["metadata"].get(which)

        await act(driver, KIND, one, "edit-labels", values)
        assert now() == {"tier": "back", "new/key": "1"}
        with pytest.raises(Conflict, match="tier has another value by now"):
            await act(driver, KIND, one, "edit-labels", {**values, "labels": "tier=side"})
        verb, undone = KIND.action("edit-labels").undo(one, values)
        await act(driver, KIND, one, verb, undone)
        assert now() == labels
        await act(driver, KIND, one, "edit-annotations", {"annotations": "example.com/by=me & you", "was": "{}"})
        assert now("annotations")["example.com/by"] == "me & you"
