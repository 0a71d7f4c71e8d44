"""People act as themselves in a cluster: by which name, in whose eyes, and that nobody sees more than it shows them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from clusters.access import Actor, Granted, Namespaces, Need, Target, decide, places, scope
from clusters.connections import visible
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.access import Rule, RulesStatus
from clusters.drivers.kubernetes.naming import PREFIX_FORM, Impersonation
from clusters.drivers.kubernetes.rights import NOWHERE, WORKLOADS, Rights, _listing
from clusters.errors import Invalid, Refused, Unreachable
from clusters.gateway import Denied, Gateway
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Role
from clusters.narrowing import KEPT, LAST_WORD, LISTING, SILENT, Narrowing, Nothing
from dashboard.topics.shell import rights_mark
from tests.clusters.fakes import APP, App, FakeConnections, FakeDriver, FakeStore

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
POD, NODE, SECRET = (DESCRIBED[name] for name in ("pods", "nodes", "secrets"))
GROUPS = {kind.api.rpartition("/")[0].rpartition("/")[0] for kind in WORKLOADS}
APPS = Rule(["list", "get"], sorted(GROUPS), [kind.api.rpartition("/")[2] for kind in WORKLOADS])


# --- Names --------------------------------------------------------------------------------------------------------


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


# --- Over the line ------------------------------------------------------------------------------------------------


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


# --- The narrower wins --------------------------------------------------------------------------------------------

PLACES = st.frozensets(st.sampled_from(["a", "b", "c"]))


@dataclass(frozen=True)
class Some:
    """Limits as they may be."""

    namespaces: Namespaces
    kinds: Namespaces
    why: str = ""

    def of(self, kind: Any) -> Namespaces:
        return self.kinds


@given(
    st.lists(st.builds(Granted, st.sampled_from(Role), st.sampled_from([None, 1, 2]), PLACES), max_size=4),
    st.none() | PLACES,
    st.none() | PLACES,
)
def test_limits_only_ever_take_away(grants: list[Granted], namespaces: Namespaces, kinds: Namespaces) -> None:
    free = Actor(1, "ada", tuple(grants))
    narrow = replace(free, limits=((1, Some(namespaces, kinds)),))
    for asked in ((), (POD,)):
        before, after = scope(free, [1, 2], asked), scope(narrow, [1, 2], asked)
        assert after.get(2, "-") == before.get(2, "-")
        for place in ("a", "b", "c", None):
            assert inside(after, place) <= inside(before, place)
            if inside(after, place):
                assert namespaces is None or place in namespaces
                assert not asked or kinds is None or place in kinds
    for place in places(free, 1):
        for need in (Need(Role.VIEWER, acts=False), Need(Role.ADMIN)):
            yes = decide(narrow, Target(1, place), need).allowed
            assert yes <= decide(free, Target(1, place), need).allowed
            assert not yes or namespaces is None or place in namespaces


def inside(seen: dict[int, Namespaces], place: str | None) -> bool:
    return 1 in seen and (seen[1] is None or place in seen[1])  # type: ignore[operator]


class Personal(FakeDriver):
    """A cluster that is asked as people, and says what it is told to say."""

    def __init__(self) -> None:
        super().__init__()
        self.says: Any = Rights((Rule(["*"], ["*"], ["*"]),))
        self.asked = 0

    def as_person(self, name: str) -> Any:
        return self if name == "the account" else self._person

    @property
    def _person(self) -> Any:
        if not hasattr(self, "made"):
            self.made = As(self)
        return self.made


class As(FakeDriver):
    """That cluster, asked as somebody."""

    __hash__ = object.__hash__

    def __init__(self, line: Personal) -> None:
        super().__init__()
        self.line = line

    def as_person(self, name: str) -> Any:
        return self

    async def limits(self, namespaces: Any) -> Any:
        self.line.asked += 1
        if isinstance(self.line.says, Exception):
            raise self.line.says
        return self.line.says(namespaces) if callable(self.line.says) else self.line.says


class There(FakeConnections):
    def __init__(self) -> None:
        super().__init__()
        self.fake: Personal = Personal()  # type: ignore[assignment]


async def test_an_answer_is_believed_for_a_minute_and_silence_only_while_rows_are_as_old() -> None:
    there, now = There(), [1000.0]
    narrowing = Narrowing(there, lambda: now[0])
    first = await narrowing.of(ADA)
    assert first.limits[0][1].namespaces is None
    there.fake.says = Unreachable("It does not answer.")
    now[0] += KEPT - 1
    assert (await narrowing.of(ADA)).limits == first.limits
    assert there.fake.asked == 1
    now[0] += 2
    assert (await narrowing.of(ADA)).limits == first.limits  # its last word
    now[0] += LAST_WORD
    assert (await narrowing.of(ADA)).limits[0][1] == Nothing("It does not answer.")


async def test_before_the_namespaces_are_listed_a_narrow_answer_is_not_believed_for_long() -> None:
    there, now = There(), [1000.0]
    store = FakeStore(1, DESCRIBED["namespaces"], {}, listed=False)
    there.stores = lambda: [store]  # type: ignore[method-assign]
    there.fake.says = lambda places: Rights((), tuple((name, (APPS,)) for name in sorted(places)))
    narrowing = Narrowing(there, lambda: now[0])
    early = (await narrowing.of(ADA)).limits[0][1]
    assert "not known yet" in early.why
    assert early.namespaces == frozenset()
    store.listed, store.resources = True, {"n": App(id="n", title="shop")}
    now[0] += LISTING + 0.1
    limits = (await narrowing.of(ADA)).limits[0][1]
    assert (limits.namespaces, limits.why) == (frozenset({"shop"}), "")
    now[0] += KEPT - 1
    await narrowing.of(ADA)
    assert there.fake.asked == 2


@pytest.mark.parametrize("later", [True, False])
async def test_the_list_of_namespaces_is_waited_for_unless_it_cannot_come(later: bool) -> None:
    there = There()
    store = FakeStore(1, DESCRIBED["namespaces"], {}, listed=False)
    there.stores = lambda: [store]  # type: ignore[method-assign]
    there.fake.says = lambda places: Rights((), tuple((name, (APPS,)) for name in sorted(places)))
    asking = asyncio.create_task(Narrowing(there).of(ADA))
    await asyncio.sleep(0.01)
    if later:
        store.listed, store.resources = True, {"n": App(id="n", title="shop")}
    else:
        store.trouble = Refused("namespaces is forbidden")
    limits = (await asking).limits[0][1]
    assert (limits.namespaces, limits.why) == (frozenset({"shop"} if later else ()), "")


async def test_a_cluster_that_refuses_to_say_shows_nothing_at_once() -> None:
    there, now = There(), [1000.0]
    narrowing = Narrowing(there, lambda: now[0])
    await narrowing.of(ADA)
    there.fake.says = Refused("No right to impersonate.")
    now[0] += KEPT + 1
    (_, limits), *_ = (await narrowing.of(ADA)).limits
    assert (limits.namespaces, limits.of(APP), limits.why) == (frozenset(), frozenset(), "No right to impersonate.")
    there.fake.says = Rights((Rule(["*"], ["*"], ["*"]),))
    now[0] += SILENT + 1
    assert (await narrowing.of(ADA)).limits[0][1].namespaces is None


@pytest.mark.django_db(transaction=True)
async def test_somebody_whom_the_cluster_was_not_asked_about_sees_nothing_and_does_nothing() -> None:
    there = There()
    assert visible(there, ADA, 1, "app") == []  # such an actor is a fault of ours: it must show nothing
    there.fake.says = Refused("No right to impersonate.")
    gateway = Gateway(there)
    with pytest.raises(Denied) as denied:
        await gateway.act(ADA, 1, APP, there.apps["u1"], "stop", {})
    assert not denied.value.known
    assert there.fake.calls == there.fake.as_person("ada").calls == []


@pytest.mark.django_db(transaction=True)
async def test_what_somebody_does_goes_through_their_own_driver() -> None:
    there = There()
    await Gateway(there).act(ADA, 1, APP, there.apps["u1"], "stop", {})
    assert there.fake.calls == []
    assert there.fake.as_person("ada").calls == [("stop", "u1")]


def test_only_the_gateway_takes_drivers_from_the_connections() -> None:
    """Whatever else asks on behalf of somebody asks ``gateway.driver(actor, …)``."""
    may = {"clusters/gateway.py", "clusters/connections.py", "clusters/narrowing.py", "clusters/demo.py"}
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for folder in ("clusters", "dashboard")
        for path in (root / folder).rglob("*.py")
        if re.search(r"(connections|supervisor)\.driver\(|\.connection\.driver\.(call|get|logs)", path.read_text())
    }
    assert found <= may
