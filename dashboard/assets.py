"""Where the built scripts, styles, fonts and icons are: a plain name in, its address with its hash out."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def asset(name: str) -> str:
    """The address of ``app.js``, ``app.css``, ``icons.svg`` or a font. Raises ImproperlyConfigured with what to do."""
    try:
        return f"{settings.STATIC_URL}{_manifest().names[name]}"
    except KeyError:
        raise ImproperlyConfigured(f"The build makes no asset of the name {name!r}: see static/build.mjs.") from None


@functools.cache
def script(name: str) -> bytes:
    """The script itself, for where static files are not served. Raises ImproperlyConfigured as ``asset`` does."""
    return (settings.STATIC_ROOT / asset(name).removeprefix(settings.STATIC_URL)).read_bytes()


def script_parts() -> list[str]:
    """The addresses of what ``app.js`` is made of: asked for with it, they come a round trip earlier."""
    return [f"{settings.STATIC_URL}{name}" for name in _manifest().parts]


class Manifest(NamedTuple):
    """What static/build.mjs wrote: plain names and the files they are in, and what ``app.js`` imports."""

    names: Mapping[str, str]
    parts: Sequence[str]


@functools.cache
def _manifest() -> Manifest:
    try:
        read = json.loads((settings.STATIC_ROOT / "manifest.json").read_text())
        return Manifest(names=read["names"], parts=read["parts"])
    except (OSError, ValueError, KeyError) as error:
        raise ImproperlyConfigured("The page's scripts and styles are not built yet: run `make assets`.") from error
