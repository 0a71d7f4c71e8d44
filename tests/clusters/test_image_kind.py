"""Images: their names, layers and users, of engines with and without the containerd store; which names go."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from msgspec.structs import replace

from clusters.drivers.base import Call
from clusters.errors import Conflict, Invalid
from clusters.kinds.base import Level, Look
from clusters.kinds.docker.image import IMAGE, LAYERS, OVERVIEW
from clusters.kinds.docker.image_model import Image, join
from tests.clusters.docker_things import ENGINES, read, recorded, row, shop_web
from tests.clusters.fakes import all_shared

each_engine = pytest.mark.parametrize("engine", ENGINES)
NAMES = ["shop/web:1", "registry.test:5000/shop/web:2"]


class Driver:
    """Answers as that engine did."""

    def __init__(self, engine: str = "29", removed: bool = True) -> None:
        self.engine = engine
        self.removed = removed
        self.calls: list[Call] = []

    async def call(self, call: Call) -> Any:
        self.calls.append(call)
        if call.method == "DELETE":
            last = self.removed and len([one for one in self.calls if one.method == "DELETE"]) >= 2
            return [{"Untagged": "x"}, *([{"Deleted": "sha256:1"}] if last else [])]
        return recorded("image-history" if call.path[-1] == "history" else "image-inspect", self.engine)


def used(engine: str = "29", *, by: bool = True) -> Image:
    one = read(recorded("image", engine), Image)
    found: Image = join([one], {"container": [shop_web(engine)] if by else []})[0]
    return found


def action(verb: str) -> Any:
    found = IMAGE.action(verb)
    assert found is not None
    return found


@each_engine
def test_a_real_one_has_its_names_and_the_containers_made_from_it(engine: str) -> None:
    one = used(engine)
    assert one.tags == NAMES
    assert one.name == "shop/web:1"
    assert [user.name for user in one.users] == ["shop-web-1"]
    assert IMAGE.health(one).word == "In use"
    assert one.created > 1.7e9
    assert one.size > 3_000_000
    assert bool(one.digests) is (engine == "29")
    assert "shop-web-1 runs from it" in action("remove").effect(one)


@pytest.mark.parametrize("tags", [None, [], ["<none>:<none>"]])
def test_one_without_a_name_is_dangling_and_known_by_its_id(tags: Any) -> None:
    one = read({"Id": "sha256:" + "a" * 64, "RepoTags": tags, "RepoDigests": ["<none>@<none>"]}, Image)
    assert (one.name, one.dangling, one.digests) == ("a" * 12, True, [])
    assert (IMAGE.health(one).level, IMAGE.health(one).word) == (Level.STOPPED, "Dangling")


async def look(panel: Any, engine: str) -> tuple[str, Driver]:
    async def related(kind: str) -> list[Any]:
        return []

    one, driver = used(engine), Driver(engine)
    asked = Look(cluster_id=1, kind=IMAGE, resource=one, driver=driver, related=related, sees=all_shared)  # type: ignore[arg-type]
    context = {"data": await panel.load(asked), "row": row(IMAGE, one), "panel": panel}
    return render_to_string(f"panels/{panel.template}.html", context), driver


@each_engine
async def test_its_page_says_what_it_runs_and_hides_secrets(engine: str) -> None:
    page, driver = await look(OVERVIEW, engine)
    for words in (*NAMES, "linux/amd64", "sleep 1000", "8080/tcp", "COLOUR=green", "1000"):
        assert words in page, words
    assert "hunter2" not in page
    assert [call.path[-1] for call in driver.calls] == ["json"]


@each_engine
async def test_its_layers_are_lines_of_the_dockerfile_without_secrets(engine: str) -> None:
    page, _ = await look(LAYERS, engine)
    for words in ("RUN head -c 300000 /dev/zero &gt; /big", "USER 1000", "EXPOSE"):
        assert words in page, words
    assert "#(nop)" not in page
    assert "hunter2" not in page


async def test_only_the_names_that_were_chosen_go() -> None:
    driver = Driver(removed=False)
    said = await action("remove").run(driver, used(by=False), {"names": NAMES[1]})
    assert said == "shop/web:1 lost 1 name; the image stays."
    assert [call.path for call in driver.calls] == [("images", "registry.test:5000", "shop", "web:2")]
    with pytest.raises(Invalid, match="not called"):
        await action("remove").run(driver, used(by=False), {"names": "other:1"})


async def test_all_of_it_goes_name_by_name_and_the_end_is_told_as_it_is() -> None:
    driver = Driver()
    assert await action("remove").run(driver, used(by=False), {}) == "shop/web:1 is removed."
    assert [dict(call.query) for call in driver.calls] == [{}, {}]
    kept = Driver(removed=False)
    assert "its layers stay" in await action("remove").run(kept, used(by=False), {})


async def test_one_that_containers_were_made_from_goes_by_force_only() -> None:
    driver, one = Driver(), used()
    one = replace(one, users=tuple(replace(user, running=False) for user in one.users))
    with pytest.raises(Conflict, match="shop-web-1 uses it"):
        await action("remove").run(driver, one, {})
    assert driver.calls == []
    await action("remove").run(driver, one, {"force": True})
    assert dict(driver.calls[0].query) == {"force": "true"}


async def test_of_one_that_runs_names_go_but_never_the_last() -> None:
    driver, one = Driver(removed=False), used()
    assert action("remove").refuse(one) == ""
    assert action("remove").line(one, {}) == "docker rmi NAME"
    assert action("remove").stays(one) == "The image stays, and what runs from it goes on."
    assert action("remove").refuse(replace(one, repo_tags=NAMES[:1])) == "shop-web-1 runs from it."
    for values in ({}, {"names": "\n".join(NAMES)}, {"force": True}):
        with pytest.raises(Conflict, match="shop-web-1 runs from it"):
            await action("remove").run(driver, one, values)
    assert driver.calls == []
    assert await action("remove").run(driver, one, {"names": NAMES[1]}) == "shop/web:1 lost 1 name; the image stays."


@pytest.mark.parametrize(
    ("names", "digests", "why"),
    [
        (["shop/web:1"], [], "came from no registry"),
        (["shop/web:1"], ["shop/web@sha256:" + "a" * 64], ""),
        (["registry.test:5000/web:1"], [], ""),
        (["localhost/web:1"], [], ""),
        ([], [], "no name"),
    ],
)
def test_what_no_registry_can_have_is_not_offered_anew(names: list[str], digests: list[str], why: str) -> None:
    one = replace(used("20.10"), repo_tags=names, repo_digests=digests, users=())
    refused = action("pull-newer").refuse(one)
    assert why in refused if why else refused == ""


async def test_a_name_is_read_strictly_before_it_is_given() -> None:
    driver = Driver()
    said = await action("tag").run(driver, used(), {"name": "registry.test:5000/a/b:3"})
    assert said == "shop/web:1 is registry.test:5000/a/b:3, too."
    assert dict(driver.calls[0].query) == {"repo": "registry.test:5000/a/b", "tag": "3"}
    for bad in ("UPPER", "a b", "x@sha256:" + "a" * 64, "../x"):
        with pytest.raises(Invalid):
            await action("tag").run(driver, used(), {"name": bad})
