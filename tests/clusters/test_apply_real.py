"""Applying YAML to a real cluster: what is shown is what is done, others are named, and nothing is done by halves."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clusters.access import Actor, Granted
from clusters.apply import writing
from clusters.apply.edit import Edited, Overtaken
from clusters.apply.hidden import shown
from clusters.apply.plan import Asked, Plan, plan
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Invalid, Missing, Refused
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.models import AuditEntry
from tests.clusters.fakes import FakeCluster
from tests.clusters.real_cluster import driver, driver_of, kubectl, namespace, run_deployment  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


class OneCluster:
    """A real cluster as the gateway sees it, with every call that was made."""

    def __init__(self, driver: KubernetesDriver) -> None:
        self.real, self.calls = driver, list[Call]()
        self.before_call: Callable[[Call], Any] | None = None

    def driver(self, cluster_id: int) -> Any:
        return self

    def cluster(self, cluster_id: int) -> Any:
        return FakeCluster()

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.before_call:
            await asyncio.to_thread(self.before_call, call)
        return await self.real.call(call)

    async def may(self, *about: Any, **more: Any) -> bool | None:
        return await self.real.may(*about, **more)

    @property
    def writes(self) -> list[Call]:
        return [one for one in self.calls if one.method != "GET" and "dryRun" not in one.query]


@pytest.fixture
async def cluster(driver: KubernetesDriver) -> OneCluster:
    return OneCluster(driver)


async def look(cluster: OneCluster, text: str, who: Actor = ADA, **more: Any) -> Plan:
    return await plan(Gateway(cluster), who, Asked(cluster_id=1, text=text, **more))


async def do(cluster: OneCluster, text: str, who: Actor = ADA, **more: Any) -> writing.Applied:
    seen = await look(cluster, text, who, **more)
    assert seen.ready, [one.error for one in seen.steps]
    return await writing.apply(
        Gateway(cluster), who, Asked(cluster_id=1, text=text, **more), seen.seal, secrets.token_hex(8)
    )


def config(namespace: str, name: str = "settings", **data: str) -> str:
    return json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}
    )


async def opened(
    cluster: OneCluster, namespace: str, kind: str, name: str, plural: str, group: tuple[str, ...] = ("api", "v1")
) -> tuple[str, Edited]:
    tree = await cluster.real.call(Call("GET", (*group, "namespaces", namespace, plural, name)))
    text = shown(tree)
    return text, Edited(kind=kind, namespace=namespace, name=name, uid=tree["metadata"]["uid"], opened=text)


APPS = ("apis", "apps", "v1")


async def test_several_objects_are_made_in_their_order_and_taken_back_exactly(
    cluster: OneCluster, namespace: str
) -> None:
    text = f"{config(namespace, 'a', x='1')}\n---\n{config(namespace, 'b', y='2')}\n"
    seen = await look(cluster, text)
    assert [one.what for one in seen.steps] == ["new", "new"]
    assert cluster.writes == []
    done = await do(cluster, text)
    assert [one.state for one in done.results] == ["done", "done"]
    made = kubectl("get", "configmap", "a", "b", "-n", namespace, "--show-managed-fields")["items"]
    assert {one["metadata"]["managedFields"][0]["manager"] for one in made} == {"pilothouse"}
    assert (await look(cluster, text)).idle
    subprocess.run(["kubectl", "delete", "configmap", "b", "-n", namespace], check=True, capture_output=True)
    subprocess.run(["kubectl", "create", "configmap", "b", "-n", namespace], check=True, capture_output=True)
    back = await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    assert [(one.name, one.state) for one in back.results] == [("b", "failed"), ("a", "done")]
    assert "another one by now" in back.results[0].words
    left = kubectl("get", "configmap", "-n", namespace)["items"]
    assert {one["metadata"]["name"] for one in left} & {"a", "b"} == {"b"}
    with pytest.raises(Missing, match="no longer be undone"):
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_every_act_is_in_the_audit_before_and_after_and_names_no_value(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "audited", colour="canary-1"))
    done = await do(cluster, config(namespace, "audited", colour="canary-2"))
    await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    rows = [one async for one in AuditEntry.objects.order_by("id")]
    assert [(one.verb, one.stage, one.result) for one in rows] == [
        ("apply", "intent", ""), ("apply", "outcome", "done"),
        ("apply", "intent", ""), ("apply", "outcome", "done"),
        ("undo", "intent", ""), ("undo", "outcome", "done"),
    ]  # fmt: skip
    assert rows[2].detail["fields"] == ["data.colour"]
    assert (rows[2].kind, rows[2].namespace, rows[2].name) == ("config-map", namespace, "audited")
    assert "canary" not in json.dumps([one.detail for one in rows])
    assert kubectl("get", "configmap", "audited", "-n", namespace)["data"] == {"colour": "canary-1"}


async def test_unknown_fields_wrong_types_and_immutable_ones_are_named_by_a_dry_run(
    cluster: OneCluster, driver: KubernetesDriver, namespace: str
) -> None:
    name = await run_deployment(driver, namespace, 0)
    text, edited = await opened(cluster, namespace, "Deployment", name, "deployments", APPS)
    for change, words in (
        (text.replace("  replicas: 0", "  replicas: 0\n  replicants: 1"), "replicants"),
        (text.replace("  replicas: 0", "  replicas: many"), "replicas"),
        (text.replace(f"    matchLabels:\n      app: {name}", "    matchLabels:\n      app: other"), "selector"),
    ):
        assert change != text
        (step,) = (await look(cluster, change, edited=edited)).steps
        assert isinstance(step.error, Invalid), step.error
        assert words in step.error.message + str(step.error.causes)
    assert cluster.writes == []


async def test_a_kind_or_version_that_the_cluster_does_not_have_is_told_with_what_it_has(
    cluster: OneCluster, namespace: str
) -> None:
    found = tuple(await cluster.real.discover())
    for text, words in (
        ("apiVersion: apps/v9\nkind: Deployment\nmetadata: {name: x}", "It has Deployment in apps/v1."),
        ("apiVersion: v1\nkind: configmap\nmetadata: {name: x}", "Did you mean ConfigMap?"),
        ("apiVersion: nobody.example.com/v1\nkind: Thing\nmetadata: {name: x}", "custom resource definition"),
    ):
        (step,) = (await look(cluster, text, found=found)).steps
        assert words in step.error.hint


async def test_conflicts_name_who_manages_what_and_are_left_or_taken_over(cluster: OneCluster, namespace: str) -> None:
    theirs = config(namespace, "shared", a="theirs", b="theirs")
    apply = ["kubectl", "apply", "--server-side", "--field-manager=gitops", "-f", "-"]
    subprocess.run(apply, input=theirs.encode(), check=True, capture_output=True)
    mine = config(namespace, "shared", a="mine", c="mine")
    seen = await look(cluster, mine)
    assert [(one.field, one.manager) for one in seen.steps[0].conflicts] == [(".data.a", "gitops")]
    assert (seen.undecided, seen.ready) == (True, False)
    with pytest.raises(writing.Differs):
        await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=mine), seen.seal)
    await do(cluster, mine, choices={1: "leave"})
    assert kubectl("get", "configmap", "shared", "-n", namespace)["data"] == {"a": "theirs", "b": "theirs", "c": "mine"}
    assert (await look(cluster, mine, choices={1: "take"})).steps[0].conflicts  # said as long as it is so
    taken = await do(cluster, mine, choices={1: "take"})
    await writing.take_back(Gateway(cluster), ADA, 1, taken.undo)
    assert not (await look(cluster, mine, choices={1: "leave"})).undecided
    await do(cluster, mine, choices={1: "take"})  # what our own undo wrote is no conflict with anybody
    assert kubectl("get", "configmap", "shared", "-n", namespace)["data"] == {"a": "mine", "b": "theirs", "c": "mine"}


async def test_what_is_taken_out_of_the_text_is_taken_out_of_the_object_also_where_others_made_it(
    cluster: OneCluster, namespace: str
) -> None:
    subprocess.run(
        ["kubectl", "apply", "-f", "-"],
        input=config(namespace, "old", a="1", b="2").encode(),
        check=True,
        capture_output=True,
    )
    text, edited = await opened(cluster, namespace, "ConfigMap", "old", "configmaps")
    change = text.replace("  b: '2'\n", "")
    assert change != text
    seen = await look(cluster, change, edited=edited)
    assert [(one.field, one.manager, one.taken_out) for one in seen.steps[0].conflicts] == [
        (".data.b", "kubectl-client-side-apply", True)
    ]
    assert (await look(cluster, change, edited=edited, choices={1: "leave"})).idle
    done = await do(cluster, change, edited=edited, choices={1: "take"})
    now = kubectl("get", "configmap", "old", "-n", namespace)
    assert now["data"] == {"a": "1"}
    assert "kubectl.kubernetes.io/last-applied-configuration" in now["metadata"]["annotations"]
    back = await writing.take_back(Gateway(cluster), ADA, 1, done.undo)
    assert back.well, back
    now = kubectl("get", "configmap", "old", "-n", namespace)
    assert now["data"] == {"a": "1", "b": "2"}
    assert "kubectl.kubernetes.io/last-applied-configuration" in now["metadata"]["annotations"]


async def test_an_edit_is_put_onto_what_others_changed_elsewhere_and_stops_where_they_changed_the_same(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "race", a="1", b="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "race", "configmaps")
    change = text.replace("a: '1'", "a: '2'")

    def patch(data: dict[str, str]) -> None:
        subprocess.run(
            [
                "kubectl",
                "patch",
                "configmap",
                "race",
                "-n",
                namespace,
                "--type=merge",
                "-p",
                json.dumps({"data": data}),
            ],
            check=True,
            capture_output=True,
        )

    seen = await look(cluster, change, edited=edited)
    patch({"b": "theirs"})
    with pytest.raises(writing.Differs):  # it is not what was looked at
        await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    again = await look(cluster, change, edited=edited)
    assert "data.b changed" in again.steps[0].remarks[0]
    patch({"a": "theirs"})
    (step,) = (await look(cluster, change, edited=edited)).steps
    assert isinstance(step.error, Overtaken)
    assert "data.a" in step.error.message
    assert "a: theirs" in step.error.text
    assert {line.text.strip() for part in step.error.newer.parts for line in part if line.sort == "new"} == {
        "a: theirs",
        "b: theirs",
    }
    assert kubectl("get", "configmap", "race", "-n", namespace)["data"] == {"a": "theirs", "b": "theirs"}


async def test_an_edit_never_lands_on_another_thing_of_the_same_name(cluster: OneCluster, namespace: str) -> None:
    await do(cluster, config(namespace, "twin", a="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "twin", "configmaps")
    change = text.replace("a: '1'", "a: '2'")
    seen = await look(cluster, change, edited=edited)

    def swap(call: Call) -> None:
        if call.method == "PATCH" and "dryRun" not in call.query:  # right before the write
            cluster.before_call = None
            subprocess.run(["kubectl", "delete", "configmap", "twin", "-n", namespace], check=True, capture_output=True)
            subprocess.run(
                ["kubectl", "create", "configmap", "twin", "-n", namespace, "--from-literal=a=9"],
                check=True,
                capture_output=True,
            )

    cluster.before_call = swap
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    assert done.results[0].state == "failed"
    assert "made anew" in done.results[0].words
    assert kubectl("get", "configmap", "twin", "-n", namespace)["data"] == {"a": "9"}
    (step,) = (await look(cluster, change, edited=edited)).steps
    assert isinstance(step.error, Conflict)
    assert "another ConfigMap by now" in step.error.message
    (step,) = (await look(cluster, change.replace("twin", "other"), edited=edited)).steps
    assert isinstance(step.error, Invalid)


async def test_a_status_that_moves_on_between_looking_and_writing_is_no_conflict(
    cluster: OneCluster, namespace: str
) -> None:
    await do(cluster, config(namespace, "moves", a="1"))
    text, edited = await opened(cluster, namespace, "ConfigMap", "moves", "configmaps")
    change = text.replace("a: '1'", "a: '2'")
    seen = await look(cluster, change, edited=edited)

    def move(call: Call) -> None:  # a newer version in which nothing that people write is another
        if call.method == "PATCH" and "dryRun" not in call.query:
            cluster.before_call = None
            for value in ("x", None):
                patch = json.dumps({"metadata": {"labels": {"moved": value}}})
                subprocess.run(
                    ["kubectl", "patch", "configmap", "moves", "-n", namespace, "--type=merge", "-p", patch],
                    check=True,
                    capture_output=True,
                )

    cluster.before_call = move
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=change, edited=edited), seen.seal)
    assert done.well, done.results
    assert kubectl("get", "configmap", "moves", "-n", namespace)["data"] == {"a": "2"}


async def test_a_secret_is_changed_without_its_values_ever_being_shown(cluster: OneCluster, namespace: str) -> None:
    canary, other = f"canary{secrets.token_hex(6)}", f"canary{secrets.token_hex(6)}"
    subprocess.run(["kubectl", "create", "secret", "generic", "vault", "-n", namespace, f"--from-literal=kept={canary}", f"--from-literal=changed={canary}"],
                   check=True, capture_output=True)  # fmt: skip
    text, edited = await opened(cluster, namespace, "Secret", "vault", "secrets")
    assert "kept: ••••••" in text
    change = text.replace("  changed: ••••••", "") + f"stringData:\n  changed: {other}\n"
    seen = await look(cluster, change, edited=edited, choices={1: "take"})
    everything = repr([[line.text for line in part] for part in seen.steps[0].difference.parts]) + text
    done = await do(cluster, change, edited=edited, choices={1: "take"})
    assert done.well
    everything += done.text + repr([one.words for one in done.results])
    everything += json.dumps([one.detail async for one in AuditEntry.objects.all()])
    now = kubectl("get", "secret", "vault", "-n", namespace)["data"]
    import base64

    assert {name: base64.b64decode(value).decode() for name, value in now.items()} == {"kept": canary, "changed": other}
    for value in (canary, other):
        assert value not in everything
        assert base64.b64encode(value.encode()).decode() not in everything
    (step,) = (await look(cluster, text.replace("kept:", "renamed:"), edited=edited)).steps
    assert isinstance(step.error, Invalid)
    assert "data.renamed is hidden" in step.error.message


def audited(since: int, user: str) -> list[dict[str, Any]]:
    """What the cluster's own audit has of them since then."""
    log = Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log"
    with log.open() as lines:
        lines.seek(since)
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
    return [one for one in rows if one["user"]["username"] == user]


async def test_nothing_of_several_is_written_when_one_may_not_be(kubeconfig: Path, namespace: str) -> None:
    log = Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log"
    since = log.stat().st_size
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    text = f"{config('shop', name, a='1')}\n---\n{config(namespace, name, a='1')}\n"
    limited = driver_of(kubeconfig.parent / "shop-only.yaml")
    cluster = OneCluster(limited)
    try:
        seen = await look(cluster, text)
        assert seen.refused
        assert [isinstance(one.error, Refused) for one in seen.steps] == [False, True]
        with pytest.raises(writing.Differs):
            await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=text), seen.seal)
        alone = await do(cluster, config("shop", name, a="1"))
        await writing.take_back(Gateway(cluster), ADA, 1, alone.undo)
    finally:
        await limited.close()
    user = (
        await asyncio.to_thread(
            subprocess.run,
            ["kubectl", "--kubeconfig", str(kubeconfig.parent / "shop-only.yaml"), "auth", "whoami", "-o", "json"],
            capture_output=True,
        )
    ).stdout
    rows = audited(since, json.loads(user)["status"]["userInfo"]["username"])
    writes = [(one["verb"], one["requestURI"].partition("?")[0]) for one in rows if one["verb"] in ("create", "patch", "update", "delete")
              and "dryRun" not in one["requestURI"] and "selfsubject" not in one["requestURI"] and name in one["requestURI"]]  # fmt: skip
    there = f"/api/v1/namespaces/shop/configmaps/{name}"
    assert {(verb, uri) for verb, uri in writes} == {("patch", there), ("delete", there)}  # the one that was done alone
    assert not any(namespace in one["requestURI"] and one["verb"] == "patch" for one in rows)


async def test_we_ask_ourselves_first_and_the_cluster_hears_nothing(cluster: OneCluster, namespace: str) -> None:
    inside = Granted(Role.OPERATOR, 1, frozenset({namespace}), frozenset({"apply"}))
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: HERE}\n".replace(
        "HERE", namespace
    )
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: pilothouse-never}\n"
    other = config("default", "never")
    for who, text in (
        (Actor(2, "vera", (Granted(Role.VIEWER),)), config(namespace)),
        (Actor(3, "otto", (Granted(Role.OPERATOR),)), config(namespace)),  # without the right
        (Actor(4, "nina", (inside,)), other),
        (Actor(4, "nina", (inside,)), f"{config(namespace)}\n---\n{other}"),
    ):
        seen = await look(cluster, text, who)
        assert seen.refused
        assert cluster.calls == []
    for text in (role, space):  # what gives rights, and what concerns the whole cluster
        assert (await look(cluster, text, Actor(4, "nina", (inside,)), namespace=namespace)).refused
    assert all(call.method == "GET" and len(call.path) <= 3 for call in cluster.calls)  # which kinds there are
    assert (await look(cluster, config(namespace), Actor(4, "nina", (inside,)))).ready
    assert {one.stage async for one in AuditEntry.objects.all()} == {"denied"}


async def test_a_quota_that_is_full_and_a_policy_that_says_no_are_told_as_such(
    cluster: OneCluster, namespace: str
) -> None:
    quota = f"apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: none, namespace: {namespace}}}\nspec: {{hard: {{services: '0'}}}}\n"
    made = await do(cluster, quota)
    await asyncio.sleep(1)
    service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: {namespace}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    (step,) = (await look(cluster, service)).steps
    await writing.take_back(Gateway(cluster), ADA, 1, made.undo)
    assert isinstance(step.error, Conflict), step.error
    assert "A quota of the namespace does not allow it" in step.error.message


async def test_a_namespace_and_what_is_in_it_are_made_from_one_text(cluster: OneCluster) -> None:
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n{config(name, 'inside', a='1')}\n"
    seen = await look(cluster, text)
    assert [one.what for one in seen.steps] == ["new", "waits"]
    done = await do(cluster, text)
    try:
        assert done.well, done.results
        assert kubectl("get", "configmap", "inside", "-n", name)["data"] == {"a": "1"}
    finally:
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_a_definition_and_an_object_of_it_are_made_from_one_text(cluster: OneCluster, namespace: str) -> None:
    group = f"pilothouse-test-{secrets.token_hex(3)}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"boats.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "boats", "singular": "boat", "kind": "Boat"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"crew": {"type": "integer"}}}}}}}]},
    }  # fmt: skip
    boat = {
        "apiVersion": f"{group}/v1",
        "kind": "Boat",
        "metadata": {"name": "albatross", "namespace": namespace},
        "spec": {"crew": 4},
    }
    done = await do(cluster, f"{json.dumps(definition)}\n---\n{json.dumps(boat)}\n")
    try:
        assert done.well, done.results
        assert kubectl("get", f"boats.{group}", "albatross", "-n", namespace)["spec"] == {"crew": 4}
    finally:
        await writing.take_back(Gateway(cluster), ADA, 1, done.undo)


async def test_where_the_line_is_cut_in_the_middle_each_object_is_told_as_it_is_known(
    cluster: OneCluster, namespace: str
) -> None:
    text = "\n---\n".join(config(namespace, f"cut-{number}", a="1") for number in range(3))
    seen = await look(cluster, text)

    def cut(call: Call) -> None:
        if call.method == "PATCH" and "dryRun" not in call.query and call.path[-1] == "cut-1":
            from clusters.errors import Unreachable

            raise Unreachable("The connection was cut.")

    cluster.before_call = cut
    done = await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=text), seen.seal)
    assert [one.state for one in done.results] == ["done", "unknown", "left"]
    assert "nobody knows" in done.results[1].words
    rows = [one async for one in AuditEntry.objects.filter(stage="outcome").order_by("id")]
    assert [one.result for one in rows] == ["done", "unknown"]


async def test_the_same_request_is_carried_out_once(cluster: OneCluster, namespace: str) -> None:
    text = config(namespace, "once", a="1")
    seen, gateway, key = await look(cluster, text), Gateway(cluster), secrets.token_hex(8)
    asked = Asked(cluster_id=1, text=text)
    both = await asyncio.gather(*(writing.apply(gateway, ADA, asked, seen.seal, key) for _ in range(2)))
    assert both[0] is both[1]
    assert len(cluster.writes) == 1
