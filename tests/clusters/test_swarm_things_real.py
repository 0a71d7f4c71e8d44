"""Nodes, stacks, secrets and configs of a real Swarm, and machines that join and leave it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Missing
from clusters.fields import clean
from clusters.kinds.base import Look
from clusters.kinds.docker.host import HOST
from clusters.kinds.swarm import KINDS
from clusters.live.connection import Connection
from tests.clusters.docker_engine import a_name, unix
from tests.clusters.docker_things import connected, until
from tests.clusters.fakes import all_shared, held
from tests.clusters.heard import Heard
from tests.clusters.test_swarm_real import a_service, driver
from tests.real import find_swarm_manager, find_swarm_worker

__all__ = ["driver"]
pytestmark = [pytest.mark.docker, pytest.mark.django_db(transaction=True)]


def _kind(name: str) -> Any:
    return HOST if name == "host" else next(kind for kind in KINDS if kind.name == name)


def _found(connection: Connection, kind: str, name: str) -> Any:
    return next((one for one in connection.stores[kind].resources.values() if name in (one.name, one.uid)), None)


def _look(connection: Connection, kind: str, name: str) -> Look:
    async def related(other: str) -> list[Any]:
        return list(connection.stores[other].resources.values())

    one = _found(connection, kind, name)
    return Look(
        cluster_id=1,
        kind=_kind(kind),
        resource=one,
        driver=connection.driver,
        related=related,
        sees=all_shared,
    )


async def _act(connection: Connection, kind: str, name: str, verb: str, **values: Any) -> tuple[str, list[str]]:
    action, one = _kind(kind).action(verb), _found(connection, kind, name)
    assert not action.refuse or not action.refuse(one), action.refuse(one)
    heard = Heard()
    given = clean(action.fields, values)
    if action.run_saying:
        return await action.run_saying(connection.driver, one, given, heard), heard.everything
    return await action.run(connection.driver, one, given), heard.everything


async def test_a_node_is_drained_with_a_word_about_each_task_and_takes_tasks_again(driver: DockerDriver) -> None:
    find_swarm_worker()
    kinds = ("swarm-service", "task", "swarm-node")
    async with connected(driver, *kinds) as connection, a_service(driver, copies=3) as uid:
        tasks = connection.stores["task"]

        def nodes() -> set[str]:
            return {one.node for one in held(tasks).values() if one.service_id == uid and one.running and one.wanted}

        await until(lambda: len(nodes()) == 3, 20)
        try:
            preview = await _kind("swarm-node").action("drain").preview(_look(connection, "swarm-node", "docker-3"), {})
            assert "Ends " in preview.effect
            assert preview.told[0].label.startswith("Started on other nodes that fit: ")
            assert any(
                name.startswith(_found(connection, "swarm-service", uid).name) for name, _ in preview.told[0].items
            )
            await _act(connection, "swarm-node", "docker-3", "drain")
            await until(lambda: connection.stores["swarm-node"].health[_uid(connection)].word == "Drained")
            await until(lambda: "docker-3" not in nodes(), 20)
        finally:
            await _act(connection, "swarm-node", "docker-3", "activate")
        await _act(connection, "swarm-node", "docker-3", "edit-labels", labels="zone=b")
        await until(lambda: _found(connection, "swarm-node", "docker-3").labels == {"zone": "b"})
        await _act(connection, "swarm-node", "docker-3", "edit-labels", labels="")
        last = (
            await _kind("swarm-node").action("demote").preview(_look(connection, "swarm-node", _leader(connection)), {})
        )
        assert last.held == "It is the only manager: without it, nobody could decide any more."


def _uid(connection: Connection) -> str:
    uid: str = _found(connection, "swarm-node", "docker-3").uid
    return uid


def _leader(connection: Connection) -> str:
    return str(next(one.name for one in held(connection.stores["swarm-node"]).values() if one.leads))


@pytest.fixture
async def secret(driver: DockerDriver) -> AsyncIterator[tuple[str, str]]:
    """The id and name of a secret; whatever was made of it is removed afterwards."""
    name = a_name()
    made = await driver.call(Call("POST", ("secrets", "create"), body={"Name": name, "Data": "aHVudGVyMg=="}))
    yield made["ID"], name
    for one in await driver.call(Call("GET", ("secrets",))):
        if one["Spec"]["Name"].startswith(name):
            with suppress(ClusterError):
                await driver.call(Call("DELETE", ("secrets", one["ID"])))


async def test_a_secret_is_rotated_at_the_same_place_in_its_service_and_is_shown_to_nobody(
    driver: DockerDriver, secret: tuple[str, str]
) -> None:
    uid, name = secret
    reference = {"SecretID": uid, "SecretName": name, "File": {"Name": "db", "UID": "0", "GID": "0", "Mode": 292}}
    kinds = ("swarm-service", "task", "swarm-secret")
    async with connected(driver, *kinds) as connection, a_service(driver, copies=1, Secrets=[reference]) as service:
        await until(lambda: (one := _found(connection, "swarm-secret", name)) and one.users)
        assert _found(connection, "swarm-secret", name).users[0].where == "/run/secrets/db"
        remove = _kind("swarm-secret").action("remove")
        assert remove.refuse(_found(connection, "swarm-secret", name)).endswith("uses it.")
        for panel in _kind("swarm-secret").panels:
            assert "hunter2" not in str(await panel.load(_look(connection, "swarm-secret", name)))

        words, lines = await _act(connection, "swarm-secret", name, "rotate", value="hunter3")
        assert words == f"{name}-v2 is in use in the place of {name}, which stays until somebody removes it"
        assert "hunter3" not in "".join(lines)
        new = await until(lambda: _found(connection, "swarm-secret", f"{name}-v2"))
        await until(lambda: not _found(connection, "swarm-secret", name).users)
        spec = (await driver.call(Call("GET", ("services", service))))["Spec"]["TaskTemplate"]["ContainerSpec"]
        assert [(one["SecretID"], one["File"]["Name"]) for one in spec["Secrets"]] == [(new.uid, "db")]


async def test_a_stack_is_told_by_its_labels_and_removed_with_what_only_it_uses(driver: DockerDriver) -> None:
    stack = a_name()
    labels = {"com.docker.stack.namespace": stack}
    config = {"Name": f"{stack}_conf", "Labels": labels, "Data": "YT0x"}
    made = (await driver.call(Call("POST", ("configs", "create"), body=config)))["ID"]
    reference = {
        "ConfigID": made,
        "ConfigName": config["Name"],
        "File": {"Name": "/c", "UID": "0", "GID": "0", "Mode": 292},
    }
    mounts = [{"Type": "volume", "Source": f"{stack}_data", "Target": "/data"}]
    async with (
        connected(driver, "stack") as connection,
        a_service(driver, copies=1, Configs=[reference], Mounts=mounts, labels=labels) as service,
    ):
        one = await until(lambda: _found(connection, "stack", stack))
        await until(lambda: connection.stores["stack"].health[stack].word == "Running", 20)
        remove = _kind("stack").action("remove")
        one = _found(connection, "stack", stack)
        assert f"1 config ({stack}_conf)" in remove.effect(one)
        stays = f"On the nodes that have it, the volume {stack}_data stays"
        assert remove.stays(one) == f"{stays}, and so do images."
        page = await _kind("stack").panels[0].load(_look(connection, "stack", stack))
        assert [user["key"] for user in page["users"]] == [service]
        words, lines = await _act(connection, "stack", stack, "remove")
        assert words == f"{stack} is removed. {stays}"
        assert f"The config {stack}_conf is removed." in lines
        await until(lambda: _found(connection, "stack", stack) is None)
    for node in (find_swarm_manager(), find_swarm_worker(), find_swarm_worker().replace("-3", "-2")):
        engine = unix(node)
        with suppress(ClusterError):
            await engine.call(Call("DELETE", ("volumes", f"{stack}_data"), {"force": "true"}))
        await engine.close()


async def test_a_host_leaves_and_joins_with_the_line_that_the_swarm_shows(driver: DockerDriver) -> None:
    worker = unix(find_swarm_worker())
    async with connected(driver, "swarm", "swarm-node") as connection, connected(worker, "host") as other:
        (swarm,) = connection.stores["swarm"].resources.values()
        (host,) = held(other.stores["host"]).values()
        node, address = host.swarm.node_id, (await worker.call(Call("GET", ("info",))))["Swarm"]["NodeAddr"]
        shown = await _kind("swarm").panel("joining").load(_look(connection, "swarm", swarm.uid))
        line = dict(shown["lines"])["As a worker"]
        try:
            await _act(other, "host", host.name, "leave-swarm")
            await until(lambda: not _found(other, "host", host.name).swarm.is_part)
        finally:
            words, _ = await _act(other, "host", host.name, "join-swarm", line=line, address=address)
        try:
            assert words.startswith(f"{host.name} has joined the Swarm at ")
            await until(lambda: len([one for one in _nodes(connection) if one.ready]) == 3, 20)
            await until(lambda: held(connection.stores["swarm-node"])[node].status.state == "down", 40)
            gone = connection.stores["swarm-node"].resources[node]
            assert gone.name.startswith(f"{host.name}.")  # its machine is there under another node, too
            await _act(connection, "swarm-node", node, "remove")
            await until(lambda: node not in connection.stores["swarm-node"].resources)
        finally:
            with suppress(Missing):  # no other test is to meet two nodes of one machine
                await driver.call(Call("DELETE", ("nodes", node), {"force": "true"}))


def _nodes(connection: Connection) -> list[Any]:
    return list(connection.stores["swarm-node"].resources.values())
