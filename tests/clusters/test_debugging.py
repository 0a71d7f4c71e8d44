"""A debug container is put beside a pod that runs, is entered once it runs, and is shown with the pod's own."""

from __future__ import annotations

import asyncio
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from clusters.drivers.base import Call, LogSource
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import ClusterError, Refused, Unreachable
from clusters.kinds.base import Level
from clusters.kinds.kubernetes.debug_profiles import NOBODY, PROFILES, context, user_of
from clusters.kinds.kubernetes.debugging import DEBUG, entering
from clusters.kinds.kubernetes.pod import POD, log_sources
from tests.clusters.docker_things import until
from tests.clusters.kubernetes_objects import a_name, act, apply, page, pod_template, seen, watched
from tests.clusters.pods import made
from tests.clusters.real_cluster import driver, kubectl, namespace  # noqa: F401

BESIDE = {
    "containers": [{"name": "main", "image": "web:1"}],
    "ephemeralContainers": [{"name": "debug-1", "image": "x:1"}],
}


def how(**state: Any) -> Any:
    status = {"ephemeralContainerStatuses": [{"name": "debug-1", "state": state}]} if state else {}
    return entering(made(status, BESIDE), "debug-1")


def test_it_is_waited_for_until_it_runs_or_never_will() -> None:
    assert how().level is Level.CHANGING
    assert how(waiting={"reason": "ContainerCreating"}).level is Level.CHANGING
    assert "x:1 is fetched" in how(waiting={"reason": "PodInitializing"}).reason
    no_image = how(waiting={"reason": "ErrImagePull", "message": "manifest unknown"})
    assert (no_image.level, no_image.reason) == (Level.FAILING, "There is no such image or tag: x:1.")
    assert how(running={}).level is Level.HEALTHY
    assert "exit 137" in how(terminated={"exitCode": 137}).reason
    assert how(terminated={"exitCode": 137}).level is Level.STOPPED
    assert entering(made(), "main").level is Level.HEALTHY


def test_its_lines_are_among_those_of_the_pod() -> None:
    assert [one.container for one in log_sources(made({}, BESIDE))] == ["main", "debug-1"]


def test_nothing_is_put_beside_what_is_over_or_not_placed() -> None:
    assert DEBUG.refuse
    assert DEBUG.refuse(made()) == ""
    assert "It is over" in DEBUG.refuse(made({"phase": "Succeeded"}))
    assert "not placed" in DEBUG.refuse(made(spec={"nodeName": ""}))


class _Takes:
    """A cluster that takes it, or refuses it."""

    def __init__(self, error: ClusterError | None = None, tree: Any = None) -> None:
        self.error, self.tree, self.calls = error, tree, list[Call]()

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if self.error:
            raise self.error

    async def get(self, *about: Any) -> Any:
        return self.tree


async def _held(driver: _Takes, **given: Any) -> Any:
    assert DEBUG.preview
    look: Any = SimpleNamespace(resource=made(), kind=POD, driver=driver)
    return await DEBUG.preview(look, {"image": "tools:2", "target": "", "name": "", **given})


async def test_whether_the_cluster_would_take_it_is_asked_before_and_nothing_is_done() -> None:
    driver = _Takes(Refused("Pod security says no.", detail="violates PodSecurity"))
    assert "Pod security says no." in (await _held(driver)).held
    assert [one.query["dryRun"] for one in driver.calls] == ["All"]
    assert (await _held(_Takes(Unreachable("cut")))).held == ""  # doing it tells


async def test_a_profile_gives_and_takes_and_a_restricted_one_runs_as_its_target_does() -> None:
    def given(profile: str, user: str = "") -> Any:
        return context(profile, user)

    assert given("") == {}
    assert given("general") == {"capabilities": {"add": ["SYS_PTRACE"]}}
    assert given("netadmin") == {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}}
    assert not any(given(name).get("privileged") for name, _ in PROFILES)
    driver = _Takes(tree={"spec": {"securityContext": {"runAsUser": 1000}, "containers": [{"name": "main"}]}})
    shown = await _held(driver, profile="restricted")
    assert "It runs as user 1000." in shown.effect
    asked = driver.calls[0].body["spec"]["ephemeralContainers"][0]["securityContext"]  # type: ignore[index]
    assert (asked["runAsUser"], asked["capabilities"]) == (1000, {"drop": ["ALL"]})
    root = {"spec": {"securityContext": {"runAsUser": 0}, "containers": []}}
    assert user_of(root, "main") == user_of({"spec": {}}, "main") == NOBODY


async def test_it_stands_beside_the_pods_own_container_and_beside_a_sidecar_where_that_is_asked_for() -> None:
    sidecar = {"name": "mesh", "image": "mesh:1", "restartPolicy": "Always"}
    pod = made(spec={"initContainers": [sidecar], "containers": [{"name": "main", "image": "web:1"}]})
    tree = {
        "spec": {
            "initContainers": [{**sidecar, "securityContext": {"runAsUser": 1337}}],
            "containers": [{"name": "main", "securityContext": {"runAsUser": 1000}}],
        }
    }
    look: Any = SimpleNamespace(resource=pod, kind=POD, driver=_Takes(tree=tree))
    assert DEBUG.preview
    for target, container, user in (("", "main", "1000"), ("mesh", "mesh", "1337")):
        shown = await DEBUG.preview(look, {"target": target, "profile": "restricted"})
        assert (shown.values["target"], shown.values["user"]) == (container, user)


async def test_the_dialog_says_that_it_cannot_be_taken_out_again() -> None:
    assert DEBUG.preview
    look: Any = SimpleNamespace(resource=made(), driver=_Takes())
    shown = await DEBUG.preview(look, {"image": "tools:2", "target": "", "name": ""})
    assert "It cannot be taken out again: it stays until the pod goes." in shown.effect
    assert shown.choices == {"target": (("main", "main · shop/web:1"),)}
    assert DEBUG.opens
    assert DEBUG.opens(made(), shown.values) == {"panel": "terminal", "container": shown.values["name"]}


@pytest.mark.kubernetes
async def test_a_real_one_sees_the_processes_of_its_target(driver: KubernetesDriver, namespace: str) -> None:  # noqa: F811
    name = a_name("looked-into")
    apply(namespace, "v1", "Pod", name, spec=pod_template(name, "exec sleep 98765")["spec"])
    async with watched(driver, POD) as connection:
        pod = await seen(connection, POD, f"{namespace}/{name}", "Running")
        values = {"image": "busybox:latest", "target": "main", "name": "debug-test"}
        assert await act(driver, POD, pod, "debug", values) == f"A debug container was put beside {name}"
        pods = connection.stores["pod"].resources
        await until(lambda: pods[pod.uid].spec.ephemeral_containers, 10.0)  # type: ignore[attr-defined]
        await until(lambda: entering(pods[pod.uid], "debug-test").level is Level.HEALTHY, 30.0)  # type: ignore[arg-type]
        shown = await page(connection, POD, pods[pod.uid])
        assert [(one["name"], one["beside"], one["state"]) for one in shown["containers"]] == [
            ("main", False, "running"), ("debug-test", True, "running"),
        ]  # fmt: skip
        shell = await driver.shell(LogSource(pod, "pod", "debug-test"))
        try:
            await shell.write(b"ps\n")
            said = b""
            async with asyncio.timeout(10):
                async for data in shell.output():
                    said += data
                    if b"sleep 98765" in said:
                        break
        finally:
            await shell.close()
        assert b"sleep 98765" in said


@pytest.mark.kubernetes
async def test_where_pod_security_is_restricted_only_that_profile_is_taken(
    driver: KubernetesDriver,
    namespace: str,  # noqa: F811
) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    subprocess.run(["kubectl", "label", "namespace", namespace, label], check=True, capture_output=True)
    name = a_name("strict")
    spec = pod_template(name, "exec sleep 98765")["spec"]
    strict = {**context("restricted", "1000"), "runAsUser": 1000}
    spec["containers"] = [{**one, "securityContext": strict} for one in spec["containers"]]
    apply(namespace, "v1", "Pod", name, spec=spec)
    async with watched(driver, POD) as connection:
        pod = await seen(connection, POD, f"{namespace}/{name}", "Running")
        look: Any = SimpleNamespace(resource=pod, kind=POD, driver=driver)
        assert DEBUG.preview
        values = {"image": "busybox:latest", "target": "main", "name": ""}
        for profile in ("", "general", "netadmin"):
            held = (await DEBUG.preview(look, {**values, "profile": profile})).held
            assert "PodSecurity" in held, profile
        shown = await DEBUG.preview(look, {**values, "profile": "restricted"})
        assert (shown.held, shown.values["user"]) == ("", "1000")
        await act(driver, POD, pod, "debug", {**shown.values, "profile": "restricted"})
        pods = connection.stores["pod"].resources
        await until(lambda: entering(pods[pod.uid], shown.values["name"]).level is Level.HEALTHY, 30.0)  # type: ignore[arg-type]
    tree = kubectl("get", "pod", name, "-n", namespace)
    assert tree["spec"]["ephemeralContainers"][0]["securityContext"] == strict
