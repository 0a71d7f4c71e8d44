"""Requests to one registry, signed in where it asks for that: whole answers, and large contents as a stream."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from clusters.errors import Unsupported
from clusters.registries.challenge import Challenge, checked_realm, read_challenge
from clusters.registries.errors import answer_error, may_not, not_a_registry, wrong_credentials
from clusters.registries.transport import Answer, Transport
from clusters.registries.way import Way

if TYPE_CHECKING:
    import aiohttp

AT_ONCE = 8  # requests
SMALL = 64 << 10  # bytes of an answer that says little
REDIRECTS = (301, 302, 303, 307, 308)


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


class Session:
    """Opens when first used. ``scopes``: what a token is asked for beside what the registry itself names."""

    def __init__(self, way: Way, scopes: tuple[str, ...] = ()) -> None:
        self.way = way
        self._scopes = scopes
        self._transport = Transport(way)
        self._elsewhere = Transport(replace(way, plain=False, ca=""), public=True)
        self._sign_in: dict[str, str] = {}  # the Authorization for each part of the API; "" until one was asked for
        self._few = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._transport.close()
        await self._elsewhere.close()

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        limit: int,
        subject: str,
        redirects: bool = False,
        body: bytes | None = None,
    ) -> Answer:
        """One request. ``path`` is ours: its parts were checked. ``subject`` is what an error says it was about."""
        part, signed_in = _part(path), False
        async with self._few:
            answer = await self._send(method, path, headers, limit, self._sign_in.get(part, ""), body)
            if answer.status == 401 and (asked := read_challenge(answer.headers.get("www-authenticate", []))):
                self._sign_in[part] = await self._authorization(asked)
                signed_in = asked.scheme == "bearer"
                answer = await self._send(method, path, headers, limit, self._sign_in[part], body)
        if answer.status < 300 or (redirects and answer.status in REDIRECTS):
            return answer
        if answer.status == 404 and path == "/v2/":
            raise not_a_registry(self.way.host, f"status {answer.status}")
        if answer.status == 401 and signed_in and self.way.user:
            raise may_not(self.way.host, self.way.user, subject)
        raise answer_error(answer.status, answer.body, self.way.host, subject, self.way.user)

    async def follow(self, path: str, location: str, *, limit: int, subject: str) -> Answer:
        """The small content that is kept elsewhere: fetched without any sign-in."""
        transport, url, where = self._led(path, location)
        answer = await transport.send("GET", url, limit=limit, where=where)
        if answer.status != 200:
            raise answer_error(answer.status, answer.body, where, subject, "")
        return answer

    @asynccontextmanager
    async def open(self, path: str, subject: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """A large content, to be read as it comes; where it is kept elsewhere, fetched there without any sign-in.

        Who reads sees to it that it does not stay silent.
        """
        await self.ask("HEAD", path, limit=SMALL, subject=subject, redirects=True)  # signs in; what is wrong is said
        headers = self._signed(self._sign_in.get(_part(path), ""))
        async with self._transport.stream("GET", self.way.base + path, headers, self.way.host) as response:
            if response.status not in REDIRECTS:
                yield await self._given(response, self.way.host, subject, self.way.user)
                return
            location = response.headers.get("location", "")
        transport, url, where = self._led(path, location)
        async with transport.stream("GET", url, {}, where) as response:
            yield await self._given(response, where, subject, "")

    async def send(
        self, method: str, path: str, pieces: AsyncIterator[bytes], size: int, *, part: str, subject: str
    ) -> Answer:
        """Send a large content, signed in as that part of the API is. Who gives the pieces sees to the time."""
        about = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        headers = about | self._signed(self._sign_in.get(part, ""))
        answer = await self._transport.send(
            method, self.way.base + path, headers, limit=SMALL, where=self.way.host, body=pieces
        )
        if answer.status >= 300:
            raise answer_error(answer.status, answer.body, self.way.host, subject, self.way.user)
        return answer

    def own_path(self, path: str, location: str) -> str:
        """The path of an address of this registry itself, as it answered. Raises Unsupported for any other's."""
        try:
            parts = urlsplit(urljoin(self.way.base + path, location[:8000]))
        except ValueError:
            parts = urlsplit("")
        found = f"{parts.path}{'?' + parts.query if parts.query else ''}"
        if parts.hostname != urlsplit(self.way.base).hostname or not found.isascii() or not found.isprintable():
            raise Unsupported(f"{self.way.host} wants it sent elsewhere; that is not done.", detail=location[:300])
        return found

    def _led(self, path: str, location: str) -> tuple[Transport, str, str]:
        url = urljoin(self.way.base + path, location)
        same = url.startswith(f"{self.way.base}/")
        if not same and not url.startswith("https://"):
            raise Unsupported(f"{self.way.host} keeps this elsewhere, where it is not safe to look.", detail=url[:300])
        where = urlsplit(url).netloc.rpartition("@")[2][:260] or self.way.host
        return self._transport if same else self._elsewhere, url, where

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        limit: int,
        authorization: str,
        body: bytes | None = None,
    ) -> Answer:
        sent = {**(headers or {}), **self._signed(authorization)}
        url = self.way.base + path
        return await self._transport.send(method, url, sent, limit=limit, where=self.way.host, body=body)

    @staticmethod
    async def _given(response: aiohttp.ClientResponse, where: str, subject: str, user: str) -> aiohttp.ClientResponse:
        if response.status != 200:
            raise answer_error(response.status, await response.content.read(SMALL), where, subject, user)
        return response

    @staticmethod
    def _signed(authorization: str) -> dict[str, str]:
        return {"Authorization": authorization} if authorization else {}

    async def _authorization(self, asked: Challenge) -> str:
        way = self.way
        pair = f"{way.user}:{way.password}".encode()
        basic = f"Basic {base64.b64encode(pair).decode()}" if way.user else ""
        if asked.scheme == "basic":
            if not basic:
                raise wrong_credentials(way.host, "")
            return basic
        wanted = dict.fromkeys((*asked.scope.split(), *self._scopes))
        service = [("service", asked.service)] if asked.service else []
        url = f"{checked_realm(way, asked)}?{urlencode([*service, *(('scope', one) for one in wanted)])}"
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


def _part(path: str) -> str:
    """The part of the API for which one sign-in is good: the manifests of a repository, its contents, …"""
    return path.partition("?")[0].rsplit("/", 2)[0]
