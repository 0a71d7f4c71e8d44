"""The form for a workload: what is filled in becomes these objects, and what is wrong is said beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.apply.documents import read as read_text
from clusters.deploy import objects
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
    workload, service = made(ports="8080 TCP web>80@30080\n53/udp @30053", service="NodePort")
    ports = workload["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert ports == [{"name": "web", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]
    assert service["spec"] == {
        "type": "NodePort",
        "selector": {"app.kubernetes.io/name": "web"},
        "ports": [
            {"name": "web", "port": 80, "targetPort": "web", "nodePort": 30080},
            {"name": "udp-53", "port": 53, "targetPort": 53, "nodePort": 30053, "protocol": "UDP"},
        ],
    }
    inside = made(ports="8080>80@30080", service="ClusterIP")[1]["spec"]["ports"]
    assert inside == [{"port": 80, "targetPort": 8080}]  # which has none on nodes
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


def test_what_is_secret_goes_into_a_secret_that_is_made_with_it_and_into_no_draft() -> None:
    typed = "LOG=info\nDB_PASSWORD=canary-1\nsecret: PIN=canary-2\nplain: TOKEN_LIMIT=5\nsecret: =x"
    form, problems = look({**LEAST, "environment": typed.rpartition("\n")[0]})
    assert problems == {}
    secret, deployment = objects.objects(form)
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "web-secrets")
    assert secret["stringData"] == {"DB_PASSWORD": "canary-1", "PIN": "canary-2"}
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [(one["name"], one.get("value")) for one in env] == [
        ("LOG", "info"), ("TOKEN_LIMIT", "5"), ("DB_PASSWORD", None), ("PIN", None),
    ]  # fmt: skip
    assert env[2]["valueFrom"] == {"secretKeyRef": {"name": "web-secrets", "key": "DB_PASSWORD"}}
    shown, whole = objects.draft(form)
    assert "canary" not in shown + repr(form)
    assert whole == objects.text(form)
    assert "only stands for what is hidden" in look({**LEAST, "environment": "DB_PASSWORD=••••••"})[1]["environment"]
    assert "name: TOKEN_LIMIT\n          value: '5'" in shown, "somebody said that it is plain"
    assert not objects.draft(look({**LEAST, "environment": "plain: A_TOKEN=5"})[0])[1]
    given = {**LEAST, "environment": typed.rpartition("\n")[0], "arguments": "serve --password canary-3"}
    tried = objects.without_secrets(look(given)[0])
    assert "canary" not in objects.text(tried)
    assert [one["kind"] for one in objects.objects(tried)] == ["Secret", "Deployment"]
    assert "is not a variable" in look({**LEAST, "environment": typed})[1]["environment"]


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


def test_a_part_of_a_volume_is_mounted_alone() -> None:
    found = pod(volumes="/etc/app/app.conf config settings:app.conf ro\n/logs claim data:logs/web\n/data claim data")
    mounts = {one["mountPath"]: one for one in found["containers"][0]["volumeMounts"]}
    file = {"name": "config-settings", "mountPath": "/etc/app/app.conf", "subPath": "app.conf", "readOnly": True}
    assert mounts["/etc/app/app.conf"] == file
    assert mounts["/logs"]["subPath"] == "logs/web"
    assert "subPath" not in mounts["/data"]
    assert len(found["volumes"]) == 2


def test_init_containers_run_before_with_the_same_surroundings() -> None:
    found = pod(
        init="migrate nginx:1.29 sh -c 'a b'\nwait busybox", environment="A=1", volumes="/data empty", cpu_limit="1"
    )
    first, second = found["initContainers"]
    assert (first["name"], first["image"], first["command"]) == ("migrate", "nginx:1.29", ["sh", "-c", "a b"])
    assert "command" not in second
    for shared in ("env", "volumeMounts", "resources"):
        assert first[shared] == second[shared] == found["containers"][0][shared]


def test_security_is_one_level_or_chosen_one_by_one() -> None:
    ticked = {"non_root": "1", "drop_all": "1", "no_escalation": "1", "seccomp": "1"}
    strict = pod(security="restricted", user="10001", volume_group="0", read_only_root="1")
    assert strict["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "fsGroup": 0,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert strict["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod(security="own", **ticked) == pod(security="restricted")
    assert "securityContext" not in pod(security="", **ticked)  # what is hidden then does not count
    account = pod(service_account="robot", no_token="1")
    assert (account["serviceAccountName"], account["automountServiceAccountToken"]) == ("robot", False)


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
        ("ports", "8080>0", "“0” is not a port"),
        ("ports", "8080@", "“” is not a port"),
        ("ports", "8080:80", "“8080:80” is not a port"),
        ("ports", "80>1\n81>1", "Port 1 TCP of the service is there twice"),
        ("ports", "80@30000\n81@30000", "Port 30000 TCP of every node is there twice"),
        ("volumes", "/a claim b:/c", "not a part of a volume"),
        ("volumes", "/a claim b:c/../d", "not a part of a volume"),
        ("init", "wait", "Which image does wait run?"),
        ("init", "web nginx", "A container web is there twice"),
        ("init", "Wait nginx", "name of a container"),
        ("init", "wait nginx 'x", "quotation mark"),
        ("service_account", "A", "name of an object"),
        ("user", "-1", "at least 0"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field: str, text: str, words: str) -> None:
    problems = wrong(**{field: text})
    assert set(problems) == {field}
    assert words in problems[field]


def test_root_is_refused_where_it_is_never_to_run_as_root() -> None:
    assert set(wrong(security="restricted", user="0")) == {"user"}


def test_everything_that_is_wrong_is_said_at_once_and_the_rest_is_shown() -> None:
    problems = wrong(name="", image="", ports="x", ready="http", cpu_request="2", cpu_limit="1")
    assert set(problems) == {"name", "image", "ports", "ready_at", "cpu_limit"}
    form, _ = look({"kind": "deployment", "namespace": "shop", "ports": "8080", "labels": "?"})
    shown, _ = objects.draft(form)
    assert "name: …" in shown
    assert "containerPort: 8080" in shown


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([*LEAST, "ports", "environment", "sources", "volumes", "tolerations", "nodes",
                                        "labels", "init", "security", "user", "service_account", "ready", "ready_at", "command", "cpu_limit", "memory_request"]),
                       st.text(max_size=30)))  # fmt: skip
def test_whatever_is_typed_is_an_object_or_a_sentence(typed: dict[str, str]) -> None:
    form, problems = look({**LEAST, **typed})
    assert all(problems.values())
    if not problems:
        assert [one.tree for one in read_text(objects.text(form))] == objects.objects(form)
