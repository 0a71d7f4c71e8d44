"""What an action would do is said before: which version, since when, what differs, how many copies come or go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from clusters.drivers.demo.driver import DemoDriver
from clusters.errors import Missing
from clusters.kinds.base import Look
from clusters.kinds.kubernetes.deployment import DEPLOYMENT
from clusters.kinds.kubernetes.horizontal_autoscaler import HORIZONTAL_AUTOSCALER
from clusters.kinds.masking import MASK
from clusters.kinds.preview import Difference, Preview, differences
from tests.clusters.fakes import all_shared
from tests.clusters.test_demo_driver import HandClock


class Shop:
    """A demonstration whose time is moved by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.clock.at = time.time()
        self.driver = DemoDriver({"shape": "kubernetes"}, clock=self.clock)

    def deployment(self, name: str) -> Any:
        tree = self.driver.world.whole("apps/v1/deployments", "shop", name)
        return msgspec.json.decode(msgspec.json.encode(tree), type=DEPLOYMENT.model)

    async def preview(self, verb: str, name: str, values: dict[str, Any]) -> Preview:
        async def related(kind: str) -> Sequence[Any]:
            if kind != "horizontal-autoscaler":
                return ()
            tree = self.driver.world.whole("autoscaling/v2/horizontalpodautoscalers", "shop", "web")
            return (msgspec.json.decode(msgspec.json.encode(tree), type=HORIZONTAL_AUTOSCALER.model),)

        action = DEPLOYMENT.action(verb)
        assert action is not None
        assert action.preview is not None
        one = self.deployment(name)
        look = Look(cluster_id=1, kind=DEPLOYMENT, resource=one, driver=self.driver, related=related, sees=all_shared)
        return await action.preview(look, values)

    async def run(self, verb: str, name: str, values: dict[str, Any]) -> str | None:
        action = DEPLOYMENT.action(verb)
        assert action is not None
        return await action.run(self.driver, self.deployment(name), values)


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_going_back_says_to_what_since_when_and_what_differs(shop: Shop) -> None:
    preview = await shop.preview("roll-back", "checkout-api", {})
    assert preview.effect.startswith(
        "Puts checkout-api back to version 1, copy by copy: registry.example/shop/checkout-api:1.4.0, made "
    )
    assert preview.effect.endswith(" d ago.")
    assert preview.differences == [
        Difference(
            "checkout-api › image",
            "registry.example/shop/checkout-api:1.4.1",
            "registry.example/shop/checkout-api:1.4.0",
        )
    ]
    assert preview.values == {"revision": "1"}
    ((revision, label),) = preview.choices["revision"]
    assert revision == "1"
    assert label.startswith("1 · checkout-api:1.4.0 · ")


async def test_what_was_said_is_what_is_done(shop: Shop) -> None:
    preview = await shop.preview("roll-back", "checkout-api", {})
    words = await shop.run("roll-back", "checkout-api", dict(preview.values))
    assert words == "checkout-api goes back to version 1 (registry.example/shop/checkout-api:1.4.0)"
    assert shop.deployment("checkout-api").image.endswith(":1.4.0")


async def test_of_several_versions_each_can_be_chosen_and_is_described(shop: Shop) -> None:
    shop.driver.switch("leak", True)
    shop.clock.at += 5
    preview = await shop.preview("roll-back", "checkout-api", {})
    assert [revision for revision, _ in preview.choices["revision"]] == ["2", "1"]
    assert preview.values == {"revision": "2"}
    first = await shop.preview("roll-back", "checkout-api", {"revision": "1"})
    assert "checkout-api:1.4.0" in first.effect
    with pytest.raises(Missing, match="not kept"):
        await shop.preview("roll-back", "checkout-api", {"revision": "77"})


@pytest.mark.parametrize(
    ("copies", "words"),
    [
        (5, "Starts 2 more copies of checkout-api: 3 → 5."),
        (1, "Ends 2 copies of checkout-api: 3 → 1."),
        (3, "checkout-api has 3 copies already: nothing would change."),
        (0, "Ends all 3 copies of checkout-api: nothing serves any longer."),
    ],
)
async def test_scaling_says_how_many_come_or_go(shop: Shop, copies: int, words: str) -> None:
    assert (await shop.preview("scale", "checkout-api", {"copies": copies})).effect == words


@pytest.mark.parametrize(
    ("copies", "words"),
    [
        (0, "The autoscaler web rests until it has copies again."),
        (2, "But the autoscaler web takes that back: it allows 3 to 8. Change its limits instead."),
        (6, "The autoscaler web goes on changing it by itself, between 3 and 8."),
        (9, "But the autoscaler web takes that back: it allows 3 to 8. Change its limits instead."),
    ],
)
async def test_scaling_what_an_autoscaler_scales_says_what_becomes_of_that_number(
    shop: Shop, copies: int, words: str
) -> None:
    assert (await shop.preview("scale", "web", {"copies": copies})).effect.endswith(words)


def test_what_has_a_name_is_compared_by_it_and_not_by_its_place() -> None:
    now = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "command": ["serve", "--fast"]}
    then = {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "3"}], "command": ["serve"], "tty": True}
    assert differences(now, then) == [
        Difference("env › A", "1", "3"),
        Difference("command", "serve --fast", "serve"),
        Difference("tty", "–", "yes"),
    ]


def test_that_a_secret_is_another_is_said_and_the_secret_is_not() -> None:
    now, then = ({"env": [{"name": "API_TOKEN", "value": value}]} for value in ("hunter2", "hunter3"))
    assert differences(now, then) == [Difference("env › API_TOKEN", MASK, f"{MASK} (another)")]


def test_the_same_is_no_difference() -> None:
    tree = {"a": [1, 2], "b": {"c": None}}
    assert differences(tree, tree) == []
