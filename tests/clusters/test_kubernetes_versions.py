"""A kind is read in the version that its cluster serves, where the one that it is written for is not served there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Missing, Refused
from clusters.kinds.kubernetes.tls_route import API, TLS_ROUTE
from clusters.live.resource import Broken, Listed

GROUP = "gateway.networking.k8s.io"
ROUTE = {"kind": "TLSRoute", "metadata": {"name": "mail", "namespace": "shop", "uid": "r1", "resourceVersion": "5"}}
PLACE = ("apis", GROUP, "v1alpha2", "namespaces", "shop", "tlsroutes", "mail")


def resource(name: str) -> dict[str, Any]:
    verbs = ["list", "watch", "get", "delete"]
    return {"resource": name, "responseKind": {"kind": "TLSRoute"}, "scope": "Namespaced", "verbs": verbs}


@asynccontextmanager
async def serving(versions: Sequence[str]) -> AsyncIterator[tuple[KubernetesDriver, list[str]]]:
    """An API server that serves TLS routes in these versions, and the requests that it got."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(f"{request.method} {request.path}")
        parts = request.path.strip("/").split("/")
        served = [{"version": name, "resources": [resource("tlsroutes")]} for name in versions]
        items = [{"metadata": {"name": GROUP}, "versions": served}] if parts == ["apis"] else []
        if len(parts) == 1:
            return web.json_response({"kind": "APIGroupDiscoveryList", "items": items})
        if parts[-1] == "grpcroutes":
            return web.json_response({"kind": "Status", "code": 403, "reason": "Forbidden"}, status=403)
        if parts[2] not in versions:
            return web.json_response({"kind": "Status", "code": 404, "reason": "NotFound"}, status=404)
        one = {"apiVersion": f"{GROUP}/{parts[2]}", **ROUTE}
        if parts[-1] == "tlsroutes":
            return web.json_response({"kind": "TLSRouteList", "metadata": {"resourceVersion": "5"}, "items": [one]})
        return web.json_response(one)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    driver = KubernetesDriver({"server": f"http://127.0.0.1:{runner.addresses[0][1]}", "impersonate": True}, {})
    try:
        yield driver, asked
    finally:
        await driver.close()
        await runner.cleanup()


async def first(driver: KubernetesDriver) -> Any:
    feed = driver.watch(TLS_ROUTE)
    try:
        return await anext(feed)
    finally:
        await feed.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("versions", [["v1"], ["v1", "v1alpha3"], ["v1alpha3"]])
async def test_what_is_served_in_another_version_is_listed_read_and_deleted_in_that(versions: list[str]) -> None:
    async with serving(versions) as (driver, asked):
        assert isinstance(await first(driver), Broken)  # it has not told yet which kinds it has
        await driver.discover()
        listed = await first(driver)
        assert isinstance(listed, Listed)
        assert [one.name for one in listed.resources] == ["mail"]
        found = await driver.get(TLS_ROUTE, "shop", "mail")
        assert found["apiVersion"] == f"{GROUP}/{versions[0]}"
        for one in (driver, driver.as_person("ada")):
            await one.call(Call("DELETE", PLACE))
            assert asked[-1] == f"DELETE /apis/{GROUP}/{versions[0]}/namespaces/shop/tlsroutes/mail"


@pytest.mark.parametrize("versions", [["v1", "v1alpha2"], ["v1alpha2"]])
async def test_where_its_own_version_is_served_that_one_is_asked_for(versions: list[str]) -> None:
    async with serving(versions) as (driver, asked):
        await driver.discover()
        assert isinstance(await first(driver), Listed)
        assert asked[-1] == f"GET /apis/{API}"


async def test_a_version_that_it_cannot_read_is_left_alone() -> None:
    async with serving(["v9"]) as (driver, asked):
        await driver.discover()
        with pytest.raises(Missing):
            await driver.get(TLS_ROUTE, "shop", "mail")
        assert asked[-1] == "GET /" + "/".join(PLACE)


async def test_what_the_cluster_refuses_and_does_not_have_is_not_called_forbidden() -> None:
    async with serving(["v1alpha2"]) as (driver, _):
        routes = Call("GET", ("apis", GROUP, "v1", "namespaces", "shop", "grpcroutes"))
        with pytest.raises(Refused):
            await driver.call(routes)  # it has not told yet what it has
        await driver.discover()
        with pytest.raises(Missing):
            await driver.call(routes)
