"""A cluster that is disconnected while somebody looks at it: no topic breaks, and nothing of it reaches the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser

from clusters.access import Actor
from clusters.actors import actor_for
from clusters.drivers.kubernetes.access import Rule
from clusters.drivers.kubernetes.rights import Rights
from clusters.live.connection import Connection
from clusters.live.store import Store
from clusters.models import Cluster, ComposeSource, Job
from dashboard.engine import _tell, engine
from dashboard.topics import TOPICS
from dashboard.topics.base import Topic
from tests.dashboard.test_layers import a_row, running  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
ANYTHING = Rights((Rule(["list", "get"], ["*"], ["*"]),))


async def _arguments(shop: Cluster, vault: Cluster, ada: AbstractUser) -> dict[str, Mapping[str, Any]]:
    """Each topic about something of these two clusters."""
    app, pod, image = await a_row("deployment", "checkout-api"), await a_row("pod"), await a_row("image")
    job = await Job.objects.acreate(key="0" * 32, title="Pull web", verb="pull", cluster=vault, actor=ada)
    await ComposeSource.objects.acreate(cluster=vault, project="web", url="https://git.example.com/web.git", sealed=b"")
    of_app = {"cluster": "shop", "kind": "deployment", "key": app.key}
    return {
        "shell": {},
        "overview": {},
        "table": {"table": "pod"},
        "resource": of_app,
        "layers": of_app,
        "logs": {"rows": [pod.id]},
        "job": {"key": job.key},
        "build": {"key": job.key},
        "git": {"cluster": "vault", "name": "web"},
        "uses": {"cluster": "vault", "kind": "image", "key": image.key},
    }


async def _followed(actor: Actor, arguments: Mapping[str, Mapping[str, Any]]) -> dict[str, Topic]:
    topics = {name: TOPICS[name](actor, args, lambda: None) for name, args in arguments.items()}
    for topic in topics.values():
        await topic.open()
        topic.take()
    return topics


def _tell_once_more(connections: list[Connection], stores: list[Store]) -> None:
    """All that a topic may still be told of the clusters that are gone."""
    for store in stores:
        some = list(store.resources.values())[:3]
        store._tell([(one, one) for one in some])
    for connection in connections:
        engine.supervisor._state_changed(connection)
    engine.supervisor._clusters_changed()
    for listener in tuple(engine.triage._listeners):
        listener()
    _tell(engine._sample_listeners)
    _tell(engine._total_listeners)


async def test_no_topic_breaks_when_its_cluster_is_disconnected(
    running: None,  # noqa: F811
    shop: Cluster,
    vault: Cluster,
    ada: AbstractUser,
    caplog: pytest.LogCaptureFixture,
) -> None:
    arguments = await _arguments(shop, vault, ada)
    assert set(arguments) == set(TOPICS)
    actor = await actor_for(ada.pk)
    assert actor
    whoever = replace(actor, limits=((shop.pk, ANYTHING),))  # a cluster that is asked as the person
    followed = [await _followed(one, arguments) for one in (actor, whoever)]
    driver: Any = engine.supervisor.connections[shop.pk].driver
    driver.switch("node", on=True)
    async with asyncio.timeout(15):  # of what was found there, more may be told than there is
        while not any(one.kind for one in engine.findings(whoever, {shop.pk: None})):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    connections = list(engine.supervisor.connections.values())
    stores = engine.supervisor.stores()
    caught: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: caught.append(context))
    with caplog.at_level(logging.WARNING):
        for cluster in (shop, vault):
            await engine.disconnect(cluster.pk)
            _tell_once_more(connections, list(stores))
            for topics in followed:
                for topic in topics.values():
                    topic.owe_snapshot()
                    topic.take()
            await asyncio.sleep(0.6)  # longer than the pace of a picture
        for topics in followed:
            for topic in topics.values():
                await topic.close()
    assert not caught, caught
    assert not [record for record in caplog.records if record.exc_info], caplog.text
