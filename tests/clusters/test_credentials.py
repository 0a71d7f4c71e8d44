"""What we sign in with is renewed before it ends: once at a time, kept where it is good once, and never by surprise."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from asgiref.sync import sync_to_async
from django.db import DatabaseError

from clusters import audit, exec_plugins
from clusters.access import Actor, Granted
from clusters.carrying_out import recorded
from clusters.connect import cluster as connecting
from clusters.connect.expiry import first_expiry
from clusters.connect.kubeconfig import read_found, read_pasted
from clusters.connect.renewing import KeptBeside, KeptInRow
from clusters.connect.secrets import read_secret, write_secret
from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver, client, plugin
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.credentials import AGAIN, BELIEVED, MARGIN, Credential, Renewing
from clusters.drivers.kubernetes.oidc import Oidc
from clusters.drivers.kubernetes.plugin import Plugin
from clusters.drivers.kubernetes.sources import source_of
from clusters.errors import ClusterError, Invalid, Refused, Unreachable, Unsupported
from clusters.fields import NotFilledIn
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster
from tests.clusters.test_kubeconfig import config

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
V1 = "client.authentication.k8s.io/v1"


def jwt(seconds: float, mark: str = "") -> str:
    """A token that says when it ends, and nothing that is true."""

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': time.time() + seconds, 'mark': mark})}.{part('x')}"


# --- When ---------------------------------------------------------------------------------------------------------


class Renewals:
    """A source that is asked for the next one, at a time of ours."""

    def __init__(self, lasts: float = 3600) -> None:
        self.now, self.lasts, self.asked = 1000.0, lasts, 0
        self.fails: Exception | None = None
        self.takes = asyncio.Event()
        self.takes.set()
        self.source = Renewing(self._renew, clock=lambda: self.now)

    async def _renew(self, refused: str) -> Credential:
        self.asked += 1
        self.refused = refused
        await self.takes.wait()
        if self.fails:
            raise self.fails
        return Credential(f"token-{self.asked}", ends=self.now + self.lasts)

    async def token(self) -> str:
        return (await self.source.current()).token


async def test_it_is_renewed_before_it_ends_by_one_at_a_time_while_the_old_one_goes_on() -> None:
    renewals = Renewals()
    assert await asyncio.gather(*(renewals.token() for _ in range(20))) == ["token-1"] * 20
    renewals.now += 3600 - MARGIN - 1
    assert (await renewals.token(), renewals.asked) == ("token-1", 1)
    renewals.takes.clear()
    renewals.now += 2
    assert await asyncio.gather(*(renewals.token() for _ in range(20))) == ["token-1"] * 20
    renewals.takes.set()
    await asyncio.sleep(0.01)
    assert (await renewals.token(), renewals.asked) == ("token-2", 2)


async def test_a_renewal_that_fails_is_left_alone_for_a_while_and_after_the_end_everything_fails() -> None:
    renewals = Renewals()
    await renewals.token()
    renewals.fails = Refused("No")
    renewals.now += 3600 - 30
    assert await renewals.token() == "token-1"
    await asyncio.sleep(0.01)
    assert (await renewals.token(), renewals.asked) == ("token-1", 2)
    renewals.now += 31
    with pytest.raises(Refused, match="No"):
        await renewals.token()
    asked = renewals.asked
    with pytest.raises(Refused, match="No"):
        await renewals.token()
    assert renewals.asked == asked
    renewals.fails, renewals.now = None, renewals.now + AGAIN
    assert await renewals.token() == f"token-{asked + 1}"


async def test_a_renewal_goes_on_when_whoever_waits_for_it_gives_up() -> None:
    renewals = Renewals()
    renewals.takes.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(renewals.token(), 0.01)
    renewals.takes.set()
    assert (await renewals.token(), renewals.asked) == ("token-1", 1)


async def test_what_the_cluster_does_not_believe_is_renewed_but_not_over_and_over() -> None:
    renewals = Renewals()
    await renewals.token()
    assert not renewals.source.forget()
    renewals.now += BELIEVED
    assert renewals.source.forget()
    assert await renewals.token() == "token-2"
    assert renewals.refused == "token-1"


# --- A program ----------------------------------------------------------------------------------------------------

Make = Callable[..., Plugin]


@pytest.fixture
def make(tmp_path: Path, settings: Any) -> Make:
    """A program of ours that is in the administrator's list."""

    def made(code: str, allows: str = "", **entry: Any) -> Plugin:
        path = tmp_path / "signs-in"
        path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n" + textwrap.dedent(code))
        path.chmod(0o700)
        settings.EXEC_PLUGINS = exec_plugins.read(f"{path} {allows}")
        return Plugin.of({"command": "signs-in", "apiVersion": V1, **entry})

    return made


SAYS = 'print(json.dumps({"kind": "ExecCredential", "apiVersion": "' + V1 + '", "status": %s}))'


async def test_a_program_gives_a_token_and_sees_nothing_of_ours(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PILOTHOUSE_SECRET_KEY", "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    code = SAYS % (
        '{"token": json.dumps([sys.argv[1:], sorted(os.environ), json.loads(os.environ["KUBERNETES_EXEC_INFO"]),'
        ' sys.stdin.read(), os.getcwd()], separators=(",", ":")), "expirationTimestamp": "2099-01-01T00:00:00Z"}'
    )
    found = await make(code, "get token [--of]", args=["--of", "$(id)", "get", "token"], provideClusterInfo=True).run(
        {"server": "https://10.0.0.1"}
    )
    arguments, names, info, typed, folder = json.loads(found.token)
    assert (arguments, typed, folder) == (["get", "token", "--of", "$(id)"], "", "/")
    assert set(names) <= {"PATH", "HOME", "LANG", "LC_CTYPE", "KUBERNETES_EXEC_INFO"}
    assert info["spec"] == {"interactive": False, "cluster": {"server": "https://10.0.0.1"}}
    assert found.ends == 4070908800


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.stderr.write('no account'); sys.exit(3)", "failed (exit 3)"),
        ("print('{')", "says is no ExecCredential"),
        ("print('x' * (1 << 20))", "says more than 256 KiB"),
        (SAYS.replace("/v1", "/v1beta1") % '{"token": "t"}', "no ExecCredential of"),
        (SAYS % "{}", "gave no token"),
        (SAYS % '{"clientCertificateData": "x"}', "gave no token, and no certificate with its key"),
        (SAYS % '{"token": "a\\r\\nImpersonate-User: b"}', "characters that no token has"),
        (SAYS % '{"token": "t", "expirationTimestamp": "2001-01-01T00:00:00Z"}', "has ended already"),
        (SAYS % '{"token": "t", "expirationTimestamp": "soon"}', "cannot be read"),
    ],
)
async def test_what_a_program_does_wrong_is_said_in_words(make: Make, code: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        await make(code).run({})
    assert words in refused.value.message


async def test_a_program_that_takes_too_long_is_ended_with_all_that_it_began(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(plugin, "SECONDS", 1.0)
    one = make("")
    Path(one.path).write_text(
        f"#!/bin/sh\n(echo $$ >> {tmp_path}/pid; sleep 60) &\necho $! >> {tmp_path}/pid; sleep 60\n"
    )
    with pytest.raises(Unreachable, match="did not sign in within"):
        await one.run({})
    await asyncio.sleep(0.1)
    for number in (tmp_path / "pid").read_text().split():
        assert not Path(f"/proc/{number}").exists() or "Z" in Path(f"/proc/{number}/stat").read_text().split()[2]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"command": "other"}, "“exec” is not allowed: it runs a program (other)"),
        ({"command": "../signs-in"}, "“exec” is not allowed"),
        ({"command": "/bin/sh"}, "“exec” is not allowed"),
        ({"command": ""}, "“exec” is not allowed"),
        ({"env": [{"name": "LD_PRELOAD", "value": "/tmp/x.so"}]}, "sets variables, which is not allowed"),
        ({"env": [{"name": "AWS_PROFILE", "value": "prod"}]}, "sets variables, which is not allowed"),
        ({"env": "AWS_PROFILE=x"}, "sets variables, which is not allowed"),
        ({"args": ["--help"]}, "“exec” is not allowed: it would run “"),
        ({"args": "-c id"}, "not a list"),
        ({"args": [1]}, "not text"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "apiVersion that is not known"),
        ({"interactiveMode": "Always"}, "talks to somebody"),
    ],
)
def test_only_listed_programs_with_harmless_settings_are_taken(make: Make, entry: dict[str, Any], words: str) -> None:
    make("")
    with pytest.raises(Invalid) as refused:
        Plugin.of({"command": "signs-in", "apiVersion": V1, **entry})
    assert words in refused.value.message


async def test_a_program_that_was_taken_off_the_list_is_not_run_any_more(make: Make, settings: Any) -> None:
    one = make(SAYS % '{"token": "t"}')
    settings.EXEC_PLUGINS = ()
    with pytest.raises(Invalid, match="is not allowed"):
        await one.run({})


AWS = "/usr/local/bin/aws eks get-token [--cluster-name --region --role-arn --output]"


@pytest.mark.parametrize(
    "given",
    [
        "eks get-token --cluster-name shop",
        "--region eu-west-1 eks get-token --cluster-name shop --output json",  # as its own program writes kubeconfigs
        "eks get-token --cluster-name=shop --role-arn arn:aws:iam::1:role/x",
    ],
)
def test_an_entry_of_the_list_allows_its_words_and_its_options_with_values(given: str) -> None:
    path, arguments = exec_plugins.allowed(exec_plugins.read(AWS), "aws", given.split())
    assert path == "/usr/local/bin/aws"
    assert arguments[:2] == ("eks", "get-token")
    assert sorted(arguments) == sorted(given.split())
    assert exec_plugins.allowed(exec_plugins.read(AWS), path, arguments) == (path, arguments)  # as it is stored


@pytest.mark.parametrize(
    "given",
    [
        ["s3", "cp", "/data/master-key", "s3://evil/x", "--endpoint-url", "https://evil"],
        ["eks", "get-token", "--endpoint-url", "https://evil"],
        ["eks", "get-token", "--cluster-name", "shop", "--endpoint-url=https://evil"],
        ["eks", "get-token", "--cluster-name"],
        ["eks", "get-token", "--cluster-name", "--debug"],
        ["eks", "get-token", "--cluster-name=-x"],
        ["eks", "get-token", "--cluster-name", "a\nb"],
        ["eks", "get-token", "--role-arn", "file:///data/master-key"],
        ["eks", "get-token", "--role-arn", "@/data/master-key"],
        ["eks", "get-token", "--region", "a", "--region", "b"],
        ["eks", "get-token", "more"],
        ["get-token", "eks"],
        ["eks"],
        [],
    ],
)
def test_no_other_arguments_get_to_a_listed_program(given: list[str]) -> None:
    with pytest.raises(Invalid, match="“exec”"):
        exec_plugins.allowed(exec_plugins.read(AWS), "aws", given)


@pytest.mark.parametrize(
    "text", ["aws", "/bin/a:/bin/b", "/bin/a [--x", "/bin/a [x]", "/bin/a [--x=1]", "/bin/a 'b", "[--x]"]
)
def test_a_list_that_is_written_wrongly_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        exec_plugins.read(f"/bin/good, {text}")


@pytest.mark.django_db(transaction=True)
async def test_who_has_a_program_run_is_written_down_before_it_runs(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the test of a connection already; and nothing is run where that cannot be written."""
    ran = tmp_path / "ran"
    one = make(f"open({str(ran)!r}, 'w')\nsys.exit(3)", "sign-in [--as]", args=["sign-in", "--as", "two words"])
    to = connecting.Reach("kubernetes", {"server": "https://127.0.0.1:1", "exec": one.stored(), "context": "shop"}, {})
    with monkeypatch.context() as broken:
        broken.setattr(audit, "_append_alone", fails)
        with pytest.raises(audit.Unrecorded):
            await connecting.test(to, ADA, None)
    assert not ran.exists()
    with pytest.raises(Refused, match="failed"):
        await connecting.test(to, ADA, None)
    assert ran.exists()
    rows = [row async for row in AuditEntry.objects.order_by("id")]
    assert [(row.actor, row.verb, row.name, row.stage, row.result) for row in rows] == [
        ("ada", "run to sign in", "shop", "intent", ""),
        ("ada", "run to sign in", "shop", "outcome", "failed"),
    ]
    assert rows[0].detail == {"command": f"{one.path} sign-in --as 'two words'", "server": "https://127.0.0.1:1"}


def fails(*arguments: object) -> None:
    raise DatabaseError("the disk is full")


def test_by_default_no_program_is_listed() -> None:
    assert not os.environ.get("PILOTHOUSE_EXEC_PLUGINS")
    user = {"exec": {"command": "/usr/bin/env", "apiVersion": V1}}
    assert "“exec” is not allowed: it runs a program" in read_pasted(config(user)).contexts[0].problem


@pytest.mark.kubernetes
async def test_a_real_cluster_is_reached_with_a_certificate_that_a_program_gives(make: Make, kubeconfig: Path) -> None:
    offer = read_found(kubeconfig)[0]
    given = {"clientCertificateData": offer.settings["cert_data"], "clientKeyData": offer.secret["key_data"]}
    one = make(SAYS % repr(given))
    (context,) = read_pasted(
        config(
            {"exec": one.stored()},
            {"server": offer.settings["server"],
             "certificate-authority-data": base64.b64encode(offer.settings["ca_data"].encode()).decode()},
        )
    ).contexts  # fmt: skip
    assert (context.problem, context.secret) == ("", {})
    driver = KubernetesDriver(context.settings, context.secret)
    try:
        assert (await driver.about()).version.startswith("v1.")
        assert await driver.may("delete", "", "nodes") is True
    finally:
        await driver.close()


async def test_what_runs_over_a_certificate_that_was_renewed_goes_on_until_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(str(message.data))
        return socket

    monkeypatch.setattr(client, "_load_pair", lambda context, cert, key: None)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = client.ApiServer(Connection(server=f"http://127.0.0.1:{runner.addresses[0][1]}"))
    number = 0

    async def renewed() -> Credential:
        return Credential(cert=f"cert-{number}", key="key")

    monkeypatch.setattr(server, "_signed", renewed)
    try:
        terminals = []
        for number in range(client.MOST_BEFORE + 2):
            terminals.append(await server.websocket(("api",), (), ()))
        await terminals[1].send_str("still here")
        assert (await terminals[1].receive_str(timeout=2)) == "still here"
        assert (await terminals[0].receive(timeout=2)).type in (WSMsgType.CLOSED, WSMsgType.ERROR)  # there is a bound
        for one in terminals[1:-1]:
            await one.close()
        number += 1
        await server.websocket(("api",), (), ())
        assert len(server._before) == 1  # of the last one: of the others, those over which nothing runs are let go of
    finally:
        await server.close()
        await runner.cleanup()


# --- An issuer ----------------------------------------------------------------------------------------------------


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


@pytest.mark.django_db(transaction=True)
def test_what_a_program_gives_is_never_sent_to_another_address(make: Make) -> None:
    entry = make("").stored()
    one = Cluster(driver="kubernetes", settings={"server": "https://10.0.0.1:6443", "exec": entry})
    assert connecting.reach("kubernetes", dict(one.settings), one).settings["exec"] == entry
    with pytest.raises(NotFilledIn, match="paste its kubeconfig again"):
        connecting.reach("kubernetes", {**one.settings, "server": "https://10.0.0.2:6443"}, one)
