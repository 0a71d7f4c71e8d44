"""What a cluster allows to our account: asked once for many questions, kept for a minute, never a reason to wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.access import KEPT, SILENT, AccessReviews, Question
from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.connection import Connection
from clusters.errors import Refused
from tests.clusters.real_cluster import driver_of

RULES, REVIEW = "selfsubjectrulesreviews", "selfsubjectaccessreviews"


class Reviewer:
    """An API server that does nothing but reviews: ``rules`` of each namespace; what else is ``granted``."""

    def __init__(self) -> None:
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.granted: set[tuple[str, str]] = set()  # verb and resource
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.status = 201
        self.now = 1000.0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        spec = (await request.json())["spec"]
        self.asked.append((request.match_info["review"], spec))
        await asyncio.sleep(0.01)
        if self.status != 201:
            return web.json_response({"kind": "Status", "code": self.status}, status=self.status)
        if request.match_info["review"] == RULES:
            return web.json_response(
                {"status": {"resourceRules": self.rules.get(spec["namespace"]), "incomplete": True}}
            )
        one = spec["resourceAttributes"]
        resource = "/".join(filter(None, (one["resource"], one.get("subresource"))))
        return web.json_response({"status": {"allowed": (one["verb"], resource) in self.granted}})

    @property
    def reviews(self) -> list[str]:
        return [review for review, _ in self.asked]


@asynccontextmanager
async def reviewing(reviewer: Reviewer) -> AsyncIterator[AccessReviews]:
    app = web.Application()
    app.router.add_post("/apis/authorization.k8s.io/v1/{review}", reviewer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = ApiServer(Connection(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    reviews = AccessReviews(lambda: server, lambda: reviewer.now)
    try:
        yield reviews
    finally:
        await reviews.close()
        await server.close()
        await runner.cleanup()


def rule(verbs: str, resources: str, group: str = "", names: str = "") -> dict[str, Any]:
    named = {"resourceNames": names.split()} if names else {}
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split(), **named}


async def test_one_review_of_a_namespace_answers_all_that_it_allows() -> None:
    reviewer = Reviewer()
    reviewer.rules["shop"] = [rule("get delete", "pods"), rule("*", "deployments", "apps")]
    async with reviewing(reviewer) as access:
        questions = [
            Question("delete", "", "pods", "shop", "web"),
            Question("get", "", "pods", "shop"),
            Question("patch", "apps", "deployments", "shop", "web"),
        ]
        assert await asyncio.gather(*map(access.may, questions)) == [True, True, True]
    assert reviewer.reviews == [RULES]


async def test_what_the_rules_do_not_allow_is_asked_by_itself_before_it_is_called_refused() -> None:
    reviewer = Reviewer()
    reviewer.rules["shop"] = [rule("delete", "pods")]
    reviewer.granted = {("create", "pods/eviction")}  # by something that cannot list its rules, as a webhook
    async with reviewing(reviewer) as access:
        assert await access.may(Question("create", "", "pods/eviction", "shop", "web")) is True
        assert await access.may(Question("patch", "", "pods", "shop", "web")) is False
    assert reviewer.reviews == [RULES, REVIEW, REVIEW]
    assert reviewer.asked[1][1] == {
        "resourceAttributes": {
            "verb": "create", "resource": "pods", "subresource": "eviction", "namespace": "shop", "name": "web",
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "question", "allowed"),
    [
        (rule("delete", "pods"), Question("delete", "", "pods/eviction", "shop"), False),
        (rule("*", "*"), Question("create", "", "pods/eviction", "shop"), True),
        (rule("*", "*"), Question("create", "apps", "deployments", "shop"), False),
        (rule("update", "*/scale", "apps"), Question("update", "apps", "deployments/scale", "shop"), True),
        (rule("update", "*/scale", "apps"), Question("update", "apps", "deployments", "shop"), False),
        (rule("delete", "pods", names="web db"), Question("delete", "", "pods", "shop", "db"), True),
        (rule("delete", "pods", names="web db"), Question("delete", "", "pods", "shop", "other"), False),
        (rule("delete", "pods", names="web db"), Question("delete", "", "pods", "shop"), False),
        ({}, Question("delete", "", "pods", "shop"), False),
    ],
)
async def test_rules_are_read_as_the_cluster_reads_them(
    rules: dict[str, Any], question: Question, allowed: bool
) -> None:
    reviewer = Reviewer()
    reviewer.rules["shop"] = [rules]
    async with reviewing(reviewer) as access:
        assert await access.may(question) is allowed


async def test_what_is_about_the_whole_cluster_is_never_taken_from_the_rules_of_a_namespace() -> None:
    reviewer = Reviewer()
    reviewer.rules[""] = reviewer.rules["default"] = [rule("*", "*")]
    async with reviewing(reviewer) as access:
        assert await access.may(Question("patch", "", "nodes", "", "node-1")) is False
    assert reviewer.reviews == [REVIEW]


async def test_an_answer_is_believed_for_a_minute_and_asked_once_however_many_ask() -> None:
    reviewer = Reviewer()
    question = Question("delete", "", "pods", "shop", "web")
    async with reviewing(reviewer) as access:
        assert await asyncio.gather(*(access.may(question) for _ in range(50))) == [False] * 50
        assert reviewer.reviews == [RULES, REVIEW]
        reviewer.rules["shop"] = [rule("delete", "pods")]
        reviewer.now += KEPT - 1
        assert await access.may(question) is False
        reviewer.now += 2
        assert await access.may(question) is True


async def test_a_right_that_was_just_granted_counts_at_once_for_whoever_asks_for_the_newest() -> None:
    reviewer = Reviewer()
    question = Question("delete", "", "pods", "shop", "web")
    async with reviewing(reviewer) as access:
        assert await access.may(question) is False
        reviewer.granted = {("delete", "pods")}
        assert await access.may(question) is False
        assert await access.may(question, newest=True) is True


async def test_after_a_refusal_nothing_is_believed_any_longer() -> None:
    reviewer = Reviewer()
    question = Question("delete", "", "pods", "shop", "web")
    reviewer.rules["shop"] = [rule("delete", "pods")]
    async with reviewing(reviewer) as access:
        assert await access.may(question) is True
        reviewer.rules.clear()
        assert await access.may(question) is True
        access.forget()
        assert await access.may(question) is False


@pytest.mark.parametrize(("method", "forgets"), [("GET", False), ("DELETE", True), ("PATCH", True)])
async def test_only_a_refused_change_makes_that_so(method: str, forgets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = KubernetesDriver({}, {})
    forgotten: list[bool] = []

    class Refusing:
        versions = SimpleNamespace(lacks=lambda path: False)  # the cluster has pods

        async def json(self, *args: Any, **more: Any) -> Any:
            raise Refused("It may not.")

    monkeypatch.setattr(driver, "_server_made", Refusing())
    monkeypatch.setattr(driver._access, "forget", lambda: forgotten.append(True))
    with pytest.raises(Refused):
        await driver.call(Call(method, ("api", "v1", "pods")))
    assert bool(forgotten) is forgets


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_cluster_that_does_not_say_is_unknown_and_asked_again_soon(status: int) -> None:
    reviewer = Reviewer()
    reviewer.status = status
    question = Question("delete", "", "pods", "shop", "web")
    async with reviewing(reviewer) as access:
        assert await access.may(question) is None
        asked = len(reviewer.asked)
        assert await access.may(question) is None
        assert len(reviewer.asked) == asked
        reviewer.status, reviewer.rules["shop"] = 201, [rule("delete", "pods")]
        reviewer.now += SILENT + 1
        assert await access.may(question) is True


async def test_whoever_waits_no_longer_leaves_the_answer_for_the_next_one() -> None:
    reviewer = Reviewer()
    reviewer.rules["shop"] = [rule("delete", "pods")]
    question = Question("delete", "", "pods", "shop", "web")
    async with reviewing(reviewer) as access:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(access.may(question), 0.001)
        assert await access.may(question) is True
    assert reviewer.reviews == [RULES]


@pytest.mark.kubernetes
@pytest.mark.parametrize(
    ("user", "question", "allowed"),
    [
        ("admin", Question("delete", "", "nodes"), True),
        ("operator", Question("delete", "", "pods", "shop", "web"), True),
        ("operator", Question("create", "", "pods/eviction", "shop", "web"), True),
        ("operator", Question("list", "", "nodes"), True),
        ("operator", Question("patch", "", "nodes", "", "node-1"), False),
        ("viewer", Question("list", "", "pods"), True),
        ("viewer", Question("list", "", "secrets", "shop"), False),
        ("viewer", Question("patch", "apps", "deployments", "shop", "web"), False),
        ("shop-only", Question("list", "", "pods", "shop"), True),
        ("shop-only", Question("list", "", "pods"), False),
        ("shop-only", Question("delete", "", "pods", "shop", "web"), True),
        ("shop-only", Question("delete", "", "pods", "default", "web"), False),
        ("nobody", Question("list", "", "pods", "shop"), False),
    ],
)
async def test_a_real_cluster_says_what_each_of_its_users_may(
    kubeconfig: Path, user: str, question: Question, allowed: bool
) -> None:
    driver = driver_of(kubeconfig.parent / f"{user}.yaml")
    try:
        answer = await driver.may(question.verb, question.group, question.resource, question.namespace, question.name)
        assert answer is allowed
    finally:
        await driver.close()
