"""What is filled in once for all targets: an image's own settings, and the same words in each target's form."""

from __future__ import annotations

from clusters.deploy.reading import look
from clusters.fields import clean
from clusters.kinds.docker.run_fields import FIELDS as RUN_FIELDS
from clusters.kinds.docker.run_read import read_form
from clusters.registries.content import Descriptor, Manifest, make_image, read_config
from clusters.ship.carried import from_target, of_image, to_target

CONFIG = {
    "ExposedPorts": {"80/tcp": {}, "9000/udp": {}, "nonsense": {}},
    "Healthcheck": {"Test": ["CMD-SHELL", "wget -q localhost || exit 1"]},
}
TYPED = {
    **of_image("registry.test:5000/shop/web:2", CONFIG),
    "copies": 3,
    "environment": "COLOUR=dark green\nPRICE=5$",
    "volumes": "data:/data:ro\n/srv:/srv",
    "command": "serve --all 'two words'",
    "memory": "64m",
    "cpus": "0.5",
}


def test_an_image_fills_in_what_it_says_of_itself() -> None:
    found = of_image("registry.test:5000/shop/web:2", CONFIG)
    assert found["name"] == "web"
    assert found["ports"] == "8080:80\n9000:9000/udp"
    assert found["health_command"] == "wget -q localhost || exit 1"
    for strange in ({"ExposedPorts": ["80"]}, {"Healthcheck": "x"}, {"Healthcheck": {"Test": ["CMD"]}}):
        assert of_image("web", strange)["name"] == "web"


def test_a_host_gets_it_in_its_own_words() -> None:
    form = read_form(clean(RUN_FIELDS, to_target("container", TYPED, CONFIG)))
    assert [(one.outside, one.inside) for one in form.ports] == [("8080", "80/tcp"), ("9000", "9000/udp")]
    assert form.command == ("serve", "--all", "two words")
    assert form.check is None  # the image says so by itself
    changed = read_form(clean(RUN_FIELDS, to_target("container", {**TYPED, "health_command": "true"}, CONFIG)))
    assert changed.check
    assert changed.check.test == ("CMD-SHELL", "true")


def test_a_cluster_gets_it_in_its_own_words_with_the_check_that_it_would_not_take_from_the_image() -> None:
    form, problems = look({**to_target("deployment", TYPED, CONFIG), "kind": "deployment", "namespace": "shop"})
    assert problems == {}
    assert form.copies == 3
    assert [(one.number, one.protocol, one.service) for one in form.ports] == [(80, "TCP", 8080), (9000, "UDP", None)]
    assert form.ready
    assert form.ready.command == ("/bin/sh", "-c", "wget -q localhost || exit 1")
    assert dict(form.limits) == {"cpu": "500m", "memory": "64Mi"}
    assert [(one.path, one.kind, one.name, one.read_only) for one in form.mounts] == [
        ("/data", "new", "1Gi", True),
        ("/srv", "empty", "", False),
    ]
    assert form.arguments == ("serve", "--all", "two words")


def test_what_is_secret_is_kept_as_each_target_can() -> None:
    typed = {**TYPED, "environment": "DB_PASSWORD=x y\nsecret: PIN=1\nplain: TOKEN_LIMIT=5\nLOG=info"}
    form, _ = look({**to_target("deployment", typed, CONFIG), "kind": "deployment", "namespace": "shop"})
    assert form.secrets == (("DB_PASSWORD", "x y"), ("PIN", "1"))
    assert form.environment == (("TOKEN_LIMIT", "5"), ("LOG", "info"))
    for kind in ("container", "swarm-service"):  # who knows whether its image reads a file is asked there
        there = to_target(kind, typed, CONFIG)["environment"]
        assert there == "secret: DB_PASSWORD=x y\nsecret: PIN=1\nplain: TOKEN_LIMIT=5\nLOG=info"
        assert from_target(kind, {"environment": there})["environment"] == there
    back = from_target("swarm-service", {"environment": "file: PIN=1\nLOG=info"})
    assert back["environment"] == "secret: PIN=1\nLOG=info"


def test_what_was_typed_stays_when_the_target_is_changed() -> None:
    there = to_target("deployment", {**TYPED, "volumes": "data:/data", "health_command": ""}, CONFIG)
    back = from_target("deployment", there)
    for name in ("image", "name", "copies", "ports", "environment", "command", "memory", "cpus"):
        assert back[name] == TYPED[name], name
    assert back["volumes"] == "data:/data"
    again = from_target("container", to_target("container", TYPED, {}))
    assert {name: again[name] for name in again} == {name: TYPED[name] for name in again}


def test_what_a_registry_says_of_an_image_is_filled_in_as_what_an_engine_says() -> None:
    said = b'{"config": {"ExposedPorts": {"8080/tcp": {}, "53/udp": {}}, "Healthcheck": {"Test": ["CMD-SHELL", "up"]}}}'
    manifest = Manifest(config=Descriptor(media_type="application/vnd.oci.image.config.v1+json"))
    image = make_image("sha256:1", manifest, read_config(said, "registry.test"))
    config = {"ExposedPorts": dict.fromkeys(image.ports), "Healthcheck": {"Test": list(image.check)}}
    found = of_image("registry.test/shop/web:1", config)
    assert (found["ports"], found["health_command"]) == ("8053:53/udp\n8080:8080", "up")
