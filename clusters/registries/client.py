"""One registry's API (OCI distribution, Docker Registry v2): what is in it, read with limits and checked by digest."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import quote, urlsplit

import msgspec

from clusters.errors import ClusterError, Missing, Refused, Unsupported
from clusters.registries import content
from clusters.registries.errors import not_a_registry
from clusters.registries.reference import checked_repository, checked_version, is_digest, is_repository, is_tag
from clusters.registries.session import REDIRECTS, SMALL, Session
from clusters.registries.way import Way

PAGE, MOST_PAGES = 1000, 20  # names asked for at once; pages read at most
LIST_SECONDS = 10.0  # for all pages of a list
LIST_LIMIT, CONTENT_LIMIT = 1 << 20, 4 << 20  # bytes of one answer
_NEXT = re.compile(r'<([^>]{1,4000})>\s*;\s*rel="?next"?')


class _Catalog(msgspec.Struct):
    repositories: list[str] | None = None


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Names in order. ``more``: there are others that were not read; ``odd``: names left out that nothing can have."""

    names: tuple[str, ...]
    more: bool = False
    odd: int = 0


@dataclass(frozen=True, slots=True)
class Raw:
    """A manifest byte for byte, as what it was given out."""

    digest: str
    media_type: str
    body: bytes


class RegistryClient:
    """Opens when first used. All methods raise the errors of ``clusters.errors`` only. ``scopes``: see ``Session``."""

    def __init__(self, way: Way, scopes: tuple[str, ...] = ()) -> None:
        self.way = way
        self.session = Session(way, scopes)

    async def __aenter__(self) -> RegistryClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of every connection."""
        await self.session.close()

    async def check(self) -> None:
        """Return when it is a registry that lets us in."""
        answer = await self.session.ask("GET", "/v2/", limit=SMALL, subject="its API")
        said = answer.body.strip()
        if not answer.header("docker-distribution-api-version") and not said.startswith(b"{"):
            raise not_a_registry(self.way.host, said[:200].decode(errors="replace"))

    async def repositories(self) -> Names:
        """All of them, as far as the limits reach. Raises Unsupported when the registry does not list them."""
        try:
            return await self._names(f"/v2/_catalog?n={PAGE}", _Catalog, is_repository)
        except (Missing, Unsupported, Refused) as error:
            # Those that keep the images of many people do not tell all their names to everybody.
            await self.check()
            raise Unsupported(
                f"{self.way.host} does not list its repositories.",
                hint="Enter the name of one.",
                detail=error.detail or error.message,
            ) from error

    async def tags(self, repository: str) -> Names:
        """The tags of a repository."""
        path = f"/v2/{quoted(repository)}/tags/list"
        return await self._names(f"{path}?n={PAGE}", _Tags, is_tag, subject=repository)

    async def digest(self, repository: str, version: str) -> str:
        """The digest that a tag leads to now. Raises Missing."""
        path = f"/v2/{quoted(repository)}/manifests/{checked_version(version)}"
        subject = f"{repository}:{version}"
        answer = await self.session.ask("HEAD", path, {"Accept": content.ACCEPT}, limit=SMALL, subject=subject)
        said = answer.header("docker-content-digest")
        return said if is_digest(said) else (await self._manifest(repository, version))[0]

    async def read(self, repository: str, version: str, *, every: bool = False) -> content.Content:
        """What is under a tag or digest. Of several platforms the first is read, or ``every`` one."""
        digest, manifest = await self._manifest(repository, version)
        if manifest.manifests is None:
            return content.Content(digest, (await self._image(repository, digest, manifest),))
        listed = content.members(manifest)
        wanted = listed if every else _usual(listed)
        images = await asyncio.gather(*(self._member(repository, one) for one in wanted))
        return content.Content(digest, tuple(images), listed)

    async def delete(self, repository: str, version: str) -> None:
        """Delete a tag alone, or (by its digest) a content with all tags that lead to it."""
        path = f"/v2/{quoted(repository)}/manifests/{checked_version(version)}"
        await self.session.ask("DELETE", path, limit=SMALL, subject=f"{repository}:{version}")

    async def _member(self, repository: str, member: content.Member) -> content.Image:
        _, manifest = await self._manifest(repository, member.digest)
        platform = content.platform_words(member.platform)
        return await self._image(repository, member.digest, manifest, platform)

    async def _image(
        self, repository: str, digest: str, manifest: content.Manifest, platform: str = ""
    ) -> content.Image:
        config = None
        if content.is_image(manifest) and manifest.config and manifest.config.size <= CONTENT_LIMIT:
            with suppress(ClusterError):  # then it is shown without what it says about itself
                body = await self._blob(repository, manifest.config.digest)
                config = content.read_config(body, self.way.host)
        return content.make_image(digest, manifest, config, platform)

    async def _manifest(self, repository: str, version: str) -> tuple[str, content.Manifest]:
        found = await self.manifest(repository, version)
        return found.digest, content.read_manifest(found.body, self.way.host)

    async def manifest(self, repository: str, version: str) -> Raw:
        """A manifest as it is, checked against its digest where that is what was asked for."""
        path = f"/v2/{quoted(repository)}/manifests/{checked_version(version)}"
        subject = f"{repository}{'@' if is_digest(version) else ':'}{version}"
        answer = await self.session.ask("GET", path, {"Accept": content.ACCEPT}, limit=CONTENT_LIMIT, subject=subject)
        digest = content.digest_of(answer.body)
        if is_digest(version) and digest != version:
            raise self._other_content()
        return Raw(digest, answer.header("content-type").partition(";")[0].strip(), answer.body)

    async def _blob(self, repository: str, digest: str) -> bytes:
        """A small content. Registries may keep them elsewhere: that one redirect is followed, without a sign-in."""
        path = f"/v2/{quoted(repository)}/blobs/{digest}"
        answer = await self.session.ask("GET", path, limit=CONTENT_LIMIT, subject=digest, redirects=True)
        if answer.status in REDIRECTS:
            answer = await self.session.follow(path, answer.header("location"), limit=CONTENT_LIMIT, subject=digest)
        if content.digest_of(answer.body) != digest:
            raise self._other_content()
        return answer.body

    async def _names(
        self, path: str, shape: type[_Catalog] | type[_Tags], valid: object, *, subject: str = "its list"
    ) -> Names:
        found: dict[str, None] = {}
        odd, pages, following = 0, 0, path
        ends = asyncio.get_running_loop().time() + LIST_SECONDS
        while following and pages < MOST_PAGES and asyncio.get_running_loop().time() < ends:
            answer = await self.session.ask("GET", following, limit=LIST_LIMIT, subject=subject)
            names = _decoded(answer.body, shape, self.way.host)
            before = len(found)
            good = [name for name in names if valid(name)]  # type: ignore[operator]
            found |= dict.fromkeys(good)
            odd, pages = odd + len(names) - len(good), pages + 1
            following = _next(answer.header("link"), path) if len(found) > before else ""
        return Names(tuple(found), bool(following), odd)

    def _other_content(self) -> Unsupported:
        return Unsupported(f"{self.way.host} gave something else than what was asked for.", hint="Do not use it.")


def quoted(repository: str) -> str:
    """The repository as a part of an address. Raises Invalid."""
    return quote(checked_repository(repository), safe="/")


def _usual(listed: tuple[content.Member, ...]) -> tuple[content.Member, ...]:
    """The one that most machines run, else the first."""
    usual = [one for one in listed if content.platform_words(one.platform) == "linux/amd64"]
    return tuple((usual or list(listed))[:1])


def _decoded(body: bytes, shape: type[_Catalog] | type[_Tags], where: str) -> list[str]:
    try:
        found = msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_a_registry(where, str(error)) from error
    return (found.repositories if isinstance(found, _Catalog) else found.tags) or []


def _next(link: str, path: str) -> str:
    """The address of the next page: of the same list, whatever the header says. "" when there is none."""
    match = _NEXT.search(link[:8000])
    query = urlsplit(match[1]).query if match else ""
    return f"{path.partition('?')[0]}?{query}" if query and query.isascii() and query.isprintable() else ""
