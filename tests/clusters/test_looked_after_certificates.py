"""Certificates in the list of ingresses and on Home: only where it is switched on, and nothing of a key is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from clusters.drivers.base import Call, Found
from clusters.drivers.only_our_kinds import OnlyOurKinds
from clusters.errors import ClusterError, Missing, Refused, Unreachable
from clusters.kinds.base import Level, Look
from clusters.kinds.kubernetes.gateway import GATEWAY
from clusters.kinds.kubernetes.gateway_certificates import CERTIFICATES
from clusters.kinds.kubernetes.gateway_class import GatewayClass
from clusters.kinds.kubernetes.gateway_model import Gateway
from clusters.kinds.kubernetes.ingress_model import Ingress
from clusters.live import glancer, noticer
from clusters.live.cluster import ClusterInfo
from clusters.live.connection import Connection
from clusters.live.resource import Changed, Listed
from clusters.live.store import Store
from clusters.triage.engine import find
from clusters.triage.finding import Finding
from clusters.triage.symptoms import Heard
from tests.clusters.docker_things import until
from tests.clusters.fakes import all_shared, none_related
from tests.clusters.test_certificates import secret
from tests.clusters.test_ingress_kind import ingress_class

TO_FILES = {"path": "/", "backend": {"resource": {"kind": "Bucket", "name": "files"}}}


_GROUP = "gateway.networking.k8s.io"
GRANT = {"metadata": {"name": "edge", "namespace": "open", "uid": "u-grant"},
         "spec": {"from": [{"group": _GROUP, "kind": "Gateway", "namespace": "shop"}],
                  "to": [{"group": "", "kind": "Secret", "name": "far"}]}}  # fmt: skip


class Cluster(OnlyOurKinds):
    """Answers reads of secrets, and lists what it is given."""

    platform = "kubernetes"

    def __init__(self, **secrets: dict[str, Any] | ClusterError) -> None:
        self.secrets, self.asked = secrets, list[str]()
        self.lists: dict[str, list[Any]] = {}
        self.grants, self.cut = list[Any]([GRANT]), ""
        self.kinds, self.listed = list[Found](), list[str]()

    async def call(self, call: Call) -> Any:
        assert call.method == "GET"
        self.asked.append("/".join(call.path))
        if call.path[-1] == "referencegrants":
            return {"items": self.grants if call.path[-2] == "open" else [], "metadata": {"continue": self.cut}}
        found = self.secrets[call.path[-1]]
        if isinstance(found, ClusterError):
            raise found
        return found

    async def discover(self) -> Any:
        return self.kinds

    async def watch(self, kind: Any, namespaces: Any = None) -> Any:
        self.listed.append(kind.name)
        yield Listed(self.lists.get(kind.name, []))
        await asyncio.Event().wait()

    async def about(self) -> Any:
        raise Unreachable("Nobody asks.")

    async def close(self) -> None:
        """Nothing is open."""


def secured(name: str, held: str) -> Ingress:
    spec = {"ingressClassName": "edge", "rules": [{"host": "shop.example", "http": {"paths": [TO_FILES]}}],
            "tls": [{"hosts": ["shop.example"], "secretName": held}]}  # fmt: skip
    meta = {"name": name, "namespace": "shop", "uid": f"u-{name}", "resourceVersion": "1"}
    return msgspec.convert({"metadata": meta, "spec": spec}, Ingress)


def gateway(name: str, *secrets: dict[str, Any], **tls: Any) -> Gateway:
    listener = {"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example",
                "tls": {"certificateRefs": list(secrets), **tls}}  # fmt: skip
    meta = {"name": name, "namespace": "shop", "uid": f"u-{name}", "resourceVersion": "1"}
    accepted = {"conditions": [{"type": "Accepted", "status": "True"}]}
    spec = {"gatewayClassName": "edge", "listeners": [listener]}
    return msgspec.convert({"metadata": meta, "spec": spec, "status": accepted}, Gateway)


def connection(driver: Cluster, **settings: Any) -> Connection:
    edge = ingress_class("edge")
    driver.lists = {
        "ingress": [secured(name, name) for name in driver.secrets],
        "ingress-class": [replace(edge, metadata=replace(edge.metadata, uid="u-edge"))],
    }
    namespaces = settings.pop("namespaces", None)
    info = ClusterInfo(1, "k", "k", "kubernetes", "kubernetes", settings=settings, namespaces=namespaces)
    return Connection(info, driver, lambda _: None)  # type: ignore[arg-type]


def on_home(line: Connection) -> dict[str, Finding]:
    noticed = [one.found for one in line.noticers]
    heard = Heard(1, "k", "kubernetes", "live", line.stores, noticed=noticed)
    return {one.key: one for one in find([heard], {1: None}, 0.0)}


def words(store: Store) -> dict[str, str]:
    return {store.resources[uid].name: how.word for uid, how in store.health.items()}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SOON", 0.0), ("PACE", 0.02), ("LASTS", 0.05)):
        monkeypatch.setattr(noticer, name, value)
    monkeypatch.setattr(glancer, "AT_ONCE", 2)


async def test_nothing_is_read_unless_it_is_switched_on() -> None:
    driver = Cluster(old=secret("shop.example", days=-3))
    line = connection(driver)
    line.start()
    with line.wanted("ingress"):
        await until(lambda: line.stores["ingress"].listed)
        await asyncio.sleep(0.1)
    assert driver.asked == []
    assert [one for one in line.noticers if one.found.kind.name == "ingress"] == []
    await line.close()


async def test_each_is_read_once_and_said_in_the_list_and_on_home_while_nobody_looks() -> None:
    held = {
        "fine": secret("shop.example"),
        "old": secret("shop.example", days=-3),
        "soon": secret("shop.example", days=2),
        "wrong": secret("pay.example"),
        "gone": Missing("There is none."),
        "hidden": Refused("May not."),
    }
    driver = Cluster(**held)
    line = connection(driver, certificates=True)
    line.start()
    await until(lambda: len(on_home(line)) == 4)  # nobody looks at ingresses
    found = on_home(line)
    assert set(found) == {f"shop/{name}" for name in ("old", "soon", "wrong", "gone")}
    assert found["shop/old"].level is Level.FAILING
    store = line.stores["ingress"]
    with line.wanted("ingress"):
        await until(lambda: len(words(store)) == 6 and words(store)["old"].startswith("Certificate "))
        assert words(store)["old"] == "Certificate expired"
        assert words(store)["soon"] == "Certificate ends"
        assert words(store)["wrong"] == "Wrong certificate"
        assert words(store)["gone"] == "No certificate"
        assert words(store)["fine"] == words(store)["hidden"] != words(store)["old"]  # what cannot be told is no fault
    assert sorted(driver.asked) == sorted(f"api/v1/namespaces/shop/secrets/{name}" for name in held)
    kept = repr(line._glancers["ingress"]._known)
    assert all(held[name]["data"]["tls.key"] not in kept for name in ("fine", "old", "soon", "wrong"))  # type: ignore[index]
    assert "PRIVATE" not in kept
    await line.close()
    assert line._glancers["ingress"]._known == {}


async def test_nothing_is_read_any_more_once_the_cluster_is_let_go_of_while_somebody_looks() -> None:
    driver = Cluster(old=secret("shop.example", days=-3))
    line = connection(driver, certificates=True)
    line.start()
    with line.wanted("ingress"):
        await until(lambda: words(line.stores["ingress"]).get("old") == "Certificate expired")
        asked = list(driver.asked)
        line.stores["ingress-class"].apply(Changed(deletes=["u-edge"]))  # a list is to be made again
        await line.close()
        await asyncio.sleep(0.1)
    assert driver.asked == asked
    assert line._glancers["ingress"].need(line, line.stores["ingress"].resources.values(), lambda: None) == ()


async def test_more_than_are_looked_at_are_said_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glancer, "MOST", 2)
    driver = Cluster(**{name: secret("shop.example", days=-3) for name in ("a", "b", "c")})
    line = connection(driver, certificates=True)
    store = line.stores["ingress"]
    line.start()
    with line.wanted("ingress"):
        await until(lambda: sorted(words(store).values()).count("Certificate expired") == 2)
        assert store.trouble is not None
        assert store.trouble.message.startswith("Only 2 certificates are looked after.")
        assert store.knows("shop"), "what is listed is all there is"
        driver.lists["ingress"].pop()
        line.retry()
        await until(lambda: len(store.resources) == 2 and store.trouble is None)
    await line.close()


async def test_what_the_cluster_does_not_have_is_not_asked_for_until_it_has_it() -> None:
    driver = Cluster(old=secret("shop.example", days=-3))
    line = connection(driver, certificates=True)
    gateways(driver)
    others = [Found("networking.k8s.io/v1/ingresses", "Ingress", namespaced=True)]
    driver.kinds = others
    await line.discovered.look_again()
    line.start()
    await until(lambda: "ingress" in driver.listed)
    with line.wanted("gateway"):  # somebody looks all the same
        await until(lambda: "gateway" in driver.listed)
    line._stop_unwanted("gateway")
    assert "gateway" not in line.feeds
    driver.kinds = [*others, Found(GATEWAY.api, "Gateway", namespaced=True)]
    await line.discovered.look_again()
    await until(lambda: "shop/old" in on_home(line))
    driver.kinds = others  # and it is taken away again
    await line.discovered.look_again()
    assert "gateway" not in line.feeds
    assert "ingress" in line.feeds
    await line.close()


def gateways(driver: Cluster) -> None:
    driver.lists = {
        "gateway": [
            gateway("old", {"name": "old"}),
            gateway("fine", {"name": "fine"}),
            gateway("allowed", {"name": "far", "namespace": "open"}),
            gateway("barred", {"name": "far", "namespace": "shut"}),
            gateway("passed", {"name": "old"}, mode="Passthrough"),
            gateway("other", {"name": "old", "group": "example.com", "kind": "Vault"}),
        ],
        "gateway-class": [msgspec.convert({"metadata": {"name": "edge", "uid": "u-edge"}}, GatewayClass)],
    }


HELD = {"old": ("shop.example", -3), "fine": ("shop.example", 90), "far": ("shop.example", -3)}


async def test_those_of_gateways_are_looked_at_too_elsewhere_only_where_a_reference_grant_allows_it() -> None:
    driver = Cluster(**{name: secret(host, days=days) for name, (host, days) in HELD.items()})
    line = connection(driver, certificates=True)
    gateways(driver)
    line.start()
    await until(lambda: len(on_home(line)) == 3)
    assert set(on_home(line)) == {"shop/old", "shop/allowed", "shop/barred"}
    store = line.stores["gateway"]
    with line.wanted("gateway"):
        await until(lambda: len(words(store)) == 6 and words(store)["barred"] == "Certificate not permitted")
        assert words(store) == {"old": "Certificate expired", "allowed": "Certificate expired", "fine": "Open",
                                "barred": "Certificate not permitted", "passed": "Open", "other": "Open"}  # fmt: skip
    assert not any("namespaces/shut/secrets" in path for path in driver.asked)
    await line.close()


async def test_nothing_of_a_namespace_that_is_not_looked_at_is_asked_for() -> None:
    driver = Cluster(**{name: secret(host, days=days) for name, (host, days) in HELD.items()})
    line = connection(driver, certificates=True, namespaces=frozenset({"shop"}))
    gateways(driver)
    line.start()
    await until(lambda: set(on_home(line)) == {"shop/old"})
    assert {path.split("/")[3] for path in driver.asked} == {"shop"}
    await line.close()


async def test_the_page_of_a_gateway_has_a_step_for_each_certificate() -> None:
    driver = Cluster(**{name: secret(host, days=days) for name, (host, days) in HELD.items()})
    refs = [{"name": "old"}, {"name": "far", "namespace": "shut"}, {"name": "far", "namespace": "open"}]

    async def steps(sees: Any) -> list[Any]:
        one = gateway("web", *refs)
        look = Look(cluster_id=1, kind=GATEWAY, resource=one, driver=driver, related=none_related, sees=sees)  # type: ignore[arg-type]
        found = await CERTIFICATES.steps(look, one)
        return [one["status"][1] for one in found]

    assert await steps(all_shared) == ["Expired", "Not permitted", "Expired"]
    assert await steps(lambda namespace: namespace == "shop") == ["Expired", "Cannot tell", "Cannot tell"]
    refs = [{"name": "old"}] * 12
    assert await steps(all_shared) == [*["Expired"] * 10, "Cannot tell"], "those that are not looked at are said"


@pytest.mark.parametrize(
    ("grants", "cut", "word"),
    [
        ([{"spec": "none"}, "nothing", GRANT], "", "Expired"),
        ([{"spec": "none"}], "", "Not permitted"),
        ([], "more", "Cannot tell"),
    ],
)
async def test_a_grant_that_is_not_understood_hides_no_other_and_one_that_is_not_seen_is_not_called_missing(
    grants: list[Any], cut: str, word: str
) -> None:
    driver = Cluster(far=secret("shop.example", days=-3))
    driver.grants, driver.cut = grants, cut
    one = gateway("web", {"name": "far", "namespace": "open"})
    look = Look(cluster_id=1, kind=GATEWAY, resource=one, driver=driver, related=none_related, sees=all_shared)  # type: ignore[arg-type]
    assert [step["status"][1] for step in await CERTIFICATES.steps(look, one)] == [word]
