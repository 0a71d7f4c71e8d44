"""What cannot be seen is shown in every page, and nothing that is typed or sent is changed by it."""

from __future__ import annotations

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.visible import MARK, UNSEEN, visible_page

TURNED = "\u202egnp.exe"


def test_words_get_a_mark() -> None:
    assert visible_page(f"<h1>{TURNED}</h1><title>a\u200bb</title>") == f"<h1>{MARK}gnp.exe</h1><title>a{MARK}b</title>"


@pytest.mark.parametrize("name", ["title", "aria-label", "placeholder"])
def test_so_do_attributes_that_are_read_by_people(name: str) -> None:
    assert visible_page(f'<a {name}="{TURNED}">x</a>') == f'<a {name}="{MARK}gnp.exe">x</a>'


def test_what_a_form_sends_stays_the_same() -> None:
    html = f'<input value="{TURNED}"><a href="/x/{TURNED}/">{TURNED}</a><textarea rows="3">title="{TURNED}"</textarea>'
    shown = visible_page(html)
    assert not UNSEEN.search(shown)
    assert unescape(shown) == html.replace(f">{TURNED}</a>", f">{MARK}gnp.exe</a>")


def test_written_languages_and_emoji_are_left_alone() -> None:
    html = "<p>می‌خواهم עברית 👩‍🚀</p>"
    assert visible_page(html) is html


@given(st.text())
def test_nothing_unseen_is_left_in_words_and_nothing_else_is_changed(text: str) -> None:
    escaped = escape(text)
    assert not UNSEEN.search(visible_page(f"<p>{escaped}</p>"))
    assert unescape(visible_page(f'<input value="{escaped}">')) == unescape(f'<input value="{escaped}">')
    assert unescape(visible_page(f"<textarea>{escaped}</textarea>")) == unescape(f"<textarea>{escaped}</textarea>")
