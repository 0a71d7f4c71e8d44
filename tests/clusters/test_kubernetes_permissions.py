"""What an action needs of the cluster is declared: nothing is offered that is refused, and what is refused makes no call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from clusters.access import Actor, Granted
from clusters.drivers.base import Call, Found, LogSource
from clusters.drivers.kubernetes.access import Question
from clusters.errors import ClusterError, Refused
from clusters.gateway import Gateway
from clusters.kinds.base import Action, Kind, Role
from clusters.kinds.kubernetes import KINDS
from clusters.kinds.kubernetes.base import REVISION
from clusters.kinds.kubernetes.general import general_kind
from clusters.kinds.kubernetes.pod import POD
from clusters.models import AuditEntry
from clusters.permissions import may_not, refusal
from tests.clusters.fakes import FakeCluster
from tests.clusters.real_cluster import (  # noqa: F401
    Live,
    audited,
    changes,
    driver,
    driver_of,
    kubectl,
    live,
    named,
    namespace,
    run_pod,
)

WIDGETS = general_kind(Found("example.com/v1/widgets", "Widget", namespaced=True), ())
ACTIONS = [(kind, action) for kind in (*KINDS, WIDGETS) for action in kind.actions]
FILLED_IN = {"copies": 1, "image": "web:2", "fewest": 1, "most": 5, "labels": "a=1", "annotations": "a=1"}
ENTRY = "a.conf"  # there is one of that name
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


def asked_by(call: Call) -> Question:
    """A request as the cluster's access control sees it."""
    group, rest = ("", call.path[2:]) if call.path[0] == "api" else (call.path[1], call.path[3:])
    namespace = ""
    if rest[0] == "namespaces":
        namespace, rest = rest[1], (rest[2:] if len(rest) > 2 else rest)
    resource, *named = rest
    name, part = [*named, "", ""][:2]
    return Question(VERBS[call.method], group, f"{resource}/{part}" if part else resource, namespace, name)


class Recorder:
    """A cluster that takes everything, and says what it was asked to change; or, what was asked about our rights."""

    def __init__(self) -> None:
        self.changes: list[Question] = []
        self.asked: list[Question] = []
        template: dict[str, Any] = {"spec": {"containers": []}}
        owners = [{"uid": "u1", "controller": True}]
        self.tree: dict[str, Any] = {
            "metadata": {"uid": "u1", "resourceVersion": "1", "ownerReferences": owners},
            "spec": {"template": template, "jobTemplate": {"spec": {"template": template}}},
            "data": {ENTRY: ""},
        }

    async def get(self, kind: Any, namespace: str, name: str) -> dict[str, Any]:
        return self.tree

    async def call(self, call: Call) -> Any:
        if call.method == "GET":
            return {**self.tree, "items": [self._version(1), self._version(2)]}
        self.changes.append(asked_by(call))
        return {}

    def _version(self, number: int) -> dict[str, Any]:
        metadata = {**self.tree["metadata"], "annotations": {REVISION: str(number)}}
        spec = {"template": {"spec": {"containers": [{"image": f"web:{number}"}]}}}
        return {"metadata": metadata, "spec": spec, "revision": number, "data": {"spec": spec}}

    async def may(
        self, verb: str, group: str, resource: str, namespace: str = "", name: str = "", *, newest: bool = False
    ) -> bool | None:
        self.asked.append(Question(verb, group, resource, namespace, name))
        return True


@pytest.mark.parametrize(("kind", "action"), ACTIONS, ids=lambda one: getattr(one, "name", "") or one.verb)
async def test_an_action_asks_beforehand_for_whatever_it_changes(kind: Kind[Any], action: Action[Any]) -> None:
    recorder = Recorder()
    place = "shop" if kind.namespaced else ""
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": "web:1"}]}}}
    tree = {"metadata": {"name": "web", "uid": "u1", "namespace": place}, "spec": spec}
    one = msgspec.convert(tree, kind.model)
    values = {field.name: field.initial(one) if field.initial else "" for field in action.fields}
    values |= {name: value for name, value in FILLED_IN.items() if name in values}
    values |= {"entry": ENTRY} if action.verb == "remove-entry" else {}
    assert action.permissions
    if not action.long:
        await action.run(recorder, one, values)  # type: ignore[arg-type]
        assert recorder.changes
    assert await refusal(recorder, kind, one, action.permissions) == ""  # type: ignore[arg-type]
    asked = {(one.verb, one.group, one.resource, one.namespace) for one in recorder.asked}
    assert {(one.verb, one.group, one.resource, one.namespace) for one in recorder.changes} <= asked


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (("delete", "pods", "shop"), "This cluster's account may not delete pods in shop."),
        (("create", "pods/eviction", "shop"), "This cluster's account may not evict pods in shop."),
        (("patch", "statefulsets", "shop", "apps"), "This cluster's account may not change stateful sets in shop."),
        (("list", "pods"), "This cluster's account may not list pods in all namespaces."),
        (("patch", "nodes"), "This cluster's account may not change nodes."),
        (("create", "jobs", "shop", "batch"), "This cluster's account may not make batch jobs in shop."),
        (("delete", "widgets", "shop", "example.com"), "This cluster's account may not delete widgets in shop."),
    ],
)
def test_what_our_account_may_not_is_said_in_words(about: tuple[str, ...], words: str) -> None:
    assert may_not(*about) == words


class Connected:
    """The gateway's view of one real cluster."""

    def __init__(self, driver: Any, *resources: Any) -> None:
        self._driver, self._resources = driver, {one.uid: one for one in resources}

    def clusters(self) -> list[int]:
        return [1]

    def driver(self, cluster_id: int) -> Any:
        return self._driver

    def cluster(self, cluster_id: int) -> Any:
        return FakeCluster()

    def resource(self, cluster_id: int, kind_name: str, uid: str) -> Any:
        return self._resources.get(uid)

    def stores(self) -> list[Any]:
        return []


@pytest.mark.kubernetes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("user", ["viewer", "shop-only", "nobody"])
@pytest.mark.parametrize("verb", ["delete", "evict"])
async def test_what_a_real_cluster_does_not_allow_makes_no_call(
    live: Live, kubeconfig: Path, namespace: str, user: str, verb: str
) -> None:
    pod = await live.until(POD, named(await run_pod(live.driver, namespace), "Running"))
    narrow = driver_of(kubeconfig.parent / f"{user}.yaml")
    try:
        said = f"This cluster's account may not {verb} pods in {namespace}"
        with audited(user) as calls, pytest.raises(Refused, match=said):
            await Gateway(Connected(narrow, pod)).act(ADA, 1, POD, pod, verb, {})
    finally:
        await narrow.close()
    assert calls, "it was asked whether this may be: so the log tells of this user"
    assert changes(calls) == []
    assert [row.stage async for row in AuditEntry.objects.all()] == ["denied"]
    assert kubectl("get", "pod", pod.name, "-n", namespace)["metadata"].get("deletionTimestamp") is None


@pytest.mark.kubernetes
async def test_a_terminal_that_a_real_cluster_does_not_allow_is_refused_in_words(
    live: Live, kubeconfig: Path, namespace: str
) -> None:
    pod = await live.until(POD, named(await run_pod(live.driver, namespace), "Running"))
    narrow = driver_of(kubeconfig.parent / "viewer.yaml")
    try:
        with pytest.raises(Refused, match=f"This cluster's account may not open terminals in pods in {namespace}"):
            await narrow.shell(LogSource(pod, "pod", "main"))
    finally:
        await narrow.close()


@pytest.mark.kubernetes
@pytest.mark.django_db(transaction=True)
async def test_a_right_that_is_taken_away_in_between_is_said_in_the_same_words(
    live: Live, namespace: str, monkeypatch: pytest.MonkeyPatch, kubeconfig: Path
) -> None:
    pod = await live.until(POD, named(await run_pod(live.driver, namespace), "Running"))
    narrow = driver_of(kubeconfig.parent / "viewer.yaml")
    believed = await narrow.may("get", "", "pods", namespace)
    assert believed is True

    async def as_before(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(narrow, "may", as_before)
    try:
        with pytest.raises(ClusterError) as raised:
            await Gateway(Connected(narrow, pod)).act(ADA, 1, POD, pod, "delete", {})
    finally:
        await narrow.close()
    assert isinstance(raised.value, Refused)
    assert raised.value.message == f"This cluster's account may not delete pods in {namespace}."
    assert [(row.stage, row.result) async for row in AuditEntry.objects.order_by("id")] == [
        ("intent", ""),
        ("outcome", "failed"),
    ]
