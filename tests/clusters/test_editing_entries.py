"""Changed in place: entries of config maps and secrets, the size of a claim, an autoscaler for a workload."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
from typing import Any

import msgspec
import pytest

from clusters.drivers.base import Call
from clusters.drivers.kubernetes import KubernetesDriver
from clusters.errors import ClusterError, Conflict, Invalid, Missing
from clusters.fields import NotFilledIn, clean
from clusters.kinds import kind_named
from clusters.kinds.base import Look
from tests.clusters.fakes import all_shared
from tests.clusters.kubernetes_objects import a_name, act, apply, pod_template, said, seen, watched
from tests.clusters.real_cluster import driver, namespace  # noqa: F401

CONFIG_MAP: Any = kind_named("kubernetes", "config-map")
SECRET: Any = kind_named("kubernetes", "secret")
CLAIM: Any = kind_named("kubernetes", "persistent-volume-claim")
DEPLOYMENT: Any = kind_named("kubernetes", "deployment")
AUTOSCALER: Any = kind_named("kubernetes", "horizontal-autoscaler")


def look_at(driver: KubernetesDriver | None, kind: Any, one: Any, **live: Any) -> Look:  # noqa: F811
    async def related(name: str) -> list[Any]:
        return list(live.get(name.replace("-", "_"), ()))

    return Look(cluster_id=1, kind=kind, resource=one, driver=driver, related=related, sees=all_shared)


def test_names_and_amounts_are_checked_before_and_no_value_is_kept_in_the_audit() -> None:
    for kind in (CONFIG_MAP, SECRET):
        action = kind.action("set-entry")
        with pytest.raises(NotFilledIn, match="Entry is not in the right form"):
            clean(action.fields, {"entry": "a b", "value": "x"})
        assert (action.right, bool(action.permissions)) == ("apply", True)
        assert action.recorded(clean(action.fields, {"entry": "a.conf", "value": "x"})) == {"entry": "a.conf"}
    assert next(one for one in SECRET.action("set-entry").fields if one.name == "value").type == "secret"
    assert SECRET.action("set-entry").undo is None
    with pytest.raises(NotFilledIn):
        clean(CLAIM.action("grow").fields, {"size": "much"})


@pytest.mark.parametrize(
    ("wanted", "grows", "held"),
    [
        ("2Gi", True, ""),
        ("2Gi", False, "The storage class fast does not let disks grow."),
        ("1Gi", True, "It has 1 GiB already, and cannot be made smaller."),
        ("500Mi", True, "It has 1 GiB already, and cannot be made smaller."),
    ],
)
async def test_a_disk_is_enlarged_only_where_that_is_more_and_its_class_lets_it(
    wanted: str, grows: bool, held: str
) -> None:
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    meta = {"name": "data", "namespace": "shop", "uid": "1"}
    claim = msgspec.convert({"metadata": meta, "spec": spec, "status": {"phase": "Bound"}}, CLAIM.model)
    known: Any = kind_named("kubernetes", "storage-class")
    sort = msgspec.convert({"metadata": {"name": "fast"}, "allowVolumeExpansion": grows}, known.model)
    look = look_at(None, CLAIM, claim, storage_class=[sort])
    assert (await CLAIM.action("grow").preview(look, {"size": wanted})).held == held
    assert json.dumps({"spec": {"resources": {"requests": {"storage": wanted}}}}) in shlex.split(
        CLAIM.action("grow").line(claim, {"size": wanted})
    )


async def test_what_a_disk_has_is_told_from_what_it_waits_for() -> None:
    tree = {
        "metadata": {"name": "data", "namespace": "shop", "uid": "1"},
        "spec": {"resources": {"requests": {"storage": "4Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
    }
    look = look_at(None, CLAIM, msgspec.convert(tree, CLAIM.model))
    told = {size: await CLAIM.action("grow").preview(look, {"size": size}) for size in ("1Gi", "2Gi", "4Gi", "8Gi")}
    assert told["1Gi"].held == "It has 1 GiB already, and cannot be made smaller."
    assert "It asks for that already. Now: 1 GiB" in told["4Gi"].held
    assert [told[size].held for size in ("2Gi", "8Gi")] == ["", ""]
    assert "Asks for less than the 4 GiB" in told["2Gi"].effect
    assert "Now: 1 GiB" in told["8Gi"].effect


class Moving:
    """A config map of which something else, or the very entry, is changed right before the first write."""

    def __init__(self, entry: str) -> None:
        self.entry, self.version, self.data = entry, 1, {"a": "1", "b": "1"}

    async def call(self, call: Call) -> Any:
        if call.method == "PATCH":
            if self.version == 1:
                self.version, self.data[self.entry] = 2, "theirs"
            if call.body["metadata"]["resourceVersion"] != str(self.version):
                raise Conflict("Somebody else changed it meanwhile.")
            self.data |= call.body["data"]
        return {"metadata": {"uid": "1", "resourceVersion": str(self.version)}, "data": dict(self.data)}


async def test_another_entry_that_changes_in_the_same_moment_is_in_nobodys_way_and_the_same_one_is() -> None:
    one = msgspec.convert({"metadata": {"name": "settings", "namespace": "shop", "uid": "1"}}, CONFIG_MAP.model)
    values, run = {"entry": "a", "value": "2", "was": "a=1"}, CONFIG_MAP.action("set-entry").run
    other, very = Moving("b"), Moving("a")
    assert await run(other, one, values) == "a of settings was changed"
    assert other.data == {"a": "2", "b": "theirs"}
    with pytest.raises(Conflict, match="a is there already, or has another value by now"):
        await run(very, one, values)
    assert very.data == {"a": "theirs", "b": "1"}


@pytest.mark.kubernetes
async def test_an_entry_of_a_config_map_is_set_and_put_back_and_what_others_changed_stays(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    name = a_name("settings")
    data = {"a.conf": "one\ntwo\n", "b": "2", "ends": "a\r\nb\r\n"}
    apply(namespace, "v1", "ConfigMap", name, data=data)

    def now() -> Any:
        return (said("configmap", name, "-n", namespace) or {})["data"]

    async with watched(driver, CONFIG_MAP) as connection:
        one = await seen(connection, CONFIG_MAP, f"{namespace}/{name}")
        setting, look = CONFIG_MAP.action("set-entry"), look_at(driver, CONFIG_MAP, one)
        opened = await setting.preview(look, {"entry": "a.conf", "value": "", "was": ""})
        assert opened.values == {"value": "one\ntwo\n", "was": "a.conf=one\ntwo\n"}
        assert not opened.differences
        values = {"entry": "a.conf", "value": "one\r\n3\r\n", "was": opened.values["was"].replace("\n", "\r\n")}
        planned = await setting.preview(look, values)
        assert [(each.now, each.then) for each in planned.differences] == [("one\ntwo\n", "one\n3\n")]
        await act(driver, CONFIG_MAP, one, "set-entry", values)
        assert now() == {**data, "a.conf": "one\n3\n"}
        with pytest.raises(Conflict, match="has another value by now"):
            await act(driver, CONFIG_MAP, one, "set-entry", {**values, "value": "mine"})
        with pytest.raises(Conflict):  # typed over one that was never shown
            await act(driver, CONFIG_MAP, one, "set-entry", {"entry": "b", "value": "3", "was": ""})
        verb, back = setting.undo(one, values)
        await act(driver, CONFIG_MAP, one, verb, back)
        assert now() == data
        fresh = {"entry": "new", "value": "", "was": ""}
        await act(driver, CONFIG_MAP, one, "set-entry", fresh)
        assert now() == {**data, "new": ""}
        verb, back = setting.undo(one, fresh)
        await act(driver, CONFIG_MAP, one, verb, back)
        assert now() == data
        with pytest.raises(Missing):
            await act(driver, CONFIG_MAP, one, "remove-entry", {"entry": "new"})
        ends = {"entry": "ends", "value": "a\nb\n3", "was": "ends=a\nb\n"}  # as a browser gives them back
        assert [each.now for each in (await setting.preview(look, ends)).differences] == ["a\nb\n"]
        await act(driver, CONFIG_MAP, one, "set-entry", ends)
        assert now()["ends"] == "a\r\nb\r\n3"


@pytest.mark.kubernetes
async def test_what_looks_secret_in_a_config_map_is_replaced_unseen(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    name = a_name("secretive")
    apply(namespace, "v1", "ConfigMap", name, data={"DB_PASSWORD": "canary-old", "DSN": "redis://user:canary-old@db"})
    async with watched(driver, CONFIG_MAP) as connection:
        one = await seen(connection, CONFIG_MAP, f"{namespace}/{name}")
        setting, look = CONFIG_MAP.action("set-entry"), look_at(driver, CONFIG_MAP, one)
        for entry in one.sizes:
            planned = await setting.preview(look, {"entry": entry, "value": "", "was": ""})
            assert planned.effect.startswith(f"Replaces {entry} of {name}")
            assert "canary" not in repr(planned)
            assert (list(planned.unseen), planned.values) == (["value"], {"value": "", "was": ""})
            with pytest.raises(Invalid, match="is missing"):
                await act(driver, CONFIG_MAP, one, "set-entry", {"entry": entry, "value": "", "was": ""})
            values = {"entry": entry, "value": "new", "was": ""}
            assert setting.undo(one, values) is None
            assert await act(driver, CONFIG_MAP, one, "set-entry", values) == f"{entry} of {name} was replaced"
        assert (said("configmap", name, "-n", namespace) or {})["data"] == {"DB_PASSWORD": "new", "DSN": "new"}
    assert setting.undo(one, {"entry": "url", "value": "redis://u:canary@db", "was": "url=plain"}) is None


@pytest.mark.kubernetes
async def test_an_entry_of_a_secret_is_replaced_and_nothing_of_it_is_shown(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    name, old = a_name("password"), base64.b64encode(b"canary-old").decode()
    apply(namespace, "v1", "Secret", name, data={"password": old, "user": old})
    async with watched(driver, SECRET) as connection:
        one = await seen(connection, SECRET, f"{namespace}/{name}")
        planned = await SECRET.action("set-entry").preview(look_at(driver, SECRET, one), {"entry": "password"})
        assert planned.effect == f"Replaces password of {name}. The old value cannot be got back."
        assert "canary" not in repr(planned)
        assert old not in repr(planned)
        values = {"entry": "password", "value": "canary-new"}
        assert "canary" not in SECRET.action("set-entry").line(one, values)
        words = await act(driver, SECRET, one, "set-entry", values)
        assert words == f"password of {name} was replaced"
        await act(driver, SECRET, one, "remove-entry", {"entry": "user"})
        found = (said("secret", name, "-n", namespace) or {})["data"]
        assert {key: base64.b64decode(value) for key, value in found.items()} == {"password": b"canary-new"}


@pytest.mark.kubernetes
async def test_a_deployment_gets_an_autoscaler_and_is_told_of_one_that_it_has(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
) -> None:
    name = a_name("scaled")
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": pod_template(name)}
    apply(namespace, "apps/v1", "Deployment", name, spec=spec)
    values = {"fewest": 1, "most": 3, "share": 50}
    async with watched(driver, DEPLOYMENT, AUTOSCALER) as connection:
        one = await seen(connection, DEPLOYMENT, f"{namespace}/{name}")
        planned = await DEPLOYMENT.action("autoscale").preview(look_at(driver, DEPLOYMENT, one), values)
        assert "But main requests no processor: nothing is scaled until that is set." in planned.effect
        await act(driver, DEPLOYMENT, one, "autoscale", values)
        made = await seen(connection, AUTOSCALER, f"{namespace}/{name}")
        assert (made.spec.min_replicas, made.spec.max_replicas) == (1, 3)
        assert "50 %" in made.load
        other = msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, name="of-another-name"))
        look = look_at(driver, DEPLOYMENT, one, horizontal_autoscaler=[other])
        held = (await DEPLOYMENT.action("autoscale").preview(look, values)).held
        assert held.startswith("The autoscaler of-another-name changes its number of copies already.")
        with pytest.raises(ClusterError):
            await act(driver, DEPLOYMENT, one, "autoscale", values)


@pytest.mark.kubernetes
@pytest.mark.parametrize("kind_name", ["stateful-set", "daemon-set"])
async def test_a_set_goes_back_to_the_version_before_and_forth_again(
    driver: KubernetesDriver,  # noqa: F811
    namespace: str,  # noqa: F811
    kind_name: str,
) -> None:
    name, kind = a_name("set"), kind_named("kubernetes", kind_name)
    assert kind is not None
    template = pod_template(name, nodeSelector={"on": "nothing"})  # no copy of it is ever placed
    more = {"replicas": 0, "serviceName": name} if kind_name == "stateful-set" else {}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template, **more}
    apply(namespace, "apps/v1", "StatefulSet" if more else "DaemonSet", name, spec=spec)
    noun = kind_name.replace("-", "")

    def image() -> str:
        found = said(noun, name, "-n", namespace) or {}
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    async def versions(number: int) -> None:
        async with asyncio.timeout(30):
            while len((await driver.call(Call("GET", REVISIONS, {"labelSelector": f"app={name}"})))["items"]) < number:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    REVISIONS = ("apis", "apps", "v1", "namespaces", namespace, "controllerrevisions")  # noqa: N806
    async with watched(driver, kind) as connection:
        one = await seen(connection, kind, f"{namespace}/{name}")
        await versions(1)
        with pytest.raises(Missing, match="none is kept but the one in use"):
            await act(driver, kind, one, "roll-back", {"revision": ""})
        await act(driver, kind, one, "set-image", {"container": "main", "image": "busybox:1.35"})
        await versions(2)
        action: Any = kind.action("roll-back")
        planned = await action.preview(look_at(driver, kind, one), {"revision": ""})
        assert [(each.now, each.then) for each in planned.differences] == [("busybox:1.35", "busybox:latest")]
        assert [value for value, _ in planned.choices["revision"]] == ["1"]
        words = await act(driver, kind, one, "roll-back", {"revision": "1"})
        assert words == f"{name} goes back to version 1 (busybox:latest)"
        assert image() == "busybox:latest"
