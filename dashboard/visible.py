"""The one place where characters that cannot be seen, or that turn text around, are made visible in every page.

Names, messages and files of clusters may hold them, so that one passes for another. Templates need not think of it:
what leaves as HTML passes here. Words become �; what only a script or a form reads (a field's value, an address, data)
stays the same character, written as a reference. Scripts do the same with ``static/js/visible.js``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpResponse, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from dashboard.request import Request

MARK = "\ufffd"
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_INVISIBLE = r"\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
UNSEEN = re.compile(f"[{_CONTROLS}{_INVISIBLE}]")  # the joiners U+200C and U+200D belong to written languages, and stay
_TAG = re.compile(r"<[a-z!/][^>]*>", re.IGNORECASE)
_READ_ALOUD = re.compile(r"""\b(title|aria-label|placeholder|alt|label)=("[^"]*"|'[^']*')""", re.IGNORECASE)


def visible(text: str) -> str:
    """Text for people, each such character as a mark."""
    return UNSEEN.sub(MARK, text)


def visible_page(html: str) -> str:
    """The same for HTML, whose attributes and fields keep what they hold."""
    if not UNSEEN.search(html):
        return html
    done, parts, in_field = 0, [], False
    for tag in _TAG.finditer(html):
        between = html[done : tag.start()]
        parts += [_reference(between) if in_field else visible(between)]
        parts += [_reference(_READ_ALOUD.sub(_attribute, tag.group()))]
        in_field = tag.group()[:9].lower() == "<textarea"
        done = tag.end()
    return "".join((*parts, visible(html[done:])))


@sync_and_async_middleware
def middleware(get_response: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Every page, whatever template it comes from."""
    if iscoroutinefunction(get_response):

        async def show(request: Request) -> HttpResponseBase:
            return _shown(await get_response(request))
    else:

        def show(request: Request) -> HttpResponseBase:  # type: ignore[misc]
            return _shown(get_response(request))

    return show


def _shown(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponse) and response.headers.get("Content-Type", "").startswith("text/html"):
        html = response.content.decode()
        if (shown := visible_page(html)) is not html:
            response.content = shown.encode()
    return response


def _attribute(found: re.Match[str]) -> str:
    return f"{found.group(1)}={visible(found.group(2))}"


def _reference(html: str) -> str:
    """As references, but for old control characters, whose references mean other letters in HTML."""
    return UNSEEN.sub(lambda found: f"&#x{ord(found[0]):x};" if found[0] > "\x9f" else found[0], html)
