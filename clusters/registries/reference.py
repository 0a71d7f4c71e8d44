"""The name of an image in full: which registry, which repository, which tag or digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from clusters.errors import Invalid
from clusters.kinds.docker.image_name import split_image

HUB = "docker.io"
_HUB_NAMES = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART}){{0,20}}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image of a registry. Only one of ``tag`` and ``digest`` is set."""

    host: str  # "registry.example.com:5000"; "docker.io" where none is named
    repository: str  # "shop/web"; on Docker Hub "library/nginx"
    tag: str = ""
    digest: str = ""

    @property
    def home(self) -> tuple[str, str]:
        """Where it is, of whichever version: registry and repository."""
        return self.host, self.repository

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}{'@' + self.digest if self.digest else ':' + self.tag}"


def called(host: str) -> str:
    """A registry as people call it."""
    return "Docker Hub" if host == HUB else host


@lru_cache(maxsize=4096)  # lists of thousands of workloads run few images
def read_reference(image: str) -> Reference:
    """The parts of a name as people write it, read as the engines do. Raises Invalid."""
    name, version = split_image(image)
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, repository = first.lower(), rest
    else:
        host, repository = HUB, name
    host = HUB if host in _HUB_NAMES else host
    if host == HUB and "/" not in repository:
        repository = f"library/{repository}"
    is_digest = version.startswith("sha256:")
    return Reference(host, repository, "" if is_digest else version, version if is_digest else "")


@lru_cache(maxsize=4096)
def named(image: str) -> Reference | None:
    """What something runs, by the name that it was asked for; None for the id of an image.

    Of a name with a tag and a digest, the tag counts: the digest is what was pinned.
    """
    name = image.partition("@")[0]
    if name.startswith("sha256:"):
        return None
    try:
        return read_reference(name if ":" in name.rpartition("/")[2] else image)
    except Invalid:
        return None


def is_repository(name: str) -> bool:
    """Can a repository have this name?"""
    return len(name) <= 255 and _REPOSITORY.fullmatch(name) is not None


def is_tag(name: str) -> bool:
    """Can a tag have this name?"""
    return _TAG.fullmatch(name) is not None


def is_digest(text: str) -> bool:
    """Is it the digest of a content?"""
    return _DIGEST.fullmatch(text) is not None


def checked_repository(name: str) -> str:
    """The name itself. Raises Invalid when no repository can have it."""
    if not is_repository(name):
        raise Invalid(f"“{name[:100]}” cannot be the name of a repository.", hint="Written small, like shop/web.")
    return name


def checked_version(text: str) -> str:
    """The tag or digest itself. Raises Invalid."""
    if not is_tag(text) and not is_digest(text):
        raise Invalid(f"“{text[:100]}” is neither a tag nor a digest.")
    return text
