"""From an app to its picture: named while they are few, counted when they are many; what happened is told."""

from __future__ import annotations

import time
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from clusters.kinds.base import Health, Level
from clusters.kinds.layered import App, Thing
from clusters.layers.draw import MOST_MACHINES, MOST_THINGS, drawn, ids
from clusters.layers.picture import Picture
from clusters.layers.told import told

WELL, CRASHES = Health(Level.HEALTHY, "Running"), Health(Level.FAILING, "Crashing", "It stops again and again.")


def listing(kind_name: str, filters: Mapping[str, str]) -> str:
    return f"/list/{kind_name}/?" + "&".join(f"{key}={value}" for key, value in filters.items())


def an_app(copies: int, machines: int, broken: frozenset[int] = frozenset(), unplaced: int = 0) -> App:
    app = App(titles={"copy": "Pods"}, lists={"copy": ("pod", {"q": "web"})})
    app.add("workload", Thing("web", "web", "boxes"))
    for number in range(copies):
        machine = (
            ""
            if number < unplaced
            else app.add("machine", Thing(f"m{number % machines}", f"oak-{number % machines}", "server", health=WELL))
        )
        if machine:
            app.machines[machine] = machine
        health = CRASHES if number in broken else WELL
        copy = app.add(
            "copy",
            Thing(f"c{number}", f"web-{number}", "box", health=health, href=f"/{number}"),
            "web",
            machine=machine,
        )
        inside = app.add("container", Thing(f"i{number}", "main", "container", health=health), copy, machine=machine)
        if machine:
            engine = app.add("engine", Thing(f"e{machine}", "containerd", "cpu"), inside, machine=machine)
            app.links[engine, machine] = None
    return app


def layer(picture: Picture, key: str) -> list[Thing]:
    return next((one.things for one in picture.layers if one.key == key), [])


def test_five_copies_have_their_names() -> None:
    picture = drawn(an_app(5, 2), listing)
    assert [one.name for one in layer(picture, "copy")] == ["web-0", "web-2", "web-4", "web-1", "web-3"], "by machine"
    assert [one.name for one in layer(picture, "machine")] == ["oak-0", "oak-1"]


def test_ports_stand_in_their_order_however_their_containers_were_started() -> None:
    app = an_app(1, 1)
    for port in (18104, 80, 18100, 18102):
        app.add("entry", Thing(f"p{port}", f"port {port}", "log-in"))
    app.add_people([f"port {port}" for port in (18104, 80, 18100, 18102)])
    picture = drawn(app, listing)
    assert [one.name for one in layer(picture, "entry")] == ["port 80", "port 18100", "port 18102", "port 18104"]
    assert [one.words for one in layer(picture, "people")] == ["port 80, port 18100, port 18102 and 1 more"]


def test_five_hundred_copies_are_counted_by_machine_and_by_how_they_are() -> None:
    picture = drawn(an_app(500, 100, broken=frozenset({7, 107})), listing)
    copies = layer(picture, "copy")
    assert len(list(ids(picture))) < 40
    assert sum(count.number for one in copies for count in one.counts) == 500
    worst = next(one for one in copies if any(count.level == "failing" for count in one.counts))
    assert worst.name == "5 pods"
    assert worst.counts[0].href == "/list/pod/?q=web&node=oak-7&status=failing"
    assert "95 more machines" in [one.name for one in layer(picture, "machine")]


def test_one_of_a_group_leads_to_itself() -> None:
    copies = layer(drawn(an_app(20, 2, broken=frozenset({4})), listing), "copy")
    failing = next(count for one in copies for count in one.counts if count.level == "failing")
    assert (failing.number, failing.word, failing.href) == (1, "Crashing", "/4")


@given(
    copies=st.integers(0, 60),
    machines=st.integers(1, 20),
    broken=st.frozensets(st.integers(0, 59)),
    unplaced=st.integers(0, 5),
)
def test_nothing_is_lost_and_every_line_has_both_its_ends(
    copies: int, machines: int, broken: frozenset[int], unplaced: int
) -> None:
    picture = drawn(an_app(copies, machines, broken, unplaced), listing)
    there = list(ids(picture))
    assert len(there) == len(set(there))
    assert {uid for link in picture.links for uid in link} <= set(there)
    shown = layer(picture, "copy")
    assert sum(sum(count.number for count in one.counts) or 1 for one in shown) == copies
    assert len(shown) <= max(MOST_THINGS, MOST_MACHINES + 1)
    assert all(any(below == one.id for _, below in picture.links) for one in shown), "each hangs from its workload"
    columns = {len(one.columns) for one in picture.layers if one.wide}
    assert len(columns) <= 1, "a machine is the same column in every layer"


def test_copies_that_move_appear_go_or_fail_are_told() -> None:
    before, after = an_app(3, 2), an_app(3, 2, broken=frozenset({1}))
    assert told(before, before) == []
    after.machines["c0"] = "m1"
    del after.things["copy"]["c2"]
    after.add("copy", Thing("c9", "web-9", "box", health=WELL), "web", machine="m0")
    assert told(before, after) == [
        "web-0 moved to oak-1.",
        "web-9 appeared on oak-0.",
        "web-2 is gone from oak-0.",
        "web-1 is crashing.",
    ]


def test_a_copy_that_finds_its_machine_did_not_move() -> None:
    assert told(an_app(1, 2, unplaced=1), an_app(1, 2)) == ["web-0 was placed on oak-0."]


def test_many_are_told_in_one_sentence() -> None:
    assert told(an_app(1, 3), an_app(9, 3)) == ["8 copies appeared: 3 on oak-1, 3 on oak-2 and 2 on oak-0."]
    assert told(an_app(9, 3), an_app(1, 3)) == ["8 copies are gone: 3 on oak-1, 3 on oak-2 and 2 on oak-0."]


def test_five_hundred_copies_cost_little() -> None:
    app, spent = an_app(500, 100), []
    for _ in range(5):
        began = time.process_time()
        drawn(app, listing)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.01
