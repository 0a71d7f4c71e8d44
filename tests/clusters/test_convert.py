"""Containers converted to a Swarm's stack and to Kubernetes: every setting is taken along or named, no secret is."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.kinds.docker.origin import Origin
from clusters.ship.app import App, Converted, part_of
from clusters.ship.copied import copied_files
from clusters.ship.kubernetes_pod import plain_name
from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import service_name, stack

UID = "f" * 64
WORD = st.from_regex(r"[a-z][a-z0-9]{2,8}", fullmatch=True)
PATH = WORD.map(lambda word: f"/{word}")
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
TARGETS = (stack, manifests)
Target = Callable[[App], Converted]


def origin_of(config: dict[str, Any], host: dict[str, Any], **more: Any) -> Origin:
    container = {
        "Id": UID,
        "Name": "/web",
        "Config": {"Image": "registry.test/shop/web:1", **config},
        "HostConfig": {"NetworkMode": "bridge", "RestartPolicy": {"Name": "always"}, **host},
        "NetworkSettings": {"Networks": {"bridge": {}}},
        **more,
    }
    return Origin(container, {"RepoDigests": ["x"], "Config": {}})


def app_of(*origins: Origin, project: str = "") -> App:
    return App(name=project or "web", project=project, parts=[part_of(one) for one in origins])


def said(found: Converted) -> tuple[str, frozenset[str]]:
    return found.text, frozenset(one.words for one in found.gaps)


@pytest.mark.parametrize("convert", TARGETS)
@given(config=st.fixed_dictionaries({}, optional=CONFIG), host=st.fixed_dictionaries({}, optional=HOST))
@settings(max_examples=6)
def test_every_setting_is_in_the_result_or_named(convert: Target, config: dict[str, Any], host: dict[str, Any]) -> None:
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
def test_each_value_of_a_setting_is_told_from_none(convert: Target, data: st.DataObject, name: str) -> None:
    value = data.draw(CONFIG[name] if name in CONFIG else HOST[name])
    host = {"RestartPolicy": {"Name": "no"}} if name == "AutoRemove" else {}
    without = said(convert(app_of(origin_of({}, host))))
    found = origin_of({name: value}, host) if name in CONFIG else origin_of({}, {**host, name: value})
    assert said(convert(app_of(found))) != without


SECRET = "hunter2-of-the-shop"


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
    convert: Target, config: dict[str, Any], host: dict[str, Any]
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


def service_of(name: str, project: str = "shop", **config: Any) -> Origin:
    labels = {
        "com.docker.compose.project": project,
        "com.docker.compose.service": name,
        **config.pop("Labels", {}),
    }
    places = {"shop_default": {"Aliases": [f"shop-{name}-1", name, *config.pop("Aliases", ())]}}
    host = {"NetworkMode": "shop_default", "Binds": config.pop("Binds", [])}
    more = {"Name": f"/shop-{name}-1", "NetworkSettings": {"Networks": places}}
    return origin_of({"Labels": labels, **config}, host, **more)


def test_a_project_keeps_its_services_their_names_and_what_they_share() -> None:
    store = service_of("store", Binds=["shop_data:/data"], Aliases=["db"])
    needs = {"com.docker.compose.depends_on": "store:service_healthy:true"}
    web = service_of("web", Binds=["shop_data:/seen:ro"], Labels=needs, ExposedPorts={"8080/tcp": {}})
    app = app_of(store, web, project="shop")
    tree = yaml.safe_load(stack(app).text)
    assert set(tree["services"]) == {"store", "web"}
    assert tree["volumes"] == {"data": {}}
    assert tree["services"]["store"]["networks"] == {"default": {"aliases": ["db"]}}
    assert "com.docker.compose" not in stack(app).text
    found = list(yaml.safe_load_all(manifests(app).text))
    names = [(one["kind"], one["metadata"]["name"]) for one in found]
    assert names.count(("PersistentVolumeClaim", "shop-data")) == 1
    assert {("Service", "store"), ("Service", "db"), ("Service", "web"), ("Deployment", "web")} <= set(names)
    headless = next(one for one in found if (one["kind"], one["metadata"]["name"]) == ("Service", "store"))
    assert headless["spec"]["clusterIP"] == "None"  # no port of it is known, and others still find it
    words = [one.words for one in (*stack(app).gaps, *manifests(app).gaps)]
    assert sum("It waits for store until it is healthy" in one for one in words) == 2
    assert not any("none is called shop-" in one for one in words)  # Compose made that name up


def test_what_did_its_work_and_ended_becomes_a_job() -> None:
    ended = {"State": {"Status": "exited", "ExitCode": 0}}
    app = app_of(origin_of({"Cmd": ["migrate"]}, {"RestartPolicy": {"Name": "no"}}, **ended))
    made = yaml.safe_load(manifests(app).text)
    assert made["kind"] == "Job"
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert yaml.safe_load(stack(app).text)["services"]["web"]["deploy"]["restart_policy"] == {"condition": "none"}


def test_an_image_that_is_only_here_is_said_before() -> None:
    container = dict(origin_of({}, {}).container)
    app = app_of(Origin(container, {"Config": {}, "RepoDigests": []}))
    for convert in TARGETS:
        assert any("only on this engine" in one.words for one in convert(app).gaps)


# Names that a cluster, or a Swarm, would call the same; some are as long as a name may be.
ALIKE = st.lists(st.sampled_from(["web", "web.a", "web-a", "web_a", "Web-A", "web-a-2", f"w{'o' * 60}1", f"w{'o' * 60}2"]),
                 min_size=1, max_size=8, unique=True)  # fmt: skip


@pytest.mark.parametrize("convert", TARGETS)
@given(names=ALIKE)
@settings(max_examples=40)
def test_services_and_volumes_that_would_be_called_the_same_are_kept_apart_and_that_is_said(
    convert: Target, names: list[str]
) -> None:
    services = [service_of(name, Binds=[f"shop_{name}:/data", f"{name}:/more"], Env=["A_TOKEN=x"]) for name in names]
    app = app_of(*services, project="shop")
    found = convert(app)
    documents = list(yaml.safe_load_all(found.text))
    if convert is stack:
        made, volumes = list(documents[0]["services"]), list(documents[0]["volumes"])
    else:
        made = [one["metadata"]["name"] for one in documents if one["kind"] == "Deployment"]
        volumes = [one["metadata"]["name"] for one in documents if one["kind"] == "PersistentVolumeClaim"]
        objects = [(one["kind"], one["metadata"]["name"]) for one in documents]
        assert len(set(objects)) == len(objects)
        assert all(len(name) <= 63 for name in made)
    assert len(set(made)) == len(names)
    assert len(set(volumes)) == 2 * len(names)
    said = [one for one in found.gaps if "would both be called" in one.words]
    assert len(said) == len(names) - len(
        {plain_name(one) if convert is manifests else service_name(one) for one in names}
    )


def test_values_given_for_a_service_go_with_it_when_it_is_called_differently() -> None:
    app = app_of(*(service_of(name, Env=["A_TOKEN=x"]) for name in ("web.a", "web-a")), project="shop")
    found = list(yaml.safe_load_all(manifests(app, {"web.a/A_TOKEN": "first", "web-a/A_TOKEN": "second"}).text))
    held = {one["metadata"]["name"]: one["stringData"]["A_TOKEN"] for one in found if one["kind"] == "Secret"}
    assert held == {"web-a-secrets": "first", "web-a-2-secrets": "second"}


def test_a_name_that_two_services_share_leads_to_one_of_them_and_that_is_said() -> None:
    app = app_of(service_of("store", Aliases=["db"]), service_of("cache", Aliases=["db", "store"]), project="shop")
    found = manifests(app)
    services = [one for one in yaml.safe_load_all(found.text) if one["kind"] == "Service"]
    names = [one["metadata"]["name"] for one in services]
    assert sorted(names) == ["cache", "db", "store"]
    words = [one.words for one in found.gaps if one.setting == "aliases"]
    assert len(words) == 2
    assert all("it leads to store alone" in one for one in words)


PROJECT = {
    "services": {
        "web": {
            "configs": [{"source": "page", "target": "/www/index.html"}, {"source": "theirs"}, {"source": "tuned", "mode": "0400"}],
            "secrets": [{"source": "key", "target": "/run/secrets/key"}],
        },
        "cache": {"configs": [{"source": "page"}], "secrets": [{"source": "key", "target": "pin"}]},
    },
    "configs": {
        "page": {"content": "<b>5 $$</b>"},
        "theirs": {"external": True},
        "mine": {"file": "./x"},
        "tuned": {"content": f"user: shop\npassword: {SECRET}"},
    },
    "secrets": {"key": {"environment": "SHOP_KEY"}},
}  # fmt: skip


def copied_app() -> App:
    files = copied_files(PROJECT, {"SHOP_KEY": SECRET})
    app = app_of(service_of("web"), service_of("cache"), project="shop")
    return replace(app, parts=[replace(one, files=files[one.name]) for one in app.parts])


def test_configs_that_compose_copied_in_become_the_targets_own() -> None:
    app = copied_app()
    tree = yaml.safe_load(stack(app).text)
    assert tree["configs"] == {"page": {"content": "<b>5 $$</b>"}}
    assert tree["secrets"] == {"tuned": {"environment": "TUNED_FILE"}, "key": {"environment": "KEY_FILE"}}
    assert tree["services"]["cache"]["configs"] == [{"source": "page", "target": "/page"}]
    assert tree["services"]["cache"]["secrets"] == [{"source": "key", "target": "/run/secrets/pin"}]
    found = list(yaml.safe_load_all(manifests(app).text))
    config = next(one for one in found if one["kind"] == "ConfigMap")
    assert (config["metadata"]["name"], config["data"]) == ("shop-page-config", {"page": "<b>5 $</b>"})
    assert not [one for one in found if one["kind"] == "Secret"]
    pod = next(one for one in found if one["kind"] == "Deployment")["spec"]["template"]["spec"]
    mounts = {one["mountPath"]: (one["name"], one["subPath"]) for one in pod["containers"][0]["volumeMounts"]}
    assert mounts == {
        "/www/index.html": ("file-shop-page-config", "page"),
        "/tuned": ("file-shop-tuned-config", "tuned"),
        "/run/secrets/key": ("file-shop-key-secret", "key"),
    }
    assert {"name": "file-shop-key-secret", "secret": {"secretName": "shop-key-secret"}} in pod["volumes"]
    for convert in TARGETS:
        made = convert(app)
        words = " ".join(one.words for one in made.gaps)
        assert "/theirs is copied in from theirs" in words
        assert "should have mode 0400" in words
        assert SECRET not in str(made)
        assert "is not seen from outside" not in words


def test_what_is_secret_in_such_files_stands_in_a_secret_once_it_is_given() -> None:
    app = copied_app()
    assert [one.key for one in app.asked] == ["config file/tuned", "secret file/key"]
    found = list(yaml.safe_load_all(manifests(app, {"secret file/key": "typed"}).text))
    held = [(one["metadata"]["name"], one["stringData"]) for one in found if one["kind"] == "Secret"]
    assert held == [("shop-key-secret", {"key": "typed"})]


def test_a_file_that_holds_a_sealed_value_is_secret_however_it_looks() -> None:
    contents: dict[str, dict[str, str]] = {
        "redis": {"content": "requirepass sealed-1 $$"},
        "key": {"content": "-----BEGIN EC PRIVATE KEY-----\nsealed-2\n-----END EC PRIVATE KEY-----"},
        "given": {"environment": "MOTD"},
    }
    project = {"services": {"web": {"configs": [{"source": name} for name in contents]}}, "configs": contents}
    files = copied_files(project, {"MOTD": "sealed-3"}, ["sealed-1 $", ""])["web"]
    app = app_of(service_of("web"), project="shop")
    app = replace(app, parts=[replace(app.parts[0], files=files)])
    assert [one.name for one in app.asked] == list(contents)
    for convert in TARGETS:
        assert "sealed" not in str(convert(app))
    plain = {"services": {"web": {"configs": [{"source": "page"}]}}, "configs": {"page": {"content": "<b>"}}}
    assert not copied_files(plain, {}, ["sealed-1", ""])["web"][0].is_secret


def test_what_cannot_be_known_of_a_project_that_was_deployed_elsewhere_is_named() -> None:
    app = replace(app_of(service_of("web"), project="shop"), told=False)
    for convert in TARGETS:
        assert any("is not seen from outside" in one.words for one in convert(app).gaps)
