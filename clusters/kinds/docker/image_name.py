"""How images are named: registry, repository, tag or digest, read strictly."""

from __future__ import annotations

import re

from clusters.errors import Invalid

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,250}[a-zA-Z0-9])?(?::[0-9]{1,5})?"
IMAGE = (
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART}){{0,20}})"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def split_image(image: str) -> tuple[str, str]:
    """The name of an image, and its tag or digest ("latest" when it has none). Raises Invalid."""
    match = re.fullmatch(IMAGE, image) if len(image) <= 500 else None
    if match is None:
        hint = "Names of images are written small, like nginx:1.29 or registry.example.com/shop/web:2."
        raise Invalid(f"“{image[:100]}” is not the name of an image." if image else "The image is missing.", hint=hint)
    return match["name"], match["digest"] or match["tag"] or "latest"
