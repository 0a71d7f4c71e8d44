"""What is done to sets, batch jobs, cron jobs and autoscalers of a real cluster, as kubectl says afterwards."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import Conflict, Invalid
from clusters.kinds.kubernetes.cron_job import CRON_JOB
from clusters.kinds.kubernetes.daemon_set import DAEMON_SET
from clusters.kinds.kubernetes.horizontal_autoscaler import HORIZONTAL_AUTOSCALER
from clusters.kinds.kubernetes.job import JOB
from clusters.kinds.kubernetes.pod import POD
from clusters.kinds.kubernetes.replica_set import REPLICA_SET
from clusters.kinds.kubernetes.stateful_set import STATEFUL_SET
from tests.clusters.docker_things import until
from tests.clusters.kubernetes_objects import (
    PATIENCE,
    a_name,
    act,
    apply,
    gone,
    page,
    pod_template,
    said,
    seen,
    watched,
)
from tests.clusters.real_cluster import another, driver, namespace  # noqa: F401

pytestmark = pytest.mark.kubernetes
APPS, BATCH = "apps/v1", "batch/v1"
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def kept(name: str, copies: int | None = None, **rest: Any) -> dict[str, Any]:
    """The spec of what keeps copies."""
    number = {} if copies is None else {"replicas": copies}
    return {"selector": {"matchLabels": {"app": name}}, "template": pod_template(name), **number, **rest}


async def test_a_stateful_set_is_scaled_restarted_and_deleted_and_its_disks_stay(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("ledger")
    disk = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}}  # fmt: skip
    template = pod_template(name, container={"volumeMounts": [{"name": "data", "mountPath": "/data"}]})
    spec = {**kept(name, 2), "serviceName": name, "volumeClaimTemplates": [disk], "template": template}
    apply(namespace, APPS, "StatefulSet", name, spec=spec)
    async with watched(driver, STATEFUL_SET, POD) as connection:
        one = await seen(connection, STATEFUL_SET, f"{namespace}/{name}", "Running")
        shown = await page(connection, STATEFUL_SET, one)
        assert [copy["name"] for copy in shown["copies"]] == [f"{name}-0", f"{name}-1"]
        assert await act(driver, STATEFUL_SET, one, "scale", {"copies": 1}) == f"{name}: 2 → 1 copy"
        second = connection.stores["pod"].find(f"{namespace}/{name}-1")
        assert second is not None
        await gone(connection, POD, second.uid)
        now = said("statefulset", name, "-n", namespace)
        assert now is not None
        assert now["spec"]["replicas"] == 1
        before = connection.stores["pod"].find(f"{namespace}/{name}-0")
        assert before is not None
        await act(driver, STATEFUL_SET, one, "restart")
        await gone(connection, POD, before.uid)
        one = await seen(connection, STATEFUL_SET, f"{namespace}/{name}", "Running")
        now = said("statefulset", name, "-n", namespace)
        assert now is not None
        assert RESTARTED in now["spec"]["template"]["metadata"]["annotations"]
        assert now["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox:latest"
        await act(driver, STATEFUL_SET, one, "delete")
        await gone(connection, STATEFUL_SET, one.uid)
        await until(lambda: not connection.stores["pod"].find(f"{namespace}/{name}-0"), PATIENCE)
    assert said("statefulset", name, "-n", namespace) is None
    assert said("pvc", f"data-{name}-0", "-n", namespace) is not None


async def test_a_stateful_set_whose_second_copy_never_gets_ready_says_who_waits(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("stuck")
    command = f"case $(hostname) in *-0) touch /tmp/ok;; *) exit 3;; esac; {WORK_AFTER}"
    template = pod_template(name, command, container={"readinessProbe": {"exec": {"command": ["test", "-f", "/tmp/ok"]}}})  # fmt: skip
    apply(namespace, APPS, "StatefulSet", name, spec={**kept(name, 3), "serviceName": name, "template": template})
    async with watched(driver, STATEFUL_SET, POD) as connection:
        one = await seen(connection, STATEFUL_SET, f"{namespace}/{name}", "Degraded")
        reason = connection.stores["stateful-set"].health[one.uid].reason
        assert reason.startswith("1 of 3 copies stay up.")
        assert reason.endswith("1 copy waits for it: they start one after the other.")


WORK_AFTER = "trap 'exit 0' TERM; while true; do sleep 0.2 & wait $!; done"


async def test_a_stateful_set_names_the_copy_that_is_not_ready_and_holds_up_the_others(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("slow")
    command = f"case $(hostname) in *-0) touch /tmp/ok;; esac; {WORK_AFTER}"
    template = pod_template(name, command, container={"readinessProbe": {"exec": {"command": ["test", "-f", "/tmp/ok"]}}})  # fmt: skip
    apply(namespace, APPS, "StatefulSet", name, spec={**kept(name, 3), "serviceName": name, "template": template})
    async with watched(driver, STATEFUL_SET, POD) as connection:
        one = await seen(connection, STATEFUL_SET, f"{namespace}/{name}")
        health = connection.stores["stateful-set"].health
        waits = "1 copy waits for it: they start one after the other."
        await until(lambda: f"{name}-1: " in health[one.uid].reason and waits in health[one.uid].reason, PATIENCE)


async def test_a_daemon_set_is_restarted_on_every_machine_and_deleted(driver: KubernetesDriver, namespace: str) -> None:
    name = a_name("agent")
    apply(namespace, APPS, "DaemonSet", name, spec=kept(name))
    async with watched(driver, DAEMON_SET, POD) as connection:
        one = await seen(connection, DAEMON_SET, f"{namespace}/{name}", "Running")
        shown = await page(connection, DAEMON_SET, one)
        nodes = said("nodes")
        assert nodes is not None
        assert len(shown["copies"]) == one.status.desired_number_scheduled <= len(nodes["items"])
        old = {pod.uid for pod in connection.stores["pod"].resources.values() if pod.name.startswith(name)}
        await act(driver, DAEMON_SET, one, "restart")
        for uid in old:
            await gone(connection, POD, uid)
        one = await seen(connection, DAEMON_SET, f"{namespace}/{name}", "Running")
        now = said("daemonset", name, "-n", namespace)
        assert now is not None
        assert RESTARTED in now["spec"]["template"]["metadata"]["annotations"]
        assert now["status"]["updatedNumberScheduled"] == now["status"]["desiredNumberScheduled"]
        await act(driver, DAEMON_SET, one, "delete")
        await gone(connection, DAEMON_SET, one.uid)
    assert said("daemonset", name, "-n", namespace) is None


async def test_a_replica_set_of_nobody_is_scaled_and_one_of_a_deployment_is_not(
    driver: KubernetesDriver, namespace: str
) -> None:
    name, app = a_name("alone"), a_name("app")
    apply(namespace, APPS, "ReplicaSet", name, spec=kept(name, 1))
    apply(namespace, APPS, "Deployment", app, spec=kept(app, 1))
    async with watched(driver, REPLICA_SET, POD) as connection:
        one = await seen(connection, REPLICA_SET, f"{namespace}/{name}", "Running")
        assert len((await page(connection, REPLICA_SET, one))["copies"]) == 1
        await act(driver, REPLICA_SET, one, "scale", {"copies": 0})
        one = await seen(connection, REPLICA_SET, f"{namespace}/{name}", "Stopped")
        now = said("replicaset", name, "-n", namespace)
        assert now is not None
        assert now["spec"]["replicas"] == 0
        await act(driver, REPLICA_SET, one, "delete")
        await gone(connection, REPLICA_SET, one.uid)
        version = await until(
            lambda: next(
                (r for r in connection.stores["replica-set"].resources.values() if r.name.startswith(app)), None
            )
        )
        scale = REPLICA_SET.action("scale")
        assert scale is not None
        assert scale.refuse is not None
        assert scale.refuse(version) == f"deployment {app} sets the number of its copies: scale that."
        assert (await page(connection, REPLICA_SET, version))["owners"][0]["name"] == app


async def test_a_batch_job_is_run_again_suspended_resumed_and_deleted_with_its_copies(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("import")
    template = pod_template(name, restartPolicy="Never")
    apply(namespace, BATCH, "Job", name, metadata={"labels": {"team": "a"}}, spec={"template": template})
    async with watched(driver, JOB, POD) as connection:
        one = await seen(connection, JOB, f"{namespace}/{name}", "Running")
        words = await act(driver, JOB, one, "run-again")
        again = await seen(connection, JOB, f"{namespace}/{words.split()[0]}", "Running")
        first, second = said("job", name, "-n", namespace), said("job", again.name, "-n", namespace)
        assert first is not None
        assert second is not None
        assert second["metadata"]["labels"] == {"team": "a"} | _own_labels(second)
        assert _work(first) == _work(second)
        await act(driver, JOB, again, "suspend")
        again = await seen(connection, JOB, f"{namespace}/{again.name}", "Suspended")
        second = said("job", again.name, "-n", namespace)
        assert second is not None
        assert second["spec"]["suspend"] is True
        await act(driver, JOB, again, "resume")
        again = await seen(connection, JOB, f"{namespace}/{again.name}", "Running")
        second = said("job", again.name, "-n", namespace)
        assert second is not None
        assert second["spec"]["suspend"] is False
        await act(driver, JOB, again, "delete")
        await gone(connection, JOB, again.uid)
        left = lambda: [pod for pod in connection.stores["pod"].resources.values() if pod.name.startswith(again.name)]  # noqa: E731
        await until(lambda: not left(), PATIENCE)
    assert said("job", name, "-n", namespace) is not None


def _own_labels(job: dict[str, Any]) -> dict[str, str]:
    return {
        key: value for key, value in job["metadata"]["labels"].items() if "controller-uid" in key or "job-name" in key
    }


def _work(job: dict[str, Any]) -> dict[str, Any]:
    spec = {key: value for key, value in job["spec"].items() if key not in ("selector", "suspend")}
    return {**spec, "template": spec["template"]["spec"]}


async def test_a_batch_job_that_failed_says_after_how_many_tries(driver: KubernetesDriver, namespace: str) -> None:
    name = a_name("fails")
    template = pod_template(name, "exit 3", restartPolicy="Never")
    apply(namespace, BATCH, "Job", name, spec={"template": template, "backoffLimit": 0})
    async with watched(driver, JOB, POD) as connection:
        one = await seen(connection, JOB, f"{namespace}/{name}")
        health = connection.stores["job"].health
        await until(lambda: health[one.uid].reason == "It gave up after 1 try.", PATIENCE)


async def test_a_cron_job_is_suspended_resumed_and_run_now_as_kubectl_does_it(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("backup")
    work = {"spec": {"template": pod_template(name, "true", restartPolicy="Never"), "backoffLimit": 2}}
    spec = {"schedule": "30 2 * * *", "jobTemplate": {"metadata": {"labels": {"team": "a"}}, **work}}
    apply(namespace, BATCH, "CronJob", name, spec=spec)
    async with watched(driver, CRON_JOB, JOB, POD) as connection:
        one = await seen(connection, CRON_JOB, f"{namespace}/{name}", "Scheduled")
        await act(driver, CRON_JOB, one, "suspend")
        one = await seen(connection, CRON_JOB, f"{namespace}/{name}", "Suspended")
        now = said("cronjob", name, "-n", namespace)
        assert now is not None
        assert now["spec"]["suspend"] is True
        await act(driver, CRON_JOB, one, "resume")
        one = await seen(connection, CRON_JOB, f"{namespace}/{name}", "Scheduled")
        started = (await act(driver, CRON_JOB, one, "run-now")).split()[0]
        await seen(connection, JOB, f"{namespace}/{started}", "Finished")
        assert [run["name"] for run in (await page(connection, CRON_JOB, one))["below"]] == [started]
        ours = said("job", started, "-n", namespace)
        line = ["create", "job", "by-hand", f"--from=cronjob/{name}", "-n", namespace, "--dry-run=server", "-o", "json"]
        theirs = json.loads(subprocess.run(["kubectl", *line], capture_output=True, check=True).stdout)
        assert ours is not None
        assert ours["metadata"]["ownerReferences"] == theirs["metadata"]["ownerReferences"]
        assert ours["metadata"]["annotations"] == theirs["metadata"]["annotations"]
        assert ours["metadata"]["labels"]["team"] == theirs["metadata"]["labels"]["team"] == "a"
        assert _work(ours) == _work(theirs)
        with pytest.raises(Conflict):
            await act(driver, CRON_JOB, another(one), "run-now")
        await act(driver, CRON_JOB, one, "delete")
        await gone(connection, CRON_JOB, one.uid)
        await until(lambda: not connection.stores["job"].find(f"{namespace}/{started}"), PATIENCE)


async def test_an_autoscaler_gets_other_limits_and_its_target_stays_when_it_is_deleted(
    driver: KubernetesDriver, namespace: str
) -> None:
    name = a_name("web")
    apply(namespace, APPS, "Deployment", name, spec=kept(name, 1))
    target = {"apiVersion": APPS, "kind": "Deployment", "name": name}
    apply(
        namespace, "autoscaling/v2", "HorizontalPodAutoscaler", name, spec={"scaleTargetRef": target, "maxReplicas": 2}
    )
    async with watched(driver, HORIZONTAL_AUTOSCALER) as connection:
        one = await seen(connection, HORIZONTAL_AUTOSCALER, f"{namespace}/{name}")
        with pytest.raises(Invalid, match="cannot be fewer"):
            await act(driver, HORIZONTAL_AUTOSCALER, one, "limits", {"fewest": 4, "most": 3})
        assert await act(driver, HORIZONTAL_AUTOSCALER, one, "limits", {"fewest": 2, "most": 3}) == (
            f"{name} may have 2 to 3 copies"
        )
        now = said("hpa", name, "-n", namespace)
        assert now is not None
        assert (now["spec"]["minReplicas"], now["spec"]["maxReplicas"]) == (2, 3)
        limits = HORIZONTAL_AUTOSCALER.action("limits")
        assert limits is not None
        assert limits.undo is not None
        assert limits.undo(one, {}) == ("limits", {"fewest": 1, "most": 2})
        await act(driver, HORIZONTAL_AUTOSCALER, one, "delete")
        await gone(connection, HORIZONTAL_AUTOSCALER, one.uid)
    assert said("deployment", name, "-n", namespace) is not None


async def test_an_autoscaler_without_figures_says_so(driver: KubernetesDriver, namespace: str) -> None:
    name = a_name("blind")
    apply(namespace, APPS, "Deployment", name, spec=kept(name, 1))  # its copies ask for nothing
    spec = {"scaleTargetRef": {"apiVersion": APPS, "kind": "Deployment", "name": name}, "maxReplicas": 2}
    apply(namespace, "autoscaling/v2", "HorizontalPodAutoscaler", name, spec=spec)
    async with watched(driver, HORIZONTAL_AUTOSCALER) as connection:
        one = await seen(connection, HORIZONTAL_AUTOSCALER, f"{namespace}/{name}", "No figures")
        store = connection.stores["horizontal-autoscaler"]
        why = "It cannot read the load. Its copies must say how much CPU they ask for: main of "
        await until(lambda: store.health[one.uid].reason.startswith(why), 2 * PATIENCE)
