"""The styles: a class is one thing, laid out in one file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

STYLES = Path(__file__).parents[2] / "static" / "css"


def laid_out(text: str) -> Iterator[str]:
    """Classes that are a rule's whole selector and get declarations of their own; what is nested in them is theirs."""
    depth, before, selector = 0, "", ""
    for sign in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL):
        if sign == "{":
            if depth == 0:
                selector = before.strip()
            depth, before = depth + 1, ""
        elif sign == "}":
            depth, before = depth - 1, ""
        elif sign == ";":
            if depth == 1:
                yield from re.findall(r"^\.([\w-]+)$", selector)
            before = ""
        else:
            before += sign


def test_two_parts_of_the_product_never_lay_out_the_same_class() -> None:
    files = defaultdict(set)
    for file in STYLES.rglob("*.css"):
        for name in laid_out(file.read_text()):
            files[name].add(file.name)
    assert {name: where for name, where in files.items() if len(where) > 1} == {}
    assert len(files) > 50  # it reads them


def test_what_comes_somewhere_on_a_page_never_has_all_of_the_page_styled_anew() -> None:
    slow = re.compile(
        r"""(?:^|[\s,(])(?:html|body|:root|main|\.shell)[^\s{,]*:has\(  # asked again for each line of a log, each cell
            |^\s*\*?::(?:before|after|selection|highlight\()  # of every element there is
        """,
        re.VERBOSE | re.MULTILINE,
    )
    assert slow.search("  body:has(live-table) {")
    assert slow.search("a,\n::before {")
    less_motion = re.compile(r"@media \(prefers-reduced-motion: reduce\) {.*?\n}", re.DOTALL)
    found = {file.name: slow.findall(less_motion.sub("", file.read_text())) for file in STYLES.rglob("*.css")}
    assert {name: rules for name, rules in found.items() if rules} == {}


def test_every_tone_that_a_tag_is_given_has_its_colour() -> None:
    templates = Path(__file__).parents[2] / "templates"
    given = {tone for file in templates.rglob("*.html") for tone in re.findall(r'data-tone="(\w+)"', file.read_text())}
    styled = re.findall(
        r'\.tag\[data-tone="(\w+)"\] {\s+--tone: var\(--\1\);', (STYLES / "components" / "tag.css").read_text()
    )
    assert given == set(styled)
