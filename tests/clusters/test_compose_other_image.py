"""Another image is written into a project's text where its services name theirs; all else stays as it was typed."""

from __future__ import annotations

import asyncio

import pytest

from clusters.compose.other_image import put_image, with_image
from clusters.compose.text import read
from clusters.compose.versions import Kept
from clusters.errors import Conflict
from tests.real import find_compose

NEW = "registry.test:5000/shop/web:2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("services:\n  web:\n    image: shop/web:1  # ä\n", f"services:\n  web:\n    image: {NEW}  # ä\n"),
        ("# ü\nservices: {web: {image: 'shop/web:1'}}", f'# ü\nservices: {{web: {{image: "{NEW}"}}}}'),
        ("services:\r\n  web:\r\n    image: shop/web:${TAG}\r\n", f"services:\n  web:\n    image: {NEW}\n"),
        ("services:\n  web:\n    image: &it shop/web:1\n", f"services:\n  web:\n    image: &it {NEW}\n"),
    ],
)
def test_only_the_image_of_the_service_is_written(before: str, after: str) -> None:
    assert put_image(before, ["web"], NEW) == after


@pytest.mark.parametrize(
    "text",
    [
        "x-base: &base {image: shop/web:1}\nservices:\n  web:\n    <<: *base\n    init: true\n  old: *base\n",
        "services: {old: &old {image: shop/web:1}, web: {<<: *old, init: true}}\n",
    ],
)
def test_what_a_merge_brings_is_written_into_the_service_itself(text: str) -> None:
    services = read(put_image(text, ["web"], NEW)).tree["services"]
    assert (services["web"]["image"], services["old"]["image"]) == (NEW, "shop/web:1")


def changed(text: str, image: str = NEW) -> tuple[str, list[str]]:
    find_compose()
    found = asyncio.run(with_image(Kept(3, text, {}), "shop", image))
    return found.asked.text, list(found.services)


def test_every_service_that_runs_one_of_its_repository_gets_it_and_no_other() -> None:
    text = "services:\n  a: {image: 'registry.test:5000/shop/web:1'}\n  b: {image: busybox}\n"
    assert changed(text) == (text.replace("'registry.test:5000/shop/web:1'", f'"{NEW}"'), ["a"])
    assert changed(text.replace("shop/web:1", "shop/web:2"))[0] == text.replace("shop/web:1", "shop/web:2")


WEB = "registry.test:5000/shop/web"


@pytest.mark.parametrize(
    ("text", "given", "then"),
    [
        ("services: {a: {image: '${WEB_IMAGE:-WEB:1}'}}", {}, {"WEB_IMAGE": NEW}),
        ("services: {a: {image: $WEB_IMAGE}}", {"WEB_IMAGE": f"{WEB}:1"}, {"WEB_IMAGE": NEW}),
        ("services: {a: {image: 'WEB:${TAG?which}'}, b: {image: busybox}}", {"TAG": "1"}, {"TAG": "2"}),
        ("services: {a: {image: 'WEB:${TAG}'}, b: {image: 'WEB:1'}}", {"TAG": "1"}, {"TAG": "2"}),
        ("x-web: &web {image: 'WEB:${TAG}'}\nservices: {a: *web}", {"TAG": "1"}, {"TAG": "2"}),
    ],
)
def test_a_variable_that_names_the_image_gets_another_value_and_stays_in_the_text(
    text: str, given: dict[str, str], then: dict[str, str]
) -> None:
    find_compose()
    text = text.replace("WEB:", f"{WEB}:")
    found = asyncio.run(with_image(Kept(3, text, given), "shop", NEW))
    assert found.asked.values == then
    assert found.asked.text == text.replace(f"'{WEB}:1'", f'"{NEW}"')
    assert found.spelled == ()


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("services: {a: {image: 'WEB:${TAG}'}, b: {image: 'busybox:${TAG}'}}", {"TAG": "1"}),
        ("services: {a: {image: 'WEB:${TAG}', volumes: [db:/d]}}\nvolumes: {db: {name: 'd-${TAG}'}}", {"TAG": "1"}),
        ("services: {a: {image: 'WEB:${TAG}'}, b: {image: 'busybox:${TAG}', profiles: [p]}}", {"TAG": "1"}),
        ("services: {a: {image: 'WEB:1${MORE:-}'}}", {}),
        ("services: {a: {image: 'WEB:${ONE}${TWO}'}}", {"ONE": "1", "TWO": "0"}),
        ("services: {a: {image: 'WEB:${ACCESS_TOKEN}'}}", {"ACCESS_TOKEN": "1"}),
    ],
)
def test_a_variable_that_cannot_be_that_image_alone_gives_way_to_its_name(text: str, given: dict[str, str]) -> None:
    find_compose()
    text = text.replace("WEB:", f"{WEB}:")
    found = asyncio.run(with_image(Kept(3, text, given), "shop", NEW))
    assert f'image: "{NEW}"' in found.asked.text
    assert found.spelled == ["a"]
    assert found.asked.values.items() <= given.items()


def test_a_service_that_extends_another_one_gets_the_image_as_well() -> None:
    text = f"services:\n  a: {{image: '{WEB}:1'}}\n  b:\n    extends: {{service: a}}\n"
    new, services = changed(text)
    assert services == ["a", "b"]
    assert {one["image"] for one in read(new).tree["services"].values()} == {NEW}


def test_what_cannot_be_changed_alone_is_refused_with_what_to_do() -> None:
    shared = (
        "x-it: &it registry.test:5000/shop/web:1\n"
        "services:\n  a: {image: *it}\n  b: {image: busybox, environment: {OF: *it}}\n"
    )
    with pytest.raises(Conflict, match=r"image of a cannot be changed alone") as error:
        changed(shared)
    assert "Change it in its text" in error.value.hint
    asleep = shared.replace("environment: {OF: *it}", "command: [*it], profiles: [p]")
    with pytest.raises(Conflict, match=r"image of a cannot be changed alone"):
        changed(asleep)
    with pytest.raises(Conflict, match="version 3, names that image"):
        changed("services: {a: {image: busybox}}")
