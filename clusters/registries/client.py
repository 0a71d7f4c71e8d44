"""One registry's API (OCI distribution, Docker Registry v2): what is in it, read with limits and checked by digest."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec

from clusters.errors import ClusterError, Missing, Refused, Unsupported
from clusters.registries import content
from clusters.registries.challenge import Challenge, checked_realm, read_challenge
from clusters.registries.errors import answer_error, not_a_registry, wrong_credentials
from clusters.registries.reference import checked_repository, checked_version, is_digest, is_repository, is_tag
from clusters.registries.transport import Answer, Transport
from clusters.registries.way import Way

PAGE, MOST_PAGES = 1000, 20  # names asked for at once; pages read at most
LIST_SECONDS = 10.0  # for all pages of a list
LIST_LIMIT, CONTENT_LIMIT, SMALL = 1 << 20, 4 << 20, 64 << 10  # bytes of one answer
AT_ONCE = 8  # requests
_NEXT = re.compile(r'<([^>]{1,4000})>\s*;\s*rel="?next"?')


class _Catalog(msgspec.Struct):
    repositories: list[str] | None = None


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Names in order. ``more``: there are others that were not read; ``odd``: names left out that nothing can have."""

    names: tuple[str, ...]
    more: bool = False
    odd: int = 0


class RegistryClient:
    """Opens when first used. All methods raise the errors of ``clusters.errors`` only."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self._transport = Transport(way)
        self._elsewhere = Transport(replace(way, plain=False, ca=""), public=True)
        self._sign_in: dict[str, str] = {}  # the Authorization for each scope; "" is for whatever was not asked yet
        self._few = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> RegistryClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of every connection."""
        await self._transport.close()
        await self._elsewhere.close()

    async def check(self) -> None:
        """Return when it is a registry that lets us in."""
        answer = await self._ask("GET", "/v2/", limit=SMALL, subject="its API")
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
        path = f"/v2/{_quoted(repository)}/tags/list"
        return await self._names(f"{path}?n={PAGE}", _Tags, is_tag, subject=repository)

    async def digest(self, repository: str, version: str) -> str:
        """The digest that a tag leads to now. Raises Missing."""
        path = f"/v2/{_quoted(repository)}/manifests/{checked_version(version)}"
        subject = f"{repository}:{version}"
        answer = await self._ask("HEAD", path, {"Accept": content.ACCEPT}, limit=SMALL, subject=subject)
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
        path = f"/v2/{_quoted(repository)}/manifests/{checked_version(version)}"
        await self._ask("DELETE", path, limit=SMALL, subject=f"{repository}:{version}")

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
        path = f"/v2/{_quoted(repository)}/manifests/{checked_version(version)}"
        subject = f"{repository}{'@' if is_digest(version) else ':'}{version}"
        answer = await self._ask("GET", path, {"Accept": content.ACCEPT}, limit=CONTENT_LIMIT, subject=subject)
        digest = content.digest_of(answer.body)
        if is_digest(version) and digest != version:
            raise self._other_content()
        return digest, content.read_manifest(answer.body, self.way.host)

    async def _blob(self, repository: str, digest: str) -> bytes:
        """A small content. Registries may keep them elsewhere: that one redirect is followed, without a sign-in."""
        path = f"/v2/{_quoted(repository)}/blobs/{digest}"
        answer = await self._ask("GET", path, limit=CONTENT_LIMIT, subject=digest, redirects=True)
        if answer.status in (301, 302, 303, 307, 308):
            answer = await self._follow(urljoin(self.way.base + path, answer.header("location")), digest)
        if content.digest_of(answer.body) != digest:
            raise self._other_content()
        return answer.body

    async def _follow(self, url: str, subject: str) -> Answer:
        same = url.startswith(f"{self.way.base}/")
        if not same and not url.startswith("https://"):
            raise Unsupported(f"{self.way.host} keeps this elsewhere, where it is not safe to look.", detail=url[:300])
        transport = self._transport if same else self._elsewhere
        where = urlsplit(url).netloc.rpartition("@")[2][:260] or self.way.host
        answer = await transport.send("GET", url, limit=CONTENT_LIMIT, where=where)
        if answer.status != 200:
            raise answer_error(answer.status, answer.body, where, subject, "")
        return answer

    async def _names(
        self, path: str, shape: type[_Catalog] | type[_Tags], valid: object, *, subject: str = "its list"
    ) -> Names:
        found: dict[str, None] = {}
        odd, pages, following = 0, 0, path
        ends = asyncio.get_running_loop().time() + LIST_SECONDS
        while following and pages < MOST_PAGES and asyncio.get_running_loop().time() < ends:
            answer = await self._ask("GET", following, limit=LIST_LIMIT, subject=subject)
            names = _decoded(answer.body, shape, self.way.host)
            before = len(found)
            good = [name for name in names if valid(name)]  # type: ignore[operator]
            found |= dict.fromkeys(good)
            odd, pages = odd + len(names) - len(good), pages + 1
            following = _next(answer.header("link"), path) if len(found) > before else ""
        return Names(tuple(found), bool(following), odd)

    async def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int,
        subject: str,
        redirects: bool = False,
    ) -> Answer:
        """One request, signed in where that is asked for. ``path`` is ours: its parts were checked."""
        scope = path.partition("?")[0].rsplit("/", 2)[0]
        async with self._few:
            answer = await self._send(method, path, headers, limit, self._sign_in.get(scope, ""))
            if answer.status == 401 and (asked := read_challenge(answer.headers.get("www-authenticate", []))):
                self._sign_in[scope] = await self._authorization(asked)
                answer = await self._send(method, path, headers, limit, self._sign_in[scope])
        if answer.status < 300 or (redirects and answer.status < 400):
            return answer
        if answer.status == 404 and path == "/v2/":
            raise not_a_registry(self.way.host, f"status {answer.status}")
        raise answer_error(answer.status, answer.body, self.way.host, subject, self.way.user)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None, limit: int, authorization: str
    ) -> Answer:
        sent = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
        return await self._transport.send(method, self.way.base + path, sent, limit=limit, where=self.way.host)

    async def _authorization(self, asked: Challenge) -> str:
        way = self.way
        pair = f"{way.user}:{way.password}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}" if way.user else ""
        if asked.scheme == "basic":
            if not basic:
                raise wrong_credentials(way.host, "")
            return basic
        query = urlencode({name: value for name in ("service", "scope") if (value := getattr(asked, name))})
        url = f"{checked_realm(way, asked)}?{query}"
        where = urlsplit(url).netloc
        sent = {"Authorization": basic} if basic else {}
        answer = await self._transport.send("GET", url, sent, limit=SMALL, where=where)
        if answer.status in (401, 403):
            raise wrong_credentials(way.host, way.user, f"{where}: status {answer.status}")
        if answer.status != 200:
            raise answer_error(answer.status, answer.body, where, "a token", way.user)
        try:
            found = msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise not_a_registry(where, str(error)) from error
        token = found.token or found.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise not_a_registry(where, "no token in its answer")
        return f"Bearer {token}"

    def _other_content(self) -> Unsupported:
        return Unsupported(f"{self.way.host} gave something else than what was asked for.", hint="Do not use it.")


def _quoted(repository: str) -> str:
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
