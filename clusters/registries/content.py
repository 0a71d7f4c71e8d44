"""What a registry keeps under a tag: an image, an image for several platforms, or something that is no image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.errors import Unsupported
from clusters.kinds.formats import epoch
from clusters.kinds.formats import size as size_words
from clusters.registries.reference import is_digest

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
IMAGES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
ACCEPT = ", ".join((*INDEXES, *IMAGES))
_CONFIGS = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
_OTHERS = {"application/vnd.cncf.helm.config.v1+json": "Helm chart"}
MOST_PLATFORMS, MOST_LAYERS, MOST_LABELS, MOST_PORTS = 50, 500, 200, 20
MOST_BYTES = 1 << 50  # no layer is larger than that; what says so lies


class Descriptor(msgspec.Struct, rename="camel"):
    """One content: its type, its digest, its size. ``urls``: it is kept there, and in no registry."""

    media_type: str = ""
    digest: str = ""
    size: int = 0
    urls: list[str] | None = None


class PlatformStruct(msgspec.Struct):
    """For which machines an image is."""

    architecture: str = ""
    os: str = ""
    variant: str = ""


class Member(Descriptor, rename="camel"):
    """One image of an index."""

    platform: PlatformStruct | None = None
    annotations: dict[str, str] | None = None


class Manifest(msgspec.Struct, rename="camel"):
    """A manifest or an index, as far as it is read here."""

    media_type: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Member] | None = None


class _Check(msgspec.Struct, rename="pascal"):
    test: list[str] | None = None


class _Settings(msgspec.Struct, rename="pascal"):
    labels: dict[str, str] | None = None
    user: str = ""
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    exposed_ports: dict[str, Any] | None = None
    healthcheck: _Check | None = None


class _History(msgspec.Struct):
    created_by: str = ""
    empty_layer: bool = False


class Config(msgspec.Struct):
    """What an image says about itself."""

    created: str | None = None
    architecture: str = ""
    os: str = ""
    variant: str = ""
    config: _Settings | None = None
    history: list[_History] | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it is sent: packed. ``command`` is what made it, where the image tells."""

    digest: str
    size: int
    command: str = ""

    @property
    def size_words(self) -> str:
        """For people."""
        return size_words(self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image for one platform."""

    digest: str
    platform: str  # "linux/arm64/v8"; "" when it does not say
    size: int  # bytes to be fetched: all layers and what it says about itself
    config_digest: str = ""  # the id of the image on older engines
    created: float = 0.0
    what: str = ""  # what it is when it is no image: "Helm chart"
    user: str = ""
    command: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()  # that it listens on: "80/tcp"
    check: tuple[str, ...] = ()  # how it is checked, as an engine is told: "CMD", "true"
    layers: tuple[Layer, ...] = ()

    @property
    def size_words(self) -> str:
        """For people."""
        return size_words(self.size)


@dataclass(frozen=True, slots=True)
class Content:
    """What a tag leads to: ``digest`` is the tag's own; an image of its own has one member."""

    digest: str
    images: tuple[Image, ...]
    members: tuple[Member, ...] = ()  # of an index: all that it lists, also those not read

    @property
    def platforms(self) -> list[str]:
        """For which machines."""
        named = [platform_words(member.platform) for member in self.members] or [one.platform for one in self.images]
        return [name for name in named if name]

    @property
    def digests(self) -> set[str]:
        """Every digest by which an engine may know what it got from here."""
        found = {self.digest, *(member.digest for member in self.members)}
        return found | {one.digest for one in self.images} | {one.config_digest for one in self.images} - {""}


def read_manifest(body: bytes, where: str) -> Manifest:
    """Decoded and limited. Raises Unsupported."""
    try:
        found = msgspec.json.decode(body, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _nonsense(where, str(error)) from error
    described = [*(found.layers or [])[:MOST_LAYERS], *(found.manifests or [])]
    described += [found.config] if found.config else []
    if any(not is_digest(one.digest) or not 0 <= one.size <= MOST_BYTES for one in described):
        raise _nonsense(where, "a content without a valid digest or size")
    if len(found.layers or []) > MOST_LAYERS:
        raise _nonsense(where, "too many layers")
    return found


def read_config(body: bytes, where: str) -> Config:
    """Decoded. Raises Unsupported."""
    try:
        return msgspec.json.decode(body, type=Config)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _nonsense(where, str(error)) from error


def members(index: Manifest) -> tuple[Member, ...]:
    """The images of an index, without the attestations beside them."""
    found = [one for one in index.manifests or [] if not _is_attestation(one)]
    return tuple(found[:MOST_PLATFORMS])


def make_image(digest: str, manifest: Manifest, config: Config | None, platform: str = "") -> Image:
    """Put together what the manifest and what the image itself says."""
    about = manifest.config or Descriptor()
    size = about.size + sum(layer.size for layer in manifest.layers or [])
    if config is None:
        return Image(digest=digest, platform=platform, size=size, what=other_words(about.media_type))
    settings = config.config or _Settings()
    own = platform_words(PlatformStruct(config.architecture, config.os, config.variant))
    words = [*(settings.entrypoint or []), *(settings.cmd or [])]
    return Image(
        digest=digest,
        platform=platform or own,
        size=size,
        config_digest=about.digest,
        created=epoch(config.created),
        user=settings.user[:200],
        command=" ".join(words)[:1000],
        labels=dict(list((settings.labels or {}).items())[:MOST_LABELS]),
        ports=tuple(one[:20] for one in list(settings.exposed_ports or ())[:MOST_PORTS]),
        check=tuple((settings.healthcheck.test if settings.healthcheck else None) or ()),
        layers=_layers(manifest, config),
    )


def is_image(manifest: Manifest) -> bool:
    """Does it say about itself what an image says?"""
    return manifest.config is not None and manifest.config.media_type in _CONFIGS


def other_words(media_type: str) -> str:
    """What something is that is no image."""
    return _OTHERS.get(media_type, media_type[:100] or "unknown")


def platform_words(platform: PlatformStruct | None) -> str:
    """ "linux/arm64/v8"."""
    if platform is None or not platform.os:
        return ""
    return "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))[:60]


def digest_of(body: bytes) -> str:
    """The digest that this content has."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _is_attestation(member: Member) -> bool:
    return (member.annotations or {}).get("vnd.docker.reference.type") == "attestation-manifest"


def _layers(manifest: Manifest, config: Config) -> tuple[Layer, ...]:
    made_by = [one.created_by[:1000] for one in config.history or [] if not one.empty_layer]
    layers = manifest.layers or []
    commands = made_by if len(made_by) == len(layers) else [""] * len(layers)
    return tuple(Layer(one.digest, one.size, command) for one, command in zip(layers, commands, strict=True))


def _nonsense(where: str, detail: str) -> Unsupported:
    return Unsupported(f"What {where} answers makes no sense.", detail=detail[:500])
