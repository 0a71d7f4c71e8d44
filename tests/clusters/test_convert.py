"""Containers converted to a Swarm's stack and to Kubernetes: every setting is taken along or named, no secret is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import stack
from tests.clusters.converting import PATH, SECRET, TARGETS, WORD, Conversion, app_of, origin_of, said

# Each setting of an engine, as it says it of a container, and what may stand there beside nothing.
CONFIG: dict[str, st.SearchStrategy[Any]] = {
    "Cmd": st.lists(WORD, min_size=1, max_size=3),
    "Entrypoint": st.lists(WORD, min_size=1, max_size=2),
    "Env": st.lists(WORD.map(lambda name: f"{name.upper()}_A={name} $HOME $(X)"), min_size=1, max_size=3, unique=True),
    "User": st.sampled_from(["1000", "1000:1000", "web", "0"]),
    "WorkingDir": PATH,
    "Hostname": st.sampled_from(["worker", "Not_Possible"]).filter(lambda one: "_" not in one),
    "Domainname": WORD,
    "MacAddress": st.just("02:42:ac:11:00:02"),
    "Labels": st.dictionaries(WORD, WORD, min_size=1, max_size=2),
    "StopSignal": st.sampled_from(["SIGINT", "SIGQUIT"]),
    "StopTimeout": st.sampled_from([0, 3, 600, -1]),
    "Tty": st.just(True),
    "Healthcheck": st.fixed_dictionaries(
        {"Test": st.sampled_from([["CMD-SHELL", "test -d /x"], ["CMD", "test", "-d"]])},
        optional={"Interval": st.just(7 * 10**9), "StartPeriod": st.just(9 * 10**9), "Retries": st.just(4)},
    ),
}
HOST: dict[str, st.SearchStrategy[Any]] = {
    "Binds": st.sampled_from(
        [["/srv:/srv"], ["/srv:/srv:ro"], ["data:/data"], ["/srv:/srv:z"], ["/run/docker.sock:/d"]]
    ),
    "Mounts": st.sampled_from(
        [
            [{"Type": "volume", "Source": "data", "Target": "/more"}],
            [{"Type": "bind", "Source": "/etc/app", "Target": "/more", "ReadOnly": True}],
            [{"Type": "tmpfs", "Target": "/more", "TmpfsOptions": {"SizeBytes": 1 << 20}}],
            [{"Type": "image", "Source": "busybox", "Target": "/more"}],
        ]
    ),
    "Tmpfs": st.sampled_from([{"/run": ""}, {"/run": "size=64m"}, {"/run": "mode=1777"}]),
    "PortBindings": st.sampled_from(
        [
            {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
            {"53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}]},
            {"80/tcp": [{"HostIp": "", "HostPort": ""}], "443/tcp": [{"HostIp": "", "HostPort": "443"}]},
        ]
    ),
    "RestartPolicy": st.sampled_from(
        [{"Name": "no"}, {"Name": "unless-stopped"}, {"Name": "on-failure", "MaximumRetryCount": 3}]
    ),
    "Memory": st.sampled_from([64 << 20, (64 << 20) + 1024]),
    "NanoCpus": st.sampled_from([500_000_000, 2_000_000_000]),
    "PidsLimit": st.just(50),
    "Dns": st.just(["10.0.0.53"]),
    "DnsSearch": st.just(["shop.test"]),
    "DnsOptions": st.just(["ndots:2"]),
    "ExtraHosts": st.sampled_from([["db.test:10.0.0.5"], ["me.test:host-gateway"]]),
    "LogConfig": st.just({"Type": "local", "Config": {"max-size": "10m"}}),
    "Init": st.just(True),
    "AutoRemove": st.just(True),
    "ReadonlyRootfs": st.just(True),
    "Privileged": st.just(True),
    "PidMode": st.sampled_from(["host", "container:abc"]),
    "IpcMode": st.sampled_from(["host", "shareable"]),
    "UTSMode": st.just("host"),
    "UsernsMode": st.just("host"),
    "CapAdd": st.just(["NET_ADMIN"]),
    "CapDrop": st.just(["CAP_CHOWN"]),
    "Devices": st.just([{"PathOnHost": "/dev/snd", "PathInContainer": "/dev/snd", "CgroupPermissions": "rwm"}]),
    "DeviceRequests": st.just([{"Driver": "nvidia", "Count": -1}]),
    "DeviceCgroupRules": st.just(["c 1:3 r"]),
    "Sysctls": st.just({"net.core.somaxconn": "1024"}),
    "Ulimits": st.just([{"Name": "nofile", "Soft": 100, "Hard": 200}]),
    "ShmSize": st.just(256 << 20),
    "GroupAdd": st.sampled_from([["44"], ["video"]]),
    "SecurityOpt": st.sampled_from([["no-new-privileges"], ["apparmor=unconfined"], ["seccomp=unconfined"]]),
    "MemoryReservation": st.just(32 << 20),
    "MemorySwap": st.just(-1),
    "MemorySwappiness": st.just(10),
    "CpuShares": st.just(512),
    "CpusetCpus": st.just("0"),
    "OomScoreAdj": st.just(500),
    "OomKillDisable": st.just(True),
    "BlkioWeight": st.just(300),
    "CgroupParent": st.just("/shop"),
    "CgroupnsMode": st.just("host"),
    "Runtime": st.just("kata"),
    "VolumesFrom": st.just(["other"]),
    "Links": st.just(["/db:/web/db"]),
    "StorageOpt": st.just({"size": "10G"}),
    "MaskedPaths": st.just([]),
    "PublishAllPorts": st.just(True),
    "Annotations": st.just({"a.test/b": "c"}),
}


@pytest.mark.parametrize("convert", TARGETS)
@given(config=st.fixed_dictionaries({}, optional=CONFIG), host=st.fixed_dictionaries({}, optional=HOST))
@settings(max_examples=6)
def test_every_setting_is_in_the_result_or_named(
    convert: Conversion, config: dict[str, Any], host: dict[str, Any]
) -> None:
    if host.get("AutoRemove"):
        host = {**host, "RestartPolicy": {"Name": "no"}}
    whole = said(convert(app_of(origin_of(config, host))))
    for tree, is_host in ((config, False), (host, True)):
        for name in tree:
            if name == "RestartPolicy" and host.get("AutoRemove"):
                continue
            less = {key: copy.deepcopy(value) for key, value in tree.items() if key != name}
            without = said(convert(app_of(origin_of(config, less) if is_host else origin_of(less, host))))
            assert whole != without, f"{name} {tree[name]!r} made no difference"


@pytest.mark.parametrize("convert", TARGETS)
@given(data=st.data(), name=st.sampled_from([*CONFIG, *HOST]))
@settings(max_examples=40)
def test_each_value_of_a_setting_is_told_from_none(convert: Conversion, data: st.DataObject, name: str) -> None:
    value = data.draw(CONFIG[name] if name in CONFIG else HOST[name])
    host = {"RestartPolicy": {"Name": "no"}} if name == "AutoRemove" else {}
    without = said(convert(app_of(origin_of({}, host))))
    found = origin_of({name: value}, host) if name in CONFIG else origin_of({}, {**host, name: value})
    assert said(convert(app_of(found))) != without


@pytest.mark.parametrize("convert", TARGETS)
@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({"Env": [f"DB_PASSWORD={SECRET}"]}, {}),
        ({"Env": [f"SECRET_TEXT=one\n{SECRET}"]}, {}),
        ({"Env": [f"DATABASE=postgres://shop:{SECRET}@db/shop"]}, {}),
        ({"Cmd": ["serve", "--password", SECRET]}, {}),
        ({"Entrypoint": ["serve", f"--token={SECRET}"]}, {}),
        ({"Labels": {"api-token": SECRET}}, {}),
        ({"Healthcheck": {"Test": ["CMD", "ask", "--password", SECRET]}}, {}),
        ({"Healthcheck": {"Test": ["CMD-SHELL", f"ask http://a:{SECRET}@db/"]}}, {}),
        ({}, {"LogConfig": {"Type": "splunk", "Config": {"splunk-token": SECRET}}}),
        ({}, {"StorageOpt": {"password": SECRET}}),
        (
            {},
            {
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": "d",
                        "Target": "/d",
                        "VolumeOptions": {
                            "DriverConfig": {"Name": "vieux/sshfs", "Options": {"password": SECRET, "sshcmd": "u@h:/d"}}
                        },
                    }
                ]
            },
        ),
    ],
)
def test_no_secret_is_in_a_result_or_in_the_words_about_it(
    convert: Conversion, config: dict[str, Any], host: dict[str, Any]
) -> None:
    found = convert(app_of(origin_of(config, host)))
    assert SECRET not in str(found)
    assert found.gaps


def test_secrets_are_asked_for_and_stand_in_an_object_of_their_own_once_all_are_given() -> None:
    app = app_of(origin_of({"Env": ["DB_PASSWORD=x", "API_TOKEN=y", "COLOUR=blue"]}, {}))
    assert yaml.safe_load(stack(app).text)["services"]["web"]["environment"] == {
        "COLOUR": "blue",
        "DB_PASSWORD": "${DB_PASSWORD:?}",
        "API_TOKEN": "${API_TOKEN:?}",
    }
    some = manifests(app, {"web/DB_PASSWORD": "typed"}).text
    assert "typed" not in some
    assert "kind: Secret" not in some
    first, workload = list(yaml.safe_load_all(manifests(app, {"web/DB_PASSWORD": "typed", "web/API_TOKEN": "t"}).text))
    assert first["stringData"] == {"DB_PASSWORD": "typed", "API_TOKEN": "t"}
    container = workload["spec"]["template"]["spec"]["containers"][0]
    names = {one["name"]: one.get("valueFrom", {}).get("secretKeyRef", {}).get("name") for one in container["env"]}
    assert names == {"COLOUR": None, "DB_PASSWORD": first["metadata"]["name"], "API_TOKEN": first["metadata"]["name"]}


def test_a_dollar_that_is_meant_stays_one() -> None:
    app = app_of(origin_of({"Cmd": ["sh", "-c", "echo $HOME $(NAME) $$"], "Env": ["A=$(B)$$"]}, {}))
    service = yaml.safe_load(stack(app).text)["services"]["web"]
    assert service["command"][2] == "echo $$HOME $$(NAME) $$$$"
    container = yaml.safe_load(manifests(app).text)["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][2] == "echo $HOME $$(NAME) $$$"
    assert container["env"][0]["value"] == "$$(B)$$$"


def test_a_port_of_one_address_is_published_to_nobody_else() -> None:
    ports = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "81/tcp": [{"HostIp": "", "HostPort": "81"}]}
    found = stack(app_of(origin_of({}, {"PortBindings": ports})))
    assert yaml.safe_load(found.text)["services"]["web"]["ports"] == [{"target": 81, "published": 81}]
    assert any("127.0.0.1 alone" in one.words for one in found.gaps)


def test_a_range_of_ports_of_a_machine_is_the_first_of_them_and_that_is_said() -> None:
    ports = {"80/tcp": [{"HostIp": "", "HostPort": "18100-18119"}]}
    found = stack(app_of(origin_of({}, {"PortBindings": ports})))
    assert "published: 18100" in found.text
    assert any("18100-18119 is free" in one.words for one in found.gaps)


def test_settings_of_the_kernel_that_nodes_refuse_are_named_beside_those_they_take() -> None:
    origin = origin_of({}, {"Sysctls": {"net.core.somaxconn": "1024", "net.ipv4.ip_unprivileged_port_start": "80"}})
    gaps = [one.words for one in manifests(app_of(origin), {}).gaps if one.setting == "sysctls"]
    assert len(gaps) == 1
    assert "(net.core.somaxconn)" in gaps[0]
