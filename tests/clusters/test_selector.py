"""Label selectors say what kubectl's ``-l`` says, and what cannot be read is said in words."""

from __future__ import annotations

from itertools import compress

import pytest

from clusters.live.selector import Requirement, read_selector

THINGS = {
    "web": {"app": "web", "tier": "front"},
    "web-canary": {"app": "web", "tier": "front", "canary": ""},
    "db": {"app": "db", "example.com/owner": "data"},
    "bare": {},
}


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("app=web", "web web-canary"),
        ("app==web", "web web-canary"),
        ("app!=web", "db bare"),  # also what has no such label at all, as in Kubernetes
        ("app in (web, db)", "web web-canary db"),
        ("app in (web),tier in (front,back)", "web web-canary"),
        ("app notin (web)", "db bare"),
        ("tier", "web web-canary"),
        ("!tier", "db bare"),
        (" app = web , ! canary ", "web"),
        ("canary=", "web-canary"),
        ("canary in ()", "web-canary"),
        ("example.com/owner=data", "db"),
        ("in in (a), notin", ""),
        ("", "web web-canary db bare"),
    ],
)
def test_it_selects_what_kubectl_selects(text: str, selected: str) -> None:
    selector = read_selector(text)
    assert selector.wrong == ""
    assert [name for name, labels in THINGS.items() if selector.holds(labels)] == selected.split()
    of_all = selector.each(list(THINGS.values()))
    assert list(compress(THINGS, of_all)) == selected.split(), "of all at once as of each"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("app in (web", "The bracket is not closed: app in (a, b)."),
        ("app in (", "The bracket is not closed: app in (a, b)."),
        ("app in web", "After “app in” come values in brackets: app in (a, b)."),
        ("app web", "After app comes =, !=, in or notin; not “web”."),
        ("size>3", "After size comes =, !=, in or notin; not “>”."),
        ("app=web tier=front", "Separate several with commas: app=web, tier=front."),
        ("app=web,", "The name of a label is missing at the end."),
        ("=web", "“=” is not the name of a label."),
        ("app=!", "“!” is not the value of a label."),
        ("-app", "“-app” is not the name of a label."),
        ("<img src=x>", "“<” is not the name of a label."),
        ("x" * 501, "A selector may have 500 characters."),
        ("db-password=guess", "The values of db-password are hidden: one can only ask whether it is there "
                              "(db-password, !db-password)."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_and_selects_nothing(text: str, words: str) -> None:
    selector = read_selector(text)
    assert selector.wrong == words
    assert not any(selector.holds(labels) for labels in THINGS.values())
    assert not any(selector.each(list(THINGS.values())))


def test_equal_selectors_are_one_question() -> None:
    assert read_selector("app=web,!canary") == read_selector("!canary, app in (web)")
    assert read_selector("app=web").requirements == {Requirement("app", frozenset({"web"}))}
