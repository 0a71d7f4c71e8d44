"""Every route called by everybody: what it declares is what happens, and what is refused reaches no cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from clusters.kinds.base import Role
from clusters.models import Grant
from dashboard.access import policy_of
from tests.dashboard.conftest import Fakes

ClientFor = Callable[[User], AsyncClient]

# What each route takes. A new route belongs here, after somebody thought about who may open it.
ROUTES = {
    "": "signed-in",
    "workloads/": "signed-in",
    "list/<kind:table>/": "signed-in",
    "kinds/": "signed-in",
    "list/<kind:table>/ids/": "signed-in",
    "registries/": "signed-in",
    "registries/pull-secret/": "signed-in",  # and the right apply there, and being let by the registry
    "registries/search/": "signed-in",
    "registries/add/": "site",
    "registries/<slug:slug>/": "signed-in",
    "registries/<slug:slug>/state/": "signed-in",
    "registries/<slug:slug>/edit/": "site",
    "registries/<slug:slug>/remove/": "site",
    "registries/<slug:slug>/tags/<path:name>/": "signed-in",
    "registries/<slug:slug>/tag/<path:name>/": "signed-in",
    "registries/<slug:slug>/copy/<path:name>/": "signed-in",  # and what pushing there takes
    "registries/<slug:slug>/runs/<path:name>/": "signed-in",  # of clusters only what is shared
    "registries/<slug:slug>/delete/<path:name>/": "signed-in",
    "images/pull/": "signed-in",
    "images/push/": "signed-in",
    "images/load/": "signed-in",
    "images/load/piece/": "signed-in",
    "images/save/": "cluster",
    "images/newer/": "signed-in",
    "images/names/": "cluster",
    "images/life/": "cluster",
    "images/roll-out/": "cluster",
    "images/roll-out/pull/": "cluster",
    "images/roll-out/text/": "cluster",
    "convert/": "cluster",
    "ship/": "signed-in",
    "ship/pull/": "signed-in",
    "ship/dry-run/": "signed-in",
    "ship/load/": "signed-in",
    "convert/<slug:target>/": "cluster",
    "activity/": "signed-in",
    "palette/": "signed-in",
    "builds/new/": "signed-in",
    "compose/": "signed-in",
    "compose/check/": "signed-in",
    "compose/values/": "signed-in",
    "compose/versions/": "signed-in",
    "compose/compare/": "signed-in",
    "compose/scale/": "cluster",
    "compose/images/": "cluster",
    "compose/update/": "cluster",
    "compose/back/": "signed-in",
    "stacks/": "signed-in",
    "stacks/check/": "signed-in",
    "stacks/values/": "signed-in",
    "stacks/versions/": "signed-in",
    "stacks/compare/": "signed-in",
    "stacks/back/": "signed-in",
    "services/new/": "signed-in",
    "compose/source/": "signed-in",
    "compose/source/state/": "signed-in",
    "compose/source/check/": "signed-in",
    "compose/source/remove/": "signed-in",
    "hooks/compose/<slug:hook>/": "anyone",
    "join/": "signed-in",
    "join/hosts/": "signed-in",
    "builds/": "signed-in",
    "builds/files/": "signed-in",
    "builds/<slug:key>/": "signed-in",
    "builds/<slug:key>/output/": "signed-in",
    "jobs/": "signed-in",
    "jobs/<slug:key>/": "signed-in",
    "jobs/<slug:key>/cancel/": "signed-in",
    "demo/": "signed-in",
    "files/": "cluster",
    "files/download/": "cluster",
    "files/upload/": "cluster",
    "ports/": "signed-in",
    "ports/open/": "cluster",
    "ports/end/": "signed-in",
    "patterns/": "signed-in",
    "demo/fault/": "cluster",
    "logs/": "signed-in",
    "logs/keep/": "signed-in",
    "logs/forget/<int:number>/": "signed-in",
    "logs/download/": "cluster",
    "people/": "site",
    "people/add/": "site",
    "people/<int:number>/": "site",
    "people/<int:number>/grant/": "site",
    "people/<int:number>/revoke/<int:grant>/": "site",
    "people/<int:number>/switch/": "site",
    "people/<int:number>/link/": "site",
    "people/<int:number>/remove/": "site",
    "audit/": "site",
    "audit/check/": "site",
    "clusters/connect/": "site",
    "clusters/connect/take/": "site",
    "clusters/connect/paste/": "site",
    "run/<slug:kind>/": "signed-in",
    "deploy/": "signed-in",
    "clusters/<slug:slug>/edit/": "site",
    "clusters/<slug:slug>/namespaces/": "site",
    "clusters/<slug:slug>/remove/": "site",
    "clusters/<slug:cluster>/": "cluster",
    "clusters/<slug:cluster>/check/": "cluster",
    "clusters/<slug:cluster>/yaml/": "cluster",
    "clusters/<slug:cluster>/yaml/check/": "cluster",
    "clusters/<slug:cluster>/<kind:kind>/<path:key>/": "cluster",
    "clean/<slug:cluster>/<slug:kind>/<slug:what>/<path:key>/": "cluster",
    "act/": "cluster",
    "act/refused/": "cluster",
    "setup/": "anyone",
    "welcome/<str:person>/<str:token>/": "anyone",
    "healthz": "anyone",
    "readyz": "anyone",
    "account/login/": "anyone",
    "account/logout/": "anyone",
    "account/inactive/": "anyone",
    "account/2fa/authenticate/": "anyone",
    "account/2fa/webauthn/login/": "anyone",
    "account/confirm/": "signed-in",
    "account/sessions/": "signed-in",
    "account/password/change/": "signed-in",
    "account/2fa/": "signed-in",
    "account/2fa/totp/activate/": "signed-in",
    "account/2fa/totp/deactivate/": "signed-in",
    "account/2fa/recovery-codes/": "signed-in",
    "account/2fa/recovery-codes/generate/": "signed-in",
    "account/2fa/recovery-codes/download/": "signed-in",
    "account/2fa/webauthn/add/": "signed-in",
    "account/2fa/webauthn/keys/<int:pk>/remove/": "signed-in",
    "account/2fa/webauthn/keys/<int:pk>/edit/": "signed-in",
}
SAMPLES = {
    "<kind:table>": "workloads",
    "<slug:key>": "0" * 32,
    "<slug:hook>": "0" * 32,
    "<int:number>": "999",
    "<int:grant>": "999",
    "<int:pk>": "999",
    "<slug:slug>": "shop",
    "<slug:cluster>": "shop",
    "<slug:kind>": "app",
    "<slug:what>": "volumes",
    "<slug:target>": "swarm",
    "<kind:kind>": "app",
    "<path:key>": "front/web",
    "<path:name>": "front/web",
    "<str:person>": "MQ",
    "<str:token>": "x-y",
}


def walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from walk(one.url_patterns, path)
        else:
            yield path, one


EVERY = dict(walk(get_resolver().url_patterns))


def address(path: str, cluster: str = "shop") -> str:
    for part, value in SAMPLES.items():
        path = path.replace(part, cluster if value == "shop" else value)
    return f"/{path}"


def test_every_view_declares_what_it_takes() -> None:
    found = {}
    for path, pattern in EVERY.items():
        if "(?P" in path:  # django-allauth's e-mail links
            assert pattern.name not in {"account_login"}
            continue
        match = resolve(address(path))
        policy = policy_of(match)
        assert policy is not None, f"{path} declares no policy"
        if policy.scope != "closed":
            found[path] = policy.scope
    assert found == ROUTES


def same(page: bytes, slug: bytes = b"-") -> bytes:
    """The page without what is different each time: tokens, nonces, and the address itself."""
    changing = rb'nonce="[^"]*"|csrf-token" content="[^"]*"|csrfmiddlewaretoken" value="[^"]*"'
    return re.sub(changing, b"", page).replace(slug, b"")


async def status(client: AsyncClient, method: str, where: str) -> int:
    headers = {"Accept": "text/html"}
    return int((await client.generic(method, where, headers=headers)).status_code)


@pytest.mark.django_db(transaction=True)
async def test_who_is_not_signed_in_gets_to_the_sign_in_page_and_nowhere_else(fakes: Fakes) -> None:
    client = AsyncClient(headers={"host": "127.0.0.1:8000"})
    for path, scope in ROUTES.items():
        if scope == "anyone":
            continue
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = await client.generic(method, address(path))
            assert answer.status_code == 302, (method, path)
            assert answer["Location"].startswith("/account/login/"), (method, path)
            fragment = await client.generic(method, address(path), headers={"HX-Request": "true"})
            assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/account/login/"), (method, path)
    assert fakes.calls == []


@pytest.mark.django_db(transaction=True)
async def test_what_needs_an_administrator_is_for_administrators(
    fakes: Fakes, async_client_for: ClientFor, vera: User, otto: User, nora: User, ada: User
) -> None:
    for person in (nora, vera, otto):
        client = async_client_for(person)
        for path in [path for path, scope in ROUTES.items() if scope == "site"]:
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                assert await status(client, method, address(path)) == 403, (person, method, path)
    client = async_client_for(ada)
    for path in [path for path, scope in ROUTES.items() if scope == "site"]:
        assert await status(client, "GET", address(path)) in {200, 302, 404, 405}, path
    assert fakes.calls == []


@pytest.mark.django_db(transaction=True)
async def test_a_cluster_that_is_not_shared_is_not_there(
    fakes: Fakes, async_client_for: ClientFor, vera: User, otto: User, nora: User, ada: User
) -> None:
    """Also for the viewer of another cluster; and what is not there answers just the same."""
    routes = [path for path, scope in ROUTES.items() if scope == "cluster" and "<slug:cluster>" in path]
    for person in (nora, vera, otto):
        client = async_client_for(person)
        for path in routes:
            for method in ("GET", "POST"):
                foreign = await client.generic(method, address(path, "vault"))
                never = await client.generic(method, address(path, "never-was"))
                assert foreign.status_code == never.status_code == 404, (person, method, path)
                assert same(foreign.content, b"vault") == same(never.content, b"never-was")
    for row in (fakes.row("vault", "u1"), "999~app~u1"):
        for person in (nora, vera, otto):
            answer = await async_client_for(person).post("/act/", {"verb": "stop", "rows": row})
            assert answer.status_code == 404
    assert fakes.drivers["vault"].calls == []
    assert (await async_client_for(ada).get("/clusters/vault/app/front/web/")).status_code == 200


@pytest.mark.django_db(transaction=True)
async def test_of_a_cluster_only_the_granted_namespaces_are_there(
    fakes: Fakes, async_client_for: ClientFor, nora: User
) -> None:
    await Grant.objects.acreate(user=nora, role=Role.VIEWER, cluster=fakes.shop, namespaces=["front"])
    client = async_client_for(nora)
    assert (await client.get("/clusters/shop/app/front/web/")).status_code == 200
    assert (await client.get("/clusters/shop/app/back/db/")).status_code == 404
    assert (await client.post("/act/", {"verb": "stop", "rows": fakes.row("shop", "u2")})).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_a_grant_that_was_taken_away_is_gone_with_the_next_request(
    fakes: Fakes, async_client_for: ClientFor, vera: User
) -> None:
    client = async_client_for(vera)
    assert (await client.get("/clusters/shop/app/front/web/")).status_code == 200
    await Grant.objects.filter(user=vera).adelete()
    assert (await client.get("/clusters/shop/app/front/web/")).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("more", ["?cluster=vault", "?env=2", "?slug=vault"])
async def test_only_the_address_says_which_cluster_it_is(
    fakes: Fakes, async_client_for: ClientFor, vera: User, more: str
) -> None:
    client = async_client_for(vera)
    answer = await client.get(f"/clusters/vault/app/front/web/{more}", headers={"X-Env": "1", "X-Cluster": "shop"})
    assert answer.status_code == 404
