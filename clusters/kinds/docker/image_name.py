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
    if match is None or _is_no_host(match["name"]):
        raise _wrong(image)
    return match["name"], match["digest"] or match["tag"] or "latest"


def _is_no_host(name: str) -> bool:
    """Does it begin in capital letters, which only the host of a registry may have, with what names none?"""
    first = name.partition("/")[0]
    return first != first.lower() and not {".", ":"} & set(first)


def _wrong(image: str) -> Invalid:
    hint = "Names of images are written in small letters, like nginx:1.29 or registry.example.com/shop/web:2."
    if not image:
        return Invalid("The image is missing.", hint=hint)
    small = image.lower()
    if len(image) <= 500 and small != image and re.fullmatch(IMAGE, small):
        return Invalid(f"“{image[:100]}” has capital letters, which the name of an image cannot have.", hint=hint)
    return Invalid(f"“{image[:100]}” is not the name of an image.", hint=hint)
