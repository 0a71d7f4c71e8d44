"""People act as themselves in a cluster: by which name, in whose eyes, and that nobody sees more than it shows them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.access import RulesStatus
from clusters.drivers.kubernetes.naming import PREFIX_FORM, Impersonation
from clusters.drivers.kubernetes.rights import NOWHERE, WORKLOADS, Rights, _listing
from clusters.errors import Invalid, Refused
from dashboard.topics.shell import rights_mark
from tests.clusters.personal import ADA, APPS, NODE, POD, SECRET


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=40))
def test_nobody_becomes_anybody_else_whatever_the_names_are(name: str, prefix: str, groups: str) -> None:
    settings = {"impersonate": True, "impersonate_prefix": prefix, "impersonate_groups": groups}
    try:
        how = Impersonation.of(settings)
        assert how is not None
        said = [how.user(name), *how.groups]
    except (Invalid, Refused):
        return
    for one in said:
        assert one.startswith(how.prefix)
        assert one.count(":") == 1
        assert not one.startswith("system:")
        assert not re.search(r"[\s\x00-\x1f\x7f]", one)


@pytest.mark.parametrize(
    "prefix", ["system:", "system:node:", ":", "no-colon", "Big:", "a:b:", "a\r\nImpersonate-Group: system:masters:"]
)
def test_no_prefix_makes_a_user_of_the_system_or_another_header(prefix: str) -> None:
    with pytest.raises(Invalid):
        Impersonation.of({"impersonate": True, "impersonate_prefix": prefix})
    assert not re.fullmatch(PREFIX_FORM, prefix)


@pytest.mark.parametrize(
    "name", ["", "a b", "a:b", "a\r\nb", "a\nImpersonate-Group: system:masters", "\x00", "a" * 151]
)
def test_a_name_that_could_be_read_as_something_else_is_not_told(name: str) -> None:
    with pytest.raises(Refused, match="cannot be told to the cluster"):
        Impersonation().user(name)


@dataclass
class Api:
    """An API server that writes down as whom it is asked. ``strips``: something in between drops that."""

    strips: bool = False
    incomplete: bool = False
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    seen: list[tuple[str, list[str], list[str]]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        user, groups = request.headers.getall("Impersonate-User", []), request.headers.getall("Impersonate-Group", [])
        self.seen.append((request.path, user, groups))
        if request.path.endswith("selfsubjectreviews"):
            name = user[0] if user and not self.strips else "the-account"
            return web.json_response({"status": {"userInfo": {"username": name}}})
        if request.path.endswith("selfsubjectrulesreviews"):
            place = (await request.json())["spec"]["namespace"]
            rules = self.rules.get("" if place == NOWHERE else place, []) + self.rules.get("", [])
            return web.json_response({"status": {"resourceRules": rules, "incomplete": self.incomplete}})
        if request.path.endswith("selfsubjectaccessreviews"):
            asked = (await request.json())["spec"]["resourceAttributes"]
            return web.json_response({"status": {"allowed": asked["resource"] in self.granted}})
        return web.json_response({"kind": "Pod"})


@asynccontextmanager
async def serving(api: Api, **settings: Any) -> AsyncIterator[KubernetesDriver]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = f"http://127.0.0.1:{runner.addresses[0][1]}"
    driver = KubernetesDriver({"server": server, "impersonate": True, **settings}, {"token": "t"})
    try:
        yield driver
    finally:
        await driver.close()
        await runner.cleanup()


async def test_each_request_carries_one_person_and_the_line_itself_none() -> None:
    api = Api()
    async with serving(api, impersonate_groups="people staff") as driver:
        for one in (driver.as_person("ada"), driver, driver.as_person("jürgen")):
            await one.call(Call("GET", ("api", "v1", "pods")))
    assert [(user, groups) for _, user, groups in api.seen] == [
        (["pilothouse:ada"], ["pilothouse:people", "pilothouse:staff"]),
        ([], []),
        (["pilothouse:jürgen".encode().decode("utf-8", "surrogateescape")], ["pilothouse:people", "pilothouse:staff"]),
    ]


async def test_where_it_is_not_switched_on_everybody_is_the_account() -> None:
    driver = KubernetesDriver({"server": "http://127.0.0.1:1", "impersonate": "on"}, {})
    assert driver.as_person("ada") is driver
    assert await driver.limits(()) is None


async def test_who_is_asked_as_the_account_because_headers_were_dropped_sees_nothing() -> None:
    async with serving(Api(strips=True, rules={"": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]})) as one:
        with pytest.raises(Refused, match="takes you for “the-account” instead of “pilothouse:ada”"):
            await one.as_person("ada").limits(())


def told(verbs: str, resources: str, group: str = "") -> dict[str, Any]:
    return {"verbs": verbs.split(), "apiGroups": group.split("|"), "resources": resources.split()}


async def test_what_somebody_may_list_is_read_from_the_rules_of_each_namespace_and_of_none() -> None:
    apps = told("list", " ".join(APPS.resources or ()), "|".join(APPS.api_groups or ()))
    api = Api(
        rules={"": [told("list", "nodes")], "shop": [apps, told("list", "secrets")], "lab": [told("list", "pods")]}
    )
    async with serving(api) as driver:
        limits = await driver.as_person("ada").limits(["shop", "lab", "other"])
    assert limits is not None
    assert limits.namespaces == frozenset({"shop"})  # in "lab" they see a part of what runs, which is not enough
    assert (limits.of(NODE), limits.of(SECRET)) == (None, frozenset({"shop"}))
    assert limits.of(POD) == frozenset({"shop", "lab"})


@given(st.randoms(use_true_random=False))
async def test_the_same_rules_in_another_order_are_the_same_rights(chance: Random) -> None:
    rules = [told("list watch get", "pods services"), told("list", "secrets configmaps", "|apps"), told("*", "jobs")]
    again = [*rules, rules[0]]
    chance.shuffle(again)
    again = [{key: chance.sample(value, len(value)) for key, value in rule.items()} for rule in again]
    found = []
    for one in (rules, again):
        status = msgspec.convert({"resourceRules": one}, RulesStatus)
        found.append(Rights(tuple(_listing(status)), (("shop", tuple(_listing(status))),)))
    assert found[0] == found[1]
    marks = {rights_mark(replace(ADA, limits=((1, one),))) for one in found}
    assert len(marks) == 1  # a tab loads its page anew when it is another one
    assert found[0].of(SECRET) is None


async def test_who_may_list_everything_is_asked_about_no_namespace() -> None:
    api = Api(rules={"": [told("*", "*", "*")]})
    async with serving(api) as driver:
        limits = await driver.as_person("ada").limits(["shop", "lab"])
    assert limits is not None
    assert (limits.namespaces, limits.of(SECRET)) == (None, None)
    assert len(api.seen) == 2


async def test_a_cluster_that_decides_by_a_webhook_is_asked_kind_by_kind() -> None:
    api = Api(incomplete=True, granted={"nodes", *(kind.api.rpartition("/")[2] for kind in WORKLOADS)})
    async with serving(api) as driver:
        limits = await driver.as_person("ada").limits(["shop"])
    assert limits is not None
    assert (limits.namespaces, limits.of(NODE), limits.of(SECRET)) == (None, None, frozenset())
