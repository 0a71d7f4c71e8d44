"""The form for a workload: what is filled in becomes these objects, and what is wrong is said beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.apply.documents import read as read_text
from clusters.deploy import beside, objects
from clusters.deploy.reading import look, read
from clusters.fields import NotFilledIn

LEAST = {"kind": "deployment", "name": "web", "namespace": "shop", "image": "nginx:1.29", "copies": "2"}


def made(**more: str) -> list[dict[str, Any]]:
    """The objects as the cluster gets them: out of the text."""
    form = read({**LEAST, **more})
    trees = [one.tree for one in read_text(objects.text(form))]
    assert trees == objects.objects(form)
    return trees


def container(**more: str) -> dict[str, Any]:
    found: dict[str, Any] = made(**more)[0]["spec"]["template"]["spec"]["containers"][0]
    return found


def pod(**more: str) -> dict[str, Any]:
    found: dict[str, Any] = made(**more)[0]["spec"]["template"]["spec"]
    return found


def wrong(**more: str) -> dict[str, str]:
    with pytest.raises(NotFilledIn) as caught:
        read({**LEAST, **more})
    return caught.value.problems


def test_the_least_is_a_workload_alone_that_knows_its_copies_by_their_name() -> None:
    assert made() == [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app.kubernetes.io/name": "web"}},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
                "template": {
                    "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "nginx:1.29"}]},
                },
            },
        }
    ]


def test_a_service_leads_to_its_ports() -> None:
    workload, service = made(ports="8080 TCP web\n53/udp", service="NodePort", service_port="80")
    ports = workload["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert ports == [{"name": "web", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]
    assert service["spec"] == {
        "type": "NodePort",
        "selector": {"app.kubernetes.io/name": "web"},
        "ports": [
            {"name": "web", "port": 80, "targetPort": "web"},
            {"name": "udp-53", "port": 53, "targetPort": 53, "protocol": "UDP"},
        ],
    }
    assert len(made(service="ClusterIP")) == 1  # there is nothing that it could lead to
    assert made(ports="80", service="Headless")[1]["spec"]["clusterIP"] == "None"


def test_stateful_sets_have_disks_of_their_own_and_daemon_sets_no_number_of_copies() -> None:
    spec = made(kind="stateful-set", volumes="/data new 1Gi")[0]["spec"]
    assert spec["serviceName"] == "web"
    assert spec["volumeClaimTemplates"][0]["metadata"] == {"name": "data"}
    assert "volumes" not in spec["template"]["spec"]
    assert "replicas" not in made(kind="daemon-set")[0]["spec"]
    deployment, claim = made(volumes="/data new 1Gi")
    assert claim["metadata"]["name"] == "web-data"
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    assert volumes == [{"name": "data", "persistentVolumeClaim": {"claimName": "web-data"}}]


def test_environment_is_typed_or_taken_from_config_maps_and_secrets() -> None:
    found = container(environment="A=b c\nB=8080\nC=yes=no\nD=", sources="config settings\nsecret db password PW")
    assert found["env"] == [
        {"name": "A", "value": "b c"},
        {"name": "B", "value": "8080"},
        {"name": "C", "value": "yes=no"},
        {"name": "D", "value": ""},
        {"name": "PW", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]
    assert found["envFrom"] == [{"configMapRef": {"name": "settings"}}]


def test_probes_ask_a_page_a_port_or_a_command() -> None:
    found = container(
        ports="8080 TCP web", ready="http", ready_at="/healthz", ready_every="5", alive="tcp", alive_at="81"
    )
    assert found["readinessProbe"] == {"httpGet": {"path": "/healthz", "port": "web"}, "periodSeconds": 5}
    assert found["livenessProbe"] == {"tcpSocket": {"port": 81}}
    other = container(ready="http", ready_at=":8081/up", alive="exec", alive_at="sh -c 'exit 0'", alive_after="0")
    assert other["readinessProbe"] == {"httpGet": {"path": "/up", "port": 8081}}
    assert other["livenessProbe"] == {"exec": {"command": ["sh", "-c", "exit 0"]}, "initialDelaySeconds": 0}


def test_volumes_are_mounted_and_what_is_mounted_twice_is_one() -> None:
    found = pod(
        volumes="/cache empty\n/data claim data\n/etc/app config settings ro\n/more claim data\n/tls secret tls"
    )
    assert found["volumes"] == [
        {"name": "cache", "emptyDir": {}},
        {"name": "claim-data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "config-settings", "configMap": {"name": "settings"}},
        {"name": "secret-tls", "secret": {"secretName": "tls"}},
    ]
    mounts = {one["mountPath"]: one for one in found["containers"][0]["volumeMounts"]}
    assert mounts["/more"] == {"name": "claim-data", "mountPath": "/more"}
    assert mounts["/etc/app"]["readOnly"] is True


def test_placement_labels_limits_and_the_sign_in_of_the_registry() -> None:
    found = pod(
        nodes="disktype=ssd", tolerations="*\na=b:NoSchedule\nc\nd=:NoExecute", pull_secret="hub", pull="Always"
    )
    assert found["nodeSelector"] == {"disktype": "ssd"}
    assert found["tolerations"] == [
        {"operator": "Exists"},
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"},
        {"key": "c", "operator": "Exists"},
        {"key": "d", "operator": "Exists", "effect": "NoExecute"},
    ]
    assert found["imagePullSecrets"] == [{"name": "hub"}]
    assert found["containers"][0]["imagePullPolicy"] == "Always"
    limited = container(cpu_request="100m", cpu_limit="1", memory_limit="1Gi")["resources"]
    assert limited == {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    workload = made(labels="team=shop")[0]
    assert workload["metadata"]["labels"] == {"app.kubernetes.io/name": "web", "team": "shop"}
    assert workload["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "web"}  # it can never be changed


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("name", "Web", "small letters"),
        ("name", "x" * 64, "longer than 63"),
        ("image", "NGINX!", "not the name of an image"),
        ("namespace", "a b", "namespace"),
        ("copies", "-1", "at least 0"),
        ("ports", "80\n99999", "Line 2: “99999” is not a port"),
        ("ports", "80\n80 TCP web", "twice"),
        ("ports", "80 TCP Web", "name of a port"),
        ("environment", "1A=x", "not a variable"),
        ("environment", "A=1\nA=2", "there twice"),
        ("sources", "secret", "Which one?"),
        ("sources", "config c tls.crt 1x", "name of a variable"),
        ("memory_limit", "512m", "Did you mean 512Mi?"),
        ("cpu_limit", "1 core", "not an amount of processor"),
        ("volumes", "data claim x", "not a folder inside"),
        ("volumes", "/data", "What is mounted at /data?"),
        ("volumes", "/data new big", "not an amount of memory"),
        ("volumes", "/a empty\n/a/ empty", "twice"),
        ("nodes", "a b", "label"),
        ("tolerations", "a:Never", "not an effect"),
        ("labels", "app.kubernetes.io/name=x", "known by"),
        ("command", "sh -c 'x", "quotation mark"),
        ("pull_secret", "A_B", "name of an object"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field: str, text: str, words: str) -> None:
    problems = wrong(**{field: text})
    assert set(problems) == {field}
    assert words in problems[field]


def test_everything_that_is_wrong_is_said_at_once_and_the_rest_is_shown() -> None:
    problems = wrong(name="", image="", ports="x", ready="http", cpu_request="2", cpu_limit="1")
    assert set(problems) == {"name", "image", "ports", "ready_at", "cpu_limit"}
    form, _ = look({"kind": "deployment", "namespace": "shop", "ports": "8080", "labels": "?"})
    shown = objects.draft(form)
    assert "name: …" in shown
    assert "containerPort: 8080" in shown


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([*LEAST, "ports", "environment", "sources", "volumes", "tolerations", "nodes",
                                        "labels", "ready", "ready_at", "command", "cpu_limit", "memory_request"]),
                       st.text(max_size=30)))  # fmt: skip
def test_whatever_is_typed_is_an_object_or_a_sentence(typed: dict[str, str]) -> None:
    form, problems = look({**LEAST, **typed})
    assert all(problems.values())
    if not problems:
        assert [one.tree for one in read_text(objects.text(form))] == objects.objects(form)


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


def test_an_entry_that_a_config_map_does_not_have_is_remarked() -> None:
    form = read({**LEAST, "sources": "config settings VOLUME\nsecret db password"})
    names: dict[str, Any] = {**dict.fromkeys(beside.KINDS, ()), "config-map": ["settings"], "secret": ["db"]}
    entries = {("config-map", "settings"): ["LEVEL"], ("secret", "db"): []}
    said = [one.text for one in beside.remarks(form, beside.Beside(names, entries))]
    assert said == ["The config map settings has no entry VOLUME: copies wait for it. It has LEVEL."]
    assert beside.offered(beside.Beside(names, entries))["entry"] == ["LEVEL"]
