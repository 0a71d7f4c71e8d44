"""The form of a service: read strictly, written as the Swarm has it, and filled in from one that is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.fields import NotFilledIn, clean
from clusters.kinds.swarm.service_create import read_new, remarks, spec_of
from clusters.kinds.swarm.service_fields import FIELDS
from clusters.kinds.swarm.service_form import ServiceForm, ServicePort
from clusters.kinds.swarm.service_line import create_line
from clusters.kinds.swarm.service_power import spec_powers
from clusters.kinds.swarm.service_read import read_port

SECRET = "hunter22-canary"


def form(**values: Any) -> ServiceForm:
    return read_new(clean(FIELDS, {"image": "busybox:latest", "name": "web", "mode": "copies", "copies": 1, **values}))


def test_the_line_and_the_spec_say_the_same() -> None:
    one = form(
        copies=3,
        ports="8080:80\n53:53/udp host",
        environment="A=b",
        volumes="data:/data:ro",
        tmpfs="/run:64m",
        secrets="db\nkey:/etc/key",
        constraints="node.role == worker",
        memory="64m",
        cpus="0.5",
        health_command="true",
        again="on-failure",
        delay="10s",
        at_once=2,
    )
    line, spec = create_line(one), spec_of(one)
    for part in (
        "--replicas 3",
        "--publish published=8080,target=80 --publish published=53,target=53,protocol=udp,mode=host",
        "--mount type=volume,source=data,target=/data,readonly --mount type=tmpfs,target=/run,tmpfs-size=67108864",
        "--secret db --secret source=key,target=/etc/key",
        "--constraint node.role==worker",
        "--update-parallelism 2 --update-delay 10s",
    ):
        assert part in line, line
    template = spec["TaskTemplate"]
    assert spec["Mode"] == {"Replicated": {"Replicas": 3}}
    assert template["Resources"]["Limits"] == {"MemoryBytes": 64 << 20, "NanoCPUs": 500_000_000}
    assert template["Placement"] == {"Constraints": ["node.role==worker"]}
    assert template["RestartPolicy"]["Condition"] == "on-failure"
    assert spec["UpdateConfig"]["Parallelism"] == 2
    assert spec["UpdateConfig"]["FailureAction"] == "pause"  # what is not said is as a Swarm has it by itself


def test_a_typed_secret_is_one_of_the_swarm_and_a_file_and_in_no_line() -> None:
    one = read_new({"image": "busybox", "name": "web", "environment": "LOG=info\nfile: DB_PASSWORD=canary"})
    assert one.environment == ("LOG=info", "DB_PASSWORD_FILE=/run/secrets/db_password")
    assert [(kept.variable, kept.given.text) for kept in one.typed] == [("DB_PASSWORD", "web_db_password:db_password")]
    line = create_line(one)
    assert line.startswith("docker secret create web_db_password -\n")
    assert "--secret source=web_db_password,target=db_password" in line
    said = " ".join(remark.text for remark in remarks(one))
    assert "its image is told DB_PASSWORD_FILE" in said
    assert "can read" not in said
    assert "canary" not in line + repr(one) + said
    plain = read_new({"image": "busybox", "name": "web", "environment": "DB_PASSWORD=x"})
    [said_plain] = remarks(plain)
    assert said_plain.text.startswith("Whoever may inspect it can read DB_PASSWORD: there are no secrets for variables")
    with pytest.raises(NotFilledIn, match="Write a space behind “file:”"):
        read_new({"image": "busybox", "name": "web", "environment": "file:DB_PASSWORD=x"})
    for wrong in ("file: DB_PASSWORD=", "file: DB_PASSWORD", "secret: A"):
        with pytest.raises(NotFilledIn):
            read_new({"image": "busybox", "name": "web", "environment": wrong})


def test_a_variable_that_is_marked_secret_is_in_no_line_whatever_it_looks_like() -> None:
    one = read_new({"image": "busybox", "name": "web", "environment": "secret: PIN=canary\nplain: TOKEN_LIMIT=5"})
    assert one.environment == ("PIN=canary", "TOKEN_LIMIT=5")
    assert "--env PIN --env TOKEN_LIMIT=5" in create_line(one), "it is taken from where the line is carried out"
    assert "PIN=••••••" in create_line(one, hidden=True)
    said = " ".join(remark.text for remark in remarks(one))
    assert "can read PIN, TOKEN_LIMIT" in said
    labelled = read_new({"image": "busybox", "name": "web", "labels": "tier=front\napi_token=canary"})
    [warned] = remarks(labelled)
    assert (warned.level, "in its labels: api_token." in warned.text) == ("warn", True)
    assert "canary" not in warned.text
    assert "canary" not in create_line(one) + create_line(one, hidden=True) + said


def test_what_is_not_said_is_left_to_the_swarm() -> None:
    spec = spec_of(form())
    assert spec == {
        "Name": "web",
        "TaskTemplate": {"ContainerSpec": {"Image": "busybox:latest"}},
        "Mode": {"Replicated": {"Replicas": 1}},
    }
    assert spec_of(form(mode="each"))["Mode"] == {"Global": {}}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("name", "-web", "cannot be the name of a service"),
        ("ports", "80\n99999:1", "Line 2: “99999:1” is not a port"),
        ("ports", "80:80 ingress", "is not a port"),
        ("secrets", "db:../etc", "not a file inside"),
        ("constraints", "role==worker", "says nothing of a node"),
        ("spread", "room", "is no label of nodes"),
        ("constraints", "node.role==boss", "No node is a “boss”. Write worker or manager."),
        ("networks", "ingress", "No service is put on the network ingress."),
        ("tmpfs", "run", "Write /run, or /run:64m."),
        ("stop_signal", "FOO", "“FOO” cannot be a signal."),
        ("health_interval", "soon", "“soon” is not a length of time."),
        ("memory_kept", "8g", "More is kept"),
        ("labels", "com.docker.stack.namespace=other", "say what a stack is"),
        ("environment", "no value", "is not a variable"),
        ("volumes", "data:/d\nmore:/d", "there twice"),
        ("health_interval", "5s", "times but no command"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(name: str, value: str, words: str) -> None:
    with pytest.raises(NotFilledIn) as error:
        form(memory="64m", **{name: value})
    (field,) = error.value.problems
    assert field == ("health_command" if "no command" in words else name)
    assert words in error.value.problems[field]


def test_a_port_of_every_node_does_not_go_with_the_addresses_of_copies() -> None:
    with pytest.raises(NotFilledIn, match="Copy's node"):
        form(ports="80:80", endpoint="dnsrr")
    assert form(ports="80:80 host", endpoint="dnsrr").ports[0].host


@given(
    st.builds(
        ServicePort,
        st.integers(1, 65535),
        st.integers(0, 65535),
        st.sampled_from(["tcp", "udp", "sctp"]),
        st.booleans(),
    )
)
def test_a_port_is_read_as_it_is_written(port: ServicePort) -> None:
    assert read_port(port.text) == port


def test_power_over_machines_is_told_by_what_will_be_sent() -> None:
    assert spec_powers(spec_of(form(volumes="data:/data", tmpfs="/run"))) == []
    assert spec_powers(spec_of(form(volumes="/srv:/srv"))) == ["uses the folder /srv of the machine"]
    spec = spec_of(form())
    container = spec["TaskTemplate"]["ContainerSpec"]
    container["Privileges"] = {"CredentialSpec": None, "SELinuxContext": None, "NoNewPrivileges": False}
    assert spec_powers(spec) == []
    for name, value in (
        ("Privileges", {"Seccomp": {"Mode": "unconfined"}}),
        ("CapabilityAdd", ["NET_ADMIN"]),
        ("Sysctls", {"net.x": "1"}),
        ("SomethingNew", True),
        ("Mounts", [{"Type": "volume", "Source": "v", "VolumeOptions": {"DriverConfig": {"Options": {"o": "bind"}}}}]),
    ):
        assert spec_powers({"TaskTemplate": {"ContainerSpec": {**container, name: value}}}), name
    assert spec_powers({"TaskTemplate": {"Networks": [{"Target": "host"}]}}) == ["uses the machine's own network"]


def test_what_follows_from_a_form_is_remarked() -> None:
    words = " ".join(one.text for one in remarks(form(copies=2, volumes="data:/d", ports="80:80 host")))
    assert "volume data of its own" in words
    assert "each node can have one copy" in words
    assert not list(remarks(form()))
