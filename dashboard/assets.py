"""Where the built scripts, styles, fonts and icons are: a plain name in, its address with its hash out."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def asset(name: str) -> str:
    """The address of ``app.js``, ``app.css``, ``icons.svg`` or a font. Raises ImproperlyConfigured with what to do."""
    try:
        return f"{settings.STATIC_URL}{_manifest()[name]}"
    except KeyError:
        raise ImproperlyConfigured(f"The build makes no asset of the name {name!r}: see static/build.mjs.") from None


@functools.cache
def _manifest() -> Mapping[str, str]:
    try:
        return dict(json.loads((settings.STATIC_ROOT / "manifest.json").read_text()))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured("The page's scripts and styles are not built yet: run `make assets`.") from error
