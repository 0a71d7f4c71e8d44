"""Applying YAML to a real cluster as somebody who may not do all of it: nothing is done by halves."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clusters.access import Actor, Granted
from clusters.apply import writing
from clusters.apply.plan import Asked
from clusters.errors import Conflict, Refused
from clusters.gateway import Gateway
from clusters.kinds.base import Role
from clusters.models import AuditEntry
from tests.clusters.apply_real import ADA, OneCluster, cluster, config, do, kept, look  # noqa: F401
from tests.clusters.real_cluster import driver, driver_of, kubectl, namespace  # noqa: F401

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]


def audited(since: int, user: str) -> list[dict[str, Any]]:
    """What the cluster's own audit has of them since then."""
    log = Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log"
    with log.open() as lines:
        lines.seek(since)
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
    return [one for one in rows if one["user"]["username"] == user]


async def test_nothing_of_several_is_written_when_one_may_not_be(kubeconfig: Path, namespace: str, kept: None) -> None:
    log = Path(os.environ["TESTBED_LOGS"]) / "kube-audit.log"
    since = log.stat().st_size
    name = f"pilothouse-test-{secrets.token_hex(3)}"
    text = f"{config('shop', name, a='1')}\n---\n{config(namespace, name, a='1')}\n"
    limited = driver_of(kubeconfig.parent / "shop-only.yaml")
    cluster = OneCluster(limited)
    try:
        seen = await look(cluster, text)
        assert seen.refused
        assert [isinstance(one.error, Refused) for one in seen.steps] == [False, True]
        with pytest.raises(writing.Differs):
            await writing.apply(Gateway(cluster), ADA, Asked(cluster_id=1, text=text), seen.seal)
        alone = await do(cluster, config("shop", name, a="1"))
        await writing.take_back(Gateway(cluster), ADA, 1, alone.undo)
    finally:
        await limited.close()
    user = (
        await asyncio.to_thread(
            subprocess.run,
            ["kubectl", "--kubeconfig", str(kubeconfig.parent / "shop-only.yaml"), "auth", "whoami", "-o", "json"],
            capture_output=True,
        )
    ).stdout
    rows = audited(since, json.loads(user)["status"]["userInfo"]["username"])
    writes = [(one["verb"], one["requestURI"].partition("?")[0]) for one in rows if one["verb"] in ("create", "patch", "update", "delete")
              and "dryRun" not in one["requestURI"] and "selfsubject" not in one["requestURI"] and name in one["requestURI"]]  # fmt: skip
    there = f"/api/v1/namespaces/shop/configmaps/{name}"
    assert {(verb, uri) for verb, uri in writes} == {("patch", there), ("delete", there)}  # the one that was done alone
    assert not any(namespace in one["requestURI"] and one["verb"] == "patch" for one in rows)


async def test_we_ask_ourselves_first_and_the_cluster_hears_nothing(cluster: OneCluster, namespace: str) -> None:
    inside = Granted(Role.OPERATOR, 1, frozenset({namespace}), frozenset({"apply"}))
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: HERE}\n".replace(
        "HERE", namespace
    )
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: pilothouse-never}\n"
    other = config("default", "never")
    for who, text in (
        (Actor(2, "vera", (Granted(Role.VIEWER),)), config(namespace)),
        (Actor(3, "otto", (Granted(Role.OPERATOR),)), config(namespace)),  # without the right
        (Actor(4, "nina", (inside,)), other),
        (Actor(4, "nina", (inside,)), f"{config(namespace)}\n---\n{other}"),
    ):
        seen = await look(cluster, text, who)
        assert seen.refused
        assert cluster.calls == []
    for text in (role, space):  # what gives rights, and what concerns the whole cluster
        assert (await look(cluster, text, Actor(4, "nina", (inside,)), namespace=namespace)).refused
    assert all(call.method == "GET" and len(call.path) <= 3 for call in cluster.calls)  # which kinds there are
    assert (await look(cluster, config(namespace), Actor(4, "nina", (inside,)))).ready
    assert {one.stage async for one in AuditEntry.objects.all()} == {"denied"}


async def test_a_quota_that_is_full_and_a_policy_that_says_no_are_told_as_such(
    cluster: OneCluster, namespace: str
) -> None:
    quota = f"apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: none, namespace: {namespace}}}\nspec: {{hard: {{services: '0'}}}}\n"
    made = await do(cluster, quota)
    await asyncio.sleep(1)
    service = f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: {namespace}}}\nspec: {{ports: [{{port: 80}}]}}\n"
    (step,) = (await look(cluster, service)).steps
    await writing.take_back(Gateway(cluster), ADA, 1, made.undo)
    assert isinstance(step.error, Conflict), step.error
    assert "A quota of the namespace does not allow it" in step.error.message
