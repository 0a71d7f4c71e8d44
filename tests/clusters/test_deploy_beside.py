"""The form for a workload and what is there beside it: taken names, what is missing, and what the cluster refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from clusters.deploy import beside
from clusters.deploy.reading import read
from clusters.deploy.refused import by_field
from clusters.errors import Cause, ClusterError

LEAST = {"kind": "deployment", "name": "web", "namespace": "shop", "image": "nginx:1.29", "copies": "2"}


def test_taken_names_are_told_and_what_is_missing_is_remarked() -> None:
    form = read({**LEAST, "ports": "80", "service": "ClusterIP", "volumes": "/data claim disk\n/x new 1Gi"})
    none: dict[str, Any] = dict.fromkeys(beside.KINDS, ())
    nothing = beside.Beside(none)
    assert beside.taken(form, nothing) == {}
    assert (
        "a deployment web in shop already" in beside.taken(form, beside.Beside({**none, "deployment": ["web"]}))["name"]
    )
    assert "a service web in shop already" in beside.taken(form, beside.Beside({**none, "service": ["web"]}))["name"]
    said = [one.text for one in beside.remarks(form, nothing)]
    assert said[0].startswith("There is no claim disk in shop yet")
    assert any("share the new claim" in one for one in said)
    unknown = beside.Beside(dict.fromkeys(beside.KINDS))
    assert not any("no claim" in one.text for one in beside.remarks(form, unknown))  # cannot be told
    assert beside.taken(form, unknown) == {}


def test_a_taken_port_of_nodes_and_a_namespace_that_would_refuse_its_copies_are_told() -> None:
    form = read({**LEAST, "ports": "80@30080\n81@9000", "service": "NodePort", "service_account": "robot"})
    names: dict[str, Any] = dict.fromkeys(beside.KINDS, ())
    there = beside.Beside(names, {}, {(30080, "TCP"): "old in default"}, "restricted")
    assert beside.taken(form, there)["ports"] == "Port 30080 of every node is taken by the service old in default."
    said = " ".join(one.text for one in beside.remarks(form, there))
    assert "no service account robot in shop yet" in said
    assert "9000 may not do" in said
    assert "none would be made as it is" in said
    strict = read({**LEAST, "security": "restricted", "read_only_root": "1"})
    said = " ".join(one.text for one in beside.remarks(strict, there))
    assert "none would be made" not in said
    assert "name a user by number" in said
    assert "/tmp as an empty folder" in said
    labelled = read({**LEAST, "labels": "team=shop\napi_token=canary"})
    said = " ".join(one.text for one in beside.remarks(labelled, beside.Beside(names)))
    assert "in its labels: api_token." in said
    assert "canary" not in said
    quiet = read({**LEAST, "security": "restricted", "user": "7", "read_only_root": "1", "volumes": "/tmp empty"})
    assert beside.remarks(quiet, there) == []


def test_what_the_cluster_refuses_is_said_beside_the_field_that_it_comes_from() -> None:
    def step(*places: str) -> Any:
        error = ClusterError("no")
        error.causes = [Cause("FieldValueInvalid", f"about {one}", one) for one in places]
        return SimpleNamespace(error=error)

    inside = "spec.template.spec.containers[0]."
    steps = [step("spec.ports[1].nodePort"), step(f"{inside}env[0].name", f"{inside}resources.limits[cpu]", "status")]
    told = by_field(SimpleNamespace(steps=[*steps, SimpleNamespace(error=None)]))  # type: ignore[arg-type]
    assert set(told) == {"ports", "environment", "cpu_limit"}
    assert told["ports"] == "The cluster says: about spec.ports[1].nodePort"


def test_an_entry_that_a_config_map_does_not_have_is_remarked() -> None:
    form = read({**LEAST, "sources": "config settings VOLUME\nsecret db password"})
    names: dict[str, Any] = {**dict.fromkeys(beside.KINDS, ()), "config-map": ["settings"], "secret": ["db"]}
    entries = {("config-map", "settings"): ["LEVEL"], ("secret", "db"): []}
    said = [one.text for one in beside.remarks(form, beside.Beside(names, entries))]
    assert said == ["The config map settings has no entry VOLUME: copies wait for it. It has LEVEL."]
    assert beside.offered(beside.Beside(names, entries))["entry"] == ["LEVEL"]
