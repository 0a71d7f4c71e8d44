"""Tokens of an OIDC issuer: a new one for the refresh token when the old one ends. What was renewed is kept.

Refresh tokens are often good once: the next one is stored before anything else is done with what came with it. The
issuer is asked directly, over addresses that are checked, and never sends us elsewhere.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote_plus

import aiohttp
import msgspec

from clusters.drivers.body import whole
from clusters.drivers.keeper import Keeper
from clusters.drivers.kubernetes.addresses import check_server
from clusters.drivers.kubernetes.credentials import Credential
from clusters.drivers.kubernetes.errors import connection_error
from clusters.drivers.kubernetes.resolving import Resolver
from clusters.drivers.no_redirects import no_redirects
from clusters.errors import ClusterError, Invalid, Refused, Unreachable, Unsupported
from clusters.token_ends import token_ends

SECONDS = 15.0
LIMIT = 256 << 10  # bytes of one answer
T = TypeVar("T")
_HINT = "Sign in anew with the program that made this kubeconfig, and connect the cluster with what it says then."


class _Discovery(msgspec.Struct):
    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str] | None = None


class _Tokens(msgspec.Struct):
    id_token: str = ""
    refresh_token: str = ""


class _Trouble(msgspec.Struct):
    error: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Oidc:
    """Who makes our tokens, and as which client we are known there."""

    issuer: str
    client_id: str
    client_secret: str = ""
    ca_data: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, Any], secret: Mapping[str, Any]) -> Oidc | None:
        """As a connection has it; None where there is nothing to renew. Raises Invalid."""
        if not settings.get("oidc_issuer") or not secret.get("refresh_token"):
            return None
        text = {name: str(settings.get(f"oidc_{name}") or "") for name in ("issuer", "client_id", "ca_data")}
        return cls(
            check_issuer(text["issuer"]),
            text["client_id"],
            str(secret.get("oidc_client_secret") or ""),
            text["ca_data"],
        )

    async def renewed(self, keeper: Keeper, refused: str = "") -> Credential:
        """The next token; never ``refused``, which the cluster did not believe. Raises Refused or Unreachable."""
        kept = await keeper.load()
        known = str(kept.get("token") or "")
        if known != refused and (ends := token_ends(known)) and ends > time.time() + 60:
            return Credential(known, ends=ends)  # somebody else renewed it
        async with self._client() as client:
            discovery = await self._discovered(client)
            tokens = await self._ask(client, discovery, str(kept.get("refresh_token") or ""))
        new = {"token": tokens.id_token}
        if tokens.refresh_token:
            new["refresh_token"] = tokens.refresh_token
        await keeper.save(new)
        ends = token_ends(tokens.id_token)
        if ends is None or ends <= time.time():
            raise Refused(f"The token that {self.issuer} gave does not say until when it is good, or has ended.")
        return Credential(tokens.id_token, ends=ends)

    def _client(self) -> aiohttp.ClientSession:
        try:
            context = ssl.create_default_context(cadata=self.ca_data or None)
        except ssl.SSLError as error:
            raise Invalid("The CA certificate of the issuer cannot be read.", detail=str(error)) from error
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, resolver=Resolver(), force_close=True),
            timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False, cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "pilothouse", "Accept": "application/json"}, trace_configs=no_redirects(),
        )  # fmt: skip

    async def _discovered(self, client: aiohttp.ClientSession) -> _Discovery:
        status, body = await self._answer(client, "GET", f"{self.issuer}/.well-known/openid-configuration")
        if status != 200:
            raise Refused(f"{self.issuer} does not say how tokens are renewed (status {status}).", hint=_HINT)
        found = _decoded(body, _Discovery, self.issuer)
        if found.issuer.rstrip("/") != self.issuer:
            raise Refused("The issuer of our tokens calls itself by another name.", detail=found.issuer[:300])
        check_issuer(found.token_endpoint)
        return found

    async def _ask(self, client: aiohttp.ClientSession, where: _Discovery, refresh_token: str) -> _Tokens:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        headers, methods = {}, where.token_endpoint_auth_methods_supported or ["client_secret_basic"]
        if self.client_secret and "client_secret_basic" in methods:
            headers["Authorization"] = aiohttp.encode_basic_auth(
                quote_plus(self.client_id), quote_plus(self.client_secret)
            )
        else:
            form["client_id"] = self.client_id
            if self.client_secret:
                form["client_secret"] = self.client_secret
        status, body = await self._answer(client, "POST", where.token_endpoint, data=form, headers=headers)
        if status != 200:
            raise Refused(
                f"{self.issuer} does not renew our sign-in ({_trouble(body) or f'status {status}'}).", hint=_HINT
            )
        tokens = _decoded(body, _Tokens, self.issuer)
        for one in (tokens.id_token, tokens.refresh_token):
            if not one.isascii() or not one.isprintable() or " " in one or len(one) > 16384:
                raise Refused(f"The token that {self.issuer} gave holds characters that no token has.")
        if not tokens.id_token:
            raise Refused(f"{self.issuer} gave no token.", hint=_HINT)
        return tokens

    async def _answer(self, client: aiohttp.ClientSession, method: str, url: str, **more: Any) -> tuple[int, bytes]:
        try:
            async with client.request(method, url, allow_redirects=False, **more) as response:
                if 300 <= response.status < 400:
                    raise Unsupported(f"{self.issuer} sends us elsewhere; that is never followed.")
                return response.status, await whole(response, LIMIT)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _at_issuer(connection_error(error, self.issuer)) from error


def _decoded(body: bytes, type_: type[T], issuer: str) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"What {issuer} answers makes no sense.", detail=type(error).__name__) from error


def _trouble(body: bytes) -> str:
    """The short word of OAuth for it ("invalid_grant"), and nothing else of the answer."""
    try:
        word = msgspec.json.decode(body, type=_Trouble).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return word if len(word) < 100 and word.replace("_", "").isalnum() else ""


def check_issuer(url: str) -> str:
    """The address of an issuer, or of its token endpoint, by the rules for servers. Raises Invalid."""
    try:
        return check_server(url)
    except Invalid as error:
        raise Invalid(f"The issuer of the tokens: {error.message}", hint=error.hint, detail=error.detail) from error


def _at_issuer(error: ClusterError) -> ClusterError:
    """What is wrong with the issuer is not said beside the field of the cluster's own address."""
    error.field = ""
    if isinstance(error, Unreachable):
        error.message = f"Our sign-in could not be renewed: {error.message}"
        error.args = (error.message,)
    return error
