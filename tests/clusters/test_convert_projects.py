"""A Compose project as a stack and as YAML: its services keep finding each other, and what it copied goes along."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.kinds.docker.origin import Origin
from clusters.ship.app import App
from clusters.ship.copied import copied_files
from clusters.ship.kubernetes_pod import plain_name
from clusters.ship.to_kubernetes import manifests
from clusters.ship.to_swarm import service_name, stack
from tests.clusters.converting import SECRET, TARGETS, Conversion, app_of, origin_of, service_of


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
    convert: Conversion, names: list[str]
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


def test_a_service_that_only_the_text_knows_is_named() -> None:
    app = replace(app_of(service_of("web"), project="shop"), absent=("debug",))
    for convert in TARGETS:
        assert any("debug stands in the text of shop and has no container" in one.words for one in convert(app).gaps)
