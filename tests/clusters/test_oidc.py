"""Sign-ins from an issuer (OIDC) are renewed: once, kept where a refresh token is good once, and never by surprise."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from asgiref.sync import sync_to_async

from clusters import audit
from clusters.access import Actor, Granted
from clusters.carrying_out import recorded
from clusters.connect import cluster as connecting
from clusters.connect.expiry import first_expiry
from clusters.connect.kubeconfig import read_pasted
from clusters.connect.renewing import KeptBeside, KeptInRow
from clusters.connect.secrets import read_secret, write_secret
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.errors import SignIn
from clusters.drivers.kubernetes.oidc import Oidc
from clusters.drivers.kubernetes.sources import source_of
from clusters.errors import ClusterError, Invalid, Unreachable, Unsupported
from clusters.kinds.base import Role
from clusters.models import Cluster
from tests.clusters.test_kubeconfig import config

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))


def jwt(seconds: float, mark: str = "") -> str:
    """A token that says when it ends, and nothing that is true."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': time.time() + seconds, 'mark': mark})}.{part('x')}"


@dataclass
class Issuer:
    """An issuer whose refresh tokens are good once; and an API server that believes its newest token."""

    lasts: float = 3600
    name: str = ""
    endpoint: str = ""
    refuses: int = 0
    leads: bool = False
    good: str = "refresh-0"
    token: str = ""
    asked: list[tuple[dict[str, str], str]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/.well-known/openid-configuration":
            if self.leads:
                return web.Response(status=302, headers={"Location": f"{self.url}/elsewhere"})
            return web.json_response(
                {"issuer": self.name or self.url, "token_endpoint": self.endpoint or f"{self.url}/token"}
            )
        if request.path == "/token":
            form = dict(await request.post())
            self.asked.append((form, request.headers.get("Authorization", "")))  # type: ignore[arg-type]
            if self.refuses or form["refresh_token"] != self.good:
                return web.json_response({"error": "invalid_grant", "error_description": "canary"}, status=400)
            self.good = f"refresh-{len(self.asked)}"
            self.token = jwt(self.lasts, self.good)
            return web.json_response({"id_token": self.token, "refresh_token": self.good, "access_token": "unused"})
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"kind": "Status", "code": 401}, status=401)
        return web.json_response({"gitVersion": "v1.37.2", "kind": "APIVersions", "items": [], "metadata": {}})


@asynccontextmanager
async def serving(issuer: Issuer) -> AsyncIterator[Issuer]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", issuer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield issuer
    finally:
        await runner.cleanup()


def kubeconfig_of(issuer: Issuer, **more: str) -> str:
    about = {
        "idp-issuer-url": issuer.url, "client-id": "pilot", "client-secret": "s3 cret", "id-token": jwt(-60),
        "refresh-token": "refresh-0", **more,
    }  # fmt: skip
    return config({"auth-provider": {"name": "oidc", "config": about}}, {"server": issuer.url})


async def test_an_ended_token_is_renewed_by_one_request_and_the_next_refresh_token_is_kept() -> None:
    async with serving(Issuer()) as issuer:
        (context,) = read_pasted(kubeconfig_of(issuer)).contexts
        assert context.problem == ""
        assert "refresh-0" not in repr(context.settings)
        assert first_expiry(context.settings, context.secret) is None
        secret = dict(context.secret)
        driver = KubernetesDriver(context.settings, secret)
        driver.keeper = KeptBeside(secret)
        await asyncio.gather(*(driver.ping() for _ in range(10)))
        await driver.close()
    (form, signed), *others = issuer.asked
    assert not others
    assert form == {"grant_type": "refresh_token", "refresh_token": "refresh-0"}
    assert signed == f"Basic {base64.b64encode(b'pilot:s3+cret').decode()}"
    assert (secret["refresh_token"], secret["token"]) == ("refresh-1", issuer.token)


async def test_a_stored_token_that_the_cluster_does_not_believe_is_renewed_before_its_end() -> None:
    async with serving(Issuer()) as issuer:
        (context,) = read_pasted(kubeconfig_of(issuer, **{"id-token": jwt(3600)})).contexts
        secret = dict(context.secret)
        source = source_of(Connection.of(context.settings, secret), KeptBeside(secret))
        assert source is not None
        stored = (await source.current()).token
        assert (stored, issuer.asked) == (context.secret["token"], [])
        assert source.forget()  # the cluster said 401
        assert (await source.current()).token == issuer.token != stored
    assert len(issuer.asked) == 1
    assert secret["token"] == issuer.token


async def test_a_call_whose_token_is_not_believed_is_sent_once_more_with_a_new_one() -> None:
    async with serving(Issuer()) as issuer:
        (context,) = read_pasted(kubeconfig_of(issuer, **{"id-token": jwt(3600)})).contexts
        secret = dict(context.secret)
        driver = KubernetesDriver(context.settings, secret)
        driver.keeper = KeptBeside(secret)
        try:
            await asyncio.gather(*(driver.ping() for _ in range(5)))
            assert len(issuer.asked) == 1
            issuer.token = "another"  # refused again, at once: nothing is repeated for ever
            with pytest.raises(SignIn):
                await driver.ping()
            assert len(issuer.asked) == 1
        finally:
            await driver.close()


@pytest.mark.django_db(transaction=True)
async def test_what_was_not_sent_because_the_issuer_is_away_is_recorded_as_not_done() -> None:
    async with serving(Issuer()) as issuer:
        (context,) = read_pasted(kubeconfig_of(issuer)).contexts
    secret = dict(context.secret)
    driver = KubernetesDriver(context.settings, secret)
    driver.keeper = KeptBeside(secret)
    event = audit.Event(actor="ada", verb="restart", kind="pod", name="web")
    request = await audit.intent(event)
    with pytest.raises(Unreachable, match="Our sign-in could not be renewed"):
        await recorded(event, request, driver.call(Call("DELETE", ("api", "v1", "pods"))), 20)
    await driver.close()
    assert [row.result for row in await audit.rows_of(request)] == ["", "failed"]


async def refused_by(issuer: Issuer) -> ClusterError:
    (context,) = read_pasted(kubeconfig_of(issuer)).contexts
    one = Oidc.of(context.settings, context.secret)
    assert one is not None
    with pytest.raises(ClusterError) as refused:
        await one.renewed(KeptBeside(dict(context.secret)))
    return refused.value


async def test_an_issuer_that_says_no_or_leads_elsewhere_is_told_and_never_followed() -> None:
    async with serving(Issuer(refuses=1)) as issuer:
        error = await refused_by(issuer)
        assert "does not renew our sign-in (invalid_grant)" in error.message
        assert "canary" not in f"{error.message}{error.hint}{error.detail}"
    async with serving(Issuer(leads=True)) as issuer:
        assert isinstance(await refused_by(issuer), Unsupported)
        assert not issuer.asked
    async with serving(Issuer(name="https://evil.example")) as issuer:
        assert "calls itself by another name" in (await refused_by(issuer)).message
        assert not issuer.asked
    for endpoint in ("http://169.254.169.254/token", "http://10.1.2.3/token", "file:///etc/passwd"):
        async with serving(Issuer(endpoint=endpoint)) as issuer:
            assert isinstance(await refused_by(issuer), Invalid)
            assert not issuer.asked
    async with serving(Issuer(lasts=-1)) as issuer:
        assert "has ended" in (await refused_by(issuer)).message


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"idp-certificate-authority": "/etc/ssl/ca.pem"}, "reads a file"),
        ({"idp-issuer-url": "http://169.254.169.254"}, "never opened"),
        ({"idp-issuer-url": "http://10.0.0.1"}, "Without TLS"),
        ({"idp-issuer-url": ""}, "must begin with https"),
        ({"client-id": ""}, "as which client"),
        ({"id-token": "", "refresh-token": ""}, "without a token"),
    ],
)
def test_what_a_kubeconfig_says_of_an_issuer_is_read_strictly(more: dict[str, str], words: str) -> None:
    issuer = Issuer(url="https://issuer.example")
    (context,) = read_pasted(kubeconfig_of(issuer, **more)).contexts
    assert words in context.problem
    assert not context.secret


@pytest.mark.django_db(transaction=True)
async def test_renewed_tokens_are_sealed_in_their_row_and_whoever_comes_later_takes_them() -> None:
    async with serving(Issuer()) as issuer:
        (context,) = read_pasted(kubeconfig_of(issuer)).contexts
        cluster = await Cluster.objects.acreate(
            name="o", slug="o", driver="kubernetes", platform="kubernetes", settings=context.settings
        )
        await sync_to_async(write_secret)(cluster, dict(context.secret))
        await cluster.asave()
        for _ in range(2):  # the second one was made from what was stored before the first one renewed it
            driver = KubernetesDriver(context.settings, context.secret)
            driver.keeper = KeptInRow(cluster.pk)
            await driver.ping()
            await driver.close()
        await cluster.arefresh_from_db()
        kept = await sync_to_async(read_secret)(cluster)
        assert len(issuer.asked) == 1
        assert (kept["refresh_token"], kept["token"]) == ("refresh-1", issuer.token)
        assert kept["oidc_client_secret"] == "s3 cret"
        assert b"refresh-1" not in bytes(cluster.secret)

        # A test of the connection that renews leaves nothing behind that is good no more.
        await sync_to_async(write_secret)(cluster, {**kept, "token": jwt(-60)})
        await cluster.asave()
        to = await sync_to_async(connecting.reach)("kubernetes", dict(context.settings), cluster)
        await connecting.test(to, ADA, cluster)
        assert (to.secret["refresh_token"], to.secret["token"]) == ("refresh-2", issuer.token)
        await cluster.arefresh_from_db()
        assert (await sync_to_async(read_secret)(cluster))["refresh_token"] == "refresh-2"

        # With another token there is no issuer any more that could renew it.
        to = await sync_to_async(connecting.reach)("kubernetes", {**context.settings, "token": "mine"}, cluster)
        assert to.secret == {"token": "mine"}
